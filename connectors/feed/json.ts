/** What the watches of JSON venues ask of a frame: whether the normalizer will be able to read it. */

export type Fields = Readonly<Record<string, unknown>>

/** Undefined for what is no JSON, or no object. */
export function jsonObject(payload: Uint8Array): Fields | undefined {
  try {
    return fieldsOf(JSON.parse(textOf(payload)))
  } catch {
    return undefined
  }
}

export function textOf(payload: Uint8Array): string {
  return Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString()
}

export function fieldsOf(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined
}

export function isId(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

const NUMBER = /^\d+(\.\d+)?$/

export function isDecimal(value: unknown): boolean {
  return typeof value === 'string' && NUMBER.test(value)
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/

export function isTime(value: unknown): boolean {
  return typeof value === 'string' && TIME.test(value)
}

/** Pairs of price and quantity, as texts. */
export function isLevels(side: unknown): boolean {
  return (
    Array.isArray(side) && side.every((level) => Array.isArray(level) && isDecimal(level[0]) && isDecimal(level[1]))
  )
}
