/**
 * Messages of Nasdaq TotalView-ITCH 5.0 ("Nasdaq TotalView-ITCH 5.0", sections 4.1 to 4.8), one in a frame, without the length in
 * front of it. Numbers are big-endian, prices have four decimal places (in V eight), text is padded with spaces.
 *
 * The messages on a resting order name it by its reference only: its side, price and quantity are kept from its add,
 * and a message must agree with them.
 */
import type { RawFrame } from '../../../schemas/generated/index.ts'
import type { DecodeFault } from '../faults.ts'
import type { Listing } from '../listing.ts'
import { Events, opposite } from './events.ts'
import type { NasdaqState } from './state.ts'

export const itchFaults = {
  LENGTH_WRONG: 'The message has another length than the specification gives its type.',
  ORDER_UNKNOWN: 'No resting order has this reference number.',
  ORDER_KNOWN: 'A resting order has this reference number already.',
  ORDER_EXCEEDED: 'More is executed or cancelled than the order has left.',
} as const

type ItchFault = DecodeFault | keyof typeof itchFaults

/** Bytes of each message by its type. */
const ITCH_LENGTHS: ReadonlyMap<string, number> = new Map([
  ['S', 12],
  ['R', 39],
  ['H', 25],
  ['Y', 20],
  ['L', 26],
  ['V', 35],
  ['W', 12],
  ['K', 28],
  ['J', 35],
  ['h', 21],
  ['A', 36],
  ['F', 40],
  ['E', 31],
  ['C', 36],
  ['X', 23],
  ['D', 19],
  ['U', 35],
  ['P', 44],
  ['Q', 40],
  ['B', 19],
  ['I', 50],
  ['N', 20],
  ['O', 48],
])

/** Types that name their stock, and where: it must be the one that the locate code stands for. */
const STOCK_AT: ReadonlyMap<string, number> = new Map([
  ['R', 11],
  ['H', 11],
  ['Y', 11],
  ['L', 15],
  ['K', 11],
  ['J', 11],
  ['h', 11],
  ['A', 24],
  ['F', 24],
  ['P', 24],
  ['Q', 19],
  ['I', 28],
  ['N', 11],
  ['O', 11],
])

const SYSTEM_PHASES: ReadonlyMap<string, 'PRE_OPEN' | 'OPEN' | 'CLOSED'> = new Map([
  ['O', 'PRE_OPEN'],
  ['S', 'PRE_OPEN'],
  ['Q', 'OPEN'],
  ['M', 'CLOSED'],
  ['E', 'CLOSED'],
  ['C', 'CLOSED'],
])
const TRADING_PHASES: ReadonlyMap<string, 'HALTED' | 'QUOTING' | 'OPEN'> = new Map([
  ['H', 'HALTED'],
  ['P', 'HALTED'],
  ['Q', 'QUOTING'],
  ['T', 'OPEN'],
])

