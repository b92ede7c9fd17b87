import type { Written } from '../../runtime/topology/test-script.ts'
import type { Topology } from '../../runtime/topology/types.ts'
import type { World } from '../../runtime/topology/world.ts'
import type { Case } from './files.ts'

/**
 * Which stages, ports and fault codes of a topology no test touches.
 *
 * A stage is touched by a test that runs it, an input by one that runs the stage and has records on the input's topic,
 * an output by one in which the stage's topic gets a record, a fault code by one whose dead letters hold it from the
 * stage. Only topologies that a test names are looked at.
 */
export interface Coverage {
  readonly topology: string
  readonly stages: Part
  readonly ports: Part
  readonly faults: Part
}

interface Part {
  readonly all: number
  /** `nbbo`, `nbbo.books` (input), `nbbo -> nbbo` (output), `nbbo: CROSSED_BOOK`. */
  readonly untouched: readonly string[]
}

export class CoverageMeter {
  readonly #topologies = new Map<string, { readonly topology: Topology; readonly world: World }>()
  readonly #touched = new Map<string, Set<string>>()

  /** Notes a test that was run, and what its stages wrote. */
  note(
    { test, stages, options: { topology, world } }: Pick<Case, 'test' | 'stages' | 'options'>,
    topics: Written['topics'],
  ): void {
    const { name } = topology
    if (!this.#topologies.has(name)) this.#topologies.set(name, { topology, world: world as World })
    const touched = this.#touched.get(name) ?? new Set<string>()
    this.#touched.set(name, touched)
    const filled = new Set(
      [...Object.entries(test.given), ...Object.entries(topics)]
        .filter(([, records]) => records.length > 0)
        .map(([topic]) => topic),
    )
    const declared = topology.sources.topology?.to
    if (declared !== undefined && test.given[declared] === undefined && topology.instruments.length > 0) {
      filled.add(declared)
    }
    for (const stage of stages) {
      const { from, to, faults_to } = topology.stages[stage]!
      touched.add(stage)
      for (const [port, { topic }] of Object.entries(from)) if (filled.has(topic)) touched.add(`${stage}.${port}`)
      for (const [port, topic] of Object.entries(to)) {
        if ((topics[topic]?.length ?? 0) > 0) touched.add(`${stage} -> ${port}`)
      }
      for (const { value } of (faults_to === undefined ? undefined : topics[faults_to]) ?? []) {
        const letter = value as { stage?: unknown; code?: unknown }
        if (letter.stage === stage) touched.add(`${stage}: ${letter.code}`)
      }
    }
  }

  /** In the order in which topologies were met. */
  result(): Coverage[] {
    return [...this.#topologies].map(([name, { topology, world }]) => {
      const touched = this.#touched.get(name) ?? new Set()
      const part = (all: readonly string[]) => ({ all: all.length, untouched: all.filter((one) => !touched.has(one)) })
      const stages = Object.entries(topology.stages)
      return {
        topology: name,
        stages: part(stages.map(([stage]) => stage)),
        ports: part(
          stages.flatMap(([stage, { from, to }]) => [
            ...Object.keys(from).map((port) => `${stage}.${port}`),
            ...Object.keys(to).map((port) => `${stage} -> ${port}`),
          ]),
        ),
        faults: part(
          stages.flatMap(([stage, { use }]) =>
            Object.keys(world.processors[use]?.faults ?? {}).map((code) => `${stage}: ${code}`),
          ),
        ),
      }
    })
  }
}

export function coverageText(all: readonly Coverage[]): string {
  return all
    .map(({ topology, ...parts }) => {
      const lines = Object.entries(parts).map(([what, { all: count, untouched }]) => {
        const missing = untouched.map((one) => `\n    ${one}`).join('')
        return `  ${what}: ${count - untouched.length} of ${count} touched${missing}\n`
      })
      return `coverage of ${topology}\n${lines.join('')}`
    })
    .join('')
}
