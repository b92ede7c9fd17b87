import { AppError, type TopicSpec } from '../../runtime/api/index.ts'
import { describeTopics } from './admin.ts'
import type { Cluster } from './cluster.ts'
import type { CompactedTopic } from './compacted.ts'
import { CODE, kafkaError } from './errors.ts'
import type { Names } from './names.ts'
import { createTopics } from './requests/create-topics.ts'
import type { TopicMetadata } from './requests/metadata.ts'
import { encodeValues } from './value-encoder.ts'
import { producePartitions } from './write.ts'

/**
 * The declared topics: what is on the cluster, and what each was declared with.
 *
 * Kafka has no place for our words on a topic (internal or not, stream-time retention), so they are records of a small
 * compacted topic `<topology>.topics`, apart from the stores, so that opening reads no state. Topics that are missing are created; one that exists with another number of partitions, or that was
 * declared as another kind, is `TOPIC_MISMATCH` (exit 2), before anything is created. Kafka's own retention is off: it
 * knows wall time and whole segments, not recovery positions.
 */

const MAX_LONG = '9223372036854775807'

/** What is kept per topic, under its name in the port. */
interface Declared {
  readonly spec: TopicSpec
  readonly order: number
}

export interface TopicsOptions {
  readonly cluster: Cluster
  readonly names: Names
  /** `<topology>.topics` and `<topology>.state`. */
  readonly declared: CompactedTopic
  readonly state: CompactedTopic
  /** Of topics to be created; -1: the broker's default. */
  readonly replication: number
  readonly state_shards: number
  readonly max_message_bytes: number
}

export class Topics {
  readonly #options: TopicsOptions
  #declared = new Map<string, Declared>()
  /** `max.message.bytes` of topics, by Kafka's names. */
  readonly #max_bytes = new Map<string, number>()

  constructor(options: TopicsOptions) {
    this.#options = options
  }

