import { AppError, type PartitionInfo, type StoredBatch } from '../../runtime/api/index.ts'
import type { Cluster } from './cluster.ts'
import { CommittedFilter } from './committed.ts'
import { CODE, isRetriable, kafkaError } from './errors.ts'
import { BatchCursor, damaged } from './record-batch.ts'
import { decodeRecords } from './record-decoder.ts'
import { type FetchedPartition, fetch } from './requests/fetch.ts'
import { EARLIEST, LATEST, listOffsets } from './requests/list-offsets.ts'

/**
 * Reads single partitions: batches by offset, ends, offsets by time. Committed records only.
 *
 * What was fetched last of a partition is kept, so that reading on is one request per megabyte or so; batches never
 * change, so what is kept is never stale. The end of a partition is its last stable offset: a record behind an open
 * transaction of another producer is not there yet. A read that finds nothing asks for the high watermark of that
 * moment and waits until all up to there is decided, so that whatever was committed before the call is found; an
 * abandoned transaction can hold it up for as long as the coordinator gives it, `UNDECIDED_MS` at most.
 */

const FETCH_BYTES = 1024 * 1024
const CACHED_PARTITIONS = 64
const UNDECIDED_MS = 15_000
const WAIT_MS = 100

/** What one fetch gave: committed batches of `[from, next)`. */
interface Run {
  readonly from: number
  readonly next: number
  readonly batches: readonly StoredBatch[]
}

/** Where a partition begins and ends, as last heard. */
export interface Extent {
  start: number
  end: number
}

export class PartitionReader {
  readonly #cluster: Cluster
  readonly #kafkaName: (topic: string) => string
  /** Per `topic/partition` in the port's names; the one used last is last. */
  readonly #runs = new Map<string, Run>()
  readonly #extents = new Map<string, Extent>()

  constructor(cluster: Cluster, kafkaName: (topic: string) => string) {
    this.#cluster = cluster
    this.#kafkaName = kafkaName
  }

  /** As last heard; 0 to 0 of one never asked about. */
  info(topic: string, partition: number): PartitionInfo {
    const { start, end } = this.#extents.get(`${topic}/${partition}`) ?? { start: 0, end: 0 }
    return { topic, partition, start_offset: start, end_offset: end }
  }

  /** Notes what was heard; ends never go back, since the last stable offset does not. */
  heard(topic: string, partition: number, start: number, end: number): void {
    const name = `${topic}/${partition}`
    const known = this.#extents.get(name)
    if (known === undefined) this.#extents.set(name, { start, end })
    else {
      known.start = Math.max(known.start, start)
      known.end = Math.max(known.end, end)
    }
  }

  /** Asks for start and end of all partitions of these topics (port's names and counts). */
  async refresh(topics: readonly { readonly name: string; readonly partitions: number }[]): Promise<void> {
    const wanted = topics.flatMap(({ name, partitions }) =>
      Array.from({ length: partitions }, (_, partition) => ({ topic: name, partition })),
    )
    const starts = await this.#offsets(wanted, EARLIEST)
    const ends = await this.#offsets(wanted, LATEST)
    for (const [i, { topic, partition }] of wanted.entries()) {
      this.heard(topic, partition, starts[i] as number, ends[i] as number)
    }
  }

  async read(topic: string, partition: number, offset: number): Promise<StoredBatch | undefined> {
    const name = `${topic}/${partition}`
    let at = Math.max(0, offset)
    let decided_at: number | undefined
    let give_up_at = 0
    for (;;) {
      let run = this.#runs.get(name)
      if (run === undefined || at < run.from || at >= run.next) {
        const wait_ms = decided_at === undefined ? 0 : WAIT_MS
        const fetched = await this.#fetch(topic, partition, at, wait_ms)
        this.heard(topic, partition, fetched.log_start_offset, fetched.last_stable_offset)
        if (fetched.error_code === CODE.OFFSET_OUT_OF_RANGE) {
          if (at >= fetched.log_start_offset) return undefined
          at = fetched.log_start_offset
          continue
        }
        run = decodeRun(fetched, topic, at)
        if (run.next === at) {
          if (decided_at === undefined) {
            decided_at = fetched.high_watermark
            give_up_at = performance.now() + UNDECIDED_MS
          }
          if (fetched.last_stable_offset >= decided_at || performance.now() > give_up_at) return undefined
          continue
        }
      }
      this.#keep(name, run)
      const found = run.batches.find(({ base_offset, records }) => base_offset + records > at)
      if (found !== undefined) return found
      at = run.next
    }
  }

