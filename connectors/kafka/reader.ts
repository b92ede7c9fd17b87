import { AppError, type PartitionInfo, type StoredBatch } from '../../runtime/api/index.ts'
import { listOffsets } from './admin.ts'
import type { Cluster } from './cluster.ts'
import { CommittedFilter } from './committed.ts'
import { CODE, kafkaError } from './errors.ts'
import { BatchCursor, damaged } from './record-batch.ts'
import { decodeRecords } from './record-decoder.ts'
import { type FetchedPartition, fetch } from './requests/fetch.ts'
import { firstOffsetAt } from './time-search.ts'
import { heldBack, holding, lateMarkers } from './undecided.ts'

/**
 * Reads single partitions: batches by offset, ends, offsets by time. Committed records only.
 *
 * What was fetched last of a partition is kept, so that reading on is one request per megabyte or so; batches never
 * change, so what is kept is never stale. The end of a partition is its last stable offset: a record behind an open
 * transaction of another producer is not there yet. A read that finds nothing waits for the markers of transactions that
 * are decided, so that whatever was committed before the call is found, and is `MARKERS_LATE` rather than an end that may
 * be none; it does not wait for open ones.
 */

const FETCH_BYTES = 1024 * 1024
/** What is kept of all partitions together. */
const KEPT_BYTES = 32 * 1024 * 1024
/** How long a decided transaction may lack its markers. */
const MARKERS_MS = 15_000
const MARKERS_PAUSE_MS = 5

/** What one fetch gave: committed batches of `[from, next)`. */
interface Run {
  readonly from: number
  readonly next: number
  readonly bytes: number
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
  #kept_bytes = 0
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

  /**
   * Notes a commit of ours: records from `base` on, its marker before `end`. It is the end only if nothing of others
   * stands between what was known and it; otherwise that may still be open.
   */
  wrote(topic: string, partition: number, base: number, end: number): void {
    const known = this.#extents.get(`${topic}/${partition}`)
    if (known !== undefined && known.end === base) known.end = end
  }

