/**
 * Frames of JSON text: parsed, and their fields read with a code for what is wrong. Shared by the decoders of all
 * venues that send JSON.
 *
 * The readers throw `Bad`, and nothing else for any value; a decoder catches it (`refused`) and answers the fault.
 */
import type { Quote } from '../../schemas/generated/index.ts'
import { BEYOND_RANGE, BEYOND_SCALE, scaledInteger } from './decimal.ts'
import type { DecodeFault } from './faults.ts'
import type { Scales } from './listing.ts'
import { utf8Text } from './utf8.ts'
import { rfc3339Us } from './venue-time.ts'

/** Longer than any message of a venue; a snapshot of 5,000 levels a side has 0.3 MB. */
const FRAME_BYTES = 4 * 1024 * 1024

/** Half of the safe integers: an id has a next one, and two of them a sum. Venues are far from it. */
export const COUNT_MAX = 4_503_599_627_370_496

export type Fields = Readonly<Record<string, unknown>>

/** What is wrong with a frame. */
export interface Refusal {
  readonly code: DecodeFault
  /** The field it is about; empty for the whole frame. */
  readonly field: string
}

/** The same, thrown by the readers below. */
export class Bad implements Refusal {
  readonly code: DecodeFault
  readonly field: string
  constructor(code: DecodeFault, field: string) {
    this.code = code
    this.field = field
  }
}

/** What `read` answers, or what is wrong. */
export function refused<T>(read: () => T): T | Bad {
  try {
    return read()
  } catch (bad) {
    if (bad instanceof Bad) return bad
    throw bad
  }
}

/** Numbers of these fields stay the text that they are written as: `0.10` is another one than `0.1`. */
export interface TextFields {
  readonly number: RegExp
}

/** `names` have neither quotes nor signs of regular expressions. */
export function textFields(...names: readonly string[]): TextFields {
  const number = '-?(?:0|[1-9]\\d*)(?:\\.\\d+)?(?:[eE][+-]?\\d+)?'
  return {
    number: new RegExp(
      `((?<!\\\\)"(?:${names.join('|')})"[ \\t\\r\\n]*:[ \\t\\r\\n]*)(${number})(?=[ \\t\\r\\n,}\\]])`,
      'g',
    ),
  }
}

/**
 * The object that the frame is; throws FRAME_TOO_LONG or FRAME_MALFORMED.
 *
 * Numbers that stay text are put into quotes before parsing, which is eight times as fast as a reviver that asks for
 * each number's source. No text changes its meaning by it: within a string every quote has a backslash in front of it,
 * so a name between bare quotes with a colon behind them is a key.
 */
export function jsonFrame(payload: Uint8Array, texts?: TextFields): Fields {
  if (payload.length > FRAME_BYTES) throw new Bad('FRAME_TOO_LONG', '')
  const text = utf8Text(payload)
  let frame: unknown
  try {
    if (text !== undefined) frame = JSON.parse(texts === undefined ? text : text.replace(texts.number, '$1"$2"'))
  } catch {
    throw new Bad('FRAME_MALFORMED', '')
  }
  if (!isFields(frame)) throw new Bad('FRAME_MALFORMED', '')
  return frame
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function fieldsOf(value: unknown, field: string): Fields {
  if (!isFields(value)) throw new Bad('FRAME_MALFORMED', field)
  return value
}

export function listOf(value: unknown, field: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new Bad('FRAME_MALFORMED', field)
  return value
}

export function textOf(data: Fields, field: string): string {
  const value = data[field]
  if (typeof value !== 'string') throw new Bad('FRAME_MALFORMED', field)
  return value
}

/** An integer from 0 to `COUNT_MAX`. */
export function integer(data: Fields, field: string): number {
  const value = data[field]
  if (typeof value !== 'number' || !Number.isInteger(value)) throw new Bad('FRAME_MALFORMED', field)
  if (value < 0 || value > COUNT_MAX) throw new Bad('VALUE_OUT_OF_RANGE', field)
  // Turns -0 into 0.
  return value + 0
}

/** The same, written as text of digits. */
export function digits(data: Fields, field: string): number {
  const value = decimal(data[field], 0, field)
  if (value > COUNT_MAX) throw new Bad('VALUE_OUT_OF_RANGE', field)
  return value
}

/** A decimal text as an integer in `scale`, 0 included. */
export function decimal(text: unknown, scale: number, field: string): number {
  if (typeof text !== 'string') throw new Bad('FRAME_MALFORMED', field)
  const value = scaledInteger(text, scale)
  if (value >= 0) return value
  throw new Bad(
    value === BEYOND_SCALE ? 'SCALE_EXCEEDED' : value === BEYOND_RANGE ? 'VALUE_OUT_OF_RANGE' : 'FRAME_MALFORMED',
    field,
  )
}

export function positive(value: number, field: string): number {
  if (value === 0) throw new Bad('VALUE_OUT_OF_RANGE', field)
  return value
}

/** The names of a quote's fields. */
export interface QuoteFields {
  readonly bid_px: string
  readonly bid_qty: string
  readonly ask_px: string
  readonly ask_qty: string
}

/** A venue's own best bid and ask; a side without orders has price 0. */
export function quoteOf(data: Fields, fields: QuoteFields, { price_scale, qty_scale }: Scales): Quote {
  const bid_px = decimal(data[fields.bid_px], price_scale, fields.bid_px)
  const bid_qty = decimal(data[fields.bid_qty], qty_scale, fields.bid_qty)
  const ask_px = decimal(data[fields.ask_px], price_scale, fields.ask_px)
  const ask_qty = decimal(data[fields.ask_qty], qty_scale, fields.ask_qty)
  if (bid_px >= ask_px && ask_px !== 0) throw new Bad('QUOTE_CROSSED', fields.bid_px)
  return { bid_px, bid_qty, ask_px, ask_qty }
}

/** A time as text by RFC 3339, microseconds since the epoch. */
export function timeOf(text: unknown, field: string): number {
  const time_us = typeof text === 'string' ? rfc3339Us(text) : -1
  if (time_us === -1) throw new Bad('FRAME_MALFORMED', field)
  return time_us
}
