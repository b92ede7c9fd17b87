// Made by `aitrader generate` from schemas/dead-letter.avsc; changes here are overwritten.
import type { RecordType } from '../../runtime/api/record.ts'
import { misfit } from '../misfit.ts'
import * as r from '../wire-read.ts'
import * as w from '../wire-write.ts'

/** A record that could not be processed. */
export interface DeadLetter {
  /** Topic it came from; the record key. */
  readonly origin_topic: string
  /** Its partition. */
  readonly origin_partition: number
  /** Id of the record (`stage/task:seq`). */
  readonly origin_id: string
  /** Stage that refused it. */
  readonly stage: string
  /** Fault code. */
  readonly code: string
  /** Values that justify the code, as JSON. */
  readonly detail: string
  /** Record type of `bytes`. */
  readonly record: string
  /** The record's raw bytes: of a RawFrame its payload, else the Avro body. */
  readonly bytes: Uint8Array
}

export const DeadLetter: RecordType<DeadLetter> = {
  name: 'DeadLetter',
  schema: "{\"type\":\"record\",\"name\":\"DeadLetter\",\"namespace\":\"aitrader\",\"doc\":\"A record that could not be processed.\",\"fields\":[{\"name\":\"origin_topic\",\"type\":\"string\",\"doc\":\"Topic it came from; the record key.\"},{\"name\":\"origin_partition\",\"type\":\"int\",\"doc\":\"Its partition.\"},{\"name\":\"origin_id\",\"type\":\"string\",\"doc\":\"Id of the record (`stage/task:seq`).\"},{\"name\":\"stage\",\"type\":\"string\",\"doc\":\"Stage that refused it.\"},{\"name\":\"code\",\"type\":\"string\",\"doc\":\"Fault code.\"},{\"name\":\"detail\",\"type\":\"string\",\"doc\":\"Values that justify the code, as JSON.\"},{\"name\":\"record\",\"type\":\"string\",\"doc\":\"Record type of `bytes`.\"},{\"name\":\"bytes\",\"type\":\"bytes\",\"doc\":\"The record's raw bytes: of a RawFrame its payload, else the Avro body.\"}]}",
  fingerprint: '0cfdeadad49df6f9ff1f8f70328f0205357206df5da4e9f7746fa2f34c69b05d',
  encode(value, arena) {
    const start = arena.pos
    try {
      arena.ensure(boundDeadLetter(value))
      arena.pos = writeDeadLetter(arena.buf, start, value)
    } catch (cause) {
      arena.pos = start
      throw misfit(DeadLetter, value, cause)
    }
  },
  decode(buf, pos, end) {
    r.openBody(buf, pos, end)
    const value = readDeadLetter()
    r.closeBody()
    return value
  },
}

function boundDeadLetter(value: DeadLetter): number {
  let size = 5
  size += w.stringBound(value.origin_topic)
  size += w.stringBound(value.origin_id)
  size += w.stringBound(value.stage)
  size += w.stringBound(value.code)
  size += w.stringBound(value.detail)
  size += w.stringBound(value.record)
  size += w.bytesBound(value.bytes)
  return size
}
function writeDeadLetter(buf: Buffer, pos: number, value: DeadLetter): number {
  let at = pos
  at = w.putString(buf, at, value.origin_topic)
  at = w.putInt(buf, at, value.origin_partition)
  at = w.putString(buf, at, value.origin_id)
  at = w.putString(buf, at, value.stage)
  at = w.putString(buf, at, value.code)
  at = w.putString(buf, at, value.detail)
  at = w.putString(buf, at, value.record)
  at = w.putBytes(buf, at, value.bytes)
  return at
}
function readDeadLetter(): DeadLetter {
  return {
    origin_topic: r.readString(),
    origin_partition: r.readInt(),
    origin_id: r.readString(),
    stage: r.readString(),
    code: r.readString(),
    detail: r.readString(),
    record: r.readString(),
    bytes: r.readBytes(),
  }
}
