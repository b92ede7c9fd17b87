import Type, { type Static } from 'typebox'
import { type Context, defineProcessor, emit, fault, recordId, type Step } from '../../runtime/api/index.ts'
import { BookUpdate, Instrument, MarketEvent, Nbbo, type NbboBasis } from '../../schemas/generated/index.ts'
import { consolidate, finestScales, fits, sameMarket } from './best.ts'
import { initialState, makeState, type NbboState, snapshotState, type VenueTop } from './state.ts'

/**
 * Consolidates the freshest of depth books and the venues' own quotes into one best bid and offer per symbol.
 *
 * Of one venue the input with the higher venue sequence counts. A venue silent for `stale_after_ms` leaves the NBBO: a
 * dead feed must not hold the best price. Silence is measured in stream time, since venues' clocks differ. Quotes keep
 * the prices fresh while a book is broken, but the quality is the book's: only a LIVE book makes a LIVE quote. A market
 * crossed between two venues is legal and is passed on. Silent while nothing that a consumer sees changes; an input of
 * an unknown instrument, or one that leaves 2^53 in the finest scale of its symbol, is a fault.
 */

const params = Type.Object(
  {
    stale_after_ms: Type.Integer({
      minimum: 1,
      default: 2_000,
      description: 'Stream time until a silent venue leaves.',
    }),
  },
  { additionalProperties: false },
)
const inputs = { books: BookUpdate, events: MarketEvent }
const tables = { instruments: Instrument }
const outputs = { nbbo: Nbbo }
type Outcome = Step<NbboState, typeof outputs>
type Ctx = Context<Static<typeof params>, typeof tables>

/** A venue's prices of one input; quantity 0 where a side is empty. */
interface Prices {
  readonly bid_px: number | null
  readonly bid_qty: number | null
  readonly ask_px: number | null
  readonly ask_qty: number | null
}

function find(state: NbboState, instrument_id: string): VenueTop | undefined {
  for (const venue of state.venues) if (venue.instrument_id === instrument_id) return venue
  return undefined
}

/** A venue that was not heard before; undefined if its instrument is not declared. Not in the state yet. */
function makeVenue(instrument_id: string, { tables: { instruments } }: Ctx): VenueTop | undefined {
  const instrument = instruments.get(instrument_id)
  if (instrument === undefined) return undefined
  return {
    instrument_id,
    price_scale: instrument.price_scale,
    qty_scale: instrument.qty_scale,
    sequence: -1,
    bid_px: 0,
    bid_qty: 0,
    ask_px: 0,
    ask_qty: 0,
    quality: 'SNAPSHOT',
    event_time_us: 0,
    receive_time_us: 0,
    heard_us: 0,
    heard_producer: '',
    heard_seq: 0,
    timer_us: 0,
  }
}

function setPrices(venue: VenueTop, sequence: number, { bid_px, bid_qty, ask_px, ask_qty }: Prices): void {
  venue.sequence = sequence
  venue.bid_px = bid_px ?? 0
  venue.bid_qty = bid_qty ?? 0
  venue.ask_px = ask_px ?? 0
  venue.ask_qty = ask_qty ?? 0
}

/** By the venue's own sequence; inputs of a venue without one (0) are always newer. */
function isNewer(sequence: number, venue: VenueTop): boolean {
  return sequence > venue.sequence || sequence === 0
}

/** A gap that goes back means that the venue's ids began anew: what comes next is newer than what is known. */
function beginAnew(state: NbboState, instrument_id: string, expected: number, received: number): void {
  const venue = received < expected ? find(state, instrument_id) : undefined
  if (venue !== undefined) venue.sequence = Math.min(venue.sequence, received - 1)
}

/** Whether the prices, once the venue has joined, fit the finest scale of the symbol. */
function priceable(state: NbboState, venue: VenueTop, known: boolean, prices: Prices): boolean {
  if (known && state.venues.length === 1) return true
  const { price_scale, qty_scale } = finestScales(known ? state.venues : [...state.venues, venue])
  const copy = { ...venue }
  setPrices(copy, 0, prices)
  return fits(copy, price_scale, qty_scale)
}

/** Notes that the venue was heard and emits what became of the market. */
function heard(state: NbboState, venue: VenueTop, known: boolean, symbol: string, basis: NbboBasis, ctx: Ctx): Outcome {
  if (!known) {
    state.venues.push(venue)
    state.venues.sort((a, b) => (a.instrument_id < b.instrument_id ? -1 : 1))
  }
  const { stream_time_us } = ctx
  venue.heard_us = stream_time_us
  venue.heard_producer = ctx.producer
  venue.heard_seq = ctx.seq
  // Setting it anew at every record costs more than an early timer now and then that looks and sets itself again.
  const stale_after_us = ctx.params.stale_after_ms * 1_000
  if ((venue.timer_us - stream_time_us) * 4 < stale_after_us * 3) setTimer(venue, stream_time_us + stale_after_us, ctx)
  return changed(state, symbol, basis, venue, ctx)
}

