import Type from 'typebox'
import { emit, fault, keep } from '../../runtime/api/index.ts'
import { defineBuiltin } from './builtin.ts'
import { MOST_MS } from './spans.ts'

/** Passes at most `max` records of a key in any `per_ms` of stream time; what is more is dropped or refused. */
export const throttle = defineBuiltin({
  name: 'throttle',
  description: 'Passes on at most `max` records of each key in any `per_ms` of stream time.',
  inputs: ['in'],
  outputs: ['out'],
  faults: { THROTTLED: 'One more record than `max` within `per_ms`, and `excess` is `fault`.' },
  only_if: { THROTTLED: ({ excess }) => excess === 'fault' },
  params: Type.Object(
    {
      max: Type.Integer({ minimum: 1, maximum: 10_000, description: 'Records of a key that pass within `per_ms`.' }),
      per_ms: Type.Integer({
        minimum: 1,
        maximum: MOST_MS,
        description: 'Stream time that is looked back, milliseconds.',
      }),
      excess: Type.Union([Type.Literal('drop'), Type.Literal('fault')], {
        default: 'drop',
        description: 'What becomes of the records past `max`: dropped, or refused as THROTTLED.',
      }),
    },
    { additionalProperties: false },
  ),
  build({ params, inputs }) {
    const { max, excess } = params
    const per_us = params.per_ms * 1_000
    return {
      outputs: { out: inputs.in! },
      // In order of time, and changed in place: a record costs what it takes away, not what is there.
      initial: (): { passed_us: number[] } => ({ passed_us: [] }),
      on: {
        in(state, value, { stream_time_us }) {
          const { passed_us } = state
          let past = 0
          while (past < passed_us.length && passed_us[past]! <= stream_time_us - per_us) past++
          const full = passed_us.length - past >= max
          // A refused record leaves the state as it was.
          if (full && excess === 'fault') return fault('THROTTLED', { max, per_ms: params.per_ms })
          if (past > 0) passed_us.splice(0, past)
          if (full) return keep(state)
          passed_us.push(stream_time_us)
          return emit(state, { out: [value] })
        },
      },
    }
  },
})
