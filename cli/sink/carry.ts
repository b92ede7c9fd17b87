import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type DirectoryLock, lockDirectory } from '../../connectors/embedded/lock.ts'
import { type FileSinkParams, PartitionFiles, unwritable } from '../../connectors/file-sink/index.ts'
import { AppError } from '../../runtime/api/index.ts'
import type { SinkDeclaration } from '../../runtime/topology/types.ts'
import { jsonOf, recordOf, type Topics } from '../reading.ts'
import type { TopicRecord } from '../topic-record.ts'
import { untilAborted } from '../until-aborted.ts'
import type { SinkMeter } from './meter.ts'

/**
 * Carries the records of a sink's topics away, each once and in the order of its partition, from where the last run of the
 * sink came to. It reads what is durable; nothing waits for it, and nothing is written but its files.
 */

export interface CarryOptions {
  /** Ends with what is there now; else goes on until the signal. */
  readonly once: boolean
  readonly signal: AbortSignal
  /** Numbers never change there: what is before the last record need not be read again. */
  readonly numbered: boolean
  /** Told how far it is. */
  readonly meter?: SinkMeter
}

/** The longest that a record waits to be in a file, milliseconds. */
const FLUSH_MS = 1_000

/** Records that wait at most for the disk. */
const PENDING = 20_000

/**
 * Records carried by this run, by topic. Rejects with what it refuses, or what reading and writing do: a topic that fails
 * ends the others, which keep what they have carried.
 */
export async function carry(
  topics: Topics,
  { topics: names, params }: SinkDeclaration,
  options: CarryOptions,
): Promise<Record<string, number>> {
  const carried: Record<string, number> = {}
  const failed = new AbortController()
  const common = { ...options, signal: AbortSignal.any([options.signal, failed.signal]) }
  await Promise.all(
    names.map(async (name) => {
      try {
        carried[name] = await carryTopic(topics, name, params as FileSinkParams, common)
      } catch (error) {
        failed.abort(error)
      }
    }),
  )
  failed.signal.throwIfAborted()
  return carried
}

async function carryTopic(
  topics: Topics,
  topic: string,
  params: FileSinkParams,
  options: CarryOptions,
): Promise<number> {
  recordOf(topics, topic)
  // Two that carry the same would each put its own files in the other's place.
  const lock = locked(join(params.folder, topic))
  try {
    return await carryInto(topics, topic, params, options)
  } finally {
    lock.release()
  }
}

async function carryInto(
  topics: Topics,
  topic: string,
  params: FileSinkParams,
  { once, signal, numbered, meter }: CarryOptions,
): Promise<number> {
  const parts: Part[] = []
  for (let partition = 0; partition < topics.run.topology.topics[topic]!.partitions; partition++) {
    parts.push(new Part(topic, partition, await PartitionFiles.open(params, topic, partition), numbered))
  }
  if (numbered) {
    const { end_offsets } = await topics.extent(topic)
    for (const [partition, part] of parts.entries()) part.reaches(end_offsets[partition] ?? 0)
  }
  meter?.begins(topic, {
    carried: () => parts.reduce((sum, { carried }) => sum + carried, 0),
    pending: () => parts.reduce((sum, { files }) => sum + files.pending, 0),
    ...(numbered ? { behind: () => behindOf(topics, topic, parts) } : {}),
  })
  const from = numbered ? Math.min(...parts.map(({ files }) => files.last?.offset ?? 0)) : 0
  const records = once ? topics.read(topic, from) : topics.follow(topic, from)
  const flush = () => Promise.all(parts.map(({ files }) => files.flush()))
  const failed = new AbortController()
  const ended = AbortSignal.any([signal, failed.signal])
  const timer = setInterval(() => void flush().catch((error) => failed.abort(error)), FLUSH_MS)
  try {
    for (;;) {
      const item = await untilAborted(records.next(), ended)
      failed.signal.throwIfAborted()
      if (item === undefined || item.done === true) break
      const { files } = parts[item.value.partition]!.take(item.value)
      if (files.pending >= PENDING) await files.flush()
    }
  } finally {
    clearInterval(timer)
    await flush()
  }
  return parts.reduce((sum, { carried }) => sum + carried, 0)
}

/** Durable records of the topic that are in no file yet. */
async function behindOf(topics: Topics, topic: string, parts: readonly Part[]): Promise<number> {
  const { start_offsets, end_offsets } = await topics.extent(topic)
  return parts.reduce((sum, { files }, partition) => {
    const next = Math.max((files.last?.offset ?? -1) + 1, start_offsets[partition] ?? 0)
    return sum + files.pending + Math.max(0, (end_offsets[partition] ?? 0) - next)
  }, 0)
}

function locked(folder: string): DirectoryLock {
  try {
    mkdirSync(folder, { recursive: true })
  } catch (cause) {
    throw unwritable(`making ${folder}`, cause)
  }
  try {
    return lockDirectory(folder, `aitrader ${process.argv.slice(2).join(' ')}`)
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'DIRECTORY_LOCKED') throw error
    const hint = 'one process carries what goes into a folder: stop it, or give this sink another one'
    throw new AppError(error.code, error.message, { exit_code: error.exit_code, hint })
  }
}

/** A partition on its way into files. */
class Part {
  readonly files: PartitionFiles
  readonly #place: string
  readonly #numbered: boolean
  /** The record to be seen again before the next one is new. */
  #behind: PartitionFiles['last']
  /** Number of the record before, in this run. */
  #seen: number | undefined
  carried = 0

  constructor(topic: string, partition: number, files: PartitionFiles, numbered: boolean) {
    this.#numbered = numbered
    this.#place = `${topic}/${partition}`
    this.files = files
    this.#behind = files.last
  }

  take(record: TopicRecord): this {
    const { id, offset, stream_time_us } = record
    // Retention can also overtake a sink that runs: numbers have no gaps.
    if (this.#seen !== undefined && offset !== this.#seen + 1) throw this.#lost(this.files.last?.id ?? id)
    const first = this.#seen === undefined
    this.#seen = offset
    // Retention took the last one, and nothing of what follows.
    if (this.#numbered && first && offset === (this.#behind?.offset ?? 0) + 1) this.#behind = undefined
    if (this.#behind === undefined) {
      this.files.add({ id, offset, stream_time_us }, jsonOf(record))
      this.carried++
    } else if (id === this.#behind.id && stream_time_us === this.#behind.stream_time_us) this.#behind = undefined
    else if (stream_time_us > this.#behind.stream_time_us) throw this.#lost(this.#behind.id)
    return this
  }

  /** A partition that ends at `end_offset` is none that the last record was in, if that is behind it. */
  reaches(end_offset: number): void {
    if (this.#behind !== undefined && this.#behind.offset >= end_offset) throw this.#lost(this.#behind.id)
  }

  #lost(id: string): AppError {
    return new AppError(
      'SINK_BEHIND',
      `${this.#place} no longer holds what follows the record ${id}, which was carried last`,
      {
        exit_code: 3,
        hint: 'retention dropped what was not carried yet, or these are the records of another run: begin in a new folder',
      },
    )
  }
}
