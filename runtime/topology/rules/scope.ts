import type { AnyProcessor } from '../../api/effect.ts'
import type { Ports } from '../../api/processor.ts'
import type { Draft, DraftStage, DraftTopic, Word } from '../draft.ts'
import { type SpecializedStage, specialize } from '../specialize.ts'
import { own, type World } from '../world.ts'
import { type Report, toPlain } from '../yaml.ts'

/** What every rule gets. A rule reports and answers nothing. */
export interface Scope {
  readonly draft: Draft
  readonly world: World
  readonly report: Report
}

/** The stage's processor, for the records of its topics; undefined if there is none of that name, which another rule says. */
export function processorOf(stage: DraftStage, world: World): AnyProcessor | undefined {
  return specializedOf(stage, world)?.processor
}

/** Every rule asks for every stage's processor, and compiling expressions is the dearest part of lint: done once. */
const specialized = new WeakMap<DraftStage, SpecializedStage>()

export function specializedOf(stage: DraftStage, world: World): SpecializedStage | undefined {
  const known = specialized.get(stage)
  if (known !== undefined) return known
  const processor = stage.use === undefined ? undefined : own(world.processors, stage.use.value)
  return processor === undefined ? undefined : { processor, problems: [] }
}

/** Makes the built-in stages' processors, by the records of the topics they are connected to. Before every rule. */
export function specializeStages(draft: Draft, world: World): void {
  const recordOf = (topic: Word | undefined) => {
    const record = topic === undefined ? undefined : draft.topics.get(topic.value)?.record
    return record === undefined ? undefined : own(world.records, record.value)
  }
  const portsOf = (ports: readonly { port: string; topic: Word | undefined }[] | undefined) =>
    (ports ?? []).map(({ port, topic }) => [port, recordOf(topic)] as const)
  for (const stage of draft.stages) {
    const processor = stage.use === undefined ? undefined : own(world.processors, stage.use.value)
    if (processor === undefined) continue
    const params = stage.params === undefined ? {} : (toPlain(stage.params) as Readonly<Record<string, unknown>>)
    specialized.set(stage, specialize(processor, portsOf(stage.from), portsOf(stage.to), params))
  }
}

/** Whether a port of `record` may be connected to `topic`; true where that cannot be told. */
export function speaks(record: string | undefined, topic: DraftTopic | undefined): boolean {
  return record === undefined || topic?.record === undefined || topic.record.value === record
}

/** All ports that a stage reads: inputs and tables. */
export function inputPorts(processor: AnyProcessor): Ports {
  return { ...processor.inputs, ...processor.tables }
}
