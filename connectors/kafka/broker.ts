import type {
  Arena,
  Batch,
  Broker,
  Follower,
  PartitionInfo,
  Position,
  Producer,
  StoredBatch,
  TopicSpec,
  Transaction,
} from '../../runtime/api/index.ts'
import { BlockDigest, canonicalRuns, topicDigest } from '../../runtime/api/log.ts'
import type { TopicPartition } from './admin.ts'
import { ArenaPool } from './buffer-pool.ts'
import { requireExactlyOnce } from './capabilities.ts'
import { Cluster } from './cluster.ts'
import { CompactedTopic } from './compacted.ts'
import type { Compression } from './compression.ts'
import { KafkaFollower } from './follower.ts'
import { type Names, namesOf } from './names.ts'
import { PlainProducer } from './plain-producer.ts'
import { PartitionReader } from './reader.ts'
import { encodedBytes, encodeRecords } from './record-encoder.ts'
import { trimTopics } from './retention.ts'
import type { Security } from './security.ts'
import { Stores } from './stores.ts'
import { Topics } from './topics.ts'
import { closed, type EncodedTransaction, KafkaProducer } from './transaction.ts'
import type { Address } from './wire.ts'
import { openWire, type WireClient } from './wires.ts'
import type { PartitionWrite } from './write.ts'

/**
 * The broker port on Kafka.
 *
 * `partition()` answers what was heard last: `declare`, `producer`, `refresh`, every commit of ours, every read and
 * every followed poll tell. Behind `producer()` it holds all that older holders of the id committed, since taking the id
 * ends their transactions. Topics that nobody declared are `TOPIC_UNKNOWN`, though they may be on the cluster.
 */

export interface KafkaOptions {
  /** Brokers to begin with. */
  readonly bootstrap: readonly Address[]
  /** The library that carries the connections; default `kafkajs`. */
  readonly client?: WireClient | undefined
  readonly security?: Security | undefined
  /** The topology's name: internal topics, the state topic and transactional ids begin with it. */
  readonly topology: string
  /** How long to look for a broker that answers, milliseconds; default 10,000. */
  readonly connect_deadline_ms?: number | undefined
  /** Goes before the names of all topics and transactional ids; default none. */
  readonly prefix?: string | undefined
  /** Replication factor of topics to be created; default: the broker's. */
  readonly replication?: number | undefined
  /** Partitions of the state topic if it is to be created; default 8. */
  readonly state_shards?: number | undefined
  /** Greatest record batch of topics to be created, bytes; default 16 MiB. */
  readonly max_message_bytes?: number | undefined
  /** Codec of the batches we write; default `none`. */
  readonly compression?: Compression | undefined
  /** Producers in the order that breaks ties of stream time in digests: the plan's. */
  readonly producers?: readonly string[] | undefined
  /** `at_least_once` writes without transactions: for benches alone. Default `exactly_once`. */
  readonly guarantee?: 'exactly_once' | 'at_least_once' | undefined
  /** Time until the coordinator aborts a transaction that we left open, milliseconds; default 10,000. */
  readonly transaction_timeout_ms?: number | undefined
}

const TARGET_BYTES = 1024 * 1024
const DEFAULT_MAX_MESSAGE_BYTES = 16 * 1024 * 1024

/**
 * Connects. Rejects with an AppError (exit 4) `KAFKA_UNREACHABLE`, `KAFKA_AUTH`, `KAFKA_TLS`, `KAFKA_VERSION` or
 * `KAFKA_DENIED`.
 */
export async function openKafka(options: KafkaOptions): Promise<KafkaBroker> {
  const { bootstrap, security, client = 'kafkajs' } = options
  requireExactlyOnce(client)
  const wire = await openWire(client, { bootstrap, security })
  const cluster = await Cluster.connect(wire, bootstrap, { deadline_ms: options.connect_deadline_ms ?? 10_000 })
  const broker = new KafkaBroker(cluster, options)
  try {
    await broker.load()
    return broker
  } catch (error) {
    await broker.close()
    throw error
  }
}

