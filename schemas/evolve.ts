/**
 * Reads records that were written with an older or newer schema than ours.
 *
 * avsc resolves the writer's schema into the reader's (added fields take their defaults, removed ones are skipped,
 * numbers are promoted) and writes the result again; our own decoder reads that, so that an evolved record has
 * the shape and has passed the checks of any other. Slow, and only taken when the fingerprints differ.
 */
import avsc, { type Schema, type Type } from 'avsc'
import { Arena } from '../runtime/api/arena.ts'
import { AppError, DataFault } from '../runtime/api/fault.ts'
import type { RecordType } from '../runtime/api/record.ts'
import { fingerprint } from './canonical.ts'
import { compileSkim } from './skim.ts'
import { closeBody, openBody, readLong } from './wire-read.ts'
import { putLong } from './wire-write.ts'

export type Decode<T> = (buf: Uint8Array, pos: number, end: number) => T

/**
 * A decoder of bodies written with `writer_schema` (JSON text) into values of `reader`. Throws an `AppError`
 * `SCHEMA_INCOMPATIBLE` if the one cannot be read as the other; the decoder throws a `DataFault` `RECORD_MALFORMED` as
 * `reader.decode` does, also for a value that our record cannot hold.
 */
export function decoderFor<T>(writer_schema: string, reader: RecordType<T>): Decode<T> {
  const { resolver, writerType, readerType } = resolve(writer_schema, reader)
  if (resolver === undefined) return (buf, pos, end) => reader.decode(buf, pos, end)
  const skim = compileSkim(writerType)
  return (buf, pos, end) => {
    openBody(buf, pos, end)
    try {
      skim()
      closeBody()
      const { value } = readerType.decode(Buffer.from(buf.buffer, buf.byteOffset + pos, end - pos), 0, resolver)
      const body = readerType.toBuffer(value)
      return reader.decode(body, 0, body.length)
    } catch (cause) {
      if (cause instanceof DataFault) throw cause
      const detail = { record: reader.name, reason: (cause as Error).message }
      throw new DataFault('RECORD_MALFORMED', `the bytes are no ${reader.name} of their schema`, detail, cause)
    }
  }
}

/** Appends the body of a value in another schema; false, and nothing is appended, for a value that it cannot say. */
export type Encode<T> = (value: T, arena: Arena) => boolean

/**
 * An encoder of values of `type` into the bodies that a build with `writer_schema` (JSON text) would have written: what
 * that schema did not have is left out, and what it had is byte for byte what it was. The schema must be one that
 * `type` can read.
 */
export function encoderFor<T>(writer_schema: string, type: RecordType<T>): Encode<T> {
  const { writerType, readerType } = resolve(writer_schema, type)
  const own = new Arena(1024)
  return (value, arena) => {
    own.reset()
    type.encode(value, own)
    let body: Buffer
    try {
      // avsc writes the fields that a schema has and passes over others.
      body = writerType.toBuffer(readerType.fromBuffer(Buffer.from(own.bytes())))
    } catch {
      return false
    }
    arena.ensure(body.length)
    arena.buf.set(body, arena.pos)
    arena.pos += body.length
    return true
  }
}

/** `resolver` is undefined if both schemas write the same bytes. */
function resolve(writer_schema: string, reader: RecordType) {
  try {
    const writerType = avsc.Type.forSchema(JSON.parse(writer_schema) as Schema, { typeHook: longHook() })
    const readerType = avsc.Type.forSchema(JSON.parse(reader.schema) as Schema, { typeHook: readerHook() })
    const same = fingerprint(writer_schema) === reader.fingerprint
    const resolver = same ? undefined : readerType.createResolver(writerType)
    return { resolver, writerType, readerType }
  } catch (cause) {
    const message = `records were written with a schema that cannot be read as ${reader.name}: ${(cause as Error).message}`
    const hint = 'give fields that were added a default, and never change the type of a field'
    throw new AppError('SCHEMA_INCOMPATIBLE', message, { exit_code: 3, hint, cause })
  }
}

/**
 * A long that stays as its varint bytes: avsc corrupts longs below -2^52 and refuses others, and it has only to carry
 * them from one body to the other.
 */
const rawLong = avsc.types.LongType.__with(
  {
    fromBuffer: (bytes: Buffer) => Buffer.from(bytes),
    toBuffer: (bytes: Buffer) => bytes,
    fromJSON: (value: number | Buffer) => (typeof value === 'number' ? varint(value) : Buffer.from(value)),
    toJSON: (bytes: Buffer) => bytes,
    isValid: (value: unknown) => Buffer.isBuffer(value),
    compare: (a: Buffer, b: Buffer) => Buffer.compare(a, b),
  },
  true,
)

function varint(value: number): Buffer {
  const arena = new Arena(8)
  arena.pos = putLong(arena.buf, 0, value)
  return arena.bytes()
}

function numberOf(varint_bytes: Buffer): number {
  openBody(varint_bytes, 0, varint_bytes.length)
  return readLong()
}

type Hook = (schema: Schema) => Type | undefined

function names(schema: Schema, type: string): boolean {
  return schema === type || (typeof schema === 'object' && (schema as { type?: unknown }).type === type)
}

function longHook(): Hook {
  return (schema) => (names(schema, 'long') ? rawLong : undefined)
}

/** Doubles that were written as longs: raw bytes here, so that their promotion needs saying. */
class PromotingDouble extends avsc.types.LogicalType {
  protected override _fromValue(value: number): number {
    return value
  }

  protected override _toValue(value: number): number {
    return value
  }

  protected override _resolve(type: Type): ((value: never) => number) | undefined {
    switch (type.typeName as string) {
      case 'abstract:long':
        return (value: Buffer) => numberOf(value)
      case 'int':
      case 'float':
      case 'double':
        return (value: number) => value
      default:
        return undefined
    }
  }
}

function readerHook(): Hook {
  let inside = false
  return (schema) => {
    if (names(schema, 'long')) return rawLong
    if (!names(schema, 'double') || inside) return undefined
    // Making the type asks the hook again, for the double within.
    inside = true
    try {
      return new PromotingDouble({ type: 'double' } as never, { typeHook: () => undefined })
    } finally {
      inside = false
    }
  }
}
