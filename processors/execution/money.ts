/** Exact money: bigint amounts at a decimal scale, compared at one common scale. Nothing here rounds silently. */

/** Scale at which amounts of different instruments are added and compared: at least any price_scale + qty_scale. */
export const VALUE_SCALE = 24

const POWERS: readonly bigint[] = (() => {
  const powers = [1n]
  for (let i = 0; i < VALUE_SCALE; i++) powers.push((powers[i] as bigint) * 10n)
  return powers
})()

/** Ten to the power of `scale`, 0 to `VALUE_SCALE`. */
export function powerOfTen(scale: number): bigint {
  return POWERS[scale] as bigint
}

/** True if an amount of this scale has a place on the common scale. */
export function scaleFits(scale: number): boolean {
  return Number.isInteger(scale) && scale >= 0 && scale <= VALUE_SCALE
}

/** An amount of scale `scale` on the common scale. */
export function common(amount: bigint, scale: number): bigint {
  return amount * powerOfTen(VALUE_SCALE - scale)
}

/** Whole units of a currency on the common scale. */
export function wholeUnits(units: number): bigint {
  return BigInt(units) * powerOfTen(VALUE_SCALE)
}

/** Decimal text without trailing zeros: what verdicts show. */
export function decimalText(amount: bigint, scale: number): string {
  const sign = amount < 0n ? '-' : ''
  const digits = (amount < 0n ? -amount : amount).toString().padStart(scale + 1, '0')
  const fraction = digits.slice(digits.length - scale).replace(/0+$/, '')
  const whole = digits.slice(0, digits.length - scale)
  return scale === 0 || fraction === '' ? `${sign}${whole}` : `${sign}${whole}.${fraction}`
}

export function abs(amount: bigint): bigint {
  return amount < 0n ? -amount : amount
}
