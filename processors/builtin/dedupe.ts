import Type from 'typebox'
import { emit, type Json, keep } from '../../runtime/api/index.ts'
import { defineBuiltin, setFrame } from './builtin.ts'
import { MOST_MS } from './spans.ts'

/** When a record of each value passed, microseconds of stream time. */
type Seen = Map<string, number>

/** Passes the first record of each value of `by` within `within_ms` of stream time; the later ones are dropped. */
export const dedupe = defineBuiltin({
  name: 'dedupe',
  description: 'Passes on the first record of each value of `by` and drops those that repeat it.',
  inputs: ['in'],
  outputs: ['out'],
  params: Type.Object(
    {
      by: Type.String({
        minLength: 1,
        description: 'Expression of type string or int over `record`: what makes two records of a key the same.',
      }),
      within_ms: Type.Integer({
        minimum: 1,
        maximum: MOST_MS,
        description: 'Stream time after a record that passed in which it counts as seen, milliseconds.',
      }),
      max_values: Type.Integer({
        minimum: 1,
        maximum: 1_000_000,
        default: 10_000,
        description: 'Values remembered of each key at most; beyond that the oldest is forgotten.',
      }),
    },
    { additionalProperties: false },
  ),
  build({ params, inputs, expressions }) {
    const record = inputs.in!
    const scope = expressions({ record })
    const by = scope.compile(params.by, '/by')
    if (by !== undefined && by.type !== 'string' && by.type !== 'int') {
      scope.note('/by', `this is ${by.type}, and string or int is wanted`, 'say `string(x)`')
    }
    const within_us = params.within_ms * 1_000
    return {
      outputs: { out: record },
      // In the order in which they passed, which is the order in which they are forgotten.
      initial: (): Seen => new Map(),
      snapshot: (seen: Seen): Json => [...seen],
      restore: (json) => new Map(json as unknown as [string, number][]),
      on: {
        in(seen: Seen, value, ctx) {
          setFrame(scope, ctx)
          scope.set('record', value)
          const same = String(by!.run())
          const { stream_time_us } = ctx
          for (const [one, at_us] of seen) {
            if (at_us > stream_time_us - within_us) break
            seen.delete(one)
          }
          if (seen.has(same)) return keep(seen)
          if (seen.size >= params.max_values) seen.delete(seen.keys().next().value as string)
          seen.set(same, stream_time_us)
          return emit(seen, { out: [value] })
        },
      },
    }
  },
})
