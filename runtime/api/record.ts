import type { Arena } from './arena.ts'

/**
 * One record of `schemas/`: its name, its Avro schema and its codec.
 *
 * `encode` appends the Avro body (no Confluent prefix) at `arena.pos`; a value that does not fit throws a
 * `DataFault` (`VALUE_OUT_OF_RANGE`, `VALUE_TYPE`) and leaves `arena.pos` where it was. `decode` reads one body from
 * `buf[pos..end)` and throws a `DataFault` (`RECORD_MALFORMED`) on anything else than exactly one body.
 */
export interface RecordType<T = unknown> {
  readonly name: string
  /** The Avro schema as JSON text, docs included. */
  readonly schema: string
  /** SHA-256 (hex) of the schema's Avro parsing canonical form. */
  readonly fingerprint: string
  encode(value: T, arena: Arena): void
  decode(buf: Uint8Array, pos: number, end: number): T
}

/** A record's identity: `stage/task:seq`, its producer and that producer's dense sequence number. Never an offset. */
export type RecordId = string

export function recordId(producer: string, seq: number): RecordId {
  return `${producer}:${seq}`
}

/** Splits `stage/task:seq`; `undefined` if it is not an id. */
export function parseRecordId(id: RecordId): { producer: string; seq: number } | undefined {
  const at = id.lastIndexOf(':')
  const seq = at > 0 ? Number(id.slice(at + 1)) : Number.NaN
  return Number.isSafeInteger(seq) && seq >= 0 ? { producer: id.slice(0, at), seq } : undefined
}

/** Plain data: what a snapshot holds. A `bigint` is written as `{"$bigint": "123"}` in canonical JSON. */
export type Json = null | boolean | number | string | bigint | readonly Json[] | { readonly [key: string]: Json }
