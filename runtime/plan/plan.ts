import { Value } from 'typebox/value'
import type { AnyProcessor } from '../api/effect.ts'
import { AppError, assert } from '../api/fault.ts'
import type { RecordType } from '../api/record.ts'
import { specialize } from '../topology/specialize.ts'
import type { EffectDeclaration, Later, StageDeclaration, TopicDeclaration, Topology } from '../topology/types.ts'
import { REDELIVERY_SOURCE } from '../topology/world.ts'
import { partitionOf } from './partitioner.ts'

export interface PlannedTopic {
  readonly index: number
  readonly name: string
  readonly record: RecordType<unknown>
  /** Field of the record that is its key. */
  readonly key: string
  readonly partitions: number
  readonly retention_us: number | undefined
  readonly retention_bytes: number | undefined
  /** Others write it; each of its partitions counts as a producer named `topic/partition`. */
  readonly external: boolean
  /** The partition that records of `key` go to. */
  partitionOf(key: string): number
}

export interface PlannedInput {
  readonly port: string
  readonly table: boolean
  readonly topic: PlannedTopic
  readonly partition: number
  /** Partition i goes to task i; else every task reads all partitions. */
  readonly keyed: boolean
  /** Least delay of a feedback edge, microseconds; 0 on an ordinary edge. */
  readonly delay_us: number
  /** It brings records that the stage has refused before, to be taken as if they came by their own input. */
  readonly redelivery?: true
}

export interface PlannedTask {
  /** `stage/partition`: the producer's name in every record id. */
  readonly name: string
  readonly stage: string
  readonly number: number
  /** Its number among all producers. */
  readonly producer: number
  readonly processor: AnyProcessor
  readonly params: unknown
  readonly inputs: readonly PlannedInput[]
  /** Topics by output port; a port that the topology leaves unwired is not here. */
  readonly outputs: ReadonlyMap<string, PlannedTopic>
  readonly faults_to: PlannedTopic | undefined
  readonly snapshot_every: number
  readonly merge: 'by_data' | 'arrival'
  readonly max_faults: number | undefined
  /** What becomes of later records of a key after one was refused; undefined: they are processed. */
  readonly later: Later | undefined
  readonly effect: EffectDeclaration | undefined
  /** Nothing it writes is read in the plan, nobody else writes there, and it refuses nothing: it may run late. */
  readonly last: boolean
  /** It writes records of other keys than it reads. */
  readonly rekey: boolean
}

export interface PlannedSource {
  readonly name: string
  readonly producer: number
  readonly topic: PlannedTopic
}

/**
 * A checked topology as topics, producers and tasks in the order they run.
 *
 * Producers are numbered sources first, then tasks in topological order, then partitions that others write; this number is the `producer` of the merge
 * order. Within one instant of stream time a task therefore runs after everything that feeds it.
 */
export interface Plan {
  readonly topology: Topology
  readonly topics: readonly PlannedTopic[]
  readonly sources: readonly PlannedSource[]
  readonly tasks: readonly PlannedTask[]
  /** Stages in the order they run. */
  readonly stages: readonly string[]
  /** Names of all producers, by number. */
  readonly producers: readonly string[]
}

/** Numbers of all producers, by name. */
export function producerNumbers(plan: Plan): ReadonlyMap<string, number> {
  return new Map(plan.producers.map((name, number) => [name, number]))
}

/** Every topic that a task can write, dead letters included, each once. */
export function outputTopics({ outputs, faults_to }: PlannedTask): ReadonlySet<PlannedTopic> {
  const topics = new Set(outputs.values())
  return faults_to === undefined ? topics : topics.add(faults_to)
}

/** Parameters that the runtime fills in where a processor declares them and the stage does not: by name. */
export type Provided = Readonly<Record<string, unknown>>

export interface World {
  readonly processors: Readonly<Record<string, AnyProcessor>>
  readonly records: Readonly<Record<string, RecordType<unknown>>>
}

