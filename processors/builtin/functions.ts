/**
 * What expressions may call. Nothing here reads a clock, draws a random number or depends on a machine's locale; regular
 * expressions are left out, since the time they take has no bound.
 */

/** A computation that has no exact answer. */
export class InexactValue extends Error {
  readonly code = 'SCALE_INEXACT'
}

interface CelFunction {
  readonly signature: string
  readonly description: string
  readonly run: (...args: never[]) => unknown
}

/** 10^0 to 10^18, the greatest that a CEL int holds. */
const POWERS_OF_TEN: readonly bigint[] = Array.from({ length: 19 }, (_, zeros) => BigInt(`1${'0'.repeat(zeros)}`))

function powerOfTen(exponent: bigint): bigint {
  const power = POWERS_OF_TEN[Number(exponent)]
  if (power === undefined) throw new InexactValue(`a scale is from 0 to 18, not ${exponent}`)
  return power
}

/** The integer that stands for decimal text at `scale`. */
function px(text: string, scale: bigint): bigint {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text)
  if (match === null) throw new InexactValue(`\`${text}\` is no decimal number`)
  const fraction = (match[3] ?? '').replace(/0+$/, '')
  if (BigInt(fraction.length) > scale) throw new InexactValue(`${text} is finer than ${scale} decimal places`)
  const size = BigInt(`${match[2]}${fraction}`) * powerOfTen(scale - BigInt(fraction.length))
  return match[1] === '-' ? -size : size
}

function rescale(value: bigint, from: bigint, to: bigint): bigint {
  if (to >= from) return value * powerOfTen(to - from)
  const divisor = powerOfTen(from - to)
  if (value % divisor !== 0n) throw new InexactValue(`${value} is finer than ${to} decimal places`)
  return value / divisor
}

export const FUNCTIONS: readonly CelFunction[] = [
  {
    signature: 'px(string, int): int',
    description:
      'The whole number that stands for decimal text in a scale: `px("60000.50", record.price_scale)`. Text finer than the scale is a fault `SCALE_INEXACT`.',
    run: px,
  },
  {
    signature: 'rescale(int, int, int): int',
    description:
      'A whole number from one scale in another: `rescale(record.bid_px, record.price_scale, 8)`. What the coarser scale cannot hold is a fault `SCALE_INEXACT`.',
    run: rescale,
  },
  { signature: 'abs(int): int', description: 'Size without sign.', run: (a: bigint) => (a < 0n ? -a : a) },
  { signature: 'abs(double): double', description: 'Size without sign.', run: (a: number) => (a < 0 ? -a : a) },
  { signature: 'least(int, int): int', description: 'The lesser.', run: (a: bigint, b: bigint) => (b < a ? b : a) },
  {
    signature: 'greatest(int, int): int',
    description: 'The greater.',
    run: (a: bigint, b: bigint) => (b > a ? b : a),
  },
]

/** Functions and macros of CEL itself that expressions may use. */
export const ALLOWED: readonly string[] = [
  'has',
  'size',
  'int',
  'double',
  'string',
  'bool',
  'startsWith',
  'endsWith',
  'contains',
  'exists',
  'exists_one',
  'all',
  'filter',
  'map',
  ...new Set(FUNCTIONS.map(({ signature }) => signature.slice(0, signature.indexOf('(')))),
]
