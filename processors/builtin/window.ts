import Type, { type Static } from 'typebox'
import { type Context, DataFault, emit, fault, type Json, keep, type Step } from '../../runtime/api/index.ts'
import {
  type Aggregate,
  combine,
  compileAggregate,
  OPERATIONS,
  packRunning,
  type Running,
  resultOf,
  unpackRunning,
} from './aggregates.ts'
import { compileSet } from './assign.ts'
import { type AnyRecord, defineBuiltin, setFrame, type Value } from './builtin.ts'
import { afterChange, keeperOf } from './kept.ts'
import { SetSchema } from './map.ts'
import { fixedSpans, MOST_MS, touches } from './spans.ts'

/**
 * Gathers the records of a key by time and makes one record of each window when it is over; silent for empty windows.
 *
 * By stream time a window is over when stream time reaches its end, and nothing is ever late. With `time` it is over
 * when a record of the same key is `grace_ms` past its end, or after `idle_ms` of silence in stream time. What comes for
 * a window that is over is late: refused, dropped, or sent to the port `late`.
 */

const params = Type.Object(
  {
    kind: Type.Union([Type.Literal('tumbling'), Type.Literal('sliding'), Type.Literal('session')], {
      description: '`tumbling`: side by side. `sliding`: one begins every `step_ms`. `session`: ends after `gap_ms`.',
    }),
    size_ms: Type.Optional(
      Type.Integer({ minimum: 1, maximum: MOST_MS, description: 'Length of a tumbling or sliding window.' }),
    ),
    step_ms: Type.Optional(
      Type.Integer({ minimum: 1, maximum: MOST_MS, description: 'From one sliding window to the next.' }),
    ),
    gap_ms: Type.Optional(
      Type.Integer({ minimum: 1, maximum: MOST_MS, description: 'Time without a record that ends a session.' }),
    ),
    time: Type.Optional(
      Type.String({
        minLength: 1,
        description: 'Expression of type int over `record`, in microseconds; without it, stream time.',
      }),
    ),
    grace_ms: Type.Integer({
      minimum: 0,
      maximum: MOST_MS,
      default: 0,
      description: 'With `time`: how much later records may come.',
    }),
    idle_ms: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: MOST_MS,
        description: 'With `time`: stream time without a record after which all are over.',
      }),
    ),
    late: Type.Union([Type.Literal('fault'), Type.Literal('drop'), Type.Literal('emit')], {
      default: 'fault',
      description: 'What becomes of late records: refused as LATE, dropped, or sent to the port `late`.',
    }),
    aggregate: Type.Record(
      Type.String({ pattern: '^[a-z][a-z0-9_]*$' }),
      Type.Object(
        {
          op: Type.Union(
            OPERATIONS.map((operation) => Type.Literal(operation)),
            { description: 'What is computed; `first` and `last` are by time, `avg` of ints is the nearest int.' },
          ),
          of: Type.Optional(Type.String({ minLength: 1, description: 'Expression over `record`; not for `count`.' })),
        },
        { additionalProperties: false },
      ),
      { description: 'Names for `set`, each with what it is of the records in the window.' },
    ),
    set: SetSchema,
  },
  { additionalProperties: false },
)

interface Window {
  readonly id: number
  start_us: number
  end_us: number
  /** In the order of `aggregates`. */
  running: Running[]
  /** The record that came last, whose fields `set` may read, and the ids of the first and the last. */
  last: Value
  first_id: string
  last_id: string
}
interface State {
  windows: Window[]
  next_id: number
  /** The greatest time seen, after which records are late that belong to windows that are over. */
  seen_us: number
}

