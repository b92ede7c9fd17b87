/**
 * The words of a deployment plan: what a topology wants of a cluster and a registry, what is there, and the changes
 * from the one to the other. Plain data, so that a plan can be saved, compared and shown.
 */
import type { CompatibilityMode, SchemaVersion } from '../../connectors/registry/index.ts'
import type { Hashes } from '../../runtime/engine/journal.ts'

export type Action = 'none' | 'create' | 'update' | 'replace' | 'delete'

export type Kind = 'cluster' | 'topic' | 'subject' | 'acl' | 'group' | 'store'

/** What becomes of a stage's state. */
export type Impact = 'new' | 'kept' | 'migrated' | 'rebuilt' | 'lost'

export interface Blocked {
  readonly code: string
  readonly reason: string
  readonly hint: string
}

export interface Change {
  readonly kind: Kind
  readonly resource: string
  readonly action: Action
  /** What differs, a line each; of `none`, what is worth knowing. */
  readonly detail: readonly string[]
  /** Records, state or rights go for good. */
  readonly destructive: boolean
  /** Why nothing at all may be applied while this is so. */
  readonly blocked?: Blocked
  readonly impact?: Impact
  readonly steps: readonly Step[]
}

/** One call on the outside, which may be made again without harm. */
export type Step =
  | { readonly do: 'create-topic'; readonly topic: DesiredTopic }
  | { readonly do: 'recreate-topic'; readonly topic: DesiredTopic }
  | { readonly do: 'add-partitions'; readonly topic: string; readonly partitions: number }
  | { readonly do: 'set-configs'; readonly topic: string; readonly configs: Readonly<Record<string, string>> }
  | { readonly do: 'create-acl'; readonly acl: Acl }
  | { readonly do: 'delete-acl'; readonly acl: Acl }
  | { readonly do: 'set-mode'; readonly subject: string; readonly mode: CompatibilityMode }
  | { readonly do: 'register'; readonly subject: string; readonly schema: string; readonly mode: CompatibilityMode }
  | { readonly do: 'set-offsets'; readonly group: string; readonly offsets: readonly Offset[] }
  | { readonly do: 'rebuild-store'; readonly stage: string }
  | { readonly do: 'drop-store'; readonly stage: string }

export interface Offset {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

export interface DesiredTopic {
  readonly name: string
  readonly partitions: number
  /** Undefined: the broker's default, and any number that is there already. */
  readonly replication: number | undefined
  readonly configs: Readonly<Record<string, string>>
  /** Made for the runtime; its name begins with the topology's. */
  readonly internal: boolean
}

export interface DesiredSubject {
  readonly subject: string
  readonly topic: string
  readonly record: string
  /** Avro schema as JSON text. */
  readonly schema: string
  readonly mode: CompatibilityMode
  /** Stages, and readers outside, that read the topic. */
  readonly readers: readonly string[]
}

export interface DesiredStore {
  readonly stage: string
  readonly hashes: Hashes
  /** Names of its tasks. */
  readonly tasks: readonly string[]
  /** Topics it reads. */
  readonly inputs: readonly string[]
  /** How it reads them, a line each: its positions are by their order. */
  readonly channels: readonly string[]
  /** Topics it writes. */
  readonly outputs: readonly string[]
  /** Why its state cannot be computed again from its inputs; undefined if it can. */
  readonly not_rebuilt: string | undefined
}

export interface Acl {
  readonly resource: 'topic' | 'group' | 'transactional-id' | 'cluster'
  readonly pattern: 'literal' | 'prefixed'
  readonly name: string
  readonly principal: string
  readonly host: string
  readonly operation: string
  readonly permission: 'allow' | 'deny'
}

export interface Desired {
  readonly topology: string
  /** What the names of the topology's own topics and transactional ids begin with. */
  readonly prefix: string
  readonly topics: readonly DesiredTopic[]
  readonly subjects: readonly DesiredSubject[]
  readonly group: string
  /** Consumer groups of readers outside, which are looked at and never touched. */
  readonly outside_groups?: readonly OutsideGroup[]
  /** Undefined: nobody was named, so none are planned. */
  /** Names of all producers by the number of their journal partition. */
  readonly producers: readonly string[]
  /** Names of all lanes with their tasks, by the number of their partition of frontiers. */
  readonly lanes: readonly string[]
  readonly acls: { readonly principal: string; readonly needed: readonly Acl[] } | undefined
  readonly stores: readonly DesiredStore[]
  /** Stages whose state may be lost. */
  readonly allow_loss: readonly string[]
}

export interface OutsideGroup {
  readonly id: string
  /** Its name in the topology. */
  readonly reader: string
  readonly owner: string
  readonly topics: readonly string[]
}

export interface ActualTopic {
  readonly name: string
  readonly id: string
  readonly partitions: number
  /** Replicas of the partition that has the fewest. */
  readonly replication: number
  readonly configs: Readonly<Record<string, string>>
  /** Per partition. Between the two stand records, and marks of transactions. */
  readonly start_offsets: readonly number[]
  readonly end_offsets: readonly number[]
}

export interface ActualSubject {
  readonly subject: string
  readonly mode: CompatibilityMode
  /** The mode is the subject's own and not the registry's default. */
  readonly own: boolean
  readonly versions: readonly SchemaVersion[]
}

export interface ActualGroup {
  readonly id: string
  readonly state: string
  readonly members: readonly { readonly client_id: string; readonly host: string }[]
  readonly offsets: readonly Offset[]
}

/** A stage's state as its last run left it. */
export interface ActualStore {
  readonly stage: string
  /** Builds and configurations that its journal's tail (or, without one, its last entry) was written by. */
  readonly hashes: readonly Hashes[]
  /** Journal entries behind the last snapshot, of all its tasks. */
  readonly tail: number
  /** Why its snapshot cannot be read by this build; undefined if it can. */
  readonly unreadable: string | undefined
  /** How the stage read its inputs, as `DesiredStore.channels`; undefined where this build cannot tell any more. */
  readonly channels: readonly string[] | undefined
}

/** What the last `apply` left, as it wrote it down. */
export interface Applied {
  readonly cluster_id: string
  /** Id by topic. */
  readonly topics: Readonly<Record<string, string>>
  /** Schema id by subject. */
  readonly subjects: Readonly<Record<string, number>>
}

export interface Actual {
  readonly cluster_id: string
  /** The topics that are wanted and those of the topology's prefix. */
  readonly topics: readonly ActualTopic[]
  readonly subjects: readonly ActualSubject[]
  readonly group: ActualGroup | undefined
  /** Those of readers outside that are there. */
  readonly outside_groups?: readonly ActualGroup[]
  /** Undefined: the cluster has no authorizer, or does not tell us. */
  readonly acls: readonly Acl[] | undefined
  readonly stores: readonly ActualStore[]
  /** Producers of the last run by the number of their journal partition; undefined: it never ran. */
  readonly producers: readonly string[] | undefined
  /** Its lanes, as `Desired.lanes`; undefined too where this build cannot plan that topology any more. */
  readonly lanes: readonly string[] | undefined
  readonly applied: Applied | undefined
}

/** Records (and marks) of a topic. */
export function recordsIn(topic: ActualTopic | undefined): number {
  if (topic === undefined) return 0
  return topic.end_offsets.reduce((sum, end, partition) => sum + end - (topic.start_offsets[partition] ?? 0), 0)
}
