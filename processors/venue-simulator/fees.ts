/** Fees of the simulated venue, in the quote currency at price_scale + qty_scale. */

const MILLION = 1_000_000n

/**
 * `notional` times `ppm` millionths, rounded up to the next unit of the scale: in the venue's favour, so a rebate
 * (negative) loses what a fee gains.
 */
export function feeOf(notional: bigint, ppm: number): bigint {
  const product = notional * BigInt(ppm)
  const whole = product / MILLION
  return product > 0n && product % MILLION !== 0n ? whole + 1n : whole
}
