import { Default } from 'typebox/value'
import type { Json } from '../api/record.ts'
import type { Draft, DraftStage } from './draft.ts'
import { parseDuration } from './duration.ts'
import { processorOf } from './rules/scope.ts'
import { resolveInstruments, resolveParams } from './rules/stages.ts'
import type { Compatibility } from './schema.ts'
import type {
  EffectDeclaration,
  ExternalReaderDeclaration,
  InputDeclaration,
  KafkaDeclaration,
  Later,
  SinkDeclaration,
  StageDeclaration,
  TopicDeclaration,
  Topology,
} from './types.ts'
import { own, type World } from './world.ts'
import { type MapTree, toPlain } from './yaml.ts'

/** Makes the checked draft of a topology into the topology, with defaults. Relies on the draft having no finding. */
export function resolve(draft: Draft, world: World): Topology {
  const root = fields(draft.root)
  const sources = Object.fromEntries(
    draft.sources.map(({ name, to }) => {
      const lane = (record(root.sources)[name] as Fields).lane as string | undefined
      return [name, lane === undefined ? { to: to!.value } : { to: to!.value, lane }]
    }),
  )
  const topics = Object.fromEntries(
    [...draft.topics.keys()].map((name) => [name, topic(record(root.topics)[name] as Fields)]),
  )
  return {
    name: root.name as string,
    description: root.description as string,
    owner: root.owner as string,
    commit_interval_ms: (root.commit_interval_ms as number | undefined) ?? 5,
    commit_max_records: (root.commit_max_records as number | undefined) ?? 20_000,
    end_drain_ms: (root.end_drain_ms as number | undefined) ?? 5_000,
    ...(root.kafka === undefined ? {} : { kafka: kafka(record(root.kafka)) }),
    sources,
    instruments:
      draft.instruments === undefined ? [] : (resolveInstruments(draft.instruments) as Record<string, Json>[]),
    topics,
    stages: Object.fromEntries(draft.stages.map((one) => [one.name, stage(one, draft, world)])),
    ...(root.sinks === undefined ? {} : { sinks: each(root.sinks, (given) => sink(given, world)) }),
    ...(root.external_readers === undefined ? {} : { external_readers: each(root.external_readers, externalReader) }),
  }
}

function each<T>(given: unknown, read: (fields: Fields, name: string) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(record(given)).map(([name, one]) => [name, read(record(one), name)]))
}

function sink(given: Fields, { sinks = {} }: World): SinkDeclaration {
  const use = given.use as string
  return {
    use,
    topics: given.topics as string[],
    params: Default(own(sinks, use)!.params, { ...record(given.params) }) as Record<string, Json>,
    description: given.description as string | undefined,
  }
}

function externalReader(given: Fields, name: string): ExternalReaderDeclaration {
  return {
    topics: given.topics as string[],
    group: (given.group as string | undefined) ?? name,
    owner: given.owner as string,
    description: given.description as string,
  }
}

type Fields = Readonly<Record<string, unknown>>

function fields(tree: MapTree): Fields {
  return toPlain(tree) as Fields
}

function record(value: unknown): Fields {
  return (value ?? {}) as Fields
}

function topic(given: Fields): TopicDeclaration {
  return {
    record: given.record as string,
    key: given.key as string,
    partitions: given.partitions as number,
    retention_us: given.retention === undefined ? undefined : parseDuration(given.retention as string),
    retention_bytes: given.retention_bytes as number | undefined,
    compatibility: (given.compatibility as Compatibility | undefined) ?? 'FULL_TRANSITIVE',
    ...(given.external === true ? { external: true } : {}),
    description: given.description as string | undefined,
  }
}

function stage(one: DraftStage, draft: Draft, world: World): StageDeclaration {
  const given = fields(one.tree)
  const processor = processorOf(one, world)!
  const from: Record<string, InputDeclaration> = {}
  for (const { port, topic: name, as, feedback } of one.from ?? []) {
    const table = own(processor.tables, port) !== undefined
    from[port] = {
      topic: name!.value,
      as: table || as?.value === 'broadcast' ? 'broadcast' : 'keyed',
      feedback_us: feedback?.min_delay_us,
    }
  }
  return {
    use: processor.name,
    description: given.description as string | undefined,
    from,
    to: Object.fromEntries((one.to ?? []).map(({ port, topic: name }) => [port, name!.value])),
    faults_to: one.faults_to?.value,
    snapshot_every: (given.snapshot_every as number | undefined) ?? 1000,
    merge: given.merge === 'arrival' ? 'arrival' : 'by_data',
    max_faults: given.max_faults as number | undefined,
    params: resolveParams(processor, one.params, draft.instruments) as Record<string, Json>,
    effect: one.effect === undefined ? undefined : effect(fields(one.effect)),
    ...laterOf(given.dead_letters),
    ...(given.lane === undefined ? {} : { lane: given.lane as string }),
    ...(given.rekey === true ? { rekey: true } : {}),
  }
}

function laterOf(given: unknown): { later?: Later } {
  const { later } = record(given) as { later?: string }
  return later === 'park' || later === 'block' ? { later } : {}
}

/** How a topology that says nothing of Kafka runs there. */
export const KAFKA_DEFAULTS: KafkaDeclaration = {
  client: 'kafkajs',
  commit_interval_ms: 100,
  commit_max_records: 20_000,
  compression: 'none',
}

function kafka(given: Fields): KafkaDeclaration {
  return { ...KAFKA_DEFAULTS, ...(given as Partial<KafkaDeclaration>) }
}

function effect(given: Fields): EffectDeclaration {
  return {
    runner: given.runner as string,
    latency_us: parseDuration(given.latency as string)!,
    batch_max: (given.batch_max as number | undefined) ?? 64,
    retries: (given.retries as number | undefined) ?? 2,
    breaker_failures: (given.breaker_failures as number | undefined) ?? 5,
    breaker_open_us: parseDuration((given.breaker_open as string | undefined) ?? '5s')!,
  }
}
