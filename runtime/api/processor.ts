import type { Static, TObject } from 'typebox'
import type { Json, RecordId, RecordType } from './record.ts'

/**
 * A processor is a replayable state machine: `(state, record) -> state + outputs | fault`.
 *
 * It knows no topic, no broker, no clock, no randomness and no environment. Its state is kept per key; the runtime
 * snapshots the keys that changed, re-runs it after a crash and compares what it makes.
 */

export type Ports = Readonly<Record<string, RecordType<never> | RecordType<unknown>>>
export type ValueOf<R> = R extends RecordType<infer T> ? T : never
export type OutputsOf<O> = { readonly [P in keyof O]?: readonly ValueOf<O[P]>[] }

/** What a handler answers. `outputs` go out in port order as written, each port's values in order. */
export type Step<S, O = unknown> =
  | { readonly kind: 'ok'; readonly state: S; readonly outputs: OutputsOf<O> | undefined }
  | { readonly kind: 'fault'; readonly code: string; readonly detail: Readonly<Record<string, unknown>> }

/** Keeps `state`, emits nothing. */
export function keep<S>(state: S): Step<S, never> {
  return { kind: 'ok', state, outputs: undefined }
}

/** Keeps `state` and emits `outputs`. */
export function emit<S, O>(state: S, outputs: O): { kind: 'ok'; state: S; outputs: O } {
  return { kind: 'ok', state, outputs }
}

/** Bad data: the record goes to the dead-letter topic, state stays as it was (the handler must not have changed it). */
export function fault(code: string, detail: Readonly<Record<string, unknown>> = {}): Step<never, never> {
  return { kind: 'fault', code, detail }
}

/** The latest value per key of a broadcast input; part of the task's state. */
export interface Table<T> {
  get(key: string): T | undefined
  /** The id of the record that holds this key's value. */
  idOf(key: string): RecordId | undefined
}

export interface Context<P = unknown, T = unknown> {
  readonly params: P
  /** Stream time of this step, microseconds: the record's, or the timer's due time. */
  readonly stream_time_us: number
  /** The state key of this step. */
  readonly key: string
  /** Id of the record in hand; in a timer, of the record that set it. */
  readonly id: RecordId
  /** Where the record in hand stands: producer (`stage/task`), its sequence number, topic, partition. Empty in a timer. */
  readonly producer: string
  readonly seq: number
  readonly topic: string
  readonly partition: number
  /** Latest values of the broadcast tables. */
  readonly tables: { readonly [K in keyof T]: Table<ValueOf<T[K]>> }
  /** Adds an input to the causes of everything this step emits (the record in hand always is one). */
  cause(id: RecordId): void
  /** Sets or replaces this key's timer `name`; it fires when stream time reaches `due_us` (at once if already past). */
  setTimer(name: string, due_us: number): void
  cancelTimer(name: string): void
  /** Ids of the inputs that caused the record in hand. Empty in a timer. */
  causes(): readonly RecordId[]
  /** The Avro body of the record in hand (a view: copy what must outlive the step). Empty in a timer. */
  body(): Uint8Array
}

export interface ProcessorSpec<I extends Ports, T extends Ports, O extends Ports, P extends TObject, S> {
  readonly name: string
  /** One or two sentences for the reference page. */
  readonly description: string
  readonly inputs: I
  /** Inputs that a topology may leave unconnected. */
  readonly optional?: readonly (keyof I & string)[]
  /** Broadcast inputs kept as tables; their records invoke a handler only if `on` has one (state key: record key). */
  readonly tables?: T
  readonly outputs: O
  /** Outputs that a topology may leave unconnected: what is written there then goes nowhere, and is not encoded. */
  readonly optional_outputs?: readonly (keyof O & string)[]
  /** Every fault code this processor can return, with its meaning. */
  readonly faults?: Readonly<Record<string, string>>
  /** Of those, the ones that no record on a topic can cause, and what refuses it before; tests need not touch them. */
  readonly unreachable?: Readonly<Record<string, string>>
  readonly params: P
  /** State key of a record, per port, from its value and its origin (`topic/partition`); without it the record's own key. */
  readonly state_key?: { readonly [K in keyof I | keyof T]?: (value: never, origin: string) => string }
  readonly initial: (key: string, params: Static<P>) => S
  /** Mutable or compact states say how they are written; the default is the state itself, which then is plain `Json`. */
  readonly snapshot?: (state: S) => Json
  readonly restore?: (json: Json, key: string, params: Static<P>) => S
  readonly on: {
    readonly [K in keyof I]: (state: S, value: ValueOf<I[K]>, ctx: Context<Static<P>, T>) => Step<S, O>
  } & { readonly [K in keyof T]?: (state: S, value: ValueOf<T[K]>, ctx: Context<Static<P>, T>) => Step<S, O> }
  /** Called when a timer of this key is due. */
  readonly timer?: (state: S, name: string, ctx: Context<Static<P>, T>) => Step<S, O>
}

