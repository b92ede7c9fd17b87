/** What a plan asks of a Kafka cluster, and does to it. Each call may be made again: what is there already is no error. */
import type { Acl, ActualGroup, ActualTopic, DesiredTopic, Offset } from './model.ts'

export interface ClusterPort {
  readonly cluster_id: string
  /** Copies of each partition that a topic gets where nothing is said. */
  defaultReplication(): Promise<number>
  topicNames(): Promise<readonly string[]>
  /** Those of the topics that exist, with their settings and offsets. */
  topics(names: readonly string[]): Promise<readonly ActualTopic[]>
  /** With `validate_only` nothing is made: what would be refused is. */
  createTopics(topics: readonly DesiredTopic[], validate_only: boolean): Promise<void>
  /** Resolves when they are gone. */
  deleteTopics(names: readonly string[]): Promise<void>
  addPartitions(topic: string, partitions: number): Promise<void>
  setConfigs(topic: string, configs: Readonly<Record<string, string>>, validate_only: boolean): Promise<void>
  /** Undefined if the cluster has no authorizer or does not let us see. */
  acls(): Promise<readonly Acl[] | undefined>
  createAcls(acls: readonly Acl[]): Promise<void>
  deleteAcls(acls: readonly Acl[]): Promise<void>
  group(id: string): Promise<ActualGroup | undefined>
  setOffsets(group: string, offsets: readonly Offset[]): Promise<void>
  deleteGroup(group: string): Promise<void>
}