  /**
   * Asks for start and end of all partitions of these topics (port's names and counts). With `decided`, waits for the
   * markers of transactions that were committed before the call.
   */
  async refresh(
    topics: readonly { readonly name: string; readonly partitions: number }[],
    decided: boolean,
  ): Promise<void> {
    const wanted = topics.flatMap(({ name, partitions }) =>
      Array.from({ length: partitions }, (_, partition) => ({ topic: name, partition })),
    )
    const highs = decided ? await this.#offsets(wanted, 'latest') : []
    const starts = await this.#offsets(wanted, 'earliest')
    const ends = await this.#offsets(wanted, 'stable')
    for (const [i, { topic, partition }] of wanted.entries()) {
      this.heard(topic, partition, starts[i] as number, ends[i] as number)
    }
    const give_up_at = performance.now() + MARKERS_MS
    const isOpen = ({ topic, partition, high }: { topic: string; partition: number; high: number }) =>
      this.info(topic, partition).end_offset < high
    let open = wanted.map((one, i) => ({ ...one, high: highs[i] ?? 0 })).filter(isOpen)
    while (open.length > 0 && performance.now() < give_up_at) {
      const late: typeof open = []
      for (const one of open) if (!(await this.#ended(one.topic, one.partition)) && isOpen(one)) late.push(one)
      open = late
    }
    const [first] = open
    if (first !== undefined) throw await this.#late(first.topic, first.partition)
  }

  async read(topic: string, partition: number, offset: number): Promise<StoredBatch | undefined> {
    const name = `${topic}/${partition}`
    let at = Math.max(0, offset)
    let give_up_at = 0
    for (;;) {
      let run = this.#runs.get(name)
      if (run === undefined || at < run.from || at >= run.next) {
        const fetched = await this.#fetch(topic, partition, at)
        this.heard(topic, partition, fetched.log_start_offset, fetched.last_stable_offset)
        if (fetched.error_code === CODE.OFFSET_OUT_OF_RANGE) {
          if (at >= fetched.log_start_offset) return undefined
          at = fetched.log_start_offset
          continue
        }
        run = decodeRun(fetched, topic, at)
        if (run.next === at) {
          if (fetched.last_stable_offset >= fetched.high_watermark) return undefined
          const now = performance.now()
          if (give_up_at === 0) give_up_at = now + MARKERS_MS
          else if (now > give_up_at) throw await this.#late(topic, partition)
          if (await this.#ended(topic, partition)) return undefined
          continue
        }
      }
      this.#keep(name, run)
      const found = run.batches.find(({ base_offset, records }) => base_offset + records > at)
      if (found !== undefined) return found
      at = run.next
    }
  }

  /**
   * Whether the last stable offset, as last heard, is an end for everything committed before the call; if not, there
   * may be more by now.
   */
  async #ended(topic: string, partition: number): Promise<boolean> {
    const before = this.info(topic, partition).end_offset
    const held = await heldBack(this.#cluster, this.#kafkaName(topic), partition)
    const [end] = (await this.#offsets([{ topic, partition }], 'stable')) as [number]
    this.heard(topic, partition, 0, end)
    // Unmoved and held back: what was looked at is the transaction that stands there.
    if (held) return end <= before
    if (end <= before) await new Promise((resolve) => setTimeout(resolve, MARKERS_PAUSE_MS))
    return false
  }

  async highWatermark(topic: string, partition: number): Promise<number> {
    const [high] = (await this.#offsets([{ topic, partition }], 'latest')) as [number]
    return high
  }

  async #late(topic: string, partition: number): Promise<AppError> {
    const { end_offset } = this.info(topic, partition)
    const late = await holding(this.#cluster, this.#kafkaName(topic), partition)
    return lateMarkers(`${topic}/${partition}@${end_offset}`, late)
  }

  async offsetAt(topic: string, partition: number, stream_time_us: number): Promise<number> {
    // The end first: a record written in between is then behind what is answered.
    const [end] = (await this.#offsets([{ topic, partition }], 'stable')) as [number]
    const search = { cluster: this.#cluster, topic: this.#kafkaName(topic), partition }
    return firstOffsetAt(search, Math.floor(stream_time_us / 1_000), end)
  }

  /** Stored bytes and offsets of one fetch from `offset` on. */
  async sample(topic: string, partition: number, offset: number): Promise<{ bytes: number; offsets: number }> {
    const { records } = await this.#fetch(topic, partition, offset)
    const batches = new BatchCursor().open(records, `${topic}/${partition}`)
    if (!batches.next()) return { bytes: 0, offsets: 0 }
    const first = batches.base_offset
    while (batches.next()) {
      // To the end of what was fetched.
    }
    return { bytes: batches.end, offsets: batches.last_offset + 1 - first }
  }

  /** In the order of `wanted`. */
  async #offsets(
    wanted: readonly { readonly topic: string; readonly partition: number }[],
    at: 'earliest' | 'latest' | 'stable',
  ): Promise<number[]> {
    const partitions = wanted.map(({ topic, partition }) => ({ topic: this.#kafkaName(topic), partition }))
    return (await listOffsets(this.#cluster, partitions, at)).map(({ offset }) => offset)
  }

  async #fetch(topic: string, partition: number, offset: number): Promise<FetchedPartition> {
    const name = this.#kafkaName(topic)
    const { partitions } = await this.#cluster.request(
      { leader: { topic: name, partition } },
      fetch,
      {
        max_wait_ms: 0,
        min_bytes: 0,
        max_bytes: FETCH_BYTES,
        isolation: 'read_committed',
        topics: [{ topic: name, partitions: [{ partition, offset, max_bytes: FETCH_BYTES }] }],
      },
      { channel: 'read', accept: [CODE.OFFSET_OUT_OF_RANGE] },
    )
    const fetched = partitions[0] as FetchedPartition
    if (fetched.error_code === CODE.OFFSET_OUT_OF_RANGE) {
      // The answer does not say where the partition begins and ends.
      const [start] = (await this.#offsets([{ topic, partition }], 'earliest')) as [number]
      const [end] = (await this.#offsets([{ topic, partition }], 'stable')) as [number]
      return { ...fetched, log_start_offset: start, last_stable_offset: end }
    }
    if (fetched.error_code !== 0) throw kafkaError(fetched.error_code, `reading ${topic}/${partition}@${offset}`)
    return fetched
  }

  #keep(name: string, run: Run): void {
    const known = this.#runs.get(name)
    this.#runs.delete(name)
    this.#runs.set(name, run)
    this.#kept_bytes += run.bytes - (known?.bytes ?? 0)
    for (const [oldest, { bytes }] of this.#runs) {
      if (this.#kept_bytes <= KEPT_BYTES || oldest === name) return
      this.#runs.delete(oldest)
      this.#kept_bytes -= bytes
    }
  }
}

const cursor = new BatchCursor()
const filter = new CommittedFilter()

/** The committed batches of what was fetched from `from` on, checked and decoded; `topic` in the port's name. */
function decodeRun(fetched: FetchedPartition, topic: string, from: number): Run {
  const batches: StoredBatch[] = []
  cursor.open(fetched.records, `${topic}/${fetched.partition}`)
  filter.open(fetched.aborted)
  let next = from
  let bytes = 0
  while (filter.next(cursor)) {
    cursor.check()
    for (const batch of decodeRecords(cursor, topic, fetched.partition)) {
      batches.push(batch)
      bytes += batch.heads.length + batch.bodies.length
    }
  }
  if (cursor.end > 0) next = Math.max(from, cursor.last_offset + 1)
  else if (fetched.records.length > 0) throw damaged(`${topic}/${fetched.partition}@${from}`, 'half a batch')
  return { from, next, bytes, batches }
}

/** A position whose records are gone. */
export function unrecoverable(where: string, offset: number): AppError {
  return new AppError('STATE_UNRECOVERABLE', `${where} has no offset ${offset} any more`, {
    exit_code: 3,
    hint: 'retention or a recreated topic cut the log behind a recovery position: rebuild the state from its sources',
  })
}
