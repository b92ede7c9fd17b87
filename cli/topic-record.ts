/** One record as commands show it. */
export interface TopicRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly stream_time_us: number
  readonly id: string
  readonly key: string
  readonly value: unknown
}

/** How far a topic reaches, by partition, and what it is hashed to. */
export interface TopicExtent {
  readonly start_offsets: readonly number[]
  readonly end_offsets: readonly number[]
  readonly records: number
  /** Undefined where it cannot be told. */
  readonly sha256: string | undefined
}
