import type { Instrument, Sizing } from '../../schemas/generated/index.ts'
import type { StrategyParams } from './params.ts'
import { type Volatility, volatilityBps } from './volatility.ts'

/**
 * How much to trade. Money is whole quote units and `bigint`: `value * 10^(price_scale + qty_scale)` leaves the safe
 * range long before a fund does.
 */

/** Fractions are whole millionths, so that they multiply money exactly. */
const MILLION = 1_000_000

/** Quantity (qty_scale, rounded down) whose value at `px` is `value` quote units, times `millionths` / 10^6. */
function quantityFor(value: number, millionths: number, px: number, instrument: Instrument): bigint {
  const scale = BigInt(`1${'0'.repeat(instrument.price_scale + instrument.qty_scale)}`)
  const unit = BigInt(px) * BigInt(instrument.multiplier) * BigInt(MILLION)
  return (BigInt(value) * BigInt(millionths) * scale) / unit
}

/** `qty` down to a multiple of the lot, 0 below the least order quantity. */
export function toLots(qty: bigint, instrument: Instrument): number {
  const most = BigInt(instrument.max_qty)
  const allowed = least(qty, most)
  const lots = allowed - (allowed % BigInt(instrument.lot_size_qty))
  return lots > 0n && lots >= BigInt(instrument.min_qty) ? Number(lots) : 0
}

function least(a: bigint, b: bigint): bigint {
  if (a < b) return a
  return b
}

/** As much of `qty` as the touch lets an order be. */
export function shown(qty: bigint, touch_qty: number, params: StrategyParams): bigint {
  return least(qty, (BigInt(touch_qty) * BigInt(params.max_touch_percent)) / 100n)
}

/**
 * Quantity to open or add at a touch of `px` and `touch_qty`, with `held` (signed towards the order's side) already
 * there; 0 means no order: no room left, less than the least quantity, or a volatility that is not known yet or zero.
 */
export function sizeOf(
  params: StrategyParams,
  volatility: Volatility,
  px: number,
  touch_qty: number,
  held: number,
  instrument: Instrument,
): { qty: number; sizing: Sizing } {
  let millionths = Math.round(params.fraction * MILLION)
  let volatility_bps = 0
  if (params.sizing === 'VOLATILITY_TARGET') {
    volatility_bps = volatilityBps(volatility, params.volatility_samples) ?? 0
    const scale = volatility_bps > 0 ? Math.min(params.max_scale, params.target_volatility_bps / volatility_bps) : 0
    millionths = Math.min(MILLION, Math.round(millionths * scale))
  }
  const wanted = quantityFor(params.capital, millionths, px, instrument)
  const room = quantityFor(params.max_position_value, MILLION, px, instrument) - BigInt(held)
  const qty = toLots(shown(least(wanted, room), touch_qty, params), instrument)
  const sizing: Sizing = {
    method: params.sizing,
    capital: params.capital,
    fraction: millionths / MILLION,
    volatility_bps,
    raw_qty: Number(wanted),
  }
  return { qty, sizing }
}