/**
 * Plans a linted topology. What lint would have found is an assertion here; a circle of stages without a feedback edge is
 * an AppError `UNDECLARED_CYCLE` (exit 1).
 */
export function plan(topology: Topology, world: World, provided: Provided = {}): Plan {
  const given: Provided = { instruments: topology.instruments, ...provided }
  const topics = Object.entries(topology.topics).map(([name], index) => plannedTopic(topology, name, index, world))
  const topic = (name: string): PlannedTopic => {
    const found = topics.find((candidate) => candidate.name === name)
    assert(found !== undefined, `the topic ${name} is not declared`)
    return found
  }

  const stages = inOrder(topology)
  const sources = Object.entries(topology.sources).map(([name, source], producer): PlannedSource => {
    return { name, producer, topic: topic(source.to) }
  })
  const redelivery = topology.sources[REDELIVERY_SOURCE]
  const redeliveries = redelivery === undefined ? undefined : topic(redelivery.to)
  const tasks: PlannedTask[] = []
  for (const name of stages) {
    const stage = topology.stages[name] as StageDeclaration
    const processor = processorOfStage(topology, name, world)
    const keyed = Object.values(stage.from).filter((input) => input.as === 'keyed')
    const count = keyed[0] === undefined ? 1 : topic(keyed[0].topic).partitions
    const outputs = new Map(Object.entries(stage.to).map(([port, to]) => [port, topic(to)]))
    const params = withProvided(processor, stage, given)
    const last = isLast(topology, name, processor)
    for (let number = 0; number < count; number++) {
      tasks.push({
        name: `${name}/${number}`,
        stage: name,
        number,
        producer: sources.length + tasks.length,
        processor,
        params,
        inputs: inputsOf(processor, stage, number, topic, last ? undefined : redeliveries),
        outputs,
        faults_to: stage.faults_to === undefined ? undefined : topic(stage.faults_to),
        snapshot_every: processor.kind === 'processor' ? stage.snapshot_every : 1,
        merge: stage.merge,
        max_faults: stage.max_faults,
        later: stage.later,
        effect: stage.effect,
        last,
        rekey: stage.rekey ?? false,
      })
    }
  }
  const outside = topics.filter(({ external }) => external)
  const producers = [
    ...sources.map((source) => source.name),
    ...tasks.map((task) => task.name),
    ...outside.flatMap(({ name, partitions }) => Array.from({ length: partitions }, (_, i) => `${name}/${i}`)),
  ]
  return { topology, topics, sources, tasks, stages, producers }
}

/** Keys whose partition is remembered, per topic: instruments and accounts are few, and hashing one costs more. */
const REMEMBERED_KEYS = 10_000

function plannedTopic(topology: Topology, name: string, index: number, world: World): PlannedTopic {
  const {
    record: record_name,
    key,
    partitions,
    retention_us,
    retention_bytes,
    external,
  } = topology.topics[name] as TopicDeclaration
  const record = world.records[record_name]
  assert(record !== undefined, `topic ${name} has the unknown record ${record_name}`)
  const known = new Map<string, number>()
  return {
    index,
    name,
    record,
    key,
    partitions,
    retention_us,
    retention_bytes,
    external: external ?? false,
    partitionOf(text) {
      let partition = known.get(text)
      if (partition === undefined) {
        partition = partitionOf(text, partitions)
        if (known.size < REMEMBERED_KEYS) known.set(text, partition)
      }
      return partition
    },
  }
}

/** No processor has a port of this name. */
const REDELIVERY_PORT = '(redelivered)'

