import Type from 'typebox'
import { type AvroType, avroOf, emit, keep } from '../../runtime/api/index.ts'
import { compileSet } from './assign.ts'
import { defineBuiltin, setFrame } from './builtin.ts'
import { SetSchema } from './map.ts'
import { converter, present } from './views.ts'

/** Makes one record of each element of a list in the record; silent where the list is empty or null. */
export const split = defineBuiltin({
  name: 'split',
  description: 'Makes one record of each element of a list, in the order of the list.',
  inputs: ['in'],
  outputs: ['out'],
  params: Type.Object(
    {
      each: Type.String({
        pattern: '^[a-z][a-z0-9_]*$',
        description: 'The list field. Its elements are `item` in the expressions, counted by `index` from 0.',
      }),
      set: SetSchema,
    },
    { additionalProperties: false },
  ),
  build({ params, inputs, outputs, expressions, problem }) {
    const record = inputs.in!
    const field = avroOf(record).fields.get(params.each)
    const list = field === undefined ? undefined : present(field.type)
    const items: AvroType = list?.kind === 'array' ? list.items : { kind: 'string' }
    const out = { out: outputs.out! }
    if (list?.kind !== 'array') {
      const lists = [...avroOf(record).fields.values()].filter(({ type }) => present(type).kind === 'array')
      const hint = `lists of ${record.name}: ${lists.map(({ name }) => `\`${name}\``).join(', ') || 'none'}`
      problem('params', '/each', `${record.name} has no list \`${params.each}\``, hint)
      return { outputs: out, on: {} }
    }
    const scope = expressions({ record, item: items, index: { kind: 'long' } })
    const assign = compileSet(outputs.out!, record, params.set, scope)
    const convert = items.kind === 'record' ? (value: unknown) => value : converter(items)
    return {
      outputs: out,
      on: {
        in(state, value, ctx) {
          const elements = value[params.each] as readonly unknown[] | null
          if (elements === null || elements.length === 0) return keep(state)
          setFrame(scope, ctx)
          scope.set('record', value)
          const made = elements.map((item, index) => {
            scope.set('item', convert(item))
            scope.set('index', BigInt(index))
            return assign(value)
          })
          return emit(state, { out: made })
        },
      },
    }
  },
})
