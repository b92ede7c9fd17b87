import type { Json } from '../api/record.ts'
import type { Compatibility } from './schema.ts'

/**
 * A topology as `topology/*.yaml` says it, checked and with defaults filled in.
 *
 * Times written with a unit (`24h`, `500ms`) are microseconds here.
 */
export interface Topology {
  readonly name: string
  readonly description: string
  readonly owner: string
  /** Least wall time between two commits, milliseconds. */
  readonly commit_interval_ms: number
  /** Records after which a commit is made even earlier. */
  readonly commit_max_records: number
  /** Stream time that passes after the last frame of a finite source, milliseconds. */
  readonly end_drain_ms: number
  readonly sources: Readonly<Record<string, SourceDeclaration>>
  /** How it runs on Kafka; the defaults where it says nothing. */
  readonly kafka?: KafkaDeclaration
  /** Declared instruments: Instrument records without `tradable` (true) and `origin` (TOPOLOGY). */
  readonly instruments: readonly { readonly [field: string]: Json }[]
  readonly topics: Readonly<Record<string, TopicDeclaration>>
  readonly stages: Readonly<Record<string, StageDeclaration>>
  readonly sinks?: Readonly<Record<string, SinkDeclaration>>
  /** Who reads topics from outside, by name; absent: nobody is known to. */
  readonly external_readers?: Readonly<Record<string, ExternalReaderDeclaration>>
}

export interface SinkDeclaration {
  /** Its kind. */
  readonly use: string
  /** With defaults. */
  readonly params: Readonly<Record<string, Json>>
  readonly topics: readonly string[]
  readonly description: string | undefined
}

export interface ExternalReaderDeclaration {
  readonly topics: readonly string[]
  /** Its consumer group on Kafka. */
  readonly group: string
  readonly owner: string
  readonly description: string
}

export interface SourceDeclaration {
  readonly to: string
  /** What it commits together with on Kafka; undefined: the lane `sources`. */
  readonly lane?: string | undefined
}

export interface KafkaDeclaration {
  /** Library that carries the connections. */
  readonly client: 'kafkajs' | 'platformatic'
  /** Wall time between two commits of a lane, milliseconds. */
  readonly commit_interval_ms: number
  readonly commit_max_records: number
  readonly compression: 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'
}

export interface TopicDeclaration {
  readonly record: string
  /** The record's field that is the key (a string field). */
  readonly key: string
  readonly partitions: number
  /** Stream time that records are kept at least, microseconds; undefined keeps them for ever. */
  readonly retention_us: number | undefined
  /** Bytes per partition beyond which the oldest may go; undefined: no bound. */
  readonly retention_bytes: number | undefined
  /** Which schemas the registry lets follow one another, for Kafka only; FULL_TRANSITIVE where nothing is said. */
  readonly compatibility?: Compatibility
  /** Others write it. */
  readonly external?: boolean
  readonly description: string | undefined
}

export interface InputDeclaration {
  readonly topic: string
  /** keyed: partition i goes to task i. broadcast: every task reads all partitions. */
  readonly as: 'keyed' | 'broadcast'
  /** Least delay of a feedback edge, microseconds; undefined on an ordinary edge. */
  readonly feedback_us: number | undefined
}

export type Later = 'park' | 'block'

export interface StageDeclaration {
  /** The processor's name. */
  readonly use: string
  readonly description: string | undefined
  /** Input ports and table ports. */
  readonly from: Readonly<Record<string, InputDeclaration>>
  readonly to: Readonly<Record<string, string>>
  readonly faults_to: string | undefined
  /** Commits between two snapshots; 1 for small, precious state. */
  readonly snapshot_every: number
  readonly merge: 'by_data' | 'arrival'
  /** Records that may go to the dead-letter topic before the stage halts; undefined: no bound. */
  readonly max_faults: number | undefined
  /** What becomes of later records of a key after one was refused; undefined: they are processed. */
  readonly later?: Later
  readonly params: { readonly [name: string]: Json }
  /** Only for stages whose processor is an effect. */
  readonly effect: EffectDeclaration | undefined
  /** What it moves and commits together with on Kafka; undefined: decided by the plan. */
  readonly lane?: string | undefined
  /** It writes records of other keys than it reads. */
  readonly rekey?: boolean
}

export interface EffectDeclaration {
  /** What answers, by the name its connector knows it by: a model as `name/version`. */
  readonly runner: string
  /** Virtual time from request to answer, microseconds. */
  readonly latency_us: number
  /** Requests of one micro-batch at most. */
  readonly batch_max: number
  /** Retries after a retriable failure. */
  readonly retries: number
  /** Failed requests in a row after which the breaker opens, and stream time it stays open, microseconds. */
  readonly breaker_failures: number
  readonly breaker_open_us: number
}
