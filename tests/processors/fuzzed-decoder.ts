/**
 * What must hold of a decoder whatever bytes it gets:
 *
 * every frame ends in records or in one named fault; a fault changes nothing, and a frame that is neither fault nor
 * record is counted; every number of a record is one that its codec, a book and a bar can take; what is kept does not
 * grow; and the frames of a venue that is well again are decoded in full, soon after whatever was before.
 */
import fc from 'fast-check'
import { expect } from 'vitest'
import { bars } from '../../processors/bars/index.ts'
import { bookBuilder } from '../../processors/book-builder/index.ts'
import { nbbo } from '../../processors/nbbo/index.ts'
import { normalizer } from '../../processors/normalizer/index.ts'
import { Arena, type Processor } from '../../runtime/api/index.ts'
import { Bar, BookUpdate, Instrument, MarketEvent, Nbbo, type RawFrame } from '../../schemas/generated/index.ts'
import { type Answer, Hand, port, rawFrame } from './kit.ts'

/** A tenth of what the full suite asks for. */
export const CASES = process.env.AITRADER_FULL === undefined ? 10_000 : 100_000
/** After so many frames the venue is well again, and then another session begins. */
const SESSION = 200
const RESTART_AFTER = 3
/** Enough for ids that began anew to be believed, twice in a row, and for what waited for them. */
const GOOD_ROUNDS = 2 * RESTART_AFTER + 6
/** Start of the year 2100. */
const LATEST_US = 4_102_444_800_000_000

/** A frame's bytes and what its source says of it. */
export interface Sent {
  readonly payload: Uint8Array
  readonly fields?: Partial<RawFrame>
}

export interface FuzzedDecoder {
  readonly name: string
  readonly venue: string
  readonly symbol: string
  readonly price_scale: number
  readonly qty_scale: number
  readonly hostile: fc.Arbitrary<Sent>
  /** The frames of one round of a venue that is well; later rounds have later ids. */
  good(round: number): readonly Sent[]
  /** What the last of many good rounds tells, by `told`. */
  readonly tells: readonly string[]
  /** Kinds of events and codes of faults that the hostile frames must have met: else they are too tame. */
  readonly meets: readonly string[]
}

/** An event, short: what must be right of it. */
export function told({ kind, depth, quote, trade, order, session, status, gap }: MarketEvent): string {
  const side = (levels: readonly { px: number; qty: number }[]) => levels.map(({ px, qty }) => `${px}x${qty}`).join(' ')
  if (depth !== null) return `${depth.snapshot ? 'snapshot' : 'depth'} ${side(depth.bids)} | ${side(depth.asks)}`
  if (quote !== null) return `quote ${quote.bid_px}x${quote.bid_qty} ${quote.ask_px}x${quote.ask_qty}`
  if (trade !== null) return `trade ${trade.px}x${trade.qty}`
  if (order !== null) return `order ${order.action} ${order.px}x${order.qty}`
  if (session !== null) return `session ${session.phase}`
  if (status !== null) return `status ${status.state}`
  return `${kind} ${gap?.channel ?? ''}`
}

const arena = new Arena()
function written<T>(
  type: { encode(value: T, arena: Arena): void; decode(buf: Buffer, pos: number, end: number): T },
  value: T,
): void {
  arena.reset()
  type.encode(value, arena)
  expect(type.decode(arena.buf, 0, arena.pos)).toEqual(value)
}

/** Throws at an event that nobody behind the normalizer could trust. */
function sane(event: MarketEvent): void {
  const { sequence, event_time_us, depth, quote, trade, order, gap } = event
  const count = (value: number) => Number.isSafeInteger(value) && value >= 0
  let right = count(sequence) && count(event_time_us) && event_time_us <= LATEST_US
  right &&= [depth, quote, trade, order, event.session, event.status, gap].filter((part) => part !== null).length === 1
  if (depth !== null) {
    right &&= count(depth.first_sequence) && depth.first_sequence <= sequence
    for (const { px, qty } of [...depth.bids, ...depth.asks])
      right &&= count(qty) && Number.isSafeInteger(px) && (px > 0 || (depth.snapshot && qty === 0))
  }
  if (quote !== null) {
    const { bid_px, bid_qty, ask_px, ask_qty } = quote
    right &&= [bid_px, bid_qty, ask_px, ask_qty].every(count) && (ask_px === 0 || bid_px < ask_px)
  }
  if (trade !== null) right &&= [trade.trade_id, trade.px - 1, trade.qty - 1].every(count)
  if (order !== null && order.action !== 'CLEAR') right &&= order.order_id !== '' && order.px > 0 && count(order.qty)
  if (gap !== null) right &&= count(gap.expected) && count(gap.received)
  if (!right) throw new Error(`no event to rely on: ${JSON.stringify(event)}`)
}

/** The stages behind the normalizer: what it tells must be fit for them. */
class Behind {
  readonly #declared: Instrument[]
  readonly #hands = new Map<string, Hand>()

