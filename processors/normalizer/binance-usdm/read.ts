/** Reads frames of Binance futures: those of spot, with `pu` in depth, and trades put together (`aggTrade`). */
import type { MarketEvent } from '../../../schemas/generated/index.ts'
import { frameDecimals, type ParsedFrame, readSpotFrame, SERVER_SHUTDOWN } from '../binance-spot/spot-json.ts'
import type { SpotMessage } from '../binance-spot/spot-message.ts'
import { Bad, type Fields, fieldsOf, integer, jsonFrame } from '../json-frame.ts'
import type { Scales } from '../listing.ts'

export interface UsdmFrame {
  readonly spot: ParsedFrame
  /** `u` of the depth change before this one; -1 of others. */
  readonly previous: number
  /** First id of a trade that stands for several; -1 of others. */
  readonly first_trade: number
}

export interface UsdmMessage {
  readonly spot: SpotMessage
  readonly previous: number
  readonly first_trade: number
}

/** Null for answers to subscriptions, and where the venue speaks of its servers. */
export function openUsdm(payload: Uint8Array): UsdmFrame | null {
  const frame = jsonFrame(payload)
  if (frame.result !== undefined && frame.id !== undefined) return null
  const data = frame.stream === undefined ? frame : fieldsOf(frame.data, 'data')
  const { e } = data
  if (e === SERVER_SHUTDOWN) return null
  const none = { previous: -1, first_trade: -1 }
  if (e === 'depthUpdate') return { ...none, spot: { kind: e, data }, previous: integer(data, 'pu') }
  if (e === 'bookTicker' || e === 'trade') return { ...none, spot: { kind: e, data } }
  if (e === 'aggTrade') return aggregated(data)
  if (e === undefined && data.lastUpdateId !== undefined) return { ...none, spot: { kind: 'snapshot', data } }
  throw new Bad('FRAME_UNKNOWN', 'e')
}

function aggregated(data: Fields): UsdmFrame {
  const first_trade = integer(data, 'f')
  if (first_trade > integer(data, 'l')) throw new Bad('VALUE_OUT_OF_RANGE', 'f')
  return { spot: { kind: 'trade', data: { ...data, t: data.l } }, previous: -1, first_trade }
}

export function writtenUsdm({ spot }: UsdmFrame): Scales {
  return frameDecimals(spot)
}

export function readUsdm({ spot, previous, first_trade }: UsdmFrame, symbol: string, scales: Scales): UsdmMessage {
  const message: SpotMessage = { kind: 'quote', sequence: 0, event_time_us: 0, depth: null, quote: null, trade: null }
  const refusal = readSpotFrame(spot, symbol, scales, message)
  if (refusal !== undefined) throw new Bad(refusal.code, refusal.field)
  // Ids grow, and a change stands behind the one before.
  if (previous !== -1 && previous >= message.sequence) throw new Bad('FRAME_MALFORMED', 'pu')
  return { spot: message, previous, first_trade: first_trade === -1 ? message.sequence : first_trade }
}

/** The event with the ids of its change made dense, as books want them: first is the one behind the change before. */
export function linked(event: MarketEvent, previous: number): MarketEvent {
  const { depth } = event
  return depth === null ? event : { ...event, depth: { ...depth, first_sequence: previous + 1 } }
}
