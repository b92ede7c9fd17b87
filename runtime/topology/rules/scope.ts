import type { AnyProcessor } from '../../api/effect.ts'
import type { Ports } from '../../api/processor.ts'
import type { Draft, DraftStage, DraftTopic } from '../draft.ts'
import { own, type World } from '../world.ts'
import type { Report } from '../yaml.ts'

/** What every rule gets. A rule reports and answers nothing. */
export interface Scope {
  readonly draft: Draft
  readonly world: World
  readonly report: Report
}

/** The stage's processor; undefined if there is none of that name, which another rule says. */
export function processorOf(stage: DraftStage, world: World): AnyProcessor | undefined {
  return stage.use === undefined ? undefined : own(world.processors, stage.use.value)
}

/** Whether a port of `record` may be connected to `topic`; true where that cannot be told. */
export function speaks(record: string | undefined, topic: DraftTopic | undefined): boolean {
  return record === undefined || topic?.record === undefined || topic.record.value === record
}

/** All ports that a stage reads: inputs and tables. */
export function inputPorts(processor: AnyProcessor): Ports {
  return { ...processor.inputs, ...processor.tables }
}
