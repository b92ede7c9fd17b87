// Made by `aitrader generate` from schemas/redelivery.avsc; changes here are overwritten.
import type { RecordType } from '../../runtime/api/record.ts'
import { misfit } from '../misfit.ts'
import * as r from '../wire-read.ts'
import * as w from '../wire-write.ts'

/** A refused record on its way through the stage that refused it once more. */
export interface Redelivery {
  /** Stage that refused it and takes it again; the record key. */
  readonly stage: string
  /** Id of the dead letter; its producer is the task that takes it. */
  readonly letter_id: string
  /** Id of the record that was refused. */
  readonly origin_id: string
  /** Topic that the stage read it from. */
  readonly origin_topic: string
  /** Its partition. */
  readonly origin_partition: number
  /** Record type of `bytes`. */
  readonly record: string
  /** The record's Avro body. */
  readonly bytes: Uint8Array
  /** Who sent it through again, a pseudonymous id. */
  readonly actor: string
}

export const Redelivery: RecordType<Redelivery> = {
  name: 'Redelivery',
  schema: "{\"type\":\"record\",\"name\":\"Redelivery\",\"namespace\":\"aitrader\",\"doc\":\"A refused record on its way through the stage that refused it once more.\",\"fields\":[{\"name\":\"stage\",\"type\":\"string\",\"doc\":\"Stage that refused it and takes it again; the record key.\"},{\"name\":\"letter_id\",\"type\":\"string\",\"doc\":\"Id of the dead letter; its producer is the task that takes it.\"},{\"name\":\"origin_id\",\"type\":\"string\",\"doc\":\"Id of the record that was refused.\"},{\"name\":\"origin_topic\",\"type\":\"string\",\"doc\":\"Topic that the stage read it from.\"},{\"name\":\"origin_partition\",\"type\":\"int\",\"doc\":\"Its partition.\"},{\"name\":\"record\",\"type\":\"string\",\"doc\":\"Record type of `bytes`.\"},{\"name\":\"bytes\",\"type\":\"bytes\",\"doc\":\"The record's Avro body.\"},{\"name\":\"actor\",\"type\":\"string\",\"doc\":\"Who sent it through again, a pseudonymous id.\"}]}",
  fingerprint: 'a3973f15c7ad1217e3ec79a208bdcf1cf44cfda1ab53d5d7817a282c28b88e10',
  encode(value, arena) {
    const start = arena.pos
    try {
      arena.ensure(boundRedelivery(value))
      arena.pos = writeRedelivery(arena.buf, start, value)
    } catch (cause) {
      arena.pos = start
      throw misfit(Redelivery, value, cause)
    }
  },
  decode(buf, pos, end) {
    r.openBody(buf, pos, end)
    const value = readRedelivery()
    r.closeBody()
    return value
  },
}

function boundRedelivery(value: Redelivery): number {
  let size = 5
  size += w.stringBound(value.stage)
  size += w.stringBound(value.letter_id)
  size += w.stringBound(value.origin_id)
  size += w.stringBound(value.origin_topic)
  size += w.stringBound(value.record)
  size += w.bytesBound(value.bytes)
  size += w.stringBound(value.actor)
  return size
}
function writeRedelivery(buf: Buffer, pos: number, value: Redelivery): number {
  let at = pos
  at = w.putString(buf, at, value.stage)
  at = w.putString(buf, at, value.letter_id)
  at = w.putString(buf, at, value.origin_id)
  at = w.putString(buf, at, value.origin_topic)
  at = w.putInt(buf, at, value.origin_partition)
  at = w.putString(buf, at, value.record)
  at = w.putBytes(buf, at, value.bytes)
  at = w.putString(buf, at, value.actor)
  return at
}
function readRedelivery(): Redelivery {
  return {
    stage: r.readString(),
    letter_id: r.readString(),
    origin_id: r.readString(),
    origin_topic: r.readString(),
    origin_partition: r.readInt(),
    record: r.readString(),
    bytes: r.readBytes(),
    actor: r.readString(),
  }
}
