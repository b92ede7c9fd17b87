import { closeSync, openSync, writeSync } from 'node:fs'
import { Draws } from './draws.ts'
import { type Book, type Channel, FuzzMarket, idOf, type MarketFrame } from './fuzz-market.ts'
import { large, type Mutation, mutations } from './mutations.ts'

/**
 * A capture of one symbol in which damaged frames come between good ones or instead of them, and what must become of
 * it.
 *
 * It goes in rounds: damaged and good frames mixed, then a fresh snapshot of the book as it is, then good frames only,
 * which must all pass and at which the book must be right again.
 *
 * A damaged frame that claims an id far ahead of the venue's is left out: it reads like any other, and what comes after
 * it is old until the venue gets there.
 */
export interface FuzzCapture {
  /** What every line carries, in order. */
  readonly lines: readonly Line[]
  /** Numbers of the lines in calm water; with the book that is right after it where that is known. */
  readonly calm: ReadonlyMap<number, Book | undefined>
}

export interface Line {
  readonly payload: Buffer
  /** As the venue sent it. */
  readonly good: boolean
}

const CASES_PER_ROUND = 50
/** Depth updates in calm water; the first one joins the snapshot. */
const CALM_UPDATES = 3
/** One case in so many is a megabyte or more. */
const LARGE_EVERY = 200
/** Ids ahead of the venue's that a damaged frame may claim. */
const AHEAD: Readonly<Record<Channel, number>> = { depth: 20, quote: 20, trade: 2 }

const SMALL = Object.values(mutations)
const LARGE = Object.values(large)
/** Instead of a line's time, which makes the whole line a frame. */
const BAD_TIMES = ['', ' ', '12 ', 'x ', '99999999999999999999 ']

/** Writes a capture with `cases` damaged frames to `path`. */
export async function writeFuzzCapture(path: string, seed: number, cases: number): Promise<FuzzCapture> {
  const capture = new Capture(await FuzzMarket.open(), path)
  const draws = new Draws(seed)
  capture.begin(seed % 1_000)
  for (let made = 0; made < cases; ) {
    for (let i = 0; i < CASES_PER_ROUND && made < cases; i++) {
      const many = made % LARGE_EVERY === LARGE_EVERY - 1
      const damage = many ? (LARGE[Math.floor(made / LARGE_EVERY) % LARGE.length] as Mutation) : draws.of(SMALL)
      if (capture.damaged(damage, draws)) made++
    }
    capture.recover()
  }
  closeSync(capture.file)
  return capture
}

class Capture implements FuzzCapture {
  readonly lines: Line[] = []
  readonly calm = new Map<number, Book | undefined>()
  readonly file: number
  private readonly market: FuzzMarket
  private receive_time_us = 0
  /** Greatest id that a damaged frame claimed. */
  private readonly claimed: Record<Channel, number> = { depth: -1, quote: -1, trade: -1 }

  constructor(market: FuzzMarket, path: string) {
    this.market = market
    this.file = openSync(path, 'w')
  }

  /** Good frames to begin with: the snapshot and `more`. */
  begin(more: number): void {
    while (!this.market.whole) this.good()
    for (let left = more; left > 0; left--) this.good()
  }

  /** Writes a damaged frame, on top of the good ones or instead of one; false where it would claim too much. */
  damaged(damage: Mutation, draws: Draws): boolean {
    const { market } = this
    const lost = draws.below(4) === 0 ? this.take() : undefined
    if (lost === undefined && draws.below(2) === 0) this.good()
    const payload = damage(lost?.payload ?? market.anyFrame(draws), draws, market.anyFrame(draws))
    const time = draws.below(40) === 0 ? draws.of(BAD_TIMES) : this.time()
    const bytes = Buffer.concat([Buffer.from(time), payload, Buffer.from('\n')])
    const lines = linesOf(bytes).map(payloadOf)
    const claims = lines.map((line) => idOf(parsed(line))).filter((claim) => claim !== undefined)
    if (claims.some(({ channel, id }) => id > market.newest[channel] + AHEAD[channel])) {
      if (lost !== undefined) this.write(lost.payload)
      return false
    }
    for (const { channel, id } of claims) this.claimed[channel] = Math.max(this.claimed[channel], id)
    writeSync(this.file, bytes)
    this.lines.push(...lines.map((line) => ({ payload: line, good: false })))
    return true
  }

  /**
   * Good frames until every claim is history, a fresh snapshot, and calm water. The snapshot holds the depth update that
   * comes behind it, as one often does: it is newer than the book, whatever that was made of.
   */
  recover(): void {
    const { market } = this
    const channels = Object.keys(this.claimed) as Channel[]
    while (channels.some((channel) => market.newest[channel] <= this.claimed[channel])) this.good()
    let frame = this.take()
    for (; frame.channel !== 'depth'; frame = this.take()) this.write(frame.payload)
    this.write(market.snapshot())
    this.write(frame.payload)
    for (let updates = 0; updates < CALM_UPDATES; ) {
      const { channel } = this.good()
      if (channel === 'depth') updates++
      this.calm.set(this.lines.length - 1, channel === 'depth' ? market.top(10) : undefined)
    }
  }

  private good(): MarketFrame {
    const frame = this.take()
    this.write(frame.payload)
    return frame
  }

  private take(): MarketFrame {
    const frame = this.market.next()
    this.receive_time_us = frame.receive_time_us
    return frame
  }

  private write(payload: Buffer): void {
    writeSync(this.file, Buffer.concat([Buffer.from(this.time()), payload, Buffer.from('\n')]))
    this.lines.push({ payload, good: true })
  }

  private time(): string {
    return `${this.receive_time_us}000 `
  }
}

/** What a reader of lines makes of bytes that may hold line feeds themselves. */
function linesOf(bytes: Buffer): Buffer[] {
  return bytes
    .toString('latin1')
    .split('\n')
    .map((line) => line.replace(/\r$/, ''))
    .filter((line) => line !== '')
    .map((line) => Buffer.from(line, 'latin1'))
}

/** The frame behind the time, or all of a line that has no readable time. */
function payloadOf(line: Buffer): Buffer {
  const head = /^(\d{4,19}) [[{]/.exec(line.subarray(0, 24).toString('latin1'))
  const time = head?.[1]
  return time === undefined ? line : line.subarray(time.length + 1)
}

function parsed(line: Buffer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line.toString())
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
