import Type from 'typebox'
import { emit, keep, toUtf8 } from '../../runtime/api/index.ts'
import { defineBuiltin, setFrame } from './builtin.ts'

/**
 * 32-bit FNV-1a of the UTF-8 bytes, mixed at the end as MurmurHash3 does: FNV's lowest bit is the parity of the bytes, so
 * that of ids with even digits alone no half would ever pass. The same on every machine.
 */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (const byte of toUtf8(text)) hash = Math.imul(hash ^ byte, 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** Passes one record in `one_in`: of each key every Nth, or those whose hash says so. */
export const sample = defineBuiltin({
  name: 'sample',
  description:
    'Passes on one record in `one_in`: every Nth of each key, the first one included, or by the hash of an expression.',
  inputs: ['in'],
  outputs: ['out'],
  params: Type.Object(
    {
      one_in: Type.Integer({ minimum: 1, description: 'How many records there are to each one that passes.' }),
      by: Type.Optional(
        Type.String({
          minLength: 1,
          description:
            'Expression of type string or int over `record`. All records of one value pass or none; without it, every Nth of each key.',
        }),
      ),
    },
    { additionalProperties: false },
  ),
  build({ params, inputs, expressions }) {
    const record = inputs.in!
    const { one_in } = params
    const scope = expressions({ record })
    const by = params.by === undefined ? undefined : scope.compile(params.by, '/by')
    if (by !== undefined && by.type !== 'string' && by.type !== 'int') {
      scope.note('/by', `this is ${by.type}, and string or int is wanted`, 'say `string(x)`')
    }
    return {
      outputs: { out: record },
      initial: () => ({ passed_by: 0 }),
      on: {
        in(state: { readonly passed_by: number }, value, ctx) {
          if (by === undefined) {
            const passed_by = (state.passed_by + 1) % one_in
            return state.passed_by === 0 ? emit({ passed_by }, { out: [value] }) : keep({ passed_by })
          }
          setFrame(scope, ctx)
          scope.set('record', value)
          return hashOf(String(by.run())) % one_in === 0 ? emit(state, { out: [value] }) : keep(state)
        },
      },
    }
  },
})
