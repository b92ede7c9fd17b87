import { type KafkaBroker, openKafka } from '../../connectors/kafka/index.ts'
import { namesOf } from '../../connectors/kafka/names.ts'
import { readSecurity } from '../../connectors/kafka/security.ts'
import type { Address } from '../../connectors/kafka/wire.ts'
import { Codecs, openRegistry, type Registry, registryOptions, schemaIds } from '../../connectors/registry/index.ts'
import { AppError, type RecordType } from '../../runtime/api/index.ts'
import { FRONTIERS, frontiersTopic } from '../../runtime/engine/frontiers.ts'
import { JOURNAL, journalTopic } from '../../runtime/engine/journal.ts'
import type { LanePlan } from '../../runtime/plan/lanes.ts'
import { type Plan, plan } from '../../runtime/plan/plan.ts'
import { topicSpecs } from '../../runtime/plan/topics.ts'
import { KAFKA_DEFAULTS } from '../../runtime/topology/resolve.ts'
import type { KafkaDeclaration, Topology } from '../../runtime/topology/types.ts'
import { FrontierMark, JournalEntry } from '../../schemas/generated/index.ts'
import { shippedWorld } from '../world.ts'
import { requestKinds, requestTopics } from './requests.ts'

/** Where a topology runs: `--kafka` and `--registry`. */
export interface Target {
  readonly kafka: string
  readonly registry: string
}

/** `HOST:PORT,HOST:PORT`. An AppError `BAD_OPTION` (exit 2). */
export function parseBootstrap(text: string): Address[] {
  return text.split(',').map((one) => {
    const [, host, port] = /^\s*(.+):(\d{1,5})\s*$/.exec(one) ?? []
    if (host !== undefined && port !== undefined && Number(port) <= 65_535) return { host, port: Number(port) }
    throw new AppError('BAD_OPTION', `--kafka ${text} is no address`, {
      exit_code: 2,
      hint: 'write HOST:PORT, several with commas between them',
    })
  })
}

export function kafkaOf(topology: Topology): KafkaDeclaration {
  return topology.kafka ?? KAFKA_DEFAULTS
}

export interface OpenTarget {
  readonly broker: KafkaBroker
  readonly registry: Registry
  readonly codecs: Codecs
  /** Connects once more, for a thread or a group of its own. */
  close(): Promise<void>
}

/** Connects to both; rejects as each of them does. */
export async function openTarget(target: Target, topology: Topology): Promise<OpenTarget> {
  const { client, compression } = kafkaOf(topology)
  const registry = await openRegistry(target.registry, registryOptions(process.env))
  try {
    const broker = await openKafka({
      bootstrap: parseBootstrap(target.kafka),
      client,
      compression,
      security: await readSecurity(process.env),
      topology: topology.name,
      producers: plan(topology, await shippedWorld()).producers,
    })
    const close = async () => {
      registry.close()
      await broker.close()
    }
    return { broker, registry, codecs: new Codecs(registry), close }
  } catch (error) {
    registry.close()
    throw error
  }
}

/**
 * The registry's ids of everything that a plan writes, by fingerprint. An AppError `SCHEMA_UNREGISTERED` (exit 2) where
 * `aitrader apply` has not been run.
 */
export async function idsOf(registry: Registry, plan: Plan): Promise<(fingerprint: string) => number> {
  const { topic } = namesOf(plan.topology.name)
  const internal: { name: string; record: RecordType<never> }[] = [
    { name: topic(JOURNAL), record: JournalEntry as RecordType<never> },
    { name: topic(FRONTIERS), record: FrontierMark as RecordType<never> },
    ...requestKinds(plan).map((kind) => ({ name: topic(kind.topic), record: kind.type as RecordType<never> })),
  ]
  const ids = await schemaIds(registry, [...plan.topics, ...internal])
  return (fingerprint) => ids.get(fingerprint) as number
}

/** Declares every topic of a plan; one with another number of partitions is an AppError `TOPIC_MISMATCH`. */
export async function declareAll(broker: KafkaBroker, plan: Plan, lanes: LanePlan): Promise<void> {
  await broker.declare([...topicSpecs(plan), journalTopic(plan), frontiersTopic(lanes), ...requestTopics(plan)])
}
