/**
 * The exponential and the logistic function from + - * / alone, so that every platform and language that follows the
 * stated order gets the same bits (platform libraries differ in the last one).
 *
 * Source: fdlibm e_exp.c (Sun Microsystems 1993, freely usable), error below 1 ulp; its scaling by a power of two is
 * done by exact multiplications here.
 */

const LN2_HI = 0.6931471803691238
const LN2_LO = 1.9082149292705877e-10
const INV_LN2 = Math.LOG2E
const P1 = 0.16666666666666602
const P2 = -0.0027777777777015593
const P3 = 6.613756321437934e-5
const P4 = -1.6533902205465252e-6
const P5 = 4.1381367970572385e-8
/** Beyond these e^x is not a finite double, or is below the least one. */
const OVERFLOW = 709.782712893384
const UNDERFLOW = -745.1332191019411

const TWO_512 = 1.3407807929942597e154
const TWO_MINUS_1000 = 9.332636185032189e-302

/** `y * 2^k` for y near 1; every step is exact but the last into the subnormal range, which rounds once. */
function scale(y: number, k: number): number {
  if (k < -1_021) return scale(y, k + 1_000) * TWO_MINUS_1000
  let value = y
  let left = k
  for (; left >= 512; left -= 512) value *= TWO_512
  for (; left <= -512; left += 512) value /= TWO_512
  for (; left >= 16; left -= 16) value *= 65_536
  for (; left <= -16; left += 16) value /= 65_536
  for (; left > 0; left -= 1) value *= 2
  for (; left < 0; left += 1) value /= 2
  return value
}

/** e^x. NaN for NaN, Infinity and 0 beyond the range of doubles. */
export function exp(x: number): number {
  if (Number.isNaN(x)) return x
  if (x > OVERFLOW) return Number.POSITIVE_INFINITY
  if (x < UNDERFLOW) return 0
  const size = x < 0 ? -x : x
  // Below 2^-28 the series is 1 + x to the last bit.
  if (size < 3.725290298461914e-9) return 1 + x
  // The reduction below is one bit off here, and only here is e known to everybody.
  if (x === 1) return Math.E
  let k = 0
  let hi = x
  let lo = 0
  if (size > 0.5 * Math.LN2) {
    k = Math.trunc(INV_LN2 * x + (x < 0 ? -0.5 : 0.5))
    hi = x - k * LN2_HI
    lo = k * LN2_LO
  }
  const r = hi - lo
  const t = r * r
  const c = r - t * (P1 + t * (P2 + t * (P3 + t * (P4 + t * P5))))
  if (k === 0) return 1 - ((r * c) / (c - 2) - r)
  return scale(1 - (lo - (r * c) / (2 - c) - hi), k)
}

/** `1 / (1 + e^-z)`, 0 to 1. */
export function logistic(z: number): number {
  if (z >= 0) return 1 / (1 + exp(-z))
  const e = exp(z)
  return e / (1 + e)
}