/** Ports in the order of their topics, partitions ascending: the order in which equal times are merged. */
function inputsOf(
  processor: AnyProcessor,
  stage: StageDeclaration,
  number: number,
  topic: (name: string) => PlannedTopic,
  redeliveries: PlannedTopic | undefined,
): PlannedInput[] {
  const inputs: PlannedInput[] = []
  for (const [port, declared] of Object.entries(stage.from)) {
    const from = topic(declared.topic)
    const partitions = declared.as === 'keyed' ? [number] : Array.from({ length: from.partitions }, (_, i) => i)
    for (const partition of partitions) {
      const table = port in processor.tables
      const keyed = declared.as === 'keyed'
      inputs.push({ port, table, topic: from, partition, keyed, delay_us: declared.feedback_us ?? 0 })
    }
  }
  if (redeliveries !== undefined && stage.faults_to !== undefined) {
    const common = { port: REDELIVERY_PORT, table: false, topic: redeliveries, keyed: false, delay_us: 0 }
    for (let i = 0; i < redeliveries.partitions; i++) inputs.push({ ...common, partition: i, redelivery: true })
  }
  return inputs.sort((a, b) => a.topic.index - b.topic.index || a.partition - b.partition)
}

/** The stage's processor for the records of its topics. Lint has found nothing, unless parameters came from elsewhere. */
export function processorOfStage(topology: Topology, name: string, world: World): AnyProcessor {
  const stage = topology.stages[name] as StageDeclaration
  const generic = world.processors[stage.use]
  assert(generic !== undefined, `stage ${name} uses the unknown processor ${stage.use}`)
  const recordOf = (topic: string) => world.records[topology.topics[topic]?.record ?? '']
  const inputs = Object.entries(stage.from).map(([port, { topic }]) => [port, recordOf(topic)] as const)
  const outputs = Object.entries(stage.to).map(([port, topic]) => [port, recordOf(topic)] as const)
  const { processor, problems } = specialize(generic, inputs, outputs, stage.params)
  const [first] = problems
  if (first === undefined) return processor
  throw new AppError('EXPRESSION_INVALID', `stage ${name}: \`${first.pointer.slice(1)}\`: ${first.message}`, {
    exit_code: 1,
    hint: first.hint,
  })
}

function withProvided(processor: AnyProcessor, stage: StageDeclaration, provided: Provided): unknown {
  const declared = processor.params.properties as object
  const wanted = Object.entries(provided).filter(([name]) => name in declared && !(name in stage.params))
  return Value.Default(processor.params, structuredClone({ ...Object.fromEntries(wanted), ...stage.params }))
}

function isLast(topology: Topology, name: string, processor: AnyProcessor): boolean {
  const outputs = Object.values((topology.stages[name] as StageDeclaration).to)
  const others = Object.entries(topology.stages).filter(([other]) => other !== name)
  const read = Object.values(topology.stages).flatMap((stage) => Object.values(stage.from).map(({ topic }) => topic))
  const written = others.flatMap(([, stage]) => [...Object.values(stage.to), stage.faults_to])
  const refuses = Object.keys(processor.faults).length > 0
  return processor.kind === 'processor' && !refuses && !outputs.some((to) => read.includes(to) || written.includes(to))
}

/** Stages so that each follows what feeds it, feedback edges apart; ties in the order of the file. */
function inOrder(topology: Topology): string[] {
  const writers = new Map<string, string[]>()
  const write = (topic: string | undefined, stage: string) => {
    if (topic !== undefined) writers.set(topic, [...(writers.get(topic) ?? []), stage])
  }
  for (const [name, stage] of Object.entries(topology.stages)) {
    for (const to of Object.values(stage.to)) write(to, name)
    write(stage.faults_to, name)
  }
  const order: string[] = []
  const names = Object.keys(topology.stages)
  while (order.length < names.length) {
    const next = names.find((name) => {
      if (order.includes(name)) return false
      const inputs = Object.values((topology.stages[name] as StageDeclaration).from)
      return inputs.every((input) => {
        const ordinary = input.feedback_us === undefined
        return !ordinary || (writers.get(input.topic) ?? []).every((writer) => order.includes(writer))
      })
    })
    if (next === undefined) {
      const rest = names.filter((name) => !order.includes(name))
      throw new AppError('UNDECLARED_CYCLE', `the stages ${rest.join(', ')} feed one another in a circle`, {
        exit_code: 1,
        hint: 'mark one edge of the circle with feedback: { min_delay_us: ... }',
      })
    }
    order.push(next)
  }
  return order
}