/** What a topology says of one stage, for a processor that takes the records of its ports from there. */
export interface StageUse {
  /** The topic's record by connected port, tables among them; a port whose topic cannot be read is absent. */
  readonly inputs: Ports
  readonly outputs: Ports
  /** Parameters as they are written: not held against the schema yet. */
  readonly params: Readonly<Record<string, unknown>>
}

/** Something wrong with a stage, found where its records are known. */
export interface StageProblem {
  /** What it is about: a JSON pointer into the parameters, or `/to/PORT`, `/from/PORT` with `of: 'ports'`. */
  readonly of: 'params' | 'ports'
  readonly pointer: string
  /** Characters from the beginning of that text to the place. */
  readonly offset: number
  readonly message: string
  readonly hint: string
}

export interface Specialized {
  readonly processor: Processor
  /** Empty, or the processor must not run. */
  readonly problems: readonly StageProblem[]
  /** Fields that may be null and are read without asking, where asking would be easy. */
  readonly unguarded?: readonly StageProblem[]
}

export interface Processor {
  readonly kind: 'processor'
  readonly name: string
  readonly description: string
  readonly inputs: Ports
  readonly optional?: readonly string[]
  readonly tables: Ports
  readonly outputs: Ports
  readonly optional_outputs?: readonly string[]
  readonly faults: Readonly<Record<string, string>>
  readonly unreachable?: Readonly<Record<string, string>>
  readonly params: TObject
  readonly state_key: Readonly<Record<string, (value: unknown, origin: string) => string>>
  readonly initial: (key: string, params: unknown) => unknown
  readonly snapshot: (state: unknown) => Json
  /** What a snapshot says, for people: with what it packs unpacked. Without it, the snapshot says it itself. */
  readonly readable?: (snapshot: Json) => unknown
  readonly restore: (json: Json, key: string, params: unknown) => unknown
  readonly on: Readonly<Record<string, (state: unknown, value: unknown, ctx: Context) => Step<unknown>>>
  readonly timer: ((state: unknown, name: string, ctx: Context) => Step<unknown>) | undefined
  /** Of `faults`, those that the parameters of the stage let happen; without it, all. */
  readonly raises?: readonly string[]
  /** A processor for records of any kind: makes the one for the records of a stage. Without problems, it is run. */
  readonly specialize?: (use: StageUse) => Specialized
  /** The topology names the output ports. */
  readonly open_outputs?: boolean
}

/** Erases the types of a spec for the runtime; the spec itself is checked where it is written. */
export function defineProcessor<
  I extends Ports,
  O extends Ports,
  P extends TObject,
  S,
  T extends Ports = Record<never, RecordType<unknown>>,
>(spec: ProcessorSpec<I, T, O, P, S>): Processor {
  return {
    kind: 'processor',
    name: spec.name,
    description: spec.description,
    inputs: spec.inputs,
    ...(spec.optional === undefined ? {} : { optional: spec.optional }),
    tables: spec.tables ?? {},
    outputs: spec.outputs,
    ...(spec.optional_outputs === undefined ? {} : { optional_outputs: spec.optional_outputs }),
    faults: spec.faults ?? {},
    ...(spec.unreachable === undefined ? {} : { unreachable: spec.unreachable }),
    params: spec.params,
    state_key: (spec.state_key ?? {}) as never,
    initial: spec.initial as never,
    snapshot: (spec.snapshot ?? ((state: unknown) => state)) as never,
    restore: (spec.restore ?? ((json: Json) => json)) as never,
    on: spec.on as never,
    timer: spec.timer as never,
  }
}