  /** In order of declaration. */
  all(): TopicSpec[] {
    return [...this.#declared.values()].sort((a, b) => a.order - b.order).map(({ spec }) => spec)
  }

  /** `TOPIC_UNKNOWN` (exit 2) unless the partition is declared. */
  check(name: string, partition: number): TopicSpec {
    const spec = this.#declared.get(name)?.spec
    if (spec === undefined) {
      throw unknown(`topic ${name} is not declared`, `topics: ${[...this.#declared.keys()].join(', ') || 'none'}`)
    }
    if (Number.isInteger(partition) && partition >= 0 && partition < spec.partitions) return spec
    throw unknown(`topic ${name} has no partition ${partition}`, `its partitions are 0 to ${spec.partitions - 1}`)
  }

  has(name: string): boolean {
    return this.#declared.has(name)
  }

  /** Greatest record batch that the topic takes. */
  maxBytes(name: string): number {
    return this.#max_bytes.get(this.#options.names.topic(name)) ?? this.#options.max_message_bytes
  }

  maxStateBytes(): number {
    return this.#max_bytes.get(this.#options.state.topic) ?? this.#options.max_message_bytes
  }

  /** Reads what was declared by whomever. */
  async load(): Promise<void> {
    const existing = await this.#existing([this.#options.declared.topic, this.#options.state.topic])
    this.#options.state.partitions = existing.get(this.#options.state.topic)?.partitions.length ?? 0
    if (!existing.has(this.#options.declared.topic)) return
    const declared = new Map<string, Declared>()
    for (const [key, value] of (await this.#options.declared.values(0)).from(Buffer.alloc(0))) {
      declared.set(
        Buffer.from(key, 'latin1').toString('utf8'),
        JSON.parse(Buffer.from(value).toString('utf8')) as Declared,
      )
    }
    this.#declared = declared
    await this.#learnLimits()
  }

  async declare(specs: readonly TopicSpec[]): Promise<void> {
    const { names, declared, state, state_shards } = this.#options
    await this.load()
    const wanted = specs.map(({ name }) => names.topic(name))
    const existing = await this.#existing([declared.topic, state.topic, ...wanted])
    const missing: TopicSpec[] = []
    const changed = new Map<string, Declared>()
    let order = Math.max(-1, ...[...this.#declared.values()].map((one) => one.order))
    for (const spec of specs) {
      const old = this.#declared.get(spec.name)
      const found = existing.get(names.topic(spec.name))
      checkSpec(spec, old?.spec, found?.partitions.length)
      if (found === undefined) missing.push(spec)
      const now = { spec, order: old?.order ?? ++order }
      if (JSON.stringify(now) !== JSON.stringify(old)) changed.set(spec.name, now)
    }
    const create = missing.map(({ name, partitions }) => ({ topic: names.topic(name), partitions, config: this.#log }))
    if (!existing.has(declared.topic)) create.push({ topic: declared.topic, partitions: 1, config: this.#compacted })
    if (!existing.has(state.topic)) {
      create.push({ topic: state.topic, partitions: state_shards, config: this.#compacted })
    }
    if (create.length > 0) await this.#create(create)
    state.partitions ||= state_shards
    if (changed.size > 0) await this.#write(changed)
    for (const [name, now] of changed) this.#declared.set(name, now)
    await this.#learnLimits()
  }

  async #learnLimits(): Promise<void> {
    const { cluster, names, state } = this.#options
    const wanted = [state.topic, ...[...this.#declared.keys()].map((name) => names.topic(name))]
    for (const { topic, config } of await describeTopics(cluster, wanted)) {
      const limit = Number(config.find(({ name }) => name === 'max.message.bytes')?.value)
      if (limit > 0) this.#max_bytes.set(topic, limit)
    }
  }

  get #log(): Record<string, string> {
    return {
      'cleanup.policy': 'delete',
      'retention.ms': '-1',
      'retention.bytes': '-1',
      'max.message.bytes': String(this.#options.max_message_bytes),
      'message.timestamp.type': 'CreateTime',
      'message.timestamp.before.max.ms': MAX_LONG,
      'message.timestamp.after.max.ms': MAX_LONG,
    }
  }

  get #compacted(): Record<string, string> {
    return {
      ...this.#log,
      'cleanup.policy': 'compact',
      'min.cleanable.dirty.ratio': '0.2',
      'segment.bytes': '67108864',
    }
  }

  async #existing(kafka_names: readonly string[]): Promise<Map<string, TopicMetadata>> {
    const { topics } = await this.#options.cluster.metadata(kafka_names, { accept: [CODE.UNKNOWN_TOPIC_OR_PARTITION] })
    const found = new Map<string, TopicMetadata>()
    for (const topic of topics) {
      if (topic.error_code === 0) found.set(topic.topic, topic)
      else if (topic.error_code !== CODE.UNKNOWN_TOPIC_OR_PARTITION) {
        throw kafkaError(topic.error_code, `looking at topic ${topic.topic}`)
      }
    }
    return found
  }

  async #create(topics: readonly { topic: string; partitions: number; config: Record<string, string> }[]) {
    const { cluster, replication } = this.#options
    const output = await cluster.request(
      'controller',
      createTopics,
      { topics: topics.map((topic) => ({ ...topic, replication })), timeout_ms: 30_000, validate_only: false },
      { accept: [CODE.TOPIC_ALREADY_EXISTS], timeout_ms: 40_000 },
    )
    for (const { topic, error_code, error_message } of output.topics) {
      // Another process was first: its partitions are looked at below.
      if (error_code === 0 || error_code === CODE.TOPIC_ALREADY_EXISTS) continue
      throw kafkaError(error_code, `creating topic ${topic}`, { message: error_message })
    }
    await this.#led(topics)
  }

  /** Resolves when every partition has a leader, since a new topic reaches brokers one after another. */
  async #led(topics: readonly { topic: string; partitions: number }[]): Promise<void> {
    const give_up_at = performance.now() + 30_000
    for (let pause_ms = 2; ; pause_ms = Math.min(pause_ms * 2, 250)) {
      const found = await this.#existing(topics.map(({ topic }) => topic))
      const late = topics.find(({ topic }) => !found.get(topic)?.partitions.every(({ leader }) => leader >= 0))
      if (late === undefined) {
        for (const { topic, partitions } of topics) {
          const count = found.get(topic)?.partitions.length
          if (count !== partitions) throw mismatch(`topic ${topic} has ${count} partitions, not ${partitions}`)
        }
        return
      }
      if (performance.now() > give_up_at) throw kafkaError(5, `creating topic ${late.topic}`)
      await new Promise((resolve) => setTimeout(resolve, pause_ms))
    }
  }

  async #write(changed: ReadonlyMap<string, Declared>): Promise<void> {
    const { cluster, declared, max_message_bytes } = this.#options
    const records = [...changed].map(([name, one]) => ({
      key: Buffer.from(name, 'utf8'),
      value: Buffer.from(JSON.stringify(one)),
    }))
    const { topic } = declared
    const batches = encodeValues(records, max_message_bytes, `${topic}/0`)
    const writes = [{ topic, partition: 0, batches, base_offset: -1, end_offset: -1 }]
    await producePartitions(writes, {
      cluster,
      channel: 'main',
      transactional_id: null,
      producer_id: -1,
      producer_epoch: -1,
      sequences: new Map(),
      deadline_ms: 30_000,
    })
  }
}

function checkSpec(spec: TopicSpec, old: TopicSpec | undefined, partitions: number | undefined): void {
  const { name } = spec
  if (!Number.isInteger(spec.partitions) || spec.partitions < 1) {
    throw mismatch(`topic ${name} cannot have ${spec.partitions} partitions`)
  }
  if (partitions !== undefined && partitions !== spec.partitions) {
    throw mismatch(`topic ${name} has ${partitions} partitions, not ${spec.partitions}`)
  }
  if (old !== undefined && (old.internal ?? false) !== (spec.internal ?? false)) {
    throw mismatch(`topic ${name} cannot become ${spec.internal === true ? 'internal' : 'declared'}`)
  }
}

function mismatch(message: string): AppError {
  return new AppError('TOPIC_MISMATCH', message, {
    exit_code: 2,
    hint: '`aitrader rescale TOPIC --partitions N` gives a topic another number of partitions',
  })
}

function unknown(message: string, hint: string): AppError {
  return new AppError('TOPIC_UNKNOWN', message, { exit_code: 2, hint })
}
