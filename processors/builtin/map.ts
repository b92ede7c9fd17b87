import Type from 'typebox'
import { emit } from '../../runtime/api/index.ts'
import { compileSet } from './assign.ts'
import { defineBuiltin, setFrame } from './builtin.ts'

const SetExpression = Type.String({
  minLength: 1,
  description: "An expression; a number or a text is one in quotes: `'2'`, `'\"LIVE\"'`.",
})

/** One `field: expression` per field that is made. */
export const SetSchema = Type.Record(Type.String({ pattern: '^[a-z][a-z0-9_]*$' }), SetExpression, {
  description:
    'Fields of the output record, each with its expression. Fields that are not named are taken over where the record in hand has one of the same name and type, and are null where that is allowed.',
})

/** Makes one record of each, of the same type or another. */
export const map = defineBuiltin({
  name: 'map',
  description: 'Makes one record of each that it reads, field by field.',
  inputs: ['in'],
  outputs: ['out'],
  params: Type.Object({ set: SetSchema }, { additionalProperties: false }),
  build({ params, inputs, outputs, expressions }) {
    const record = inputs.in!
    const scope = expressions({ record })
    const assign = compileSet(outputs.out!, record, params.set, scope)
    return {
      outputs: { out: outputs.out! },
      on: {
        in(state, value, ctx) {
          setFrame(scope, ctx)
          scope.set('record', value)
          return emit(state, { out: [assign(value)] })
        },
      },
    }
  },
})
