import Type from 'typebox'
import { emit, keep } from '../../runtime/api/index.ts'
import { defineBuiltin, setFrame } from './builtin.ts'

/** Passes the records for which an expression is true; silent for the others. */
export const filter = defineBuiltin({
  name: 'filter',
  description: 'Passes on the records for which `where` is true and drops the others.',
  inputs: ['in'],
  outputs: ['out'],
  params: Type.Object(
    { where: Type.String({ minLength: 1, description: 'Expression of type bool over `record`.' }) },
    { additionalProperties: false },
  ),
  build({ params, inputs, expressions }) {
    const record = inputs.in!
    const scope = expressions({ record })
    const where = scope.compile(params.where, '/where', 'bool')
    return {
      outputs: { out: record },
      on: {
        in(state, value, ctx) {
          setFrame(scope, ctx)
          scope.set('record', value)
          return where!.run() === true ? emit(state, { out: [value] }) : keep(state)
        },
      },
    }
  },
})
