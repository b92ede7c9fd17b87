import { emit, fault, keep } from '../../../runtime/api/index.ts'
import type { MarketEvent, Quote, RawFrame } from '../../../schemas/generated/index.ts'
import { messageEvent } from '../events.ts'
import type { DecodeFault } from '../faults.ts'
import { declaredListing, type Listing, symbolOf } from '../listing.ts'
import { isUsListing, usEquity, usListing } from '../us-equity.ts'
import { utf8Text } from '../utf8.ts'
import { defineVenue, type NormalizerContext, type VenueState } from '../venue.ts'

/**
 * Decodes trades and quotes of the US consolidated tape (SIP): `ms,price,size,exchange,conditions,suspicious` and
 * `ms,bid,bid_size,ask,ask_size,exchange,condition,suspicious`, prices in ten-thousandths of a dollar.
 *
 * Trades are of the tape as a whole (`IBM.SIP`), with their sale conditions as the hexadecimal mask they are written
 * in; which of them count is for their reader to say. Quotes are of the exchange that makes them (`IBM.ARCA`). A quote
 * row may state one side only, the other then is 0 and stays as it was. Silent about a quote until both sides came, about
 * one whose sides cross because the row of the other side is still to come, and about rows that are marked suspicious.
 */

const ROW_BYTES = 256
const TRADE = /^\d{1,8},(\d{1,12}),(\d{1,12}),([A-Z]),([0-9A-Fa-f]{1,8}),([01])$/
const QUOTE = /^\d{1,8},(\d{1,12}),(\d{1,12}),(\d{1,12}),(\d{1,12}),([A-Z]),[0-9A-Fa-f]{1,8},([01])$/

/** Exchanges by the letter of the Consolidated Tape Association, as of 2013. */
const EXCHANGES: ReadonlyMap<string, string> = new Map([
  ['A', 'AMEX'],
  ['B', 'NASDAQ_BX'],
  ['C', 'NSX'],
  ['D', 'FINRA_ADF'],
  ['I', 'ISE'],
  ['J', 'EDGA'],
  ['K', 'EDGX'],
  ['M', 'CHX'],
  ['N', 'NYSE'],
  ['P', 'ARCA'],
  ['Q', 'NASDAQ'],
  ['T', 'NASDAQ'],
  ['W', 'CBSX'],
  ['X', 'NASDAQ_PSX'],
  ['Y', 'BATS_Y'],
  ['Z', 'BATS'],
])

interface SipState extends VenueState {
  readonly venue: 'SIP'
  gaps: number
  /** Rows read; the tape's own numbers are not in the files, so this is the sequence of events and the id of trades. */
  sequence: number
  /** Rows left out because they were marked suspicious. */
  suspicious: number
  /** Last quote of each exchange; 0 for a side that did not come yet. Replaced as a whole. */
  quotes: Record<string, Quote>
  /** What is known of the tape and of each exchange. */
  listings: Record<string, Listing>
}

const TAPE = 'SIP'

export const sip = defineVenue<SipState>({
  venue: TAPE,
  initial: () => ({ venue: TAPE, gaps: 0, sequence: 0, suspicious: 0, quotes: {}, listings: {} }),
  copy: (state) => ({ ...state, quotes: { ...state.quotes }, listings: { ...state.listings } }),
  frames(state, frame, ctx) {
    const row = readRow(frame)
    if (typeof row === 'string') return fault(row, {})
    const symbol = symbolOf(frame)
    const venue = row.trade === null ? row.exchange : TAPE
    const known = state.listings[venue] ?? declaredListing(ctx.params, venue, symbol)
    const refused = refusal(symbol, known, ctx)
    if (refused !== undefined) return fault(refused, { venue_symbol: frame.venue_symbol })
    if (row.suspicious) {
      state.suspicious++
      return keep(state)
    }
    const listing = known ?? usListing(venue, symbol)
    state.listings[venue] = listing
    state.sequence++
    const events = row.trade === null ? quoted(state, row, listing, frame) : traded(state, row.trade, listing, frame)
    if (known === undefined) return emit(state, { instruments: [usEquity(listing)], events })
    return events.length === 0 ? keep(state) : emit(state, { events })
  },
})

interface Row {
  readonly exchange: string
  readonly suspicious: boolean
  readonly trade: { readonly px: number; readonly qty: number; readonly conditions: string } | null
  readonly quote: Quote | null
}

function readRow(frame: RawFrame): Row | DecodeFault {
  if (frame.payload.length > ROW_BYTES) return 'FRAME_TOO_LONG'
  const text = utf8Text(frame.payload) ?? ''
  if (frame.channel === 'taq-trade') {
    const [row, px, qty, letter = '', conditions = '', suspicious] = TRADE.exec(text) ?? []
    if (row === undefined) return 'FRAME_MALFORMED'
    const exchange = EXCHANGES.get(letter)
    if (exchange === undefined || Number(px) === 0 || Number(qty) === 0) return 'VALUE_OUT_OF_RANGE'
    const trade = { px: Number(px), qty: Number(qty), conditions }
    return { exchange, suspicious: suspicious === '1', trade, quote: null }
  }
  const [row, bid_px, bid_qty, ask_px, ask_qty, letter = '', suspicious] = QUOTE.exec(text) ?? []
  if (row === undefined) return 'FRAME_MALFORMED'
  const exchange = EXCHANGES.get(letter)
  if (exchange === undefined) return 'VALUE_OUT_OF_RANGE'
  const quote = { bid_px: Number(bid_px), bid_qty: Number(bid_qty), ask_px: Number(ask_px), ask_qty: Number(ask_qty) }
  return { exchange, suspicious: suspicious === '1', trade: null, quote }
}

function refusal(symbol: string, known: Listing | undefined, { params }: NormalizerContext): DecodeFault | undefined {
  if (symbol === '') return 'SYMBOL_UNKNOWN'
  if (known === undefined) return params.unknown_symbol === 'fault' ? 'SYMBOL_UNKNOWN' : undefined
  return isUsListing(known) ? undefined : 'SCALE_EXCEEDED'
}

function traded(state: SipState, trade: NonNullable<Row['trade']>, listing: Listing, frame: RawFrame): MarketEvent[] {
  const { sequence } = state
  const part = { trade_id: sequence, ...trade, aggressor: null, hidden: false }
  const message = { kind: 'trade', sequence, event_time_us: frame.receive_time_us, depth: null, quote: null } as const
  return [messageEvent(listing, { ...message, trade: part }, frame)]
}

function quoted(state: SipState, { exchange, quote: row }: Row, listing: Listing, frame: RawFrame): MarketEvent[] {
  if (row === null) return []
  const last = state.quotes[exchange] ?? { bid_px: 0, bid_qty: 0, ask_px: 0, ask_qty: 0 }
  const quote = {
    ...(row.bid_px > 0 ? { bid_px: row.bid_px, bid_qty: row.bid_qty } : { bid_px: last.bid_px, bid_qty: last.bid_qty }),
    ...(row.ask_px > 0 ? { ask_px: row.ask_px, ask_qty: row.ask_qty } : { ask_px: last.ask_px, ask_qty: last.ask_qty }),
  }
  state.quotes[exchange] = quote
  if (quote.bid_px === 0 || quote.ask_px === 0 || quote.bid_px >= quote.ask_px) return []
  const { sequence } = state
  const message = { kind: 'quote', sequence, event_time_us: frame.receive_time_us, depth: null, trade: null } as const
  return [messageEvent(listing, { ...message, quote }, frame)]
}
