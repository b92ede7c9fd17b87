/** What a pre-trade control is: a pure, total function from an order wished for to a verdict. */
import type { Decision, Instrument, Nbbo, TradingPhase, Verdict } from '../../../schemas/generated/index.ts'
import type { ExecutionParams } from '../params.ts'
import type { AccountState } from '../state.ts'
import type { DenialReason } from './codes.ts'
import { denialCodes } from './codes.ts'

export interface ControlInput {
  readonly decision: Decision
  readonly params: ExecutionParams
  readonly state: AccountState
  readonly stream_time_us: number
  readonly instrument: Instrument | undefined
  /** NBBO of the decision's symbol. */
  readonly nbbo: Nbbo | undefined
  /** NBBO of any symbol: positions in others must be valued too. */
  readonly nbboOf: (symbol: string) => Nbbo | undefined
  /** What the venue said last of the instrument; OPEN where it said nothing. */
  readonly phase: TradingPhase
  /** The order can only make the position smaller, whatever else is filled. */
  readonly reducing: boolean
}

export type Control = (input: ControlInput) => Verdict

export function pass(control: string, measured: string | number | bigint, limit: string | number | bigint): Verdict {
  return { control, code: 'PASS', measured: String(measured), limit: String(limit) }
}

export function deny(code: DenialReason, measured: string | number | bigint, limit: string | number | bigint): Verdict {
  return { control: denialCodes[code].control, code, measured: String(measured), limit: String(limit) }
}

/**
 * The price an order can cost at worst: a buyer's limit, for a seller the greater of limit and bid, for a market order
 * the side of the NBBO it takes; null if there is none.
 */
export function orderPrice({ decision, nbbo }: ControlInput): number | null {
  const limit = decision.order_type === 'LIMIT' ? decision.limit_px : 0
  if (decision.side === 'BUY') return decision.order_type === 'LIMIT' ? limit : (nbbo?.ask_px ?? null)
  const bid = nbbo?.bid_px ?? null
  return limit === null || bid === null ? null : Math.max(limit, bid)
}
