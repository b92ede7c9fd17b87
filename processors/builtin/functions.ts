/**
 * What expressions may call. Nothing here reads a clock, draws a random number or depends on a machine's locale; regular
 * expressions are left out, since the time they take has no bound.
 */

/** A computation that has no exact answer. */
export class InexactValue extends Error {
  /** The text that was evaluated. */
  expression = ''
  readonly code: 'SCALE_INEXACT' | 'INTEGER_OVERFLOW' | 'EXPRESSION_FAILED'
  constructor(message: string, code: InexactValue['code'] = 'SCALE_INEXACT') {
    super(message)
    this.code = code
  }
}

/** The value, if it is within 64 bits; CEL looks at sums, differences and products itself, and at nothing else. */
export function int64(value: bigint): bigint {
  if (BigInt.asIntN(64, value) === value) return value
  throw new InexactValue('a whole number leaves 64 bits', 'INTEGER_OVERFLOW')
}

/** Longer than any number within 64 bits in any scale; text comes from outside, and its digits cost time. */
const MOST_DIGITS = 64
/** What is said of text: enough to find it by. */
const shown = (text: string) => (text.length <= MOST_DIGITS ? text : `${text.slice(0, MOST_DIGITS)}…`)

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
  const match = text.length > MOST_DIGITS ? null : /^(-?)(\d+)(?:\.(\d+))?$/.exec(text)
  if (match === null) throw new InexactValue(`\`${shown(text)}\` is no decimal number`)
  if (scale < 0n || scale > 18n) throw new InexactValue(`a scale is from 0 to 18, not ${scale}`)
  const fraction = (match[3] ?? '').replace(/0+$/, '')
  if (BigInt(fraction.length) > scale) throw new InexactValue(`${text} is finer than ${scale} decimal places`)
  const size = BigInt(`${match[2]}${fraction}`) * powerOfTen(scale - BigInt(fraction.length))
  return int64(match[1] === '-' ? -size : size)
}

function rescale(value: bigint, from: bigint, to: bigint): bigint {
  if (from < 0n || to < 0n) throw new InexactValue(`a scale is from 0 to 18, not ${from < 0n ? from : to}`)
  if (to >= from) return int64(value * powerOfTen(to - from))
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
  { signature: 'abs(int): int', description: 'Size without sign.', run: (a: bigint) => int64(a < 0n ? -a : a) },
  { signature: 'abs(double): double', description: 'Size without sign.', run: (a: number) => (a < 0 ? -a : a) },
  { signature: 'least(int, int): int', description: 'The lesser.', run: (a: bigint, b: bigint) => (b < a ? b : a) },
  {
    signature: 'greatest(int, int): int',
    description: 'The greater.',
    run: (a: bigint, b: bigint) => (b > a ? b : a),
  },
]

/** Stands in for `int`: CEL's own answers numbers past 64 bits, 0 for empty text, and reads other bases. */
export const INT = 'int_exact'

function intOf(value: bigint | number | string): bigint {
  if (typeof value === 'bigint') return value
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new InexactValue(`${value} is no whole number`, 'INTEGER_OVERFLOW')
    return int64(BigInt(value < 0 ? -Math.floor(-value) : Math.floor(value)))
  }
  const whole = /^-?\d{1,19}$/.test(value) ? BigInt(value) : undefined
  if (whole !== undefined && BigInt.asIntN(64, whole) === whole) return whole
  throw new InexactValue(`\`${shown(value)}\` is no whole number`, 'EXPRESSION_FAILED')
}

export const HIDDEN: readonly CelFunction[] = ['int', 'double', 'string'].map((from) => ({
  signature: `${INT}(${from}): int`,
  description: 'What `int` stands for.',
  run: intOf,
}))

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
