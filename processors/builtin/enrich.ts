import Type from 'typebox'
import { emit, fault, keep } from '../../runtime/api/index.ts'
import { compileSet, sameRecord } from './assign.ts'
import { defineBuiltin, setFrame, type Value } from './builtin.ts'
import { SetSchema } from './map.ts'

/** Looks each record up in a broadcast table and makes one record of both. */
export const enrich = defineBuiltin({
  name: 'enrich',
  description:
    'Makes one record of each that it reads and the row of a broadcast table that it names; the table is read as it stands then.',
  inputs: ['in'],
  tables: ['table'],
  outputs: ['out'],
  faults: { ROW_MISSING: 'The table has no row of this key, and `missing` is `fault`.' },
  only_if: { ROW_MISSING: ({ missing }) => missing === 'fault' },
  params: Type.Object(
    {
      lookup: Type.String({
        minLength: 1,
        description: "Expression of type string over `record`: the row's key, which is the key of the table's topic.",
      }),
      set: SetSchema,
      missing: Type.Union([Type.Literal('fault'), Type.Literal('drop'), Type.Literal('pass')], {
        default: 'fault',
        description:
          'What becomes of a record without a row: refused as ROW_MISSING, dropped, or passed on as it is (input and output are then of one type).',
      }),
    },
    { additionalProperties: false },
  ),
  build({ params, inputs, outputs, expressions, problem }) {
    const record = inputs.in!
    const out = outputs.out!
    const scope = expressions({ record, row: inputs.table! })
    const lookup = scope.compile(params.lookup, '/lookup', 'string')
    if (lookup?.used.has('row') === true) {
      scope.note('/lookup', 'the row is not known before it is looked up', 'name fields of `record`')
    }
    const assign = compileSet(out, record, params.set, scope)
    if (params.missing === 'pass' && !sameRecord(record, out)) {
      const message = `${record.name} cannot pass as ${out.name}`
      problem('params', '/missing', message, 'write `missing: fault` or `missing: drop`')
    }
    return {
      outputs: { out },
      on: {
        in(state, value, ctx) {
          setFrame(scope, ctx)
          scope.set('record', value)
          const key = lookup!.run() as string
          const table = (
            ctx.tables as Readonly<Record<string, { get(key: string): unknown; idOf(key: string): string }>>
          ).table!
          const row = table.get(key) as Value | undefined
          if (row === undefined) {
            if (params.missing === 'fault') return fault('ROW_MISSING', { key })
            return params.missing === 'pass' ? emit(state, { out: [value] }) : keep(state)
          }
          scope.set('row', row)
          const made = assign(value)
          const id = table.idOf(key)
          if (id !== undefined) ctx.cause(id)
          return emit(state, { out: [made] })
        },
      },
    }
  },
})
