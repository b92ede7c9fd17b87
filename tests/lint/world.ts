import { type TObject, Type } from 'typebox'
import { filter } from '../../processors/builtin/filter.ts'
import type { AnyProcessor, Ports } from '../../runtime/api/index.ts'
import { SOURCES, type World } from '../../runtime/topology/world.ts'
import { records } from '../../schemas/generated/index.ts'

/**
 * A world for rules: the records of `schemas/`, and processors that do nothing, some with the names of shipped ones.
 *
 * Rules look at declarations only, so that no handler is needed.
 */

interface Given {
  readonly kind?: AnyProcessor['kind']
  readonly inputs?: Record<string, string>
  readonly tables?: Record<string, string>
  readonly outputs?: Record<string, string>
  readonly optional_outputs?: readonly string[]
  readonly faults?: Record<string, string>
  readonly params?: TObject
  readonly state_key?: AnyProcessor['state_key']
}

function ports(given: Record<string, string> = {}): Ports {
  return Object.fromEntries(Object.entries(given).map(([port, record]) => [port, records[record]!]))
}

function processor(name: string, given: Given): AnyProcessor {
  const keep = (state: unknown) => ({ kind: 'ok' as const, state, outputs: undefined })
  const base = {
    name,
    description: `Stands in for ${name}.`,
    inputs: ports(given.inputs),
    tables: ports(given.tables),
    outputs: ports(given.outputs),
    optional_outputs: given.optional_outputs ?? [],
    faults: given.faults ?? {},
    params: given.params ?? Type.Object({}),
    state_key: given.state_key ?? {},
    initial: () => null,
    snapshot: () => null,
    restore: () => null,
    on: {},
    timer: undefined,
  }
  const kind = given.kind ?? 'processor'
  return kind === 'processor' ? { ...base, kind } : { ...base, kind, answer: keep }
}

const faults = { MALFORMED: 'It cannot be read.' }

const shipped: Record<string, Given> = {
  normalizer: {
    inputs: { frames: 'RawFrame' },
    outputs: { events: 'MarketEvent', instruments: 'Instrument', bars: 'Bar' },
    optional_outputs: ['bars'],
    faults,
    params: Type.Object({
      instruments: Type.Array(Type.Object({ instrument_id: Type.String() })),
      undeclared: Type.Union([Type.Literal('declare'), Type.Literal('fault')], { default: 'declare' }),
    }),
  },
  'book-builder': {
    inputs: { events: 'MarketEvent' },
    outputs: { books: 'BookUpdate' },
    faults,
    params: Type.Object({
      levels: Type.Integer({ minimum: 1, default: 10, description: 'Levels published per side.' }),
    }),
  },
  'pattern-scorer': {
    inputs: { events: 'MarketEvent', books: 'BookUpdate' },
    outputs: { signals: 'PatternSignal' },
    params: Type.Object({ breakout: Type.Optional(Type.Object({ level: Type.Number({ exclusiveMinimum: 0 }) })) }),
  },
}

/** Small ones for cases of their own. */
const small: Record<string, Given> = {
  relay: { inputs: { in: 'MarketEvent' }, outputs: { out: 'MarketEvent' } },
  decode: { inputs: { in: 'RawFrame' }, outputs: { out: 'MarketEvent' }, faults },
  join: { inputs: { left: 'MarketEvent', right: 'BookUpdate' }, outputs: {} },
  lookup: { inputs: { in: 'MarketEvent' }, tables: { instruments: 'Instrument' } },
  ask: { kind: 'query', inputs: { in: 'PatternSignal' }, outputs: { out: 'Prediction' } },
  tuned: {
    inputs: { in: 'MarketEvent' },
    params: Type.Object({
      window: Type.Integer({ minimum: 1, description: 'Events looked at.' }),
      decay: Type.Number({ exclusiveMinimum: 0, exclusiveMaximum: 1, default: 0.5 }),
      steps: Type.Optional(Type.Array(Type.Integer({ multipleOf: 5 }))),
    }),
  },
  clocked: { inputs: { in: 'MarketEvent' }, outputs: { out: 'MarketEvent' } },
  account: {
    inputs: { in: 'OrderCommand' },
    state_key: { in: (value) => (value as { account: string }).account },
  },
  total: { inputs: { in: 'OrderCommand' }, state_key: { in: () => 'all' } },
  named: {
    inputs: { in: 'MarketEvent' },
    params: Type.Object({
      instruments: Type.Array(Type.Object({ instrument_id: Type.String(), price_scale: Type.Integer({ maximum: 8 }) })),
    }),
  },
}

export const world: World = {
  processors: {
    ...Object.fromEntries(
      Object.entries({ ...shipped, ...small }).map(([name, given]) => [name, processor(name, given)]),
    ),
    filter,
  },
  records,
  sources: SOURCES,
  sinks: {
    archive: {
      description: 'Stands in for one.',
      params: Type.Object({ folder: Type.String({ minLength: 1 }), every: Type.Integer({ minimum: 1, default: 5 }) }),
    },
  },
  impurities: (processor) =>
    processor === 'clocked'
      ? [{ file: 'clocked.ts', line: 3, column: 7, what: 'reads the wall clock (Date)', instead: 'use stream time' }]
      : [],
}
