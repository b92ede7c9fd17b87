import { type Static, Type } from 'typebox'
import { Check } from 'typebox/value'
import { RetriableError } from '../api/fault.ts'
import type { Json } from '../api/record.ts'
import type { Runner } from '../engine/options.ts'
import { DURATION_PATTERN, parseDuration } from './duration.ts'
import { hintFor } from './nearest.ts'
import { checkShape } from './shape.ts'
import { differences } from './test-compare.ts'
import { type Places, placesOf } from './test-places.ts'
import type { Topology } from './types.ts'
import { own } from './world.ts'
import { type MapTree, type Report, toPlain } from './yaml.ts'

/**
 * What a test says of effects and of states, beside records.
 *
 * An effect that a test answers for is not asked: the first rule whose `when` fits the request answers or fails. Rules
 * have no memory, so that a request that is repeated after a crash gets the same answer.
 */
export const MockSchema = Type.Object(
  {
    latency: Type.Optional(
      Type.String({
        pattern: DURATION_PATTERN,
        description: 'Virtual time to the answer, in the place of the stage’s.',
      }),
    ),
    answers: Type.Array(
      Type.Object(
        {
          when: Type.Optional(
            Type.Unknown({ description: 'Fields that the request has; without it, any request fits.' }),
          ),
          answer: Type.Optional(Type.Unknown({ description: 'What is answered.' })),
          fail: Type.Optional(
            Type.String({ minLength: 1, description: 'Fails with this code, however often it is asked.' }),
          ),
        },
        { additionalProperties: false },
      ),
      { description: 'The first one that fits counts. A request that none fits fails with `UNANSWERED`.' },
    ),
  },
  { additionalProperties: false },
)

export interface Mock {
  readonly latency_us: number | undefined
  readonly answers: Static<typeof MockSchema>['answers']
}

export interface ExpectedState {
  readonly stage: string
  readonly key: string
  /** The named fields; null: there is no state of the key. */
  readonly value: unknown
  readonly line: number
  readonly places: Places
}

/** Fields `effects` and `expect_state` of a test; those that are not there are left out. */
export function readExtras(
  test: MapTree,
  stages: readonly string[],
  topology: Topology,
  report: Report,
): { effects?: Readonly<Record<string, Mock>>; state?: readonly ExpectedState[] } {
  const known = (name: string, at: number) => {
    if (stages.includes(name)) return true
    report.add('UNKNOWN_STAGE', at, `the test runs no stage \`${name}\``, hintFor(name, stages, 'stages it runs'))
    return false
  }
  const effects: Record<string, Mock> = {}
  const given = test.entries.get('effects')?.value
  for (const [name, { at, value }] of given?.kind === 'map' ? given.entries : []) {
    if (!known(name, at)) continue
    if (own(topology.stages, name)?.effect === undefined) {
      report.add('EFFECT_UNEXPECTED', at, `\`${name}\` is no effect`, 'answer for stages that are effects')
      continue
    }
    const before = report.count
    checkShape(MockSchema, value, 'effects', value.at, report)
    const plain = toPlain(value)
    if (report.count > before || !Check(MockSchema, plain)) continue
    effects[name] = { latency_us: parseDuration(plain.latency ?? ''), answers: plain.answers }
  }
  const state: ExpectedState[] = []
  const expected = test.entries.get('expect_state')?.value
  for (const [stage, { at, value }] of expected?.kind === 'map' ? expected.entries : []) {
    if (!known(stage, at) || value.kind !== 'map') continue
    for (const [key, entry] of value.entries) {
      const places = placesOf(entry.value, report)
      state.push({ stage, key, value: toPlain(entry.value), line: report.line(entry.at), places })
    }
  }
  return {
    ...(given === undefined ? {} : { effects }),
    ...(expected === undefined ? {} : { state }),
  }
}

/** Answers from the rules. Nothing of it is a model: it is named for what it is. */
export function mockRunner({ answers }: Mock): Runner {
  const answerTo = (request: Json): Json => {
    const rule = answers.find(({ when }) => when === undefined || differences(when, request, []).length === 0)
    if (rule === undefined) throw new RetriableError('UNANSWERED', 'no rule of the test fits the request')
    if (rule.fail !== undefined) throw new RetriableError(rule.fail, 'the test says so')
    return (rule.answer ?? null) as Json
  }
  return {
    query: {
      identity: { name: 'test', version: '1', sha256: '' },
      run: (requests) => requests.map(answerTo),
    },
  }
}

/** The topology with the latencies that the test gives its effects. */
export function withLatencies(topology: Topology, effects: Readonly<Record<string, Mock>>): Topology {
  const stages = Object.entries(topology.stages).map(([name, stage]) => {
    const latency_us = own(effects, name)?.latency_us
    const changed =
      stage.effect === undefined || latency_us === undefined ? stage.effect : { ...stage.effect, latency_us }
    return [name, { ...stage, effect: changed }] as const
  })
  return { ...topology, stages: Object.fromEntries(stages) }
}
