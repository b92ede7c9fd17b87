import { openEmbeddedReader } from '../connectors/embedded/index.ts'
import { AppError, type Follower, type Reader, type RecordType, type StoredBatch } from '../runtime/api/index.ts'
import type { CodedReader } from '../runtime/engine/options.ts'
import { RecordCursor } from '../runtime/log/batch.ts'
import { outputTopics, type PlannedTopic } from '../runtime/plan/plan.ts'
import { hintFor } from '../runtime/topology/nearest.ts'
import { schemaId } from '../schemas/framing.ts'
import { records } from '../schemas/generated/index.ts'
import { isListening } from './control-socket.ts'
import type { Deployed } from './deployed/open.ts'
import type { Place } from './place.ts'
import { type RunFile, readRunFile } from './run-file.ts'
import type { RestoreTask } from './stage-state.ts'
import type { TopicExtent, TopicRecord } from './topic-record.ts'

/** What the commands that look at a run share: they see what is durable, beside writers or without one. */
export interface Directory {
  readonly run: RunFile
  readonly reader: CodedReader
}

/** A directory, or a deployment that reads like one. */
export interface Reading extends Directory {
  /** How tasks are restored, where it is not as in a directory. */
  readonly restore?: RestoreTask
  close(): Promise<void>
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

/** What a command looks at: the trail and all under it, a stage as it is, or a stage and what it ever read and wrote. */
export type Sight = { readonly kind: 'trail' } | { readonly kind: 'stage' | 'history'; readonly stage: string }

/**
 * Opens what the place names to look at; the caller closes it. Of a deployment what is in sight is copied from Kafka, so
 * that both read the same; a stage as it is is restored from where it is.
 */
async function openReading(place: Place, sight: Sight): Promise<Reading> {
  if (place.kind === 'directory') return closing(await openDirectory(place.dir))
  // Kafka's clients are loaded where they are needed only.
  const { openDeployed } = await import('./deployed/open.ts')
  const deployed = await openDeployed(place)
  const { plan, run, broker } = deployed
  if (sight.kind === 'stage') {
    const { restoreTask } = await import('./deployed/restore.ts')
    const restore: RestoreTask = (composition, task) => restoreTask(deployed, composition, task)
    return { run, reader: broker, restore, close: () => deployed.close() }
  }
  try {
    const { mirror } = await import('./deployed/mirror.ts')
    if (sight.kind === 'trail') {
      return closing({ run, reader: await mirror(deployed, { topics: plan.topics, tasks: [] }) })
    }
    const tasks = plan.tasks.filter((task) => task.stage === sight.stage)
    const topics = new Set(tasks.flatMap((task) => [...task.inputs.map(({ topic }) => topic), ...outputTopics(task)]))
    return closing({ run, reader: await mirror(deployed, { topics: [...topics], tasks }) })
  } finally {
    await deployed.close()
  }
}

function closing(directory: Directory): Reading {
  return { ...directory, close: () => directory.reader.close() }
}

/** Opens what the place names for `work` and closes it whatever comes of that. */
export async function inReading(place: Place, sight: Sight, work: (reading: Reading) => Promise<void>): Promise<void> {
  const reading = await openReading(place, sight)
  try {
    await work(reading)
  } finally {
    await reading.close()
  }
}

/** The topics of a run, record by record, wherever it runs: on Kafka they are read where they are. */
export interface Topics {
  readonly run: RunFile
  /** Records as they are now, partition by partition (or of `only` one), from offset `from` of each. */
  read(topic: string, from?: number, only?: number): AsyncGenerator<TopicRecord>
  /** Those and all that come, for ever; partitions take turns. */
  follow(topic: string, from: number): AsyncGenerator<TopicRecord>
  extent(topic: string): Promise<TopicExtent>
  /** Whether a process runs it that takes orders. */
  running(): Promise<boolean>
  close(): Promise<void>
}

export async function openTopics(place: Place): Promise<Topics> {
  if (place.kind === 'directory') {
    const { dir } = place
    return topicsOf(await openDirectory(dir), () => isListening(dir))
  }
  const { openDeployed } = await import('./deployed/open.ts')
  return topicsOfDeployed(await openDeployed(place))
}

/** Opens the topics of what the place names for `work` and closes them whatever comes of that. */
export async function inTopics(place: Place, work: (topics: Topics) => Promise<void>): Promise<void> {
  const topics = await openTopics(place)
  try {
    await work(topics)
  } finally {
    await topics.close()
  }
}

/** The topics of a deployment, which is closed with them. */
export async function topicsOfDeployed(deployed: Deployed): Promise<Topics> {
  const { sourceOwner } = await import('./deployed/owners.ts')
  const { deployedExtent, deployedRecords, followDeployed } = await import('./deployed/records.ts')
  const { run, plan } = deployed
  const find = (topic: string): PlannedTopic => {
    recordOf({ run }, topic)
    return plan.topics.find(({ name }) => name === topic) as PlannedTopic
  }
  return {
    run,
    read: (topic, from = 0, only) => deployedRecords(deployed, find(topic), from, only),
    follow: (topic, from) => followDeployed(deployed, find(topic), from),
    extent: (topic) => deployedExtent(deployed, find(topic)),
    running: async () => (await sourceOwner(deployed)) !== undefined,
    close: () => deployed.close(),
  }
}

/** The topics of an opened directory. */
export function topicsOf(directory: Directory, running: Topics['running'] = async () => false): Topics {
  const { reader, run } = directory
  let digests: ReturnType<Reader['digests']> | undefined
  return {
    run,
    read: (topic, from, only) => readTopic(directory, topic, from, only),
    follow: (topic, from) => followTopic(directory, topic, from),
    async extent(topic) {
      digests ??= reader.digests()
      const all = partitionsOf(directory, topic).map((partition) => reader.partition(topic, partition))
      const { records: count, sha256 } = (await digests)[topic] ?? { records: 0, sha256: undefined }
      const start_offsets = all.map((info) => info.start_offset)
      return { start_offsets, end_offsets: all.map((info) => info.end_offset), records: count, sha256 }
    },
    running,
    close: () => reader.close(),
  }
}

/** The record type of a topic; an AppError `TOPIC_UNKNOWN` that names the nearest ones. */
export function recordOf({ run }: Pick<Directory, 'run'>, topic: string): RecordType<unknown> {
  const type = records[run.topology.topics[topic]?.record ?? '']
  if (type !== undefined) return type
  throw new AppError('TOPIC_UNKNOWN', `the topology has no topic ${topic}`, {
    exit_code: 2,
    hint: hintFor(topic, Object.keys(run.topology.topics), 'topics'),
  })
}

function partitionsOf({ run }: Pick<Directory, 'run'>, topic: string): number[] {
  return Array.from({ length: run.topology.topics[topic]?.partitions ?? 0 }, (_, partition) => partition)
}

/** Records of a topic as it is now, partition by partition (or of `only` one), from offset `from` of each. */
export async function* readTopic(
  directory: Directory,
  topic: string,
  from = 0,
  only?: number,
): AsyncGenerator<TopicRecord> {
  const type = recordOf(directory, topic)
  const cursor = new RecordCursor()
  for (const partition of only === undefined ? partitionsOf(directory, topic) : [only]) {
    // What is written meanwhile is left for another time: a reader beside a writer comes to an end.
    const { end_offset } = directory.reader.partition(topic, partition)
    for (let offset = from; offset < end_offset; offset = cursor.offset + 1) {
      const batch = await directory.reader.read(topic, partition, offset)
      if (batch === undefined) break
      const decode = decoderOf(directory.reader, topic, type, batch)
      cursor.open(batch, offset)
      while (cursor.next()) {
        const value = decode(batch.bodies, cursor.body_start, cursor.body_end)
        const { stream_time_us, id } = cursor
        yield { topic, partition, offset: cursor.offset, stream_time_us, id, key: cursor.key(), value }
      }
    }
  }
}

/**
 * What decodes the batch into our record, whichever schema it was written with. An AppError `SCHEMA_CHANGED` (exit 2) if
 * it cannot be read so: decoded by ours as it is it would be other values.
 */
function decoderOf(
  { codecs }: CodedReader,
  topic: string,
  type: RecordType<unknown>,
  { schema_id }: StoredBatch,
): RecordType<unknown>['decode'] {
  if (schema_id === schemaId(type)) return type.decode
  try {
    if (codecs !== undefined) return codecs.get(schema_id, type)
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'SCHEMA_CHANGED') throw error
    const { exit_code, hint } = error
    throw new AppError(error.code, `${topic}: ${error.message}`, { exit_code, ...(hint === undefined ? {} : { hint }) })
  }
  throw new AppError('SCHEMA_CHANGED', `the records of ${topic} were written by another schema of ${type.name}`, {
    exit_code: 2,
    hint: 'read them with the build that wrote them',
  })
}

async function* followTopic(directory: Directory, topic: string, from: number): AsyncGenerator<TopicRecord> {
  const type = recordOf(directory, topic)
  const partitions = partitionsOf(directory, topic)
  const follower: Follower = directory.reader.follow(
    partitions.map((partition) => ({ topic, partition, offset: from, or_start: true })),
  )
  const cursor = new RecordCursor()
  try {
    for (;;) {
      let taken = 0
      for (const partition of partitions) {
        const batch = follower.take(partition)
        if (batch === undefined) continue
        taken++
        const decode = decoderOf(directory.reader, topic, type, batch)
        cursor.open(batch, from)
        while (cursor.next()) {
          const value = decode(batch.bodies, cursor.body_start, cursor.body_end)
          const { offset, stream_time_us, id } = cursor
          yield { topic, partition, offset, stream_time_us, id, key: cursor.key(), value }
        }
      }
      if (taken === 0) await follower.ready()
    }
  } finally {
    await follower.close()
  }
}

/** Records of every topic that holds `record`. */
export async function* readRecords({ run, read }: Topics, record: string): AsyncGenerator<TopicRecord> {
  for (const [name, topic] of Object.entries(run.topology.topics)) {
    if (topic.record === record) yield* read(name)
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
