import type { Reader, Source } from '../runtime/api/index.ts'
import type { Engine } from '../runtime/engine/engine.ts'
import type { Topology } from '../runtime/topology/types.ts'
import type { LatencyUs, Measure } from './measure.ts'
import { type Holdings, holdingsOf } from './positions.ts'
import { countRecords, type Summary, type Totals, totalsOf } from './summary.ts'
import { createView, type Snapshot, type View } from './view/index.ts'
import { renderEnd } from './view/render.ts'

export interface ProgressOptions {
  readonly topology: Topology
  readonly engine: Engine
  readonly log: Reader
  readonly measure: Measure
  readonly source: Source
  /** What the source is, in words. */
  readonly label: string
  readonly dir: string
  /** The command prints JSON: no table. */
  readonly json: boolean
}

/** Rates are means over about this long, milliseconds. */
const WINDOW_MS = 3_000

/** Said wherever prices are invented, so that nobody takes them for a market's. */
const INVENTED =
  'this market is simulated: its prices are invented, no order leaves this machine, and the parameters are no advice'

/**
 * What `up` shows while it runs, on stderr: a live table on a terminal, else a line every few seconds; and the words at
 * the end, on stdout. It only looks, and only when something is about to be shown.
 */
export class Progress {
  private readonly options: ProgressOptions
  private readonly view: View
  private readonly table: boolean
  private readonly samples: Sample[] = []
  private note = ''
  private holdings: Holdings | undefined

  constructor(options: ProgressOptions) {
    this.options = options
    const { topology, label, dir, json } = options
    const { stderr, stdout } = process
    this.table = stderr.isTTY === true && stdout.isTTY === true && !json
    stderr.write(`${label}, topology ${topology.name}, data in ${dir}\n`)
    if (this.invented) stderr.write(`${INVENTED}\n`)
    this.sample()
    this.view = createView(stderr, { tty: this.table, json }, () => this.look())
    this.view.start()
  }

  /** Tells people something without tearing the table. */
  say(text: string): void {
    if (this.table) this.note = text
    else process.stderr.write(`${text}\n`)
  }

  /** Shows the last picture. */
  stop(): void {
    this.view.stop()
  }

  /** The end in words. */
  close(summary: Summary): void {
    const { topology, engine, dir } = this.options
    const { positions, pnl_total } = holdingsOf(topology, engine.tasks)
    process.stdout.write(renderEnd(summary, positions, pnl_total, dir))
    if (this.invented) process.stdout.write(`${INVENTED}\n`)
  }

  private get invented(): boolean {
    return (this.options.source.identity as { kind?: unknown } | null)?.kind === 'simulated-market'
  }

  private look(): Snapshot {
    const { topology, engine, measure, source, label } = this.options
    this.holdings = holdingsOf(topology, engine.tasks)
    const { now, first } = this.sample()
    const seconds = (now.at_ms - first.at_ms) / 1_000
    const { faults, gaps, ...counted } = now.totals
    const latency = measure.latency()
    const { signals, orders } = measure.counts
    return {
      elapsed_ms: now.at_ms,
      stream_time_us: engine.now_us === 0 ? null : engine.now_us,
      progress: source.progress?.() ?? null,
      source: label,
      rates: Object.entries(counted as Record<string, number>).map(([name, total]) => {
        const before = first.totals[name as keyof Totals]
        return { label: name, total, per_s: seconds > 0 ? (total - before) / seconds : 0 }
      }),
      latency_us: {
        frame_to_signal: measuredOrNone(latency.frame_to_signal, signals),
        frame_to_order: measuredOrNone(latency.frame_to_order, orders),
      },
      ...this.holdings,
      faults,
      gaps,
      note: this.note,
    }
  }

  /** Counts now, and the oldest count within the window. */
  private sample(): { now: Sample; first: Sample } {
    const { topology, engine, log } = this.options
    const now = { at_ms: performance.now(), totals: totalsOf(topology, countRecords(topology, log), engine.tasks) }
    this.samples.push(now)
    while (this.samples.length > 2 && (this.samples[1]?.at_ms ?? 0) < now.at_ms - WINDOW_MS) this.samples.shift()
    return { now, first: this.samples[0] ?? now }
  }
}

interface Sample {
  readonly at_ms: number
  readonly totals: Totals
}

function measuredOrNone(latency: LatencyUs, count: number): LatencyUs | null {
  return count === 0 ? null : latency
}