export const window = defineBuiltin({
  name: 'window',
  description:
    'Gathers the records of each key in windows of time and makes one record of each window. In `set`, `record` is the last record of the window, `start_us` and `end_us` its bounds.',
  inputs: ['in'],
  outputs: ['out'],
  open_outputs: true,
  faults: { LATE: 'The record belongs to a window that is over, and `late` is `fault`.' },
  only_if: { LATE: ({ late, time }) => late === 'fault' && time !== undefined },
  params,
  build(stage) {
    const { params, inputs, outputs, expressions, problem } = stage
    const record = inputs.in!
    checkSizes(params, problem)
    const scope = expressions({ record })
    const time = params.time === undefined ? undefined : scope.compile(params.time, '/time', 'int')
    if (time !== undefined) scope.raised.add('VALUE_OUT_OF_RANGE')
    const aggregates: Aggregate[] = []
    for (const [name, { op, of }] of Object.entries(params.aggregate)) {
      const one = compileAggregate(name, op, of, scope)
      if (one !== undefined) aggregates.push(one)
    }
    const results = Object.fromEntries(aggregates.map(({ name, type }) => [name, type]))
    const bounds = { start_us: { kind: 'long' }, end_us: { kind: 'long' } } as const
    const closing = expressions({ record, ...results, ...bounds })
    const assign = compileSet(outputs.out!, record, params.set, closing)
    const keeper = keeperOf(record)
    const size_us = (params.size_ms ?? 1) * 1_000
    const step_us =
      (params.kind === 'sliding' ? (params.step_ms ?? params.size_ms ?? 1) : (params.size_ms ?? 1)) * 1_000
    const gap_us = (params.gap_ms ?? 1) * 1_000
    const grace_us = params.grace_ms * 1_000
    const ports: Record<string, AnyRecord> = { out: outputs.out! }
    if (params.late === 'emit') ports.late = record

    const over = (end_us: number, seen_us: number) => time !== undefined && seen_us >= end_us + grace_us

    /** Puts the record into one window, new or known. */
    const add = (
      state: State,
      span: { start_us: number; end_us: number },
      read: Running[],
      value: Value,
      id: string,
    ) => {
      const known =
        params.kind === 'session'
          ? merged(state, span)
          : state.windows.find(({ start_us }) => start_us === span.start_us)
      if (known === undefined) {
        const made = { id: state.next_id++, ...span, running: read, last: value, first_id: id, last_id: id }
        state.windows.push(made)
        return made
      }
      known.running = known.running.map((one, i) => combine(aggregates[i]!.operation, one, read[i]!))
      known.last = value
      known.last_id = id
      return known
    }

    /** The session that the span touches, with all others that it touches taken into it. */
    const merged = (state: State, { start_us, end_us }: { start_us: number; end_us: number }) => {
      const [into, ...others] = state.windows.filter((one) => touches(one, start_us, gap_us))
      if (into === undefined) return undefined
      for (const other of others) {
        into.running = into.running.map((one, i) => combine(aggregates[i]!.operation, one, other.running[i]!))
        into.end_us = Math.max(into.end_us, other.end_us)
        into.start_us = Math.min(into.start_us, other.start_us)
        into.last = other.last
        into.last_id = other.last_id
      }
      state.windows = state.windows.filter((one) => !others.includes(one))
      into.start_us = Math.min(into.start_us, start_us)
      into.end_us = Math.max(into.end_us, end_us)
      return into
    }

    /** Each window has a timer of its own, so that one that cannot be written does not hold up another. */
    const schedule = (state: State, touched: readonly Window[], ctx: Context) => {
      if (time === undefined) for (const { id, end_us } of touched) ctx.setTimer(String(id), end_us)
      else {
        const ended = state.windows.filter(({ end_us }) => over(end_us, state.seen_us))
        for (const { id } of ended.sort(byEnd)) ctx.setTimer(String(id), ctx.stream_time_us)
        if (params.idle_ms !== undefined) ctx.setTimer('idle', ctx.stream_time_us + params.idle_ms * 1_000)
      }
    }

    return {
      outputs: ports,
      initial: (): State => ({ windows: [], next_id: 0, seen_us: Number.MIN_SAFE_INTEGER }),
      snapshot: ({ windows, next_id, seen_us }): Json => ({
        next_id,
        seen_us,
        windows: windows.map((one) => ({
          ...one,
          running: one.running.map(packRunning),
          last: keeper.pack(one.last),
        })),
      }),
      restore: (json): State => {
        const state = json as unknown as State & { windows: { running: Json[]; last: string }[] }
        return {
          ...state,
          windows: state.windows.map((one) => ({
            ...one,
            running: one.running.map((running) => unpackRunning(running as never)),
            last: keeper.unpack(one.last as never),
          })),
        }
      },
      readable: (json) => {
        const state = json as unknown as { windows: { running: Json[]; last: string }[] }
        const named = (running: readonly Json[]) =>
          Object.fromEntries(aggregates.map(({ name }, i) => [name, resultOf(unpackRunning(running[i]!))]))
        const windows = state.windows.map(({ running, last, ...one }) => ({
          ...one,
          aggregate: named(running),
          last: keeper.unpack(last),
        }))
        return { ...state, windows }
      },
      on: {
        in(state, value, ctx): Step<State> {
          setFrame(scope, ctx)
          scope.set('record', value)
          const at_us = time === undefined ? ctx.stream_time_us : microseconds(time.run() as bigint)
          const read = aggregates.map((one) => one.read(at_us))
          const all =
            params.kind === 'session'
              ? [{ start_us: at_us, end_us: at_us + gap_us }]
              : fixedSpans(at_us, size_us, step_us)
          // What reaches a session that is still open is not late, however old it is.
          const open = params.kind === 'session' && state.windows.some((one) => touches(one, at_us, gap_us))
          const spans = open ? all : all.filter(({ end_us }) => !over(end_us, state.seen_us))
          // A record between windows that begin further apart than they are long is in none, and yet its time counts.
          if (spans.length === 0 && all.length > 0) {
            if (params.late === 'emit') return emit(state, { late: [value] })
            return params.late === 'drop' ? keep(state) : fault('LATE', { at_us, seen_us: state.seen_us })
          }
          const id = ctx.id
          const touched = spans.map((span) => add(state, span, read, value, id))
          state.seen_us = Math.max(state.seen_us, at_us)
          schedule(state, touched, ctx)
          return keep(state)
        },
      },
      timer(state, name, ctx): Step<State> {
        if (name === 'idle') {
          for (const { id, end_us } of state.windows.toSorted(byEnd)) {
            state.seen_us = Math.max(state.seen_us, end_us + grace_us)
            ctx.setTimer(String(id), ctx.stream_time_us)
          }
          return keep(state)
        }
        const found = state.windows.find(({ id }) => String(id) === name)
        // Taken into another session, or one that has grown since.
        if (found === undefined) return keep(state)
        if (time === undefined && found.end_us > ctx.stream_time_us) {
          ctx.setTimer(name, found.end_us)
          return keep(state)
        }
        if (time !== undefined && !over(found.end_us, state.seen_us)) return keep(state)
        state.windows = state.windows.filter((one) => one !== found)
        return afterChange(() => {
          setFrame(closing, ctx)
          closing.set('record', found.last)
          closing.set('start_us', BigInt(found.start_us))
          closing.set('end_us', BigInt(found.end_us))
          aggregates.forEach(({ name: one }, i) => {
            closing.set(one, resultOf(found.running[i]!))
          })
          const made = assign(found.last)
          ctx.cause(found.first_id)
          ctx.cause(found.last_id)
          return emit(state, { out: [made] })
        })
      },
    }
  },
})

