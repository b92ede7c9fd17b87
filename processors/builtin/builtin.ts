import type { Static, TObject } from 'typebox'
import { Check, Clone, Default } from 'typebox/value'
import type {
  AvroType,
  Context,
  Json,
  Processor,
  RecordType,
  Specialized,
  StageProblem,
  StageUse,
  Step,
} from '../../runtime/api/index.ts'
import { EXPRESSION_FAULTS, Expressions, faultOf, type NameType } from './expressions.ts'

/**
 * Defines a built-in stage: a processor whose ports take the records of the topics that a topology connects.
 *
 * `build` is called once per stage, by lint and when it starts: it compiles the expressions and answers the handlers.
 * Where a topic or a parameter cannot be read, `build` is not called, and other rules of lint say why.
 */

export type AnyRecord = RecordType<never> | RecordType<unknown>

/** What a built-in knows of the stage that it is built for. */
export interface Stage<P> {
  readonly params: P
  readonly inputs: Readonly<Record<string, AnyRecord>>
  /** The records of the connected output ports. */
  readonly outputs: Readonly<Record<string, AnyRecord>>
  /** Expressions over these names; `key` and `stream_time_us` are always among them. */
  expressions(names: Readonly<Record<string, NameType>>): Expressions
  problem(of: StageProblem['of'], pointer: string, message: string, hint: string): void
}

export interface Behaviour<S> {
  /** The record of each output port. */
  readonly outputs: Readonly<Record<string, AnyRecord>>
  readonly initial?: (key: string) => S
  readonly snapshot?: (state: S) => Json
  readonly restore?: (json: Json, key: string) => S
  readonly readable?: (snapshot: Json) => unknown
  readonly on: Readonly<Record<string, (state: S, value: Value, ctx: Context) => Step<S>>>
  readonly timer?: (state: S, name: string, ctx: Context) => Step<S>
}

export type Value = Readonly<Record<string, unknown>>

interface Spec<P extends TObject, S> {
  readonly name: string
  readonly description: string
  readonly inputs: readonly string[]
  readonly tables?: readonly string[]
  readonly outputs: readonly string[]
  readonly open_outputs?: true
  readonly params: P
  readonly faults?: Readonly<Record<string, string>>
  /** Of `faults`, those that only happen where this is so. */
  readonly only_if?: Readonly<Record<string, (params: Static<P>) => boolean>>
  readonly build: (stage: Stage<Static<P>>) => Behaviour<S>
}

const STRING: AvroType = { kind: 'string' }
const LONG: AvroType = { kind: 'long' }

/** Stands where the topology says which record it is. */
const ANY_RECORD: RecordType<unknown> = {
  name: 'any record',
  schema: '{"type":"record","name":"Any","fields":[]}',
  fingerprint: '',
  encode: () => {
    throw new Error('a built-in stage without records was run')
  },
  decode: () => {
    throw new Error('a built-in stage without records was run')
  },
}

export function defineBuiltin<P extends TObject, S>(spec: Spec<P, S>): Processor {
  const anyOf = (ports: readonly string[] = []) => Object.fromEntries(ports.map((port) => [port, ANY_RECORD]))
  const generic: Processor = {
    kind: 'processor',
    name: spec.name,
    description: spec.description,
    inputs: anyOf(spec.inputs),
    tables: anyOf(spec.tables),
    outputs: anyOf(spec.outputs),
    faults: { ...EXPRESSION_FAULTS, ...spec.faults },
    params: spec.params,
    state_key: {},
    initial: () => null,
    snapshot: () => null,
    restore: () => null,
    on: {},
    timer: undefined,
    ...(spec.open_outputs === true ? { open_outputs: true } : {}),
  }
  return { ...generic, specialize: (use) => specialize(spec, generic, use) }
}

function specialize<P extends TObject, S>(spec: Spec<P, S>, generic: Processor, use: StageUse): Specialized {
  const taken = (ports: readonly string[] = []) =>
    Object.fromEntries(ports.map((port) => [port, use.inputs[port] ?? ANY_RECORD]))
  const inputs = taken(spec.inputs)
  const tables = taken(spec.tables)
  const params = Default(spec.params, Clone(use.params))
  const connected = [...Object.values(inputs), ...Object.values(tables)].every((record) => record !== ANY_RECORD)
  // An output that others speak of: the stage is taken to be connected as it should.
  const outputs: Record<string, AnyRecord> = {}
  for (const port of spec.outputs) outputs[port] = use.outputs[port] ?? ANY_RECORD
  if (spec.open_outputs === true) Object.assign(outputs, use.outputs)
  const complete = spec.outputs.every((port) => outputs[port] !== ANY_RECORD)
  const bare: Processor = { ...generic, inputs, tables, outputs }
  if (!connected || !complete || !Check(spec.params, params)) return { processor: bare, problems: [] }

  const problems: StageProblem[] = []
  const scopes: Expressions[] = []
  const behaviour = spec.build({
    params: params as Static<P>,
    inputs: { ...inputs, ...tables },
    outputs,
    expressions(names) {
      const made = new Expressions({ ...names, key: STRING, stream_time_us: LONG })
      scopes.push(made)
      return made
    },
    problem: (of, pointer, message, hint) => problems.push({ of, pointer, offset: 0, message, hint }),
  })
  const {
    initial = () => null,
    snapshot = (state: S) => state as Json,
    restore = (json: Json) => json as S,
  } = behaviour
  const own = Object.keys(spec.faults ?? {}).filter((code) => spec.only_if?.[code]?.(params as Static<P>) !== false)
  const processor: Processor = {
    ...bare,
    outputs: behaviour.outputs,
    raises: [...new Set([...scopes.flatMap(({ raised }) => [...raised]), ...own])],
    initial: (key) => initial(key),
    snapshot: snapshot as (state: unknown) => Json,
    restore: (json, key) => restore(json, key),
    ...(behaviour.readable === undefined ? {} : { readable: behaviour.readable }),
    on: Object.fromEntries(Object.entries(behaviour.on).map(([port, handler]) => [port, guarded(handler)])) as never,
    timer: behaviour.timer === undefined ? undefined : (guarded(behaviour.timer) as never),
  }
  return {
    processor,
    problems: [...problems, ...scopes.flatMap((scope) => scope.problems)],
    unguarded: scopes.flatMap((scope) => scope.unguarded),
  }
}

/** An expression without an answer is a fault of the record in hand. Handlers evaluate before they change state. */
function guarded<S, V>(handler: (state: S, value: V, ctx: Context) => Step<S>) {
  return (state: S, value: V, ctx: Context): Step<S> => {
    try {
      return handler(state, value, ctx)
    } catch (error) {
      return faultOf(error)
    }
  }
}

/** Fills in what every expression may read, besides the record. */
export function setFrame(expressions: Expressions, ctx: Context): void {
  expressions.set('key', ctx.key)
  expressions.set('stream_time_us', BigInt(ctx.stream_time_us))
}