  async offsetAt(topic: string, partition: number, stream_time_us: number): Promise<number> {
    const one = [{ topic, partition }]
    // The end first: a record written in between is then behind what is answered.
    const [end] = (await this.#offsets(one, LATEST)) as [number]
    // One less, since an index entry of exactly this time may stand behind other records of this time.
    const [found] = (await this.#offsets(one, Math.max(0, Math.floor(stream_time_us / 1_000) - 1))) as [number]
    return found < 0 ? end : Math.min(found, end)
  }

  /** In the order of `wanted`. */
  async #offsets(
    wanted: readonly { readonly topic: string; readonly partition: number }[],
    timestamp_ms: number,
  ): Promise<number[]> {
    return listedOffsets(
      this.#cluster,
      wanted.map(({ topic, partition }) => ({ topic: this.#kafkaName(topic), partition })),
      timestamp_ms,
      'read_committed',
    )
  }

  async #fetch(topic: string, partition: number, offset: number, max_wait_ms: number): Promise<FetchedPartition> {
    const name = this.#kafkaName(topic)
    const { partitions } = await this.#cluster.request(
      { leader: { topic: name, partition } },
      fetch,
      {
        max_wait_ms,
        min_bytes: 1,
        max_bytes: FETCH_BYTES,
        isolation: 'read_committed',
        topics: [{ topic: name, partitions: [{ partition, offset, max_bytes: FETCH_BYTES }] }],
      },
      { channel: 'read', accept: [CODE.OFFSET_OUT_OF_RANGE] },
    )
    const fetched = partitions[0] as FetchedPartition
    if (fetched.error_code === CODE.OFFSET_OUT_OF_RANGE) {
      // The answer does not say where the partition begins and ends.
      const [start] = (await this.#offsets([{ topic, partition }], EARLIEST)) as [number]
      const [end] = (await this.#offsets([{ topic, partition }], LATEST)) as [number]
      return { ...fetched, log_start_offset: start, last_stable_offset: end }
    }
    if (fetched.error_code !== 0) throw kafkaError(fetched.error_code, `reading ${topic}/${partition}@${offset}`)
    return fetched
  }

  #keep(name: string, run: Run): void {
    this.#runs.delete(name)
    this.#runs.set(name, run)
    if (this.#runs.size <= CACHED_PARTITIONS) return
    for (const oldest of this.#runs.keys()) {
      this.#runs.delete(oldest)
      return
    }
  }
}

/** Offsets of partitions (Kafka's names) at a time, in the order asked for: one request per leader. */
export async function listedOffsets(
  cluster: Cluster,
  wanted: readonly { readonly topic: string; readonly partition: number }[],
  timestamp_ms: number,
  isolation: 'read_committed' | 'read_uncommitted',
): Promise<number[]> {
  const give_up_at = performance.now() + 30_000
  const found = new Map<string, number>()
  let open = wanted
  for (let pause_ms = 2; open.length > 0; pause_ms = Math.min(pause_ms * 2, 250)) {
    const by_node = new Map<number, { topic: string; partition: number }[]>()
    for (const one of open) {
      const node = await cluster.leader(one.topic, one.partition)
      const group = by_node.get(node)
      if (group === undefined) by_node.set(node, [one])
      else group.push(one)
    }
    let failed = 0
    await Promise.all(
      [...by_node].map(async ([node, group]) => {
        const topics = grouped(group).map(({ topic, partitions }) => ({
          topic,
          partitions: partitions.map((partition) => ({ partition, timestamp_ms })),
        }))
        const output = await cluster.request({ node }, listOffsets, { isolation, topics }, { accept: STALE })
        for (const { topic, partition, error_code, offset } of output.partitions) {
          if (error_code === 0) found.set(`${topic}/${partition}`, offset)
          else if (isRetriable(error_code)) {
            failed = error_code
            cluster.invalidate(topic)
          } else throw kafkaError(error_code, `asking for offsets of ${topic}/${partition}`)
        }
      }),
    )
    open = wanted.filter(({ topic, partition }) => !found.has(`${topic}/${partition}`))
    if (open.length === 0) break
    if (performance.now() > give_up_at) throw kafkaError(failed, 'asking for offsets')
    await new Promise((resolve) => setTimeout(resolve, pause_ms))
  }
  return wanted.map(({ topic, partition }) => found.get(`${topic}/${partition}`) as number)
}

/** Codes that say that another leads the partition by now: answered, since the node was named. */
const STALE = [3, 5, 6, 8, 9, 13, 56, 74, 75, 78]

function grouped(items: readonly { readonly topic: string; readonly partition: number }[]) {
  const topics = new Map<string, number[]>()
  for (const { topic, partition } of items) {
    const partitions = topics.get(topic)
    if (partitions === undefined) topics.set(topic, [partition])
    else partitions.push(partition)
  }
  return [...topics].map(([topic, partitions]) => ({ topic, partitions }))
}

const cursor = new BatchCursor()
const filter = new CommittedFilter()

/** The committed batches of what was fetched from `from` on, checked and decoded; `topic` in the port's name. */
function decodeRun(fetched: FetchedPartition, topic: string, from: number): Run {
  const batches: StoredBatch[] = []
  cursor.open(fetched.records, `${topic}/${fetched.partition}`)
  filter.open(fetched.aborted)
  let next = from
  while (filter.next(cursor)) {
    cursor.check()
    batches.push(...decodeRecords(cursor, topic, fetched.partition))
  }
  if (cursor.end > 0) next = Math.max(from, cursor.last_offset + 1)
  else if (fetched.records.length > 0) throw damaged(`${topic}/${fetched.partition}@${from}`, 'half a batch')
  return { from, next, batches }
}

/** A position whose records are gone. */
export function unrecoverable(where: string, offset: number): AppError {
  return new AppError('STATE_UNRECOVERABLE', `${where} has no offset ${offset} any more`, {
    exit_code: 3,
    hint: 'retention or a recreated topic cut the log behind a recovery position: rebuild the state from its sources',
  })
}
