import { processorOfStage, type World } from '../../runtime/plan/plan.ts'
import type { Written } from '../../runtime/topology/test-script.ts'
import type { Topology } from '../../runtime/topology/types.ts'
import { own } from '../../runtime/topology/world.ts'
import type { Case } from './files.ts'

/**
 * Which stages, ports and fault codes of a topology no test touches.
 *
 * A stage is touched by a test that runs it, an input by one that runs the stage and has records on the input's topic,
 * an output by one in which the stage's topic gets a record, a fault code by one whose dead letters hold it from the
 * stage. Of a built-in stage those codes count that its expressions can end in. A code that no record can cause, as its processor's specification says, is named with the reason and counts as
 * none. Only topologies that a test names, or that `meet` was told of, are looked at.
 */
export interface Coverage {
  /** Its path, as the tests write it. */
  readonly topology: string
  readonly stages: Part
  readonly ports: Part
  readonly faults: Part
  readonly unreachable: readonly Unreachable[]
}

interface Unreachable {
  /** `strategy: PREDICTION_INVALID`. */
  readonly fault: string
  /** What refuses the record before. */
  readonly because: string
}

interface Part {
  readonly all: number
  /** `nbbo`, `nbbo.books` (input), `nbbo -> nbbo` (output), `nbbo: CROSSED_BOOK`. */
  readonly untouched: readonly string[]
}

export class CoverageMeter {
  readonly #topologies = new Map<string, { readonly topology: Topology; readonly world: World }>()
  readonly #touched = new Map<string, Set<string>>()

  /** Looks at a topology, whether or not a test names it; answers what of it was touched so far. */
  meet(path: string, topology: Topology, world: World): Set<string> {
    const known = this.#touched.get(path)
    if (known !== undefined) return known
    const touched = new Set<string>()
    this.#topologies.set(path, { topology, world })
    this.#touched.set(path, touched)
    return touched
  }

  /** Notes a test that was run, and what its stages wrote. */
  note(
    { topology: path, test, stages, options: { topology, world } }: Omit<Case, 'file'>,
    topics: Written['topics'],
  ): void {
    const touched = this.meet(path, topology, world)
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
    return [...this.#topologies].map(([path, { topology, world }]) => {
      const touched = this.#touched.get(path) ?? new Set()
      const part = (all: readonly string[]) => ({ all: all.length, untouched: all.filter((one) => !touched.has(one)) })
      const stages = Object.entries(topology.stages)
      const codes = stages.flatMap(([stage]) => {
        const processor = processorOfStage(topology, stage, world)
        const { faults, unreachable = {} } = processor
        const { raises = Object.keys(faults) } = processor.kind === 'processor' ? processor : {}
        return Object.keys(faults)
          .filter((code) => raises.includes(code))
          .map((code) => ({ fault: `${stage}: ${code}`, because: own(unreachable, code) }))
      })
      return {
        topology: path,
        stages: part(stages.map(([stage]) => stage)),
        ports: part(
          stages.flatMap(([stage, { from, to }]) => [
            ...Object.keys(from).map((port) => `${stage}.${port}`),
            ...Object.keys(to).map((port) => `${stage} -> ${port}`),
          ]),
        ),
        faults: part(codes.filter(({ because }) => because === undefined).map(({ fault }) => fault)),
        unreachable: codes.flatMap(({ fault, because }) => (because === undefined ? [] : [{ fault, because }])),
      }
    })
  }
}

export function coverageText(all: readonly Coverage[]): string {
  return all
    .map(({ topology, unreachable, stages, ports, faults }) => {
      const part = (what: string, { all: count, untouched }: Part, lines: readonly string[]) =>
        `  ${what}: ${count - untouched.length} of ${count} touched${lines.map((line) => `\n    ${line}`).join('')}\n`
      const beyond = unreachable.map(({ fault, because }) => `  beyond tests: ${fault} (${because})\n`)
      return [
        `coverage of ${topology}\n`,
        part('stages', stages, stages.untouched),
        part('ports', ports, ports.untouched),
        part('faults', faults, byStage(faults.untouched)),
        ...beyond,
      ].join('')
    })
    .join('')
}

/** A line per stage: `nbbo: INSTRUMENT_UNKNOWN, SCALE_MISMATCH`. */
function byStage(faults: readonly string[]): string[] {
  const codes = new Map<string, string[]>()
  for (const fault of faults) {
    const [stage, code] = fault.split(': ') as [string, string]
    codes.set(stage, [...(codes.get(stage) ?? []), code])
  }
  return [...codes].map(([stage, some]) => `${stage}: ${some.join(', ')}`)
}
