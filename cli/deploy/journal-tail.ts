/** What stands in a task's journal behind its last snapshot, on any broker, whichever build wrote it. */
import type { Reader } from '../../runtime/api/index.ts'
import { JOURNAL, type JournalEntry } from '../../runtime/engine/journal.ts'
import type { WriterCodecs } from '../../runtime/engine/options.ts'
import { TASKS } from '../../runtime/engine/snapshot.ts'
import { RecordCursor } from '../../runtime/log/batch.ts'
import { parseCanonical } from '../../runtime/state/canonical.ts'
import { journalType } from '../engine.ts'

/** The part of a snapshot's main record that says where the task stood. */
export interface Standing {
  readonly seq: number
  readonly next_seq: number
  readonly now_us: number
  readonly faults: number
  readonly positions: readonly number[]
}

export interface JournalTail {
  /** Undefined: the task never took a snapshot. */
  readonly snapshot: Standing | undefined
  /** Entries behind the snapshot, in order. */
  readonly tail: readonly JournalEntry[]
  /** The last entry there is, before or behind the snapshot; undefined: the task never committed. */
  readonly last: JournalEntry | undefined
}

/** `producer`: number of the task's journal partition. */
export async function journalTail(
  reader: Reader,
  codecs: WriterCodecs | undefined,
  task: string,
  producer: number,
): Promise<JournalTail> {
  const bytes = await reader.get(TASKS, task)
  const snapshot =
    bytes === undefined ? undefined : (parseCanonical(new TextDecoder().decode(bytes)) as unknown as Standing)
  if (!reader.topics().some(({ name, partitions }) => name === JOURNAL && partitions > producer)) {
    return { snapshot, tail: [], last: undefined }
  }
  const last = await lastEntry(reader, codecs, producer)
  if (snapshot !== undefined && (last === undefined || last.seq <= snapshot.seq)) return { snapshot, tail: [], last }
  const { start_offset } = reader.partition(JOURNAL, producer)
  const from = snapshot === undefined ? start_offset : await reader.offsetAt(JOURNAL, producer, snapshot.now_us)
  const tail: JournalEntry[] = []
  for await (const entry of entriesFrom(reader, codecs, producer, from)) {
    if (entry.seq > (snapshot?.seq ?? -1)) tail.push(entry)
  }
  return { snapshot, tail, last }
}

/** Marks of transactions stand behind records, so the last offsets may hold none. */
async function lastEntry(
  reader: Reader,
  codecs: WriterCodecs | undefined,
  producer: number,
): Promise<JournalEntry | undefined> {
  const { start_offset, end_offset } = reader.partition(JOURNAL, producer)
  for (let back = 1; ; back *= 8) {
    const from = Math.max(start_offset, end_offset - back)
    let last: JournalEntry | undefined
    for await (const entry of entriesFrom(reader, codecs, producer, from)) last = entry
    if (last !== undefined || from === start_offset) return last
  }
}

async function* entriesFrom(
  reader: Reader,
  codecs: WriterCodecs | undefined,
  producer: number,
  from: number,
): AsyncGenerator<JournalEntry> {
  const cursor = new RecordCursor()
  for (let offset = from; ; ) {
    const batch = await reader.read(JOURNAL, producer, offset)
    if (batch === undefined) return
    await codecs?.prepare(batch.schema_id)
    const decode = codecs?.get(batch.schema_id, journalType) ?? journalType.decode
    cursor.open(batch, offset)
    while (cursor.next()) yield decode(batch.bodies, cursor.body_start, cursor.body_end)
    offset = batch.base_offset + batch.records
  }
}
