import { type EmbeddedReader, openEmbeddedReader } from '../connectors/embedded/index.ts'
import { AppError, type RecordType } from '../runtime/api/index.ts'
import { RecordCursor } from '../runtime/log/batch.ts'
import { hintFor } from '../runtime/topology/nearest.ts'
import { records } from '../schemas/generated/index.ts'
import { type RunFile, readRunFile } from './run-file.ts'

/** What the commands that read a data directory share: they see what is durable, beside a writer or without one. */
export interface Directory {
  readonly run: RunFile
  readonly reader: EmbeddedReader
}

/**
 * Opens `dir` to read; the caller closes it. `DIRECTORY_NOT_FOUND` (exit 2) or `DATA_DAMAGED` (exit 3) where there is no
 * whole run.
 */
export async function openDirectory(dir: string): Promise<Directory> {
  const reader = await openEmbeddedReader(dir)
  try {
    return { reader, run: readRunFile(dir) }
  } catch (error) {
    await reader.close()
    throw error
  }
}

/** Opens `dir` for `work` and closes it whatever comes of that. */
export async function inDirectory(dir: string, work: (directory: Directory) => Promise<void>): Promise<void> {
  const directory = await openDirectory(dir)
  try {
    await work(directory)
  } finally {
    await directory.reader.close()
  }
}

export interface TopicRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly stream_time_us: number
  readonly id: string
  readonly key: string
  readonly value: unknown
}

/** The record type of a topic; an AppError `TOPIC_UNKNOWN` that names the nearest ones. */
export function recordOf({ run }: Directory, topic: string): RecordType<unknown> {
  const type = records[run.topology.topics[topic]?.record ?? '']
  if (type !== undefined) return type
  throw new AppError('TOPIC_UNKNOWN', `the directory has no topic ${topic}`, {
    exit_code: 2,
    hint: hintFor(topic, Object.keys(run.topology.topics), 'topics'),
  })
}

/** Records of a topic as it is now, partition by partition (or of `only` one), from offset `from` of each. */
export async function* readTopic(
  directory: Directory,
  topic: string,
  from = 0,
  only?: number,
): AsyncGenerator<TopicRecord> {
  const type = recordOf(directory, topic)
  const partitions = directory.run.topology.topics[topic]?.partitions ?? 0
  const cursor = new RecordCursor()
  for (let partition = only ?? 0; partition < (only === undefined ? partitions : only + 1); partition++) {
    // What is written meanwhile is left for another time: a reader beside a writer comes to an end.
    const { end_offset } = directory.reader.partition(topic, partition)
    for (let offset = from; offset < end_offset; offset = cursor.offset + 1) {
      const batch = await directory.reader.read(topic, partition, offset)
      if (batch === undefined) break
      cursor.open(batch, offset)
      while (cursor.next()) {
        const value = type.decode(batch.bodies, cursor.body_start, cursor.body_end)
        const { stream_time_us, id } = cursor
        yield { topic, partition, offset: cursor.offset, stream_time_us, id, key: cursor.key(), value }
      }
    }
  }
}

/** Records of every topic that holds `record`. */
export async function* readRecords(directory: Directory, record: string): AsyncGenerator<TopicRecord> {
  for (const [name, topic] of Object.entries(directory.run.topology.topics)) {
    if (topic.record === record) yield* readTopic(directory, name)
  }
}

/** JSON for people and tools: bytes as text where they are UTF-8 (else base64), `bigint` as decimal text. */
export function jsonOf(value: unknown): string {
  return JSON.stringify(value, (_key, item) => {
    if (typeof item === 'bigint') return String(item)
    if (item instanceof Uint8Array) return textOf(item)
    return item
  })
}

const strict = new TextDecoder('utf-8', { fatal: true })

/** Bytes as text where they are UTF-8, else as base64. */
export function textOf(bytes: Uint8Array): string | { base64: string } {
  try {
    return strict.decode(bytes)
  } catch {
    return { base64: Buffer.from(bytes).toString('base64') }
  }
}
