// Made by `aitrader generate` from schemas/journal-entry.avsc; changes here are overwritten.
import type { RecordType } from '../../runtime/api/record.ts'
import { misfit } from '../misfit.ts'
import * as r from '../wire-read.ts'
import * as w from '../wire-write.ts'
import { type JournalInput, boundJournalInput, readJournalInput, writeJournalInput } from './named-types.ts'

/** One commit of one task: what it read and what it made. The last entry is the task's position. */
export interface JournalEntry {
  /** Task, `stage/partition`; the record key. */
  readonly task: string
  /** Number of the entry, dense from 0 per task. */
  readonly seq: number
  /** Generation of the topics. */
  readonly generation: number
  /** Hash of the program's sources. */
  readonly code: string
  /** Hash of the resolved configuration. */
  readonly config: string
  /** Hash of the schemas. */
  readonly schemas: string
  /** Hash of the models. */
  readonly models: string
  /** Per input partition that was read. */
  readonly inputs: readonly JournalInput[]
  /** Under `arrival`: channel and count in turn, run-length coded. Empty under `by_data`. */
  readonly order: readonly number[]
  /** Stream time the task has passed, microseconds since the epoch. */
  readonly frontier_us: number
  /** Timers fired. */
  readonly timers: number
  /** Records written. */
  readonly outputs_count: number
  /** Order-sensitive hash of what was written. */
  readonly outputs_hash: number
  /** Sequence number of the task's next record. */
  readonly next_seq: number
  /** The commit holds a snapshot of the state. */
  readonly snapshot: boolean
  /** Of a source: where it stands, as JSON. Else empty. */
  readonly position: string
}

export const JournalEntry: RecordType<JournalEntry> = {
  name: 'JournalEntry',
  schema: "{\"type\":\"record\",\"name\":\"JournalEntry\",\"namespace\":\"aitrader\",\"doc\":\"One commit of one task: what it read and what it made. The last entry is the task's position.\",\"fields\":[{\"name\":\"task\",\"type\":\"string\",\"doc\":\"Task, `stage/partition`; the record key.\"},{\"name\":\"seq\",\"type\":\"long\",\"doc\":\"Number of the entry, dense from 0 per task.\"},{\"name\":\"generation\",\"type\":\"long\",\"doc\":\"Generation of the topics.\"},{\"name\":\"code\",\"type\":\"string\",\"doc\":\"Hash of the program's sources.\"},{\"name\":\"config\",\"type\":\"string\",\"doc\":\"Hash of the resolved configuration.\"},{\"name\":\"schemas\",\"type\":\"string\",\"doc\":\"Hash of the schemas.\"},{\"name\":\"models\",\"type\":\"string\",\"doc\":\"Hash of the models.\"},{\"name\":\"inputs\",\"type\":{\"type\":\"array\",\"items\":{\"type\":\"record\",\"name\":\"JournalInput\",\"doc\":\"What a task read of one partition.\",\"fields\":[{\"name\":\"topic\",\"type\":\"string\",\"doc\":\"Topic.\"},{\"name\":\"partition\",\"type\":\"int\",\"doc\":\"Partition.\"},{\"name\":\"from\",\"type\":\"long\",\"doc\":\"First offset read.\"},{\"name\":\"to\",\"type\":\"long\",\"doc\":\"Offset after the last read.\"},{\"name\":\"count\",\"type\":\"long\",\"doc\":\"Records read.\"},{\"name\":\"hash\",\"type\":\"long\",\"doc\":\"Order-sensitive hash of what was read.\"}]}},\"doc\":\"Per input partition that was read.\"},{\"name\":\"order\",\"type\":{\"type\":\"array\",\"items\":\"long\"},\"doc\":\"Under `arrival`: channel and count in turn, run-length coded. Empty under `by_data`.\"},{\"name\":\"frontier_us\",\"type\":\"long\",\"doc\":\"Stream time the task has passed, microseconds since the epoch.\"},{\"name\":\"timers\",\"type\":\"long\",\"doc\":\"Timers fired.\"},{\"name\":\"outputs_count\",\"type\":\"long\",\"doc\":\"Records written.\"},{\"name\":\"outputs_hash\",\"type\":\"long\",\"doc\":\"Order-sensitive hash of what was written.\"},{\"name\":\"next_seq\",\"type\":\"long\",\"doc\":\"Sequence number of the task's next record.\"},{\"name\":\"snapshot\",\"type\":\"boolean\",\"doc\":\"The commit holds a snapshot of the state.\"},{\"name\":\"position\",\"type\":\"string\",\"doc\":\"Of a source: where it stands, as JSON. Else empty.\"}]}",
  fingerprint: '709394429fb32a109d0403973bacbbabd82bf2283873addcaacb7220f97dda16',
  encode(value, arena) {
    const start = arena.pos
    try {
      arena.ensure(boundJournalEntry(value))
      arena.pos = writeJournalEntry(arena.buf, start, value)
    } catch (cause) {
      arena.pos = start
      throw misfit(JournalEntry, value, cause)
    }
  },
  decode(buf, pos, end) {
    r.openBody(buf, pos, end)
    const value = readJournalEntry()
    r.closeBody()
    return value
  },
}

