/**
 * Decodes Kite Connect ticker frames: a socket of many instruments, whose packets are states, not changes.
 *
 * A packet of mode full makes a depth snapshot (`conflated`: what was between two packets is unknown), a quote of the
 * best levels where both are there and do not cross, and a session event when the venue's clock enters another phase
 * of the calendar (segments 1 and 4; reason CALENDAR). Quantities traded are told by the cumulative volume alone: what
 * it grew by since the last packet is one trade at the last price, however many there were, without aggressor. The
 * first volume of a day is where counting begins and makes no trade.
 *
 * Silent about heartbeats, texts, indices and last prices without volume: none of them is a market event. A packet
 * stamped before the last one of its instrument is dropped and counted; a volume that falls within a day is a gap. One
 * packet that cannot be is a fault of its whole frame, and nothing of the frame is applied.
 *
 * Names: the declared instrument that parameter `tokens` gives for a token, or one declared with venue KITE and the
 * token as its symbol; without either, the token.
 */
import { emit, fault, keep } from '../../../runtime/api/index.ts'
import type { Instrument, Level, MarketEvent, RawFrame, TradingPhase } from '../../../schemas/generated/index.ts'
import { calendars, phaseAt } from '../../calendar/index.ts'
import { localDay } from '../../calendar/zone.ts'
import { POWERS_OF_TEN } from '../../powers-of-ten.ts'
import { gapEvent, messageEvent } from '../events.ts'
import { declaredListing, instrumentOf, type Listing } from '../listing.ts'
import type { NormalizerParams } from '../params.ts'
import { defineVenue, type NormalizerContext, type Outcome } from '../venue.ts'
import { LATEST_US } from '../venue-time.ts'
import { frameKind, type KiteLevel, type KitePacket, readBare, readFrame } from './packet.ts'
import { copyState, initialState, type KiteInstrument, type KiteState } from './state.ts'

const VENUE = 'KITE'
const VOLUME_CHANNEL = 'volume'
/** Of a captured packet that stands without its frame. */
const BARE_CHANNEL = 'packet'
/** Instruments of one socket, with room for what was subscribed before. */
const INSTRUMENTS_MAX = 10_000
const NSE = calendars.NSE

/** A packet whose numbers fit its instrument, in the instrument's scales. */
interface Read {
  readonly packet: KitePacket
  readonly listing: Listing
  readonly last_px: number
  readonly volume_qty: number
  readonly bids: readonly Level[]
  readonly asks: readonly Level[]
}

/** The number times a power of ten; undefined where it leaves the safe range. */
function scaled(value: number, by: number): number | undefined {
  const made = value * by
  return made > Number.MAX_SAFE_INTEGER || made < 0 ? undefined : made
}

/** Levels that hold something: a level without price is an order at market, which a book has no place for. */
function levels(raw: readonly KiteLevel[], px_by: number, qty_by: number): Level[] | undefined {
  const made: Level[] = []
  for (const { px, qty } of raw) {
    if (px === 0 || qty === 0) continue
    const level = { px: scaled(px, px_by), qty: scaled(qty, qty_by) }
    if (level.px === undefined || level.qty === undefined) return undefined
    made.push(level as Level)
  }
  return made
}

/** Checks a packet and puts it into the scales of its instrument; a code says why it cannot be. */
function read(packet: KitePacket, listing: Listing): Read | 'SCALE_EXCEEDED' | 'VALUE_OUT_OF_RANGE' {
  if (listing.price_scale < packet.price_scale) return 'SCALE_EXCEEDED'
  const px_by = POWERS_OF_TEN[listing.price_scale - packet.price_scale] ?? 1
  const qty_by = POWERS_OF_TEN[listing.qty_scale] ?? 1
  const last_px = scaled(packet.last_px, px_by)
  const volume_qty = scaled(packet.volume_qty, qty_by)
  const bids = levels(packet.bids, px_by, qty_by)
  const asks = levels(packet.asks, px_by, qty_by)
  if (last_px === undefined || volume_qty === undefined || bids === undefined || asks === undefined)
    return 'VALUE_OUT_OF_RANGE'
  if (packet.exchange_time_s * 1_000_000 > LATEST_US) return 'VALUE_OUT_OF_RANGE'
  return { packet, listing, last_px, volume_qty, bids, asks }
}

/** The declared instrument of a token; `missing` where the parameters name one that is not declared. */
function declaredOf(params: NormalizerParams, token: number): Listing | 'missing' | undefined {
  const named = params.tokens?.find((one) => one.token === token)
  if (named === undefined) return declaredListing(params, VENUE, String(token))
  const found = params.instruments.find((one) => one.instrument_id === named.instrument_id)
  if (found === undefined) return 'missing'
  const { instrument_id, venue, symbol, price_scale, qty_scale } = found
  return { instrument_id, venue, symbol, price_scale, qty_scale }
}

/** The segment's own scale; shares are whole. */
function listingFromPacket({ token, price_scale }: KitePacket): Listing {
  const symbol = String(token)
  return { instrument_id: `${symbol}.${VENUE}`, venue: VENUE, symbol, price_scale, qty_scale: 0 }
}

