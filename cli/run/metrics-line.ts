import { group, instant, rate } from '../view/text.ts'
import type { Standing } from './metrics.ts'

/** How often the line is written anew, milliseconds. */
const EVERY_MS = 500
const CLEAR = '\r\x1b[K'
const COLUMNS = 80

/**
 * One line on a terminal that says how a process of `aitrader run` stands, written over itself while it goes on; other
 * lines go above it. Elsewhere there is no such line.
 */
export class MetricsLine {
  private readonly stream: NodeJS.WriteStream
  private readonly shown: boolean
  private look: (() => Promise<Standing>) | undefined
  private timer: NodeJS.Timeout | undefined
  private last: { readonly at_ms: number; readonly records: number } | undefined
  private line = ''

  /** `json`: the command prints JSON, so that both can be read without a line. */
  constructor(stream: NodeJS.WriteStream, json: boolean) {
    this.stream = stream
    this.shown = stream.isTTY === true && !json
  }

  start(look: () => Promise<Standing>): void {
    this.look = look
    if (!this.shown) return
    this.timer = setInterval(() => void this.show(), EVERY_MS)
    this.timer.unref()
  }

  /** Writes a line of its own. */
  say(text: string): void {
    if (this.line === '') this.stream.write(`${text}\n`)
    else this.stream.write(`${CLEAR}${text}\n${this.line}`)
  }

  /** Takes the line away. */
  stop(): void {
    clearInterval(this.timer)
    this.look = undefined
    if (this.line !== '') this.stream.write(CLEAR)
    this.line = ''
  }

  private async show(): Promise<void> {
    const standing = await this.look?.()
    if (standing === undefined || this.look === undefined || this.stream.writableNeedDrain) return
    const at_ms = performance.now()
    const seconds = this.last === undefined ? 0 : (at_ms - this.last.at_ms) / 1000
    const per_s = seconds === 0 ? 0 : Math.max(0, standing.records - (this.last?.records ?? 0)) / seconds
    this.last = { at_ms, records: standing.records }
    this.line = renderStanding(standing, per_s).slice(0, (this.stream.columns || COLUMNS) - 1)
    this.stream.write(CLEAR + this.line)
  }
}

/** `3 lanes · 1 recovering, 40% · 12,000 records/s · 2026-01-05 00:00:41.998, 0.2 s behind · 3 faults`. */
export function renderStanding(standing: Standing, records_per_s: number): string {
  const { lanes, recovering, restored, faults, frontier_us, behind_us } = standing
  const parts = [lanes === 0 ? 'no lane: a spare' : `${lanes} lane${lanes === 1 ? '' : 's'}`]
  if (recovering > 0) parts.push(`${recovering} recovering, ${Math.floor(restored * 100)}%`)
  parts.push(`${rate(records_per_s)} records/s`)
  if (frontier_us > 0) {
    const late = behind_us >= 50_000 ? `, ${(behind_us / 1e6).toFixed(1)} s behind` : ''
    parts.push(instant(frontier_us) + late)
  }
  if (faults > 0) parts.push(`${group(String(faults))} fault${faults === 1 ? '' : 's'}`)
  return parts.join(' · ')
}
