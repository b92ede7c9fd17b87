import { abs, common, decimalText, powerOfTen, scaleFits, VALUE_SCALE } from '../processors/execution/money.ts'
import { type PositionState, unrealizedDoubled } from '../processors/execution/positions.ts'
import type { AccountState } from '../processors/execution/state.ts'
import type { Task } from '../runtime/engine/task.ts'
import type { Topology } from '../runtime/topology/types.ts'
import type { Nbbo } from '../schemas/generated/index.ts'
import type { PositionLine } from './view/types.ts'

/**
 * What the execution stages hold and what it is worth, as decimal texts for people.
 *
 * Open quantity is valued at the middle of the NBBO and, where there is none (a stale book, the end of a file), at the
 * price of the last fill. Amounts are computed exactly and rounded to `MONEY_DECIMALS` at the very end; exact ones are
 * in `positions.v1`. An instrument whose scales do not fit the common one is left out of the total.
 */
export interface Holdings {
  readonly positions: readonly PositionLine[]
  /** `-92.0256 USDT`; empty while there is no position. */
  readonly pnl_total: string
  /** ACTIVE, HALTED or REDUCING, with the scopes where it is not the firm. */
  readonly trading_state: string
}

const MONEY_DECIMALS = 4
/** Decimals of an average price beyond the instrument's own. */
const MORE_DECIMALS = 2

export function holdingsOf(topology: Topology, tasks: readonly Task[]): Holdings {
  const positions: PositionLine[] = []
  const limited: [scope: string, state: string][] = []
  const currencies = new Set<string>()
  let total = 0n
  for (const task of tasks) {
    const declared = topology.stages[task.planned.stage]
    if (declared?.use !== 'execution') continue
    const params = task.planned.params as { readonly account: string; readonly currency: string }
    for (const { state } of task.cells.values()) {
      const account = state as AccountState
      limited.push(...Object.entries(account.trading))
      for (const id of Object.keys(account.positions).sort()) {
        const position = account.positions[id] as PositionState
        const scale = position.price_scale + position.qty_scale
        if (!scaleFits(scale)) continue
        const open_doubled = openProfit(position, task.tables.nbbo?.get(position.symbol) as Nbbo | undefined)
        total += common(2n * (position.realized_pnl - position.fees) + open_doubled, scale)
        currencies.add(params.currency)
        positions.push(lineOf(params.account, position, open_doubled))
      }
    }
  }
  const pnl_total = positions.length === 0 ? '' : `${money(total, VALUE_SCALE)} ${[...currencies].sort().join('/')}`
  return { positions, pnl_total, trading_state: tradingState(limited) }
}

/** Twice the profit of the open quantity, so that half a tick is exact. */
function openProfit(position: PositionState, nbbo: Nbbo | undefined): bigint {
  if (position.qty === 0) return 0n
  const bid_px = nbbo?.bid_px ?? null
  const ask_px = nbbo?.ask_px ?? null
  if (bid_px === null || ask_px === null) return unrealizedDoubled(position, position.last_px, position.last_px)
  return unrealizedDoubled(position, bid_px, ask_px)
}

function lineOf(account: string, position: PositionState, open_doubled: bigint): PositionLine {
  const { symbol, qty, qty_scale, price_scale, cost, multiplier, realized_pnl, fees } = position
  const scale = price_scale + qty_scale
  const size = abs(BigInt(qty)) * BigInt(multiplier)
  const avg = size === 0n ? 0n : (abs(cost) * powerOfTen(MORE_DECIMALS)) / size
  return {
    account,
    symbol,
    qty: decimalText(BigInt(qty), qty_scale),
    avg_px: size === 0n ? '-' : decimalText(avg, price_scale + MORE_DECIMALS),
    realized: money(2n * realized_pnl, scale),
    unrealized: money(open_doubled, scale),
    fees: money(2n * fees, scale),
  }
}

/** Half of `doubled`, rounded half away from zero to `MONEY_DECIMALS` and written with all of them. */
export function money(doubled: bigint, scale: number): string {
  const unit = 2n * (scale > MONEY_DECIMALS ? powerOfTen(scale - MONEY_DECIMALS) : 1n)
  const scaled = scale < MONEY_DECIMALS ? doubled * powerOfTen(MONEY_DECIMALS - scale) : doubled
  const rounded = (abs(scaled) + unit / 2n) / unit
  const digits = String(rounded).padStart(MONEY_DECIMALS + 1, '0')
  const sign = doubled < 0n && rounded > 0n ? '-' : ''
  return `${sign}${digits.slice(0, -MONEY_DECIMALS)}.${digits.slice(-MONEY_DECIMALS)}`
}

function tradingState(limited: readonly (readonly [scope: string, state: string])[]): string {
  if (limited.length === 0) return 'ACTIVE'
  const firm = limited.find(([scope]) => scope === 'firm')
  if (firm !== undefined) return firm[1]
  return limited.map(([scope, state]) => `${state} for ${scope}`).join(', ')
}