  constructor(declared: Partial<Instrument>) {
    const tick = { kind: 'SPOT', calendar: '24x7', multiplier: 1, ...declared }
    this.#declared = [tick as Instrument]
  }

  take(event: MarketEvent): void {
    const by_book = { levels: 5, max_levels: 20, proven_min: 0, stale_after_ms: 1_000 }
    const books = this.#on(bookBuilder, event.instrument_id, by_book, event).flatMap((answer) =>
      port<BookUpdate>(answer, 'books'),
    )
    for (const book of books) written(BookUpdate, book)
    const made = this.#on(nbbo, event.symbol, { stale_after_ms: 1_000 }, event)
    for (const one of made.flatMap((answer) => port<Nbbo>(answer, 'nbbo'))) written(Nbbo, one)
    const conditions = { coding: 'letters', no_price: '', no_volume: '', price_always: '' }
    const by = {
      intervals: ['1s', '1d', 'tick:3', 'volume:1000', 'value:1000'],
      clock: 'venue',
      grace_ms: 0,
      conditions,
    }
    for (const answer of this.#on(bars, event.instrument_id, by, event))
      for (const bar of port<Bar>(answer, 'bars')) written(Bar, bar)
  }

  #on(processor: Processor, key: string, params: unknown, event: MarketEvent): Answer[] {
    const known = this.#hands.get(`${processor.name} ${key}`)
    const hand = known ?? new Hand(processor, key, params, this.#declared)
    this.#hands.set(`${processor.name} ${key}`, hand)
    const now_us = hand.ctx.stream_time_us + 1_000
    const answers = [...hand.advance(now_us), hand.on('events', event, now_us)]
    for (const answer of answers) if ('fault' in answer) expect(Object.keys(processor.faults)).toContain(answer.fault)
    return answers
  }
}

export function fuzz(decoder: FuzzedDecoder, seed: number): void {
  const { venue, symbol, price_scale, qty_scale } = decoder
  const key = `${venue}:${symbol}`
  const declared = { instrument_id: `${symbol}.${venue}`, venue, symbol, price_scale, qty_scale }
  const params = { instruments: [declared], unknown_symbol: 'declare', buffer_max: 16, restart_after: RESTART_AFTER }
  const codes = new Set(Object.keys(normalizer.faults))
  const met = new Set<string>()
  let hands: Hand[] = []
  let behind = new Behind(declared)
  let cases = 0

  const give = (hand: Hand, { payload, fields }: Sent) =>
    hand.on('frames', rawFrame(payload, { venue, venue_symbol: key, ...fields }))
  const begin = () => {
    hands = [params, { ...params, instruments: [] }].map((one) => new Hand(normalizer, key, one))
    behind = new Behind(declared)
  }
  /** What the last of many good rounds tells is what a venue that was never ill would. */
  const recover = (hand: Hand) => {
    let last: string[] = []
    for (let round = 0; round < GOOD_ROUNDS; round++)
      last = decoder.good(round).flatMap((sent) => {
        const answer = give(hand, sent)
        if ('fault' in answer) return [answer.fault]
        const bars = port<Bar>(answer, 'bars').map(({ close_px, volume_qty }) => `bar ${close_px}x${volume_qty}`)
        return [...port<MarketEvent>(answer, 'events').map(told), ...bars]
      })
    expect(last).toEqual(decoder.tells)
  }

  fc.assert(
    fc.property(decoder.hostile, (sent) => {
      if (cases++ % SESSION === 0) begin()
      for (const [at, hand] of hands.entries()) {
        const before = hand.text()
        const answer = give(hand, sent)
        const after = hand.text()
        if ('fault' in answer) {
          if (!codes.has(answer.fault) || after !== before) throw new Error(`${answer.fault} changed the state`)
          met.add(answer.fault)
          continue
        }
        if (after === before && Object.keys(answer.outputs).length === 0) throw new Error('a frame that left no trace')
        // What is kept does not grow with what comes.
        if (after.length > 60_000) throw new Error(`a state of ${after.length} characters`)
        for (const one of port<Instrument>(answer, 'instruments')) written(Instrument, one)
        for (const bar of port<Bar>(answer, 'bars')) written(Bar, bar)
        for (const event of port<MarketEvent>(answer, 'events')) {
          sane(event)
          written(MarketEvent, event)
          met.add(event.kind)
          if (at === 0) behind.take(event)
        }
        if (cases % 97 !== 0) continue
        hand.restart()
        expect(hand.text()).toBe(after)
      }
      // Scales from damaged data are not those of good data: the declared instrument alone is expected to be well.
      if (cases % SESSION === 0) recover(hands[0] as Hand)
    }),
    { numRuns: CASES, seed, endOnFailure: true },
  )
  expect([...met].sort()).toEqual(expect.arrayContaining([...decoder.meets]))
}
