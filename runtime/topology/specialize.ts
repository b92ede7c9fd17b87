import type { AnyProcessor } from '../api/effect.ts'
import type { Ports, StageProblem } from '../api/processor.ts'

/** A stage's processor for the records of its topics, and what does not fit. */
export interface SpecializedStage {
  readonly processor: AnyProcessor
  readonly problems: readonly StageProblem[]
  readonly unguarded?: readonly StageProblem[]
}

type Port = readonly [name: string, record: Ports[string] | undefined]

/** Processors with ports of their own stay as they are; a built-in becomes one for the records given. */
export function specialize(
  processor: AnyProcessor,
  inputs: readonly Port[],
  outputs: readonly Port[],
  params: Readonly<Record<string, unknown>>,
): SpecializedStage {
  if (processor.kind !== 'processor' || processor.specialize === undefined) return { processor, problems: [] }
  return processor.specialize({ inputs: known(inputs), outputs: known(outputs), params })
}

function known(ports: readonly Port[]): Ports {
  return Object.fromEntries(ports.filter((port): port is readonly [string, Ports[string]] => port[1] !== undefined))
}