function changed(state: NbboState, symbol: string, basis: NbboBasis, venue: VenueTop | undefined, ctx: Ctx): Outcome {
  const since_us = ctx.stream_time_us - ctx.params.stale_after_ms * 1_000
  const next = consolidate(symbol, state.venues, since_us, basis, venue)
  if (state.last !== null && sameMarket(state.last, next)) return state.kept
  if (state.last === null && next.venues === 0) return state.kept
  state.last = next
  return emit(state, { nbbo: [next] })
}

/** A venue's timer goes by its instrument's name, so that a lively venue does not put off the silence of another. */
function setTimer(venue: VenueTop, due_us: number, ctx: Ctx): void {
  venue.timer_us = due_us
  ctx.setTimer(venue.instrument_id, due_us)
}

export const nbbo = defineProcessor({
  name: 'nbbo',
  description: "Consolidates depth books and the venues' own quotes into one best bid and offer per symbol.",
  inputs,
  tables,
  outputs,
  faults: {
    INSTRUMENT_UNKNOWN:
      'No Instrument record came before the first input of this instrument: its scales are not known.',
    SCALE_MISMATCH: 'The prices or quantities leave 2^53 in the finest scale among the venues of the symbol.',
  },
  params,
  state_key: {
    books: ({ symbol }: BookUpdate) => symbol,
    events: ({ symbol }: MarketEvent) => symbol,
  },
  initial: () => initialState(),
  snapshot: (state: NbboState) => snapshotState(state) as never,
  restore: (json) => makeState(snapshotState(json as never)),
  on: {
    books(state: NbboState, book: BookUpdate, ctx): Outcome {
      const { instrument_id, sequence, quality } = book
      const known = find(state, instrument_id)
      const venue = known ?? makeVenue(instrument_id, ctx)
      if (venue === undefined) return fault('INSTRUMENT_UNKNOWN', { instrument_id })
      // Prices of a book that misses something are not taken; of one that fell silent they are the old ones.
      const usable = quality === 'LIVE' || quality === 'CONFLATED' || (quality === 'SNAPSHOT' && sequence > 0)
      const newer = usable && isNewer(sequence, venue)
      if (newer && !priceable(state, venue, known !== undefined, book))
        return fault('SCALE_MISMATCH', { instrument_id })
      venue.quality = quality
      if (newer) {
        setPrices(venue, sequence, book)
        venue.receive_time_us = book.receive_time_us
        if (book.event_time_us > 0) venue.event_time_us = book.event_time_us
      }
      // That a book fell silent is no sign of life.
      if (quality === 'STALE') return changed(state, book.symbol, 'DEPTH', venue, ctx)
      return heard(state, venue, known !== undefined, book.symbol, 'DEPTH', ctx)
    },

    events(state: NbboState, event: MarketEvent, ctx): Outcome {
      const { quote, instrument_id, sequence } = event
      if (quote === null) {
        if (event.gap !== null) beginAnew(state, instrument_id, event.gap.expected, event.gap.received)
        return state.kept
      }
      const known = find(state, instrument_id)
      const venue = known ?? makeVenue(instrument_id, ctx)
      if (venue === undefined) return fault('INSTRUMENT_UNKNOWN', { instrument_id })
      if (isNewer(sequence, venue)) {
        if (!priceable(state, venue, known !== undefined, quote)) return fault('SCALE_MISMATCH', { instrument_id })
        setPrices(venue, sequence, quote)
        venue.receive_time_us = event.receive_time_us
        if (event.event_time_us > 0) venue.event_time_us = event.event_time_us
      } else if (sequence < venue.sequence) state.out_of_order++
      // An older quote says nothing new, but it does say that the venue is alive.
      return heard(state, venue, known !== undefined, event.symbol, 'QUOTE', ctx)
    },
  },
  timer(state: NbboState, instrument_id: string, ctx): Outcome {
    const venue = find(state, instrument_id)
    if (venue === undefined) return state.kept
    const due_us = venue.heard_us + ctx.params.stale_after_ms * 1_000
    if (ctx.stream_time_us < due_us) {
      setTimer(venue, due_us, ctx)
      return state.kept
    }
    ctx.cause(recordId(venue.heard_producer, venue.heard_seq))
    return changed(state, ctx.key, 'TIMER', undefined, ctx)
  },
})