export class KafkaBroker implements Broker {
  readonly cluster: Cluster
  readonly #names: Names
  readonly #options: KafkaOptions
  readonly #topics: Topics
  readonly #state: CompactedTopic
  readonly #declared: CompactedTopic
  readonly #stores: Stores
  readonly #reader: PartitionReader
  /** The newest of each id: those before it are fenced. */
  readonly #producers = new Map<string, KafkaProducer | PlainProducer>()
  readonly #followers = new Set<Follower>()
  readonly #arenas = new ArenaPool()
  #closing: Promise<void> | undefined

  constructor(cluster: Cluster, options: KafkaOptions) {
    this.cluster = cluster
    this.#options = options
    this.#names = namesOf(options.topology, options.prefix)
    this.#state = new CompactedTopic(cluster, this.#names.state)
    this.#declared = new CompactedTopic(cluster, this.#names.topics)
    this.#stores = new Stores(this.#state)
    this.#reader = new PartitionReader(cluster, this.#names.topic)
    this.#topics = new Topics({
      cluster,
      names: this.#names,
      declared: this.#declared,
      state: this.#state,
      replication: options.replication ?? -1,
      state_shards: options.state_shards ?? 8,
      max_message_bytes: options.max_message_bytes ?? DEFAULT_MAX_MESSAGE_BYTES,
    })
  }

  /** Learns the declared topics and their ends. */
  async load(): Promise<void> {
    await this.#topics.load()
    await this.#reader.refresh(this.#topics.all(), false)
  }

  /** Asks for starts and ends as of everything committed before the call, and for topics that others declared. */
  async refresh(): Promise<void> {
    this.#alive()
    await this.#topics.load()
    await this.#reader.refresh(this.#topics.all(), true)
  }

  topics(): readonly TopicSpec[] {
    return this.#topics.all()
  }

  partition(topic: string, partition: number): PartitionInfo {
    this.#topics.check(topic, partition)
    return this.#reader.info(topic, partition)
  }

  async highWatermark(topic: string, partition: number): Promise<number> {
    await this.#known(topic, partition)
    return this.#reader.highWatermark(topic, partition)
  }

  async read(topic: string, partition: number, offset: number): Promise<StoredBatch | undefined> {
    await this.#known(topic, partition)
    return this.#reader.read(topic, partition, offset)
  }

  follow(from: readonly Position[]): Follower {
    this.#alive()
    for (const { topic, partition } of from) this.#topics.check(topic, partition)
    const follower = new KafkaFollower(from, {
      cluster: this.cluster,
      kafkaName: this.#names.topic,
      heard: (...extent) => this.#reader.heard(...extent),
      closed: (one) => this.#followers.delete(one),
    })
    this.#followers.add(follower)
    return follower
  }

  async offsetAt(topic: string, partition: number, stream_time_us: number): Promise<number> {
    await this.#known(topic, partition)
    return this.#reader.offsetAt(topic, partition, stream_time_us)
  }

  async *scan(store: string, prefix = ''): AsyncGenerator<{ key: string; value: Uint8Array }> {
    this.#alive()
    yield* this.#stores.scan(store, prefix)
  }

  async get(store: string, key: string): Promise<Uint8Array | undefined> {
    this.#alive()
    return this.#stores.get(store, key)
  }

  /**
   * As the port says, over the records in canonical order (`runtime/log/canonical-order.ts`), since lanes commit apart.
   * Reads every topic. A topic that retention has cut is left out: what is gone cannot be hashed.
   */
  async digests(): Promise<Readonly<Record<string, { records: number; sha256: string }>>> {
    await this.refresh()
    const producers = this.#options.producers ?? []
    const digests: Record<string, { records: number; sha256: string }> = {}
    for (const { name, partitions, internal } of this.#topics.all()) {
      if (internal === true) continue
      let records = 0
      const chains: Buffer[] = []
      for (let i = 0; i < partitions && this.#reader.info(name, i).start_offset === 0; i++) {
        const digest = new BlockDigest()
        for await (const run of canonicalRuns(this, name, i, producers)) {
          const { buffer, byteOffset } = run.batch.bodies
          const start = byteOffset + run.bodies_start
          digest.add(Buffer.from(buffer, start, run.bodies_end - run.bodies_start), run.records)
          records += run.records
        }
        chains.push(digest.current())
      }
      if (chains.length === partitions) digests[name] = { records, sha256: topicDigest(chains) }
    }
    return digests
  }

  async declare(topics: readonly TopicSpec[]): Promise<void> {
    this.#alive()
    await this.#topics.declare(topics)
    await this.#reader.refresh(this.#topics.all(), false)
  }

  async producer(transactional_id: string): Promise<Producer> {
    this.#alive()
    const hooks = {
      cluster: this.cluster,
      encode: (transaction: Transaction) => this.#encode(transaction),
      committed: (writes: readonly PartitionWrite[]) => this.#committed(writes),
    }
    const id = this.#names.transactionalId(transactional_id)
    const transaction_timeout_ms = this.#options.transaction_timeout_ms ?? 10_000
    const producer =
      this.#options.guarantee === 'at_least_once'
        ? new PlainProducer({ ...hooks, channel: id })
        : await KafkaProducer.open({
            ...{ ...hooks, transactional_id: id, transaction_timeout_ms },
            partitions: this.#written(),
          })
    this.#producers.set(transactional_id, producer)
    await this.#reader.refresh(this.#topics.all(), false)
    return producer
  }

  /** Every partition that a transaction of this topology may write, in Kafka's names. */
  #written(): TopicPartition[] {
    const partitionsOf = (topic: string, count: number) =>
      Array.from({ length: count }, (_, partition) => ({ topic, partition }))
    const records = this.#topics.all().map(({ name, partitions }) => partitionsOf(this.#names.topic(name), partitions))
    return [...records.flat(), ...partitionsOf(this.#state.topic, this.#state.partitions)]
  }

  /** Counts offsets, those of markers among them. */
  async trim(stream_time_us: number, keep_from: ReadonlyMap<string, number>): Promise<number> {
    this.#alive()
    const topics = this.#topics.all()
    return trimTopics(this.cluster, this.#reader, topics, this.#names.topic, stream_time_us, keep_from)
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#followers].map((follower) => follower.close()))
    await Promise.all([...this.#producers.values()].map((producer) => producer.close()))
    this.#state.close()
    this.#declared.close()
    await this.cluster.close()
  }

  /** Checks a topic; one that another process declared since is looked for. */
  async #known(topic: string, partition: number): Promise<void> {
    this.#alive()
    if (!this.#topics.has(topic)) await this.#topics.load()
    this.#topics.check(topic, partition)
  }

  #encode({ batches, puts }: Transaction): EncodedTransaction {
    this.#alive()
    const by_partition = new Map<string, Batch[]>()
    for (const batch of batches) {
      this.#topics.check(batch.topic, batch.partition)
      if (batch.records === 0) continue
      const name = `${batch.topic}/${batch.partition}`
      const same = by_partition.get(name)
      if (same === undefined) by_partition.set(name, [batch])
      else same.push(batch)
    }
    const compression = this.#options.compression ?? 'none'
    const writes: PartitionWrite[] = []
    const arenas: Arena[] = []
    for (const same of by_partition.values()) {
      const { topic, partition } = same[0] as Batch
      const max_bytes = this.#topics.maxBytes(topic)
      const limits = { target_bytes: Math.min(TARGET_BYTES, max_bytes), max_bytes, compression }
      const arena = this.#arenas.take(encodedBytes(same))
      arenas.push(arena)
      const encoded = encodeRecords(same, limits, arena)
      writes.push({ topic: this.#names.topic(topic), port_topic: topic, partition, batches: encoded, ...UNWRITTEN })
    }
    for (const [partition, encoded] of this.#stores.encode(puts, this.#topics.maxStateBytes())) {
      writes.push({ topic: this.#state.topic, partition, batches: encoded, ...UNWRITTEN })
    }
    return {
      writes,
      release: () => {
        for (const arena of arenas) this.#arenas.give(arena)
      },
    }
  }

  #committed(writes: readonly PartitionWrite[]): void {
    for (const { port_topic, partition, base_offset, end_offset } of writes) {
      if (port_topic === undefined || base_offset < 0 || end_offset < 0) continue
      // Behind the records stands the marker of the commit.
      this.#reader.wrote(port_topic, partition, base_offset, end_offset + 1)
    }
  }

  #alive(): void {
    if (this.#closing !== undefined) throw closed()
  }
}

const UNWRITTEN = { base_offset: -1, end_offset: -1 }
