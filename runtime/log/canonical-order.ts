import type { Reader, StoredBatch } from '../api/broker.ts'
import { RecordCursor, type RecordView } from './records.ts'

/**
 * The order of a partition's records that does not depend on how its writers took turns.
 *
 * Each producer's records stand in the log in their own order; which of two producers was first there is chance where
 * they commit apart. Canonical is the merge of the producers' records by stream time, then by the producers' order as
 * given (names that are not in it come after, by name), then by sequence number: what one process that runs all of
 * them would have written. Two runs that produced the same records have it in common, and so have their digests.
 *
 * The partition is read twice, up to its end at the start: once to learn who wrote and where each one's last record is,
 * once to merge. In memory is what one producer is ahead of another in the log; of a single writer one batch.
 */

/** Records `[offset, offset + records)` of `batch`, whose bytes are `[bodies_start, bodies_end)` of its bodies. */
export interface CanonicalRun {
  readonly batch: StoredBatch
  offset: number
  records: number
  bodies_start: number
  bodies_end: number
}

interface Waiting extends CanonicalRun {
  readonly stream_time_us: number
  readonly seq: number
}

/** A producer's records that were read and not merged yet. */
interface Lane {
  /** Offset of its last record. */
  last: number
  readonly rank: number
  readonly producer: string
  records: Waiting[]
  /** Index of the first of `records` that is not merged. */
  next: number
}

/** Runs of records in canonical order; `producers` in the order that breaks ties of stream time. */
export async function* canonicalRuns(
  reader: Reader,
  topic: string,
  partition: number,
  producers: readonly string[],
): AsyncGenerator<CanonicalRun> {
  const { end_offset } = reader.partition(topic, partition)
  const lanes = await writersOf(reader, topic, partition, end_offset, producers)
  if (lanes.size < 2) {
    for await (const batch of batchesOf(reader, topic, partition, end_offset)) {
      yield {
        batch,
        offset: batch.base_offset,
        records: batch.records,
        bodies_start: 0,
        bodies_end: batch.bodies.length,
      }
    }
    return
  }
  const ordered = [...lanes.values()].sort(byRank)
  const batches = batchesOf(reader, topic, partition, end_offset)
  let read_to = 0
  let run: CanonicalRun | undefined
  for (;;) {
    // Every producer that has records left shows its next one; only then the least of them is known.
    while (ordered.some((lane) => lane.next === lane.records.length && lane.last >= read_to)) {
      const { value: batch, done } = await batches.next()
      if (done === true) break
      distribute(batch, lanes)
      read_to = batch.base_offset + batch.records
    }
    const lane = least(ordered)
    if (lane === undefined) break
    const record = lane.records[lane.next++] as Waiting
    if (lane.next > 1_024) {
      lane.records = lane.records.slice(lane.next)
      lane.next = 0
    }
    if (run !== undefined && run.batch === record.batch && run.offset + run.records === record.offset) {
      run.records++
      run.bodies_end = record.bodies_end
    } else {
      if (run !== undefined) yield run
      run = { ...record }
    }
  }
  if (run !== undefined) yield run
}

/** The same, record by record; `body` is a view into its batch. */
export async function* canonicalRecords(
  reader: Reader,
  topic: string,
  partition: number,
  producers: readonly string[],
): AsyncGenerator<RecordView & { readonly batch: StoredBatch }> {
  // Runs of several batches take turns, and a batch's heads are read from its beginning: each keeps its place.
  const cursors = new WeakMap<StoredBatch, RecordCursor>()
  for await (const { batch, offset, records } of canonicalRuns(reader, topic, partition, producers)) {
    let cursor = cursors.get(batch)
    if (cursor === undefined || cursor.offset >= offset) {
      cursor = new RecordCursor(batch, offset)
      cursors.set(batch, cursor)
    }
    while (cursor.offset < offset - 1) cursor.next()
    for (let i = 0; i < records; i++) {
      cursor.next()
      const { id, producer, seq, stream_time_us } = cursor
      const causes = cursor.causes()
      yield {
        batch,
        offset: cursor.offset,
        id,
        producer,
        seq,
        stream_time_us,
        causes,
        key: cursor.key(),
        body: cursor.body(),
      }
    }
  }
}

async function* batchesOf(reader: Reader, topic: string, partition: number, end: number): AsyncGenerator<StoredBatch> {
  for (let offset = 0; offset < end; ) {
    const batch = await reader.read(topic, partition, offset)
    if (batch === undefined || batch.base_offset >= end) return
    yield batch
    offset = batch.base_offset + batch.records
  }
}

async function writersOf(
  reader: Reader,
  topic: string,
  partition: number,
  end: number,
  producers: readonly string[],
): Promise<Map<string, Lane>> {
  const lanes = new Map<string, Lane>()
  const cursor = new RecordCursor()
  for await (const batch of batchesOf(reader, topic, partition, end)) {
    cursor.open(batch)
    while (cursor.next()) {
      const { producer, offset } = cursor
      const lane = lanes.get(producer)
      if (lane !== undefined) lane.last = offset
      else {
        const at = producers.indexOf(producer)
        lanes.set(producer, { last: offset, rank: at < 0 ? producers.length : at, producer, records: [], next: 0 })
      }
    }
  }
  return lanes
}

function distribute(batch: StoredBatch, lanes: ReadonlyMap<string, Lane>): void {
  const cursor = new RecordCursor(batch)
  while (cursor.next()) {
    const { offset, stream_time_us, seq } = cursor
    const bodies_start = cursor.key_start - 4
    const bodies_end = cursor.body_end
    lanes
      .get(cursor.producer)
      ?.records.push({ batch, offset, records: 1, bodies_start, bodies_end, stream_time_us, seq })
  }
}

/** Names are compared by code unit, so that no locale decides. */
function byRank(a: Lane, b: Lane): number {
  return a.rank - b.rank || (a.producer < b.producer ? -1 : 1)
}

/** The lane whose next record comes first; lanes are in rank order, so that a tie goes to the earlier one. */
function least(lanes: readonly Lane[]): Lane | undefined {
  let best: Lane | undefined
  let best_us = 0
  for (const lane of lanes) {
    const record = lane.records[lane.next]
    if (record === undefined || (best !== undefined && record.stream_time_us >= best_us)) continue
    best = lane
    best_us = record.stream_time_us
  }
  return best
}
