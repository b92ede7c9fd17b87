import type { Arena } from '../api/arena.ts'
import type { Broker, Reader } from '../api/broker.ts'
import type { CommandRunner, QueryRunner } from '../api/effect.ts'
import type { Json, RecordType } from '../api/record.ts'
import type { Plan, PlannedSource } from '../plan/plan.ts'
import type { BackOff } from './asks.ts'
import type { Envelope } from './envelope.ts'
import type { LaneOptions } from './frontiers.ts'
import type { Hashes, JournalType } from './journal.ts'

export type Runner = { readonly query: QueryRunner } | { readonly command: CommandRunner }

export interface EngineOptions {
  readonly plan: Plan
  readonly broker: Broker
  readonly journal: JournalType
  /** Number of a record type in batches: the id in the Confluent prefix. */
  readonly schemaId: (fingerprint: string) => number
  readonly hashes: Hashes
  /** What stands behind effect stages, by stage. */
  readonly runners: Readonly<Record<string, Runner>>
  readonly observer?: Observer
  /** Of a broker whose batches may have other schemas than this build's; without it they have none. */
  readonly codecs?: WriterCodecs
  /** The part of the plan that this engine runs; without it, all of it. */
  readonly lane?: LaneOptions
  /** Waits before a refused commit or a failed effect is tried again. Without it, at once. */
  readonly backOff?: BackOff
}

/** From a batch's schema id to what decodes its records: they may have been written by an older or a newer build. */
export interface WriterCodecs {
  /** Of a log of this machine: every schema is at hand, and its offsets have no gaps. */
  readonly local?: boolean
  /** Makes `get` possible for an id: undefined if it is, else what to wait for. */
  prepare(id: number): Promise<void> | undefined
  get<T>(id: number, reader: RecordType<T>): (buf: Uint8Array, pos: number, end: number) => T
  /** Encodes values of `type` as the id's schema has them; false, and nothing is written, for one that it cannot say. */
  writer?<T>(id: number, type: RecordType<T>): (value: T, arena: Arena) => boolean
}

/** A reader that knows the schemas of what it reads; without codecs, they are this build's. */
export type CodedReader = Reader & { readonly codecs?: WriterCodecs }

/** Called as things happen; measures, never decides. */
export interface Observer {
  emitted?(envelope: Envelope): void
  /** Commit number `commit` begins: what is emitted from here on belongs to the next. */
  committing?(commit: number): void
  /** The commit that was begun as number `commit` is durable. */
  durable?(commit: number): void
  /** A commit was refused, nothing was written, and the same is sent again. */
  retried?(): void
  /** A lane has recovered to `ratio` (0 to 1, 1 at its end) and read `records` again for that. */
  restoring?(ratio: number, records: number): void
}

/** What the engine knows of one source: its next sequence number and where it stands. */
export interface SourceState {
  readonly planned: PlannedSource
  next_seq: number
  entries: number
  position: Json | undefined
  touched: boolean
}
