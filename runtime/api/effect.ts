import type { Static, TObject } from 'typebox'
import { type Context, defineProcessor, type Ports, type Processor, type Step, type ValueOf } from './processor.ts'
import type { Json, RecordType } from './record.ts'

/**
 * Effects: whatever is not a pure function, always between topics and always recorded.
 *
 * A *query* may be repeated (a model, a look-up). Under `by_data` its answer comes on a virtual clock: `latency_us`
 * of stream time after the request, however long it really took; the run waits where the outside is slower.
 * A *command* (an order to a broker) acts only on committed intents and is never sent twice: an intent without a
 * result after a crash is resolved by asking.
 */

/** Asks the effect. The answer comes to `answer` at `stream_time_us + latency_us`. */
export interface Ask<S> {
  readonly kind: 'ask'
  readonly state: S
  readonly request: Json
}
export function ask<S>(state: S, request: Json): Ask<S> {
  return { kind: 'ask', state, request }
}

/** What came of a request: the runner's answer, or the coded failure after the declared retries. */
export type Answer = { readonly ok: true; readonly value: Json } | { readonly ok: false; readonly code: string }

/** What answers, named and hashed in the journal: a changed model refuses to go on from an old tail. */
export interface RunnerIdentity {
  readonly name: string
  readonly version: string
  readonly sha256: string
}

/** The outside, behind a port. Requests of one call are one micro-batch; answers come in the same order. */
export interface QueryRunner {
  readonly identity: RunnerIdentity
  /** As many answers as requests. Throws or rejects with a `RetriableError` where asking again may help. */
  run(requests: readonly Json[]): readonly Json[] | Promise<readonly Json[]>
  close?(): void | Promise<void>
}

/** An outside that changes when it is spoken to: every intent reaches it at most once. */
/**
 * What became of an intent: it was carried out, with this result; it is proved never to have arrived nor to arrive any
 * more, so that it may be sent; or the outside cannot tell.
 */
export type Resolution =
  | { readonly kind: 'done'; readonly value: Json }
  | { readonly kind: 'never-arrived' }
  | { readonly kind: 'unknown' }

export interface CommandRunner {
  readonly identity: RunnerIdentity
  /** Acts once. A rejection with a `RetriableError` means: outcome unknown, ask. */
  act(id: string, request: Json): Json | Promise<Json>
  /** What became of the intent `id`. Must not act. */
  resolve(id: string): Resolution | Promise<Resolution>
  close?(): void | Promise<void>
}

export interface EffectSpec<I extends Ports, T extends Ports, O extends Ports, P extends TObject, S> {
  readonly name: string
  readonly description: string
  readonly effect: 'query' | 'command'
  readonly inputs: I
  readonly tables?: T
  readonly outputs: O
  /** As a processor's. */
  readonly optional_outputs?: readonly (keyof O & string)[]
  readonly faults?: Readonly<Record<string, string>>
  readonly params: P
  readonly state_key?: { readonly [K in keyof I | keyof T]?: (value: never, origin: string) => string }
  readonly initial: (key: string, params: Static<P>) => S
  readonly on: {
    readonly [K in keyof I]: (state: S, value: ValueOf<I[K]>, ctx: Context<Static<P>, T>) => Step<S, O> | Ask<S>
  }
  /** `ctx.id` is the record that asked; `ctx.stream_time_us` the answer's time. */
  readonly answer: (state: S, request: Json, answer: Answer, ctx: Context<Static<P>, T>) => Step<S, O>
}

export interface Effect extends Omit<Processor, 'kind' | 'on'> {
  readonly kind: 'query' | 'command'
  readonly on: Readonly<Record<string, (state: unknown, value: unknown, ctx: Context) => Step<unknown> | Ask<unknown>>>
  readonly answer: (state: unknown, request: Json, answer: Answer, ctx: Context) => Step<unknown>
}

export type AnyProcessor = Processor | Effect

/** Erases the types of a spec for the runtime. An effect's state is plain `Json`, and it has no timers. */
export function defineEffect<
  I extends Ports,
  O extends Ports,
  P extends TObject,
  S,
  T extends Ports = Record<never, RecordType<unknown>>,
>(spec: EffectSpec<I, T, O, P, S>): Effect {
  const { effect, on, answer, ...rest } = spec
  const processor = defineProcessor({ ...rest, on: {} } as never)
  return { ...processor, kind: effect, on: on as never, answer: answer as never }
}
