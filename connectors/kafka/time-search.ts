import { describeProducers, listOffsets } from './admin.ts'
import type { Cluster } from './cluster.ts'
import { CODE, kafkaError } from './errors.ts'
import { BatchCursor } from './record-batch.ts'
import { fetch } from './requests/fetch.ts'

/**
 * Finds where records of a time begin: the first batch that holds one so late.
 *
 * Kafka's own index is asked first, and answers early: it counts markers too, which bear the broker's clock, so that in
 * a log of past times it names the first marker. From there batch headers are walked, which is exact. Behind
 * `walk_bytes` the rest is searched by halves where one producer writes the partition, whose times only grow but for
 * disorder within `walk_bytes`; where several write, one of them may be far ahead of another, and all headers are walked.
 */

const WALK_BYTES = 64 * 1024 * 1024
const FETCH_BYTES = 8 * 1024 * 1024
const PROBE_BYTES = 64 * 1024

export interface TimeSearch {
  readonly cluster: Cluster
  /** As Kafka knows it. */
  readonly topic: string
  readonly partition: number
  /** Default 64 MiB. */
  readonly walk_bytes?: number | undefined
}

interface Walked {
  /** Base offset of the first data batch that is late enough. */
  readonly found?: number
  /** Where the walk ended, and what it took. */
  readonly at: number
  readonly bytes: number
}

/** Offset at or before every committed record at or after `time_ms`; `end` (the last stable offset) if there is none. */
export async function firstOffsetAt(search: TimeSearch, time_ms: number, end: number): Promise<number> {
  for (;;) {
    try {
      return await searched(search, time_ms, end)
    } catch (error) {
      // There is less to look at the next time.
      if (!(error instanceof Cut)) throw error
    }
  }
}

/** Retention dropped what was being looked at. */
class Cut extends Error {}

async function searched(search: TimeSearch, time_ms: number, end: number): Promise<number> {
  const { cluster, topic, partition, walk_bytes = WALK_BYTES } = search
  const one = [{ topic, partition }]
  // One less, since an index entry of exactly this time may stand behind other records of this time.
  const [indexed] = await listOffsets(cluster, one, Math.max(0, time_ms - 1))
  const from = indexed === undefined || indexed.offset < 0 ? await cutStart(search, time_ms, end) : indexed.offset
  if (from >= end) return end
  const first = await walk(search, from, end, time_ms, walk_bytes)
  if (first.found !== undefined) return first.found
  if (first.at >= end) return end
  const [known] = await describeProducers(cluster, one)
  if ((known?.producers.length ?? 0) !== 1) {
    return (await walk(search, first.at, end, time_ms, Number.POSITIVE_INFINITY)).found ?? end
  }
  const about = await halve(search, first.at, end, time_ms)
  const per_offset = first.bytes / (first.at - from)
  const back = Math.max(first.at, about - Math.ceil(walk_bytes / per_offset))
  return (await walk(search, back, end, time_ms, Number.POSITIVE_INFINITY)).found ?? end
}

/**
 * Where to look when Kafka names no record of this time: it does not either where retention has dropped the first of
 * them, though others are left. The log's start then, else `end`.
 */
async function cutStart({ cluster, topic, partition }: TimeSearch, time_ms: number, end: number): Promise<number> {
  const one = [{ topic, partition }]
  const [newest] = await listOffsets(cluster, one, 'newest')
  if (newest === undefined || newest.offset < 0 || newest.timestamp_ms < time_ms) return end
  const [start] = await listOffsets(cluster, one, 'earliest')
  return start?.offset ?? end
}

async function walk(
  search: TimeSearch,
  from: number,
  end: number,
  time_ms: number,
  most_bytes: number,
): Promise<Walked> {
  const cursor = new BatchCursor()
  let at = from
  let bytes = 0
  while (at < end && bytes < most_bytes) {
    cursor.open(await fetched(search, at, FETCH_BYTES), `${search.topic}/${search.partition}`)
    while (cursor.next()) {
      if (!cursor.control && cursor.max_timestamp >= time_ms) return { found: cursor.base_offset, at, bytes }
    }
    if (cursor.end === 0) break
    at = cursor.last_offset + 1
    bytes += cursor.end
  }
  return { at, bytes }
}

/** An offset where the times of a log in order pass `time_ms`. */
async function halve(search: TimeSearch, from: number, end: number, time_ms: number): Promise<number> {
  let low = from
  let high = end
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const probe = await firstData(search, middle, high)
    if (probe === undefined || probe.max_timestamp >= time_ms) high = middle
    else low = probe.last_offset + 1
  }
  return high
}

/** The first batch of data in `[from, end)`. */
async function firstData(search: TimeSearch, from: number, end: number): Promise<BatchCursor | undefined> {
  const cursor = new BatchCursor()
  for (let at = from; at < end; at = cursor.last_offset + 1) {
    cursor.open(await fetched(search, at, PROBE_BYTES), `${search.topic}/${search.partition}`)
    while (cursor.next()) {
      if (cursor.base_offset >= end) return undefined
      if (!cursor.control) return cursor
    }
    if (cursor.end === 0) return undefined
  }
  return undefined
}

async function fetched({ cluster, topic, partition }: TimeSearch, offset: number, max_bytes: number): Promise<Buffer> {
  const { partitions } = await cluster.request(
    { leader: { topic, partition } },
    fetch,
    {
      max_wait_ms: 0,
      min_bytes: 0,
      max_bytes,
      isolation: 'read_committed',
      topics: [{ topic, partitions: [{ partition, offset, max_bytes }] }],
    },
    { channel: 'read', accept: [CODE.OFFSET_OUT_OF_RANGE] },
  )
  const [answer] = partitions
  if (answer?.error_code === CODE.OFFSET_OUT_OF_RANGE) {
    const [start] = await listOffsets(cluster, [{ topic, partition }], 'earliest')
    if (start !== undefined && start.offset > offset) throw new Cut()
  }
  if (answer === undefined || answer.error_code !== 0) {
    throw kafkaError(answer?.error_code ?? -1, `reading ${topic}/${partition}@${offset}`)
  }
  return answer.records
}