/** Timers of one moment fire as they were set: what began late may end first. */
const byEnd = (a: Window, b: Window) => a.end_us - b.end_us || a.id - b.id

function microseconds(time: bigint): number {
  const at_us = Number(time)
  if (!Number.isSafeInteger(at_us)) throw new DataFault('VALUE_OUT_OF_RANGE', `${time} is no time`, { time })
  return at_us
}

/** Windows of a key that may be open at once: all of them are in each snapshot of the key. */
const MOST_OPEN = 10_000

/** The sizes that the kind needs, and no others. */
function checkSizes(
  given_params: Static<typeof params>,
  problem: (of: 'params', pointer: string, message: string, hint: string) => void,
): void {
  const needed = { tumbling: ['size_ms'], sliding: ['size_ms', 'step_ms'], session: ['gap_ms'] }[given_params.kind]
  for (const name of ['size_ms', 'step_ms', 'gap_ms'] as const) {
    const given = given_params[name] !== undefined
    if (needed.includes(name) && !given)
      problem('params', '/kind', `a ${given_params.kind} window needs \`${name}\``, `add it`)
    if (!needed.includes(name) && given) {
      problem(
        'params',
        `/${name}`,
        `a ${given_params.kind} window has no \`${name}\``,
        `it has ${needed.join(' and ')}`,
      )
    }
  }
  const { size_ms, step_ms, gap_ms } = given_params
  if (given_params.kind === 'sliding' && size_ms !== undefined && step_ms !== undefined && size_ms / step_ms > 1_000) {
    problem('params', '/step_ms', 'a record would be in more than 1000 windows', 'make `step_ms` longer')
  }
  const step = given_params.kind === 'session' ? gap_ms : given_params.kind === 'sliding' ? step_ms : size_ms
  const open_ms = (given_params.kind === 'session' ? gap_ms : size_ms) ?? 0
  const most = step === undefined ? 0 : Math.ceil((open_ms + given_params.grace_ms) / step)
  if (most > MOST_OPEN) {
    const message = `a key could have ${most} windows open, and ${MOST_OPEN} is the most`
    problem('params', '/grace_ms', message, 'make windows longer or `grace_ms` shorter')
  }
  if (given_params.time === undefined && (given_params.grace_ms > 0 || given_params.idle_ms !== undefined)) {
    const name = given_params.idle_ms !== undefined ? 'idle_ms' : 'grace_ms'
    problem('params', `/${name}`, `by stream time nothing is late`, `drop \`${name}\`, or add \`time\``)
  }
}