/** Tick and lot are not in the feed, so an instrument from it is for reading: no orders. */
function instrumentFromPacket(listing: Listing, { segment }: KitePacket): Instrument {
  const kind = segment === 1 || segment === 4 || segment === 9 ? 'EQUITY' : 'LINEAR'
  // Only the timetable of the cash markets is here; another name is a calendar that nobody takes for open.
  const calendar = segment === 1 || segment === 4 ? 'NSE' : `KITE-${segment}`
  return instrumentOf(listing, { kind, quote_currency: 'INR', calendar, tradable: false })
}

function dayOf(seconds: number): number {
  return NSE === undefined ? 0 : localDay(NSE.offset, seconds * 1_000_000)
}

function phaseOf({ segment, exchange_time_s }: KitePacket): TradingPhase | undefined {
  if ((segment !== 1 && segment !== 4) || exchange_time_s === 0 || NSE === undefined) return undefined
  return phaseAt(NSE, exchange_time_s * 1_000_000)
}

/** Takes a packet into its instrument and adds its events. */
function accept(
  state: KiteState,
  known: KiteInstrument,
  one: Read,
  frame: RawFrame,
  ctx: NormalizerContext,
  out: MarketEvent[],
): void {
  const { packet, listing, last_px, volume_qty, bids, asks } = one
  const { mode, exchange_time_s } = packet
  const event = (kind: MarketEvent['kind'], part: Partial<MarketEvent>): MarketEvent => ({
    ...messageEvent(
      listing,
      { kind, sequence: 0, event_time_us: exchange_time_s * 1_000_000, depth: null, quote: null, trade: null },
      frame,
    ),
    ...part,
  })
  if (mode !== 'quote' && mode !== 'full') return
  const new_day = exchange_time_s > 0 && dayOf(exchange_time_s) !== dayOf(known.exchange_time_s)
  if (exchange_time_s > 0 && exchange_time_s < known.exchange_time_s && ++known.behind < ctx.params.restart_after) {
    state.out_of_order++
    return
  }
  known.behind = 0
  if (exchange_time_s > 0) {
    known.exchange_time_s = exchange_time_s
    const phase = phaseOf(packet)
    if (phase !== undefined && phase !== known.phase) {
      known.phase = phase
      out.push(event('session', { session: { phase, reason: 'CALENDAR' } }))
    }
  }
  const before = known.volume_qty
  known.volume_qty = volume_qty
  if (before >= 0 && !new_day) {
    const qty = volume_qty - before
    if (qty > 0 && last_px > 0) {
      const trade = { trade_id: 0, px: last_px, qty, aggressor: null, conditions: '', hidden: false }
      out.push(event('trade', { trade }))
    } else if (qty < 0) {
      state.gaps++
      out.push(gapEvent(event('gap', {}), VOLUME_CHANNEL, before, volume_qty, 0))
    }
  }
  if (mode !== 'full') return
  out.push(
    event('depth', {
      depth: { snapshot: true, first_sequence: 0, bids: [...bids], asks: [...asks], conflated: true, checksum: null },
    }),
  )
  const [bid, ask] = [bids[0], asks[0]]
  if (bid === undefined || ask === undefined || bid.px >= ask.px) return
  out.push(event('quote', { quote: { bid_px: bid.px, bid_qty: bid.qty, ask_px: ask.px, ask_qty: ask.qty } }))
}

export const kite = defineVenue<KiteState>({
  venue: VENUE,
  initial: initialState,
  copy: copyState,

  frames(state, frame, ctx): Outcome<KiteState> {
    const bare = frame.channel === BARE_CHANNEL
    const kind = bare ? 'packets' : frameKind(frame.payload)
    if (kind !== 'packets') {
      if (kind === 'heartbeat') state.heartbeats++
      else state.texts++
      return keep(state)
    }
    const packets = bare ? readBare(frame.payload) : readFrame(frame.payload)
    if (!Array.isArray(packets)) return fault('FRAME_MALFORMED', { ...packets })
    // Everything is looked at before anything is applied.
    const found: Read[] = []
    const added = new Map<number, Listing>()
    for (const packet of packets) {
      const { token } = packet
      let listing = state.instruments[token]?.listing ?? added.get(token)
      if (listing === undefined) {
        const declared = declaredOf(ctx.params, token)
        if (declared === 'missing' || (declared === undefined && ctx.params.unknown_symbol === 'fault'))
          return fault('SYMBOL_UNKNOWN', { token })
        listing = declared ?? listingFromPacket(packet)
        added.set(token, listing)
      }
      const one = read(packet, listing)
      if (typeof one === 'string') return fault(one, { token })
      found.push(one)
    }
    if (state.count + added.size > INSTRUMENTS_MAX) return fault('SYMBOL_UNKNOWN', { instruments: state.count })

    state.frames++
    const instruments: Instrument[] = []
    const events: MarketEvent[] = []
    for (const one of found) {
      const { listing, packet } = one
      let known = state.instruments[packet.token]
      if (known === undefined) {
        known = { listing, volume_qty: -1, exchange_time_s: 0, behind: 0, phase: null }
        state.instruments[packet.token] = known
        state.count++
        if (declaredOf(ctx.params, packet.token) === undefined) instruments.push(instrumentFromPacket(listing, packet))
      }
      accept(state, known, one, frame, ctx, events)
    }
    if (instruments.length === 0) return events.length === 0 ? keep(state) : emit(state, { events })
    return emit(state, { instruments, events })
  },
})
