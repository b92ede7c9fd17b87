// Made by `aitrader generate` from schemas/audit-event.avsc; changes here are overwritten.
import type { RecordType } from '../../runtime/api/record.ts'
import { misfit } from '../misfit.ts'
import * as r from '../wire-read.ts'
import * as w from '../wire-write.ts'
import { type AuditKind, writeAuditKind, AuditKindValues } from './named-types.ts'

/** One link of the audit chain: the run it belongs to, a record of the decision path in full, or the seal of a range of a high-volume topic. */
export interface AuditEvent {
  /** Topic and partition it speaks of, `decisions.v1/0`; the record key. */
  readonly origin: string
  /** Count of audit events of this chain before this one, dense from 0. */
  readonly seq: number
  /** What it holds. */
  readonly kind: AuditKind
  /** Topic of origin. */
  readonly topic: string
  /** Partition of origin. */
  readonly partition: number
  /** Record type, `Decision`. */
  readonly record: string
  /** Producer of the record or range, `strategy/0`. */
  readonly producer: string
  /** Producer sequence of the first record. */
  readonly first_seq: number
  /** Producer sequence of the last record. */
  readonly last_seq: number
  /** Records covered; 1 for RECORD. */
  readonly records: number
  /** Stream time of the first record, microseconds since the epoch. */
  readonly first_time_us: number
  /** Stream time of the last record, microseconds since the epoch. */
  readonly last_time_us: number
  /** SHA-256 over the records covered, each as u64le sequence, u32le length, Avro body, u32le length, ids of its causes with a newline behind each. Of a RUN over its body. */
  readonly sha256: Uint8Array
  /** RUN: the manifest as JSON. RECORD: the Avro body. SEAL: empty. */
  readonly body: Uint8Array
  /** RECORD: ids of the inputs that caused it. SEAL: empty. */
  readonly causes: readonly string[]
  /** `hash` of the event before in this chain; 32 zero bytes at the start. */
  readonly previous: Uint8Array
  /** SHA-256 over this event's Avro body with an empty `hash`, which holds `previous`. */
  readonly hash: Uint8Array
}

export const AuditEvent: RecordType<AuditEvent> = {
  name: 'AuditEvent',
  schema: "{\"type\":\"record\",\"name\":\"AuditEvent\",\"namespace\":\"aitrader\",\"doc\":\"One link of the audit chain: the run it belongs to, a record of the decision path in full, or the seal of a range of a high-volume topic.\",\"fields\":[{\"name\":\"origin\",\"type\":\"string\",\"doc\":\"Topic and partition it speaks of, `decisions.v1/0`; the record key.\"},{\"name\":\"seq\",\"type\":\"long\",\"doc\":\"Count of audit events of this chain before this one, dense from 0.\"},{\"name\":\"kind\",\"type\":{\"type\":\"enum\",\"name\":\"AuditKind\",\"symbols\":[\"RUN\",\"RECORD\",\"SEAL\"],\"doc\":\"RUN: the head of a chain: build id and hashes of code, configuration, schemas and models. RECORD: one record in full. SEAL: a range by its hash.\"},\"doc\":\"What it holds.\"},{\"name\":\"topic\",\"type\":\"string\",\"doc\":\"Topic of origin.\"},{\"name\":\"partition\",\"type\":\"int\",\"doc\":\"Partition of origin.\"},{\"name\":\"record\",\"type\":\"string\",\"doc\":\"Record type, `Decision`.\"},{\"name\":\"producer\",\"type\":\"string\",\"doc\":\"Producer of the record or range, `strategy/0`.\"},{\"name\":\"first_seq\",\"type\":\"long\",\"doc\":\"Producer sequence of the first record.\"},{\"name\":\"last_seq\",\"type\":\"long\",\"doc\":\"Producer sequence of the last record.\"},{\"name\":\"records\",\"type\":\"long\",\"doc\":\"Records covered; 1 for RECORD.\"},{\"name\":\"first_time_us\",\"type\":\"long\",\"doc\":\"Stream time of the first record, microseconds since the epoch.\"},{\"name\":\"last_time_us\",\"type\":\"long\",\"doc\":\"Stream time of the last record, microseconds since the epoch.\"},{\"name\":\"sha256\",\"type\":\"bytes\",\"doc\":\"SHA-256 over the records covered, each as u64le sequence, u32le length, Avro body, u32le length, ids of its causes with a newline behind each. Of a RUN over its body.\"},{\"name\":\"body\",\"type\":\"bytes\",\"doc\":\"RUN: the manifest as JSON. RECORD: the Avro body. SEAL: empty.\"},{\"name\":\"causes\",\"type\":{\"type\":\"array\",\"items\":\"string\"},\"doc\":\"RECORD: ids of the inputs that caused it. SEAL: empty.\"},{\"name\":\"previous\",\"type\":\"bytes\",\"doc\":\"`hash` of the event before in this chain; 32 zero bytes at the start.\"},{\"name\":\"hash\",\"type\":\"bytes\",\"doc\":\"SHA-256 over this event's Avro body with an empty `hash`, which holds `previous`.\"}]}",
  fingerprint: '75aca610d0957aed8c2307bc796b4731b6e04ee5d920f07bbf261a83a6877899',
  encode(value, arena) {
    const start = arena.pos
    try {
      arena.ensure(boundAuditEvent(value))
      arena.pos = writeAuditEvent(arena.buf, start, value)
    } catch (cause) {
      arena.pos = start
      throw misfit(AuditEvent, value, cause)
    }
  },
  decode(buf, pos, end) {
    r.openBody(buf, pos, end)
    const value = readAuditEvent()
    r.closeBody()
    return value
  },
}

