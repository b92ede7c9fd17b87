/**
 * The broker port: partitions of encoded batches, transactions, fencing, key-value stores for snapshots.
 *
 * Three brokers stand behind it (simulated, embedded, Kafka); one conformance suite holds them to the same
 * behaviour. Readers see committed records only. Offsets grow; within a batch they are dense. On the simulated and the
 * embedded broker they count records from 0; on Kafka markers and aborted records leave gaps.
 */

/**
 * Records of one partition in one transaction, encoded by `runtime/log/batch.ts`: `heads` holds per record its
 * producer, sequence, stream time and causes; `bodies` per record `u32le key length, key, u32le body length, Avro
 * body` (no Confluent prefix: a batch has one `schema_id`).
 */
export interface Batch {
  readonly topic: string
  readonly partition: number
  readonly records: number
  readonly schema_id: number
  /** Least and greatest stream time in the batch, microseconds. */
  readonly first_time_us: number
  readonly last_time_us: number
  /** Producers that `heads` refers to by index. */
  readonly producers: readonly string[]
  readonly heads: Uint8Array
  readonly bodies: Uint8Array
}

/** A batch as read: `base_offset` is the offset of its first record. */
export interface StoredBatch extends Batch {
  readonly base_offset: number
}

/**
 * A change of a key-value store (snapshots, positions), committed with the batches. `null` deletes. A broker may keep
 * values apart by what stands before the first zero byte of their key (the task's name).
 */
export interface Put {
  readonly store: string
  readonly key: string
  readonly value: Uint8Array | null
}

export interface Transaction {
  readonly batches: readonly Batch[]
  readonly puts: readonly Put[]
}

export interface TopicSpec {
  readonly name: string
  readonly partitions: number
  /** Records older than this many microseconds of stream time may go; undefined keeps them. */
  readonly retention_us?: number
  /** Bytes per partition beyond which the oldest may go; undefined keeps them. */
  readonly retention_bytes?: number
  /** Internal topics (journal, frontiers) are not in `digests`. */
  readonly internal?: boolean
}

/** A place to read from. */
export interface Position {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Where the log was cut behind `offset` meanwhile, begin with what is left; otherwise `STATE_UNRECOVERABLE`. */
  readonly or_start?: boolean
}

/**
 * Partitions followed as they grow: committed batches of each in order, fetched ahead within a bound, so that one
 * partition that nobody takes from stops only itself.
 */
export interface Follower {
  /** Next batch of partition `index` (of those followed) that is here already; undefined if there is none yet. */
  take(index: number): StoredBatch | undefined
  /** Offset before which everything of partition `index` was taken: the end, where there is nothing to take. */
  taken(index: number): number
  /** Resolves when a `take` that answered undefined may have something. Rejects with what ended the reading. */
  ready(): Promise<void>
  close(): Promise<void>
}

export interface PartitionInfo {
  readonly topic: string
  readonly partition: number
  readonly start_offset: number
  readonly end_offset: number
}

/** Writes under one transactional id, until a newer producer takes it. */
export interface Producer {
  /**
   * Commits all of it or nothing and resolves when it is durable. Batches of one partition get consecutive offsets
   * in the order given; commits are serial: a call made before the last one ended is queued behind it.
   * Rejects with: `FENCED` (AppError, final), `RetriableError` (nothing was written: send the same again),
   * `COMMIT_UNKNOWN` (AppError: outcome unknown, read the journal's end to learn it).
   */
  commit(transaction: Transaction): Promise<void>
}

export interface Reader {
  topics(): readonly TopicSpec[]
  partition(topic: string, partition: number): PartitionInfo
  /** Offset behind everything that stands in a partition by now, committed or not. */
  highWatermark(topic: string, partition: number): Promise<number>
  /** The batch that holds `offset`, or the next one after it; undefined at the end. Durable data only. */
  read(topic: string, partition: number, offset: number): Promise<StoredBatch | undefined>
  /** Follows partitions, each from its `offset` on. */
  follow(from: readonly Position[]): Follower
  /**
   * An offset at or before every record whose stream time is `stream_time_us` or later: where to begin reading what
   * has not been passed yet. The end if there is none.
   */
  offsetAt(topic: string, partition: number, stream_time_us: number): Promise<number>
  /** Values of a store whose keys start with `prefix`, in key order (bytewise UTF-8). */
  scan(store: string, prefix?: string): AsyncIterable<{ key: string; value: Uint8Array }>
  get(store: string, key: string): Promise<Uint8Array | undefined>
  /**
   * SHA-256 (hex) per declared topic: per partition, blocks of 4,096 records of `bodies` bytes are hashed and chained
   * (`chain = sha256(chain || sha256(block))`, the open block counted as it stands), then partitions in order.
   */
  digests(): Promise<Readonly<Record<string, { records: number; sha256: string }>>>
  close(): Promise<void>
}

export interface Broker extends Reader {
  /** Declares topics; an existing one with another partition count is an AppError `TOPIC_MISMATCH`. */
  declare(topics: readonly TopicSpec[]): Promise<void>
  /** Takes the transactional id: an older producer of the same id is fenced from here on. */
  producer(transactional_id: string): Promise<Producer>
  /**
   * Drops what retention allows, never at or beyond `keep_from` (recovery positions, per `topic/partition`) nor in an
   * open digest block. Answers the number of records dropped.
   */
  trim(stream_time_us: number, keep_from: ReadonlyMap<string, number>): Promise<number>
}
