import Type from 'typebox'
import { emit, fault, hintFor, keep } from '../../runtime/api/index.ts'
import { type AnyRecord, defineBuiltin, setFrame } from './builtin.ts'

/** Sends each record to the outputs whose expressions are true. What goes nowhere is a fault, unless it may be dropped. */
export const route = defineBuiltin({
  name: 'route',
  description: 'Sends each record to the output port whose expression is true; the topology names the ports.',
  inputs: ['in'],
  outputs: [],
  open_outputs: true,
  faults: { NO_ROUTE: 'No expression is true for the record, and `otherwise` is `fault`.' },
  only_if: { NO_ROUTE: ({ otherwise }) => otherwise === 'fault' },
  params: Type.Object(
    {
      routes: Type.Record(Type.String({ pattern: '^[a-z][a-z0-9_]*$' }), Type.String({ minLength: 1 }), {
        minProperties: 1,
        description: 'Output ports in order, each with an expression of type bool over `record`.',
      }),
      mode: Type.Union([Type.Literal('first'), Type.Literal('all')], {
        default: 'first',
        description: '`first`: to the first port whose expression is true. `all`: to each of them.',
      }),
      otherwise: Type.Union([Type.Literal('fault'), Type.Literal('drop'), Type.Literal('emit')], {
        default: 'fault',
        description:
          'What becomes of a record for which no expression is true: refused as NO_ROUTE, dropped, or sent to the port `otherwise`.',
      }),
    },
    { additionalProperties: false },
  ),
  build({ params, inputs, outputs, expressions, problem }) {
    const record = inputs.in!
    const scope = expressions({ record })
    const names = Object.keys(params.routes)
    const routes = Object.entries(params.routes).map(([port, text]) => ({
      port,
      where: scope.compile(text, `/routes/${port}`, 'bool'),
    }))
    if (params.otherwise === 'emit') names.push('otherwise')
    for (const port of Object.keys(outputs)) {
      if (names.includes(port)) continue
      const hint = hintFor(port, names, 'routes')
      problem('ports', `/to/${port}`, `\`routes\` has no expression for the port \`${port}\``, hint)
    }
    const ports: Record<string, AnyRecord> = {}
    for (const name of names) ports[name] = record
    const first_only = params.mode === 'first'
    return {
      outputs: ports,
      on: {
        in(state, value, ctx) {
          setFrame(scope, ctx)
          scope.set('record', value)
          const to: Record<string, readonly [typeof value]> = {}
          let found = false
          for (const { port, where } of routes) {
            if (where!.run() !== true) continue
            to[port] = [value]
            found = true
            if (first_only) break
          }
          if (found) return emit(state, to)
          if (params.otherwise === 'emit') return emit(state, { otherwise: [value] })
          return params.otherwise === 'drop' ? keep(state) : fault('NO_ROUTE')
        },
      },
    }
  },
})
