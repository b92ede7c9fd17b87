/**
 * What the messages of Nasdaq TotalView-ITCH 5.0 say, one in a frame, without the length in front of it (itch-message.ts).
 * Prices have four decimal places, in V eight.
 *
 * The messages on a resting order name it by its reference only: its side, price and quantity are kept from its add,
 * and a message must agree with them. A broken trade (B) stays in the events: nothing there can be taken back.
 */
import type { Instrument, RawFrame } from '../../../schemas/generated/index.ts'
import type { DecodeFault } from '../faults.ts'
import type { Listing } from '../listing.ts'
import { Events, opposite } from './events.ts'
import { type ItchMessage, itchMessage } from './itch-message.ts'
import type { NasdaqState } from './state.ts'

export const itchFaults = {
  LENGTH_WRONG: 'The message has another length than the specification gives its type.',
  ORDER_UNKNOWN: 'No resting order has this reference number.',
  ORDER_KNOWN: 'A resting order has this reference number already.',
  ORDER_EXCEEDED: 'More is executed or cancelled than the order has left.',
} as const

type ItchFault = DecodeFault | keyof typeof itchFaults

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

/** Events of a message, or what is wrong with it; changes the state only with events. */
export function readItch(state: NasdaqState, listing: Listing, frame: RawFrame): Events | ItchFault {
  const message = itchMessage(frame.payload, listing.symbol)
  if (typeof message === 'string') return message
  const events = new Events(listing, state.sequence + 1, frame)
  const wrong = read(message, state, events)
  if (wrong !== undefined) return wrong
  state.sequence++
  return events
}

function read(message: ItchMessage, state: NasdaqState, events: Events): ItchFault | undefined {
  switch (message.type) {
    case 'A':
    case 'F':
      return add(message, state, events)
    case 'E':
      return execute(message, state, events, undefined, true)
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
      return trade(message, events)
    case 'R':
      // Sent for every stock before its first order: from here on every order is known.
      if (state.listing === null) events.clear()
      events.listed = listed(message)
      return undefined
    default:
      return session(message, events)
  }
}

function add(message: ItchMessage, state: NasdaqState, events: Events): ItchFault | undefined {
  const order_id = message.reference(11)
  const side = message.side(19)
  const qty = message.u32(20)
  const px = message.u32(32)
  if (qty === 0 || px === 0) return 'VALUE_OUT_OF_RANGE'
  if (state.orders[order_id] !== undefined) return 'ORDER_KNOWN'
  state.orders[order_id] = [side, px, qty]
  events.order({ action: 'ADD', order_id, new_order_id: '', side, px, qty, match_id: 0, printable: true })
  return undefined
}

/** `price` undefined: at the order's own. */
function execute(
  message: ItchMessage,
  state: NasdaqState,
  events: Events,
  price: number | undefined,
  printable: boolean,
): ItchFault | undefined {
  const order_id = message.reference(11)
  const qty = message.u32(19)
  const match_id = message.u64(23)
  const order = state.orders[order_id]
  if (order === undefined) return 'ORDER_UNKNOWN'
  const [side, order_px, left] = order
  const px = price ?? order_px
  if (qty === 0 || px === 0 || !Number.isSafeInteger(match_id)) return 'VALUE_OUT_OF_RANGE'
  if (qty > left) return 'ORDER_EXCEEDED'
  takeAway(state, order_id, qty)
  events.order({ action: 'EXECUTE', order_id, new_order_id: '', side, px, qty, match_id, printable })
  // What is not printable is part of a cross that is printed as a whole.
  if (printable) events.trade({ trade_id: match_id, px, qty, aggressor: opposite(side), conditions: '', hidden: false })
  return undefined
}

function cancel(message: ItchMessage, state: NasdaqState, events: Events): ItchFault | undefined {
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

function remove(message: ItchMessage, state: NasdaqState, events: Events): ItchFault | undefined {
  const order_id = message.reference(11)
  const order = state.orders[order_id]
  if (order === undefined) return 'ORDER_UNKNOWN'
  const [side, px, qty] = order
  delete state.orders[order_id]
  events.order({ action: 'DELETE', order_id, new_order_id: '', side, px, qty, match_id: 0, printable: true })
  return undefined
}

function replace(message: ItchMessage, state: NasdaqState, events: Events): ItchFault | undefined {
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
function trade(message: ItchMessage, events: Events): ItchFault | undefined {
  const hidden = message.type === 'P'
  const qty = hidden ? message.u32(20) : message.u64(11)
  const px = hidden ? message.u32(32) : message.u32(27)
  const trade_id = hidden ? message.u64(36) : message.u64(31)
  const cross = hidden ? '' : message.char(39)
  // A cross in which nothing matched is told all the same.
  if (!hidden && qty === 0) return undefined
  if (qty === 0 || px === 0 || !Number.isSafeInteger(qty) || !Number.isSafeInteger(trade_id))
    return 'VALUE_OUT_OF_RANGE'
  events.trade({ trade_id, px, qty, aggressor: null, conditions: hidden ? '' : `CROSS_${cross}`, hidden })
  return undefined
}

/** What the directory says of a stock: a lot is one share unless only round lots are taken; test stocks take no orders. */
function listed(message: ItchMessage): Partial<Instrument> {
  const lot = message.char(25) === 'Y' ? Math.max(1, message.u32(21)) : 1
  return { lot_size_qty: lot, min_qty: lot, tradable: message.char(29) === 'P' }
}

/** The other types: what they change of a session. Y, L, V, J, B, I, N and O change nothing that an event tells. */
function session(message: ItchMessage, events: Events): undefined {
  const { type } = message
  if (type === 'S') {
    const code = message.char(11)
    events.session(SYSTEM_PHASES.get(code) ?? 'CLOSED', `SYSTEM_${code}`)
  } else if (type === 'H') {
    events.session(TRADING_PHASES.get(message.char(19)) ?? 'HALTED', message.text(21, 4))
  } else if (type === 'h') {
    // Other market codes speak of Nasdaq's sister exchanges.
    if (message.char(19) === 'Q') events.session(message.char(20) === 'H' ? 'HALTED' : 'OPEN', 'OPERATIONAL')
  } else if (type === 'K') {
    const qualifier = message.char(23)
    events.session(qualifier === 'A' ? 'QUOTING' : 'HALTED', `IPO_${qualifier}`)
  } else if (type === 'W') events.session('HALTED', `MWCB_${message.char(11)}`)
}
