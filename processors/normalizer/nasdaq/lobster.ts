/**
 * Rows of LOBSTER files (lobsterdata.com, "Output Structure").
 *
 * A message row is `time_s,type,order_id,size,price_x10000,direction`; a book row `ask_px,ask_size,bid_px,bid_size` for
 * each level. The first book row states the book after the first message: its snapshot has that message's sequence, 1.
 * Empty levels are passed on as the file has them, with quantity 0: they say how many levels the file shows, and that
 * the side ends. A visible execution is an order event and a trade. The file has no trade ids: a trade's id is its row.
 */
import type { Level, RawFrame } from '../../../schemas/generated/index.ts'
import type { DecodeFault } from '../faults.ts'
import type { Listing } from '../listing.ts'
import { utf8Text } from '../utf8.ts'
import { Events, opposite } from './events.ts'
import type { NasdaqState } from './state.ts'

/** A row of 200 levels has 5 kB. */
const ROW_BYTES = 65_536
const ROW = /^-?\d{1,15}(,-?\d{1,15})*$/
const MESSAGE = /^\d{1,5}(?:\.\d{1,18})?,([1-7]),(-1|\d{1,19}),(\d{1,15}),(-?\d{1,15}),(-?1)$/

const PHASES = new Map([
  ['-1', 'HALTED'],
  ['0', 'QUOTING'],
  ['1', 'OPEN'],
] as const)

/** Events of a row, or what is wrong with it; changes the state only with events. */
export function readLobster(state: NasdaqState, listing: Listing, frame: RawFrame): Events | DecodeFault {
  if (frame.payload.length > ROW_BYTES) return 'FRAME_TOO_LONG'
  const text = utf8Text(frame.payload)
  if (text === undefined) return 'FRAME_MALFORMED'
  return frame.channel === 'lobster-book'
    ? readBook(state, listing, frame, text)
    : readMessage(state, listing, frame, text)
}

function readBook(state: NasdaqState, listing: Listing, frame: RawFrame, text: string): Events | DecodeFault {
  if (!ROW.test(text)) return 'FRAME_MALFORMED'
  const values = text.split(',').map(Number)
  if (values.length % 4 !== 0) return 'FRAME_MALFORMED'
  const asks: Level[] = []
  const bids: Level[] = []
  for (let i = 0; i < values.length; i += 4) {
    const [ask_px = 0, ask_qty = 0, bid_px = 0, bid_qty = 0] = values.slice(i, i + 4)
    if (ask_qty < 0 || bid_qty < 0 || !inOrder(asks, ask_px, ask_qty, 1) || !inOrder(bids, bid_px, bid_qty, -1))
      return 'VALUE_OUT_OF_RANGE'
    asks.push({ px: ask_px, qty: ask_qty })
    bids.push({ px: bid_px, qty: bid_qty })
  }
  if (crossed(bids[0], asks[0])) return 'QUOTE_CROSSED'
  const sequence = state.sequence + 1
  const events = new Events(listing, sequence, frame)
  events.clear()
  events.snapshot({ snapshot: true, first_sequence: sequence, bids, asks, conflated: false, checksum: null })
  return events
}

/** Whether a level is worse than the one before it, or both are empty. */
function inOrder(levels: readonly Level[], px: number, qty: number, sign: 1 | -1): boolean {
  if (qty > 0 && px <= 0) return false
  const before = levels.at(-1)
  if (before === undefined || qty === 0) return true
  return before.qty > 0 && sign * px > sign * before.px
}

function crossed(bid: Level | undefined, ask: Level | undefined): boolean {
  return bid !== undefined && ask !== undefined && bid.qty > 0 && ask.qty > 0 && bid.px >= ask.px
}

function readMessage(state: NasdaqState, listing: Listing, frame: RawFrame, text: string): Events | DecodeFault {
  const found = MESSAGE.exec(text)
  if (found === null) return 'FRAME_MALFORMED'
  const [, type, order_id = '', size, price = '', direction] = found
  if (type === '7') {
    const phase = PHASES.get(price as '-1' | '0' | '1')
    if (phase === undefined) return 'VALUE_OUT_OF_RANGE'
    const events = new Events(listing, ++state.sequence, frame)
    events.session(phase, '')
    return events
  }
  const qty = Number(size)
  const px = Number(price)
  // Only a cross, which has no order, is of order -1.
  if (!(qty > 0 && px > 0) || (order_id === '-1' && type !== '6')) return 'VALUE_OUT_OF_RANGE'
  const side = direction === '1' ? 'BUY' : 'SELL'
  const events = new Events(listing, ++state.sequence, frame)
  const order = { order_id, new_order_id: '', side, px, qty, match_id: 0, printable: true } as const
  const trade = { trade_id: state.sequence, px, qty, aggressor: opposite(side), conditions: '', hidden: false }
  if (type === '1') events.order({ ...order, action: 'ADD' })
  else if (type === '2') events.order({ ...order, action: 'REDUCE' })
  else if (type === '3') events.order({ ...order, action: 'DELETE' })
  else if (type === '4') {
    events.order({ ...order, action: 'EXECUTE', match_id: state.sequence })
    events.trade(trade)
  } else if (type === '5') events.trade({ ...trade, hidden: true })
  // A cross has two sides and no aggressor; the column is filled in all the same.
  else events.trade({ ...trade, aggressor: null, conditions: 'CROSS' })
  return events
}