function readJournalInputArray(): JournalInput[] {
  const items: JournalInput[] = []
  for (let left = r.readBlock(6); left > 0; left = r.readBlock(6)) {
    for (let i = 0; i < left; i++) items.push(readJournalInput())
  }
  return items
}

function readLongArray(): number[] {
  const items: number[] = []
  for (let left = r.readBlock(1); left > 0; left = r.readBlock(1)) {
    for (let i = 0; i < left; i++) items.push(r.readLong())
  }
  return items
}

function boundJournalEntry(value: JournalEntry): number {
  let size = 77
  size += w.stringBound(value.task)
  size += w.stringBound(value.code)
  size += w.stringBound(value.config)
  size += w.stringBound(value.schemas)
  size += w.stringBound(value.models)
  w.itemsOf(value.inputs)
  for (const item of value.inputs) {
    size += boundJournalInput(item)
  }
  size += w.itemsOf(value.order) * 8
  size += w.stringBound(value.position)
  return size
}
function writeJournalEntry(buf: Buffer, pos: number, value: JournalEntry): number {
  let at = pos
  at = w.putString(buf, at, value.task)
  at = w.putLong(buf, at, value.seq)
  at = w.putLong(buf, at, value.generation)
  at = w.putString(buf, at, value.code)
  at = w.putString(buf, at, value.config)
  at = w.putString(buf, at, value.schemas)
  at = w.putString(buf, at, value.models)
  {
    const items = value.inputs
    const count = items.length
    if (count > 0) {
      at = w.putLong(buf, at, count)
      for (let i = 0; i < count; i++) {
        at = writeJournalInput(buf, at, items[i]!)
      }
    }
    buf[at++] = 0
  }
  {
    const items = value.order
    const count = items.length
    if (count > 0) {
      at = w.putLong(buf, at, count)
      for (let i = 0; i < count; i++) {
        at = w.putLong(buf, at, items[i]!)
      }
    }
    buf[at++] = 0
  }
  at = w.putLong(buf, at, value.frontier_us)
  at = w.putLong(buf, at, value.timers)
  at = w.putLong(buf, at, value.outputs_count)
  at = w.putLong(buf, at, value.outputs_hash)
  at = w.putLong(buf, at, value.next_seq)
  at = w.putBoolean(buf, at, value.snapshot)
  at = w.putString(buf, at, value.position)
  return at
}
function readJournalEntry(): JournalEntry {
  return {
    task: r.readString(),
    seq: r.readLong(),
    generation: r.readLong(),
    code: r.readString(),
    config: r.readString(),
    schemas: r.readString(),
    models: r.readString(),
    inputs: readJournalInputArray(),
    order: readLongArray(),
    frontier_us: r.readLong(),
    timers: r.readLong(),
    outputs_count: r.readLong(),
    outputs_hash: r.readLong(),
    next_seq: r.readLong(),
    snapshot: r.readBoolean(),
    position: r.readString(),
  }
}