function readStringArray(): string[] {
  const items: string[] = []
  for (let left = r.readBlock(1); left > 0; left = r.readBlock(1)) {
    for (let i = 0; i < left; i++) items.push(r.readString())
  }
  return items
}

function boundAuditEvent(value: AuditEvent): number {
  let size = 64
  size += w.stringBound(value.origin)
  size += w.stringBound(value.topic)
  size += w.stringBound(value.record)
  size += w.stringBound(value.producer)
  size += w.bytesBound(value.sha256)
  size += w.bytesBound(value.body)
  w.itemsOf(value.causes)
  for (const item of value.causes) {
    size += w.stringBound(item)
  }
  size += w.bytesBound(value.previous)
  size += w.bytesBound(value.hash)
  return size
}
function writeAuditEvent(buf: Buffer, pos: number, value: AuditEvent): number {
  let at = pos
  at = w.putString(buf, at, value.origin)
  at = w.putLong(buf, at, value.seq)
  at = writeAuditKind(buf, at, value.kind)
  at = w.putString(buf, at, value.topic)
  at = w.putInt(buf, at, value.partition)
  at = w.putString(buf, at, value.record)
  at = w.putString(buf, at, value.producer)
  at = w.putLong(buf, at, value.first_seq)
  at = w.putLong(buf, at, value.last_seq)
  at = w.putLong(buf, at, value.records)
  at = w.putLong(buf, at, value.first_time_us)
  at = w.putLong(buf, at, value.last_time_us)
  at = w.putBytes(buf, at, value.sha256)
  at = w.putBytes(buf, at, value.body)
  {
    const items = value.causes
    const count = items.length
    if (count > 0) {
      at = w.putLong(buf, at, count)
      for (let i = 0; i < count; i++) {
        at = w.putString(buf, at, items[i]!)
      }
    }
    buf[at++] = 0
  }
  at = w.putBytes(buf, at, value.previous)
  at = w.putBytes(buf, at, value.hash)
  return at
}
function readAuditEvent(): AuditEvent {
  return {
    origin: r.readString(),
    seq: r.readLong(),
    kind: r.readEnum(AuditKindValues),
    topic: r.readString(),
    partition: r.readInt(),
    record: r.readString(),
    producer: r.readString(),
    first_seq: r.readLong(),
    last_seq: r.readLong(),
    records: r.readLong(),
    first_time_us: r.readLong(),
    last_time_us: r.readLong(),
    sha256: r.readBytes(),
    body: r.readBytes(),
    causes: readStringArray(),
    previous: r.readBytes(),
    hash: r.readBytes(),
  }
}
