/** The cluster that a plan asks and changes, by Kafka's own administration calls. */
import * as admin from '../../connectors/kafka/admin.ts'
import type { Cluster } from '../../connectors/kafka/cluster.ts'
import { AppError, RetriableError } from '../../runtime/api/index.ts'
import type { ClusterPort } from './cluster.ts'
import type { Acl, ActualGroup, ActualTopic, DesiredTopic, Offset } from './model.ts'

export class KafkaCluster implements ClusterPort {
  private readonly cluster: Cluster

  constructor(cluster: Cluster) {
    this.cluster = cluster
  }

  get cluster_id(): string {
    return this.cluster.cluster_id
  }

  async defaultReplication(): Promise<number> {
    const text = await admin.brokerConfig(this.cluster, 'default.replication.factor')
    return Math.max(1, Number(text ?? 1))
  }

  topicNames(): Promise<readonly string[]> {
    return admin.topicNames(this.cluster)
  }

  async topics(names: readonly string[]): Promise<readonly ActualTopic[]> {
    const found = await admin.describeTopics(this.cluster, names)
    const partitions = found.flatMap(({ topic, partitions: all }) => all.map(({ partition }) => ({ topic, partition })))
    if (partitions.length === 0) return []
    const [starts, ends] = await Promise.all([
      admin.listOffsets(this.cluster, partitions, 'earliest'),
      admin.listOffsets(this.cluster, partitions, 'latest'),
    ])
    return found.map(({ topic, topic_id, partitions: all, config }) => ({
      name: topic,
      id: topic_id,
      partitions: all.length,
      replication: Math.min(...all.map(({ replicas }) => replicas.length)),
      configs: Object.fromEntries(config.map(({ name, value }) => [name, value ?? ''])),
      start_offsets: offsetsOf(topic, starts),
      end_offsets: offsetsOf(topic, ends),
    }))
  }

  async createTopics(topics: readonly DesiredTopic[], validate_only: boolean): Promise<void> {
    // One that an apply which was cut short has made is compared by the next look, not refused here.
    const existing = new Set(await this.topicNames())
    const missing = topics.filter(({ name }) => !existing.has(name))
    if (missing.length === 0) return
    await admin.createTopics(
      this.cluster,
      missing.map(({ name, partitions, replication, configs }) => ({
        topic: name,
        partitions,
        replication: replication ?? -1,
        config: configs,
      })),
      { validate_only },
    )
    if (!validate_only)
      await this.untilThere(
        missing.map(({ name }) => name),
        true,
      )
  }

  async deleteTopics(names: readonly string[]): Promise<void> {
    if (names.length === 0) return
    await admin.deleteTopics(this.cluster, names)
    await this.untilThere(names, false)
  }

  addPartitions(topic: string, partitions: number): Promise<void> {
    return admin.createPartitions(this.cluster, [{ topic, partitions }])
  }

  setConfigs(topic: string, config: Readonly<Record<string, string>>, validate_only: boolean): Promise<void> {
    return admin.alterConfigs(this.cluster, [{ topic, config }], { validate_only })
  }

  async acls(): Promise<readonly Acl[] | undefined> {
    try {
      return (await admin.describeAcls(this.cluster)) as readonly Acl[] | undefined
    } catch (error) {
      // Without the right to see them, nothing can be said about them; everything else still can.
      if (error instanceof AppError && error.code === 'KAFKA_DENIED') return undefined
      throw error
    }
  }

  createAcls(acls: readonly Acl[]): Promise<void> {
    return admin.createAcls(this.cluster, acls as readonly admin.Acl[])
  }

  async deleteAcls(acls: readonly Acl[]): Promise<void> {
    await admin.deleteAcls(this.cluster, acls as readonly admin.Acl[])
  }

  async group(id: string): Promise<ActualGroup | undefined> {
    const group = await admin.describeGroup(this.cluster, id)
    if (group === undefined) return undefined
    const members = group.members.map(({ client_id, host }) => ({ client_id, host }))
    return { id, state: group.state, members, offsets: await admin.fetchOffsets(this.cluster, id) }
  }

  setOffsets(group: string, offsets: readonly Offset[]): Promise<void> {
    return admin.commitOffsets(this.cluster, group, offsets)
  }

  deleteGroup(group: string): Promise<void> {
    return admin.deleteGroup(this.cluster, group)
  }

  /** The controller has decided; brokers hear of it a moment later. */
  private async untilThere(names: readonly string[], there: boolean): Promise<void> {
    const give_up_at = performance.now() + 30_000
    for (;;) {
      const all = new Set(await this.topicNames())
      const waiting = names.filter((name) => all.has(name) !== there)
      if (waiting.length === 0) return
      if (performance.now() > give_up_at) {
        const what = `${waiting.join(', ')} ${there ? 'did not appear' : 'did not go away'}`
        throw new RetriableError('KAFKA_TIMEOUT', `${what} within 30 s`)
      }
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}

function offsetsOf(topic: string, all: readonly Offset[]): number[] {
  return all.filter((one) => one.topic === topic).map(({ offset }) => offset)
}