/** A view of one message. */
class Message {
  readonly bytes: Uint8Array
  readonly #view: DataView
  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }
  char(at: number): string {
    return String.fromCharCode(this.#view.getUint8(at))
  }
  u32(at: number): number {
    return this.#view.getUint32(at)
  }
  /** As text, because 2^53 is not enough. */
  reference(at: number): string {
    const number = this.u64(at)
    return Number.isSafeInteger(number) ? String(number) : String(this.#view.getBigUint64(at))
  }
  /** Beyond 2^53 it is not exact. */
  u64(at: number): number {
    return this.#view.getUint32(at) * 4_294_967_296 + this.#view.getUint32(at + 4)
  }
  /** Text without the padding behind it. */
  text(at: number, length: number): string {
    let text = ''
    for (let i = at; i < at + length; i++) text += this.char(i)
    return text.trimEnd()
  }
  side(at: number): 'BUY' | 'SELL' | undefined {
    const side = this.char(at)
    return side === 'B' ? 'BUY' : side === 'S' ? 'SELL' : undefined
  }
}

/** Events of a message, or what is wrong with it; changes the state only with events. */
export function readItch(state: NasdaqState, listing: Listing, frame: RawFrame): Events | ItchFault {
  const { payload } = frame
  const type = String.fromCharCode(payload[0] ?? 0)
  const length = ITCH_LENGTHS.get(type)
  if (length === undefined) return payload.length === 0 ? 'FRAME_MALFORMED' : 'FRAME_UNKNOWN'
  if (payload.length !== length) return 'LENGTH_WRONG'
  const message = new Message(payload)
  const stock_at = STOCK_AT.get(type)
  if (stock_at !== undefined && message.text(stock_at, 8) !== listing.symbol) return 'SYMBOL_MISMATCH'
  const events = new Events(listing, state.sequence + 1, frame)
  const wrong = read(type, message, state, events)
  if (wrong !== undefined) return wrong
  state.sequence++
  return events
}

function read(type: string, message: Message, state: NasdaqState, events: Events): ItchFault | undefined {
  switch (type) {
    case 'A':
    case 'F':
      return add(message, state, events)
    case 'E':
      return execute(message, state, events, 0, true)
    case 'C':
      return execute(message, state, events, message.u32(32), message.char(31) === 'Y')
    case 'X':
      return cancel(message, state, events)
    case 'D':
      return remove(message, state, events)
    case 'U':
      return replace(message, state, events)
    case 'P':
    case 'Q':
      return trade(type, message, events)
    case 'R':
      // Sent for every stock before its first order: from here on every order is known.
      if (state.listing === null) events.clear()
      return undefined
    default:
      return session(type, message, events)
  }
}

function add(message: Message, state: NasdaqState, events: Events): ItchFault | undefined {
  const order_id = message.reference(11)
  const side = message.side(19)
  const qty = message.u32(20)
  const px = message.u32(32)
  if (side === undefined) return 'FRAME_MALFORMED'
  if (qty === 0 || px === 0) return 'VALUE_OUT_OF_RANGE'
  if (state.orders[order_id] !== undefined) return 'ORDER_KNOWN'
  state.orders[order_id] = [side, px, qty]
  events.order({ action: 'ADD', order_id, new_order_id: '', side, px, qty, match_id: 0, printable: true })
  return undefined
}

/** `price` 0: at the order's own. */
function execute(
  message: Message,
  state: NasdaqState,
  events: Events,
  price: number,
  printable: boolean,
): ItchFault | undefined {
  const order_id = message.reference(11)
  const qty = message.u32(19)
  const match_id = message.u64(23)
  const order = state.orders[order_id]
  if (order === undefined) return 'ORDER_UNKNOWN'
  const [side, order_px, left] = order
  const px = price === 0 ? order_px : price
  if (qty === 0 || !Number.isSafeInteger(match_id)) return 'VALUE_OUT_OF_RANGE'
  if (qty > left) return 'ORDER_EXCEEDED'
  takeAway(state, order_id, qty)
  events.order({ action: 'EXECUTE', order_id, new_order_id: '', side, px, qty, match_id, printable })
  // What is not printable is part of a cross that is printed as a whole.
  if (printable) events.trade({ trade_id: match_id, px, qty, aggressor: opposite(side), conditions: '', hidden: false })
  return undefined
}

function cancel(message: Message, state: NasdaqState, events: Events): ItchFault | undefined {
  const order_id = message.reference(11)
  const qty = message.u32(19)
  const order = state.orders[order_id]
  if (order === undefined) return 'ORDER_UNKNOWN'
  if (qty === 0) return 'VALUE_OUT_OF_RANGE'
  const [side, px, left] = order
  if (qty > left) return 'ORDER_EXCEEDED'
  takeAway(state, order_id, qty)
  events.order({ action: 'REDUCE', order_id, new_order_id: '', side, px, qty, match_id: 0, printable: true })
  return undefined
}

function remove(message: Message, state: NasdaqState, events: Events): ItchFault | undefined {
  const order_id = message.reference(11)
  const order = state.orders[order_id]
  if (order === undefined) return 'ORDER_UNKNOWN'
  const [side, px, qty] = order
  delete state.orders[order_id]
  events.order({ action: 'DELETE', order_id, new_order_id: '', side, px, qty, match_id: 0, printable: true })
  return undefined
}

function replace(message: Message, state: NasdaqState, events: Events): ItchFault | undefined {
  const order_id = message.reference(11)
  const new_order_id = message.reference(19)
  const qty = message.u32(27)
  const px = message.u32(31)
  const order = state.orders[order_id]
  if (order === undefined) return 'ORDER_UNKNOWN'
  if (qty === 0 || px === 0) return 'VALUE_OUT_OF_RANGE'
  if (new_order_id === order_id || state.orders[new_order_id] !== undefined) return 'ORDER_KNOWN'
  const [side] = order
  delete state.orders[order_id]
  state.orders[new_order_id] = [side, px, qty]
  events.order({ action: 'REPLACE', order_id, new_order_id, side, px, qty, match_id: 0, printable: true })
  return undefined
}

function takeAway(state: NasdaqState, order_id: string, qty: number): void {
  const order = state.orders[order_id]
  if (order === undefined) return
  const [side, px, left] = order
  if (qty === left) delete state.orders[order_id]
  else state.orders[order_id] = [side, px, left - qty]
}

/** P: a match with an order that was not displayed; its side is `B` whatever it was. Q: a cross. */
function trade(type: string, message: Message, events: Events): ItchFault | undefined {
  const hidden = type === 'P'
  const qty = hidden ? message.u32(20) : message.u64(11)
  const px = hidden ? message.u32(32) : message.u32(27)
  const trade_id = hidden ? message.u64(36) : message.u64(31)
  const cross = hidden ? '' : message.char(39)
  // A cross in which nothing matched is told all the same.
  if (!hidden && qty === 0) return undefined
  if (qty === 0 || px === 0 || !Number.isSafeInteger(qty) || !Number.isSafeInteger(trade_id))
    return 'VALUE_OUT_OF_RANGE'
  if (hidden && message.side(19) === undefined) return 'FRAME_MALFORMED'
  if (!hidden && !'OCHI'.includes(cross)) return 'FRAME_MALFORMED'
  events.trade({ trade_id, px, qty, aggressor: null, conditions: hidden ? '' : `CROSS_${cross}`, hidden })
  return undefined
}

/** The other types: what they change of a session. Y, L, V, J, B, I, N and O change nothing that an event tells. */
function session(type: string, message: Message, events: Events): ItchFault | undefined {
  if (type === 'S') {
    const phase = SYSTEM_PHASES.get(message.char(11))
    if (phase === undefined) return 'FRAME_MALFORMED'
    events.session(phase, `SYSTEM_${message.char(11)}`)
  } else if (type === 'H') {
    const phase = TRADING_PHASES.get(message.char(19))
    if (phase === undefined) return 'FRAME_MALFORMED'
    events.session(phase, message.text(21, 4))
  } else if (type === 'h') {
    const action = message.char(20)
    if (action !== 'H' && action !== 'T') return 'FRAME_MALFORMED'
    // Other market codes speak of Nasdaq's sister exchanges.
    if (message.char(19) === 'Q') events.session(action === 'H' ? 'HALTED' : 'OPEN', 'OPERATIONAL')
  } else if (type === 'K') {
    const qualifier = message.char(23)
    if (qualifier !== 'A' && qualifier !== 'C') return 'FRAME_MALFORMED'
    events.session(qualifier === 'A' ? 'QUOTING' : 'HALTED', `IPO_${qualifier}`)
  } else if (type === 'W') {
    const level = message.char(11)
    if (!'123'.includes(level)) return 'FRAME_MALFORMED'
    events.session('HALTED', `MWCB_${level}`)
  }
  return undefined
}
