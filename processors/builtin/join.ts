import Type, { type Static } from 'typebox'
import { type Context, DataFault, emit, fault, type Json, keep, type Step } from '../../runtime/api/index.ts'
import { compileSet } from './assign.ts'
import { type AnyRecord, defineBuiltin, setFrame, type Value } from './builtin.ts'
import { afterChange, keeperOf } from './kept.ts'
import { SetSchema } from './map.ts'
import { MOST_MS } from './spans.ts'

/**
 * Makes one record of two with the same key that belong together in time.
 *
 * `as_of`: each left record meets the newest right record that is not after it, at once. `interval`: every pair in which
 * the right record is from `before_ms` before to `after_ms` after the left one, as soon as both are there. By stream
 * time nothing is late. With `time`, a record is late if what it belongs to has been decided: under `as_of` a left one
 * before the newest left record and a right one before that which answers next, under `interval` one that is farther
 * behind than its reach and grace.
 */

const params = Type.Object(
  {
    kind: Type.Union([Type.Literal('as_of'), Type.Literal('interval')], {
      description: '`as_of`: the newest right record. `interval`: every right record within bounds.',
    }),
    within_ms: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: MOST_MS,
        description: '`as_of`: the greatest age of the right record; without it, any.',
      }),
    ),
    before_ms: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: MOST_MS,
        description: '`interval`: how far the right record may be before the left one.',
      }),
    ),
    after_ms: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: MOST_MS,
        description: '`interval`: how far the right record may be after the left one.',
      }),
    ),
    time: Type.Optional(
      Type.Object(
        {
          left: Type.String({ minLength: 1, description: 'Expression of type int over `left`, in microseconds.' }),
          right: Type.String({ minLength: 1, description: 'Expression of type int over `right`, in microseconds.' }),
        },
        { additionalProperties: false, description: 'The times that are compared; without them, stream time.' },
      ),
    ),
    grace_ms: Type.Integer({
      minimum: 0,
      maximum: MOST_MS,
      default: 0,
      description: '`interval` with `time`: how much longer records wait for later ones.',
    }),
    idle_ms: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: MOST_MS,
        description:
          '`interval` with `time`: stream time without a record of the key after which none waits any longer.',
      }),
    ),
    max_kept: Type.Integer({
      minimum: 1,
      maximum: 100_000,
      default: 10_000,
      description:
        'Records of one key and side that may wait for partners. `interval`: one more is refused as TOO_MANY_KEPT; `as_of`: the oldest right record is forgotten.',
    }),
    late: Type.Union([Type.Literal('fault'), Type.Literal('drop'), Type.Literal('emit')], {
      default: 'fault',
      description:
        'What becomes of late records: refused as LATE, dropped, or sent to the port `late_left` or `late_right`.',
    }),
    unmatched: Type.Union([Type.Literal('fault'), Type.Literal('drop'), Type.Literal('emit')], {
      default: 'fault',
      description:
        'What becomes of a left record that met none: refused as UNMATCHED, dropped, or sent to the port `unmatched`.',
    }),
    set: SetSchema,
  },
  { additionalProperties: false },
)
type Params = Static<typeof params>

interface Kept {
  readonly number: number
  readonly at_us: number
  readonly value: Value
  readonly id: string
  met: boolean
}
interface State {
  lefts: Kept[]
  rights: Kept[]
  next_number: number
  /** The greatest time seen: under `as_of` of left records, else of both. */
  seen_us: number
}

export const join = defineBuiltin({
  name: 'join',
  description:
    'Makes one record of a left and a right one of the same key that belong together in time. Fields that `set` does not name are taken over from `left`.',
  inputs: ['left', 'right'],
  outputs: ['out'],
  open_outputs: true,
  faults: {
    TOO_MANY_KEPT: 'More records of the key wait for partners than `max_kept`.',
    LATE: 'What the record belongs to has been decided, and `late` is `fault`.',
    UNMATCHED: 'A left record met no right one, and `unmatched` is `fault`.',
  },
  only_if: {
    TOO_MANY_KEPT: ({ kind }) => kind === 'interval',
    LATE: ({ late, time }) => late === 'fault' && time !== undefined,
    UNMATCHED: ({ unmatched }) => unmatched === 'fault',
  },
  params,
  build({ params, inputs, outputs, expressions, problem }) {
    const [left, right] = [inputs.left!, inputs.right!]
    checkBounds(params, problem)
    const scope = expressions({ left, right })
    const timeOf = {
      left: params.time === undefined ? undefined : scope.compile(params.time.left, '/time/left', 'int'),
      right: params.time === undefined ? undefined : scope.compile(params.time.right, '/time/right', 'int'),
    }
    if (params.time !== undefined) scope.raised.add('VALUE_OUT_OF_RANGE')
    for (const [side, other] of [
      ['left', 'right'],
      ['right', 'left'],
    ] as const) {
      if (timeOf[side]?.used.has(other) !== true) continue
      scope.note(`/time/${side}`, `the time of \`${side}\` reads \`${other}\``, `name fields of \`${side}\``)
    }
    const assign = compileSet(outputs.out!, left, params.set, scope)
    const keepers = { left: keeperOf(left), right: keeperOf(right) }
    const as_of = params.kind === 'as_of'
    const within_us = params.within_ms === undefined ? Number.POSITIVE_INFINITY : params.within_ms * 1_000
    const before_us = (params.before_ms ?? 0) * 1_000
    const after_us = (params.after_ms ?? 0) * 1_000
    const grace_us = params.time === undefined ? 0 : params.grace_ms * 1_000
    const ports: Record<string, AnyRecord> = { out: outputs.out! }
    if (params.unmatched === 'emit') ports.unmatched = left
    if (params.late === 'emit') Object.assign(ports, { late_left: left, late_right: right })

    const take = (side: 'left' | 'right', value: Value, ctx: Context): number => {
      setFrame(scope, ctx)
      scope.set(side, value)
      const time = timeOf[side]
      if (time === undefined) return ctx.stream_time_us
      const at_us = Number(time.run() as bigint)
      if (!Number.isSafeInteger(at_us)) throw new DataFault('VALUE_OUT_OF_RANGE', 'no time', { at_us })
      return at_us
    }
    const pair = (one: Kept, other: Kept): Value => {
      scope.set('left', one.value)
      scope.set('right', other.value)
      return assign(one.value)
    }
    const late = (side: 'left' | 'right', state: State, value: Value, at_us: number): Step<State> => {
      if (params.late === 'emit') return emit(state, { [`late_${side}`]: [value] })
      return params.late === 'drop' ? keep(state) : fault('LATE', { at_us, seen_us: state.seen_us })
    }
    const alone = (state: State, value: Value): Step<State> => {
      if (params.unmatched === 'emit') return emit(state, { unmatched: [value] })
      return params.unmatched === 'drop' ? keep(state) : fault('UNMATCHED')
    }
    const packed = (side: 'left' | 'right', kept: readonly Kept[]): Json =>
      kept.map((one) => ({ ...one, value: keepers[side].pack(one.value) }))
    const unpacked = (side: 'left' | 'right', kept: readonly Kept[]): Kept[] =>
      kept.map((one) => ({ ...one, value: keepers[side].unpack(one.value as never) }))

    /** As of: the right records are in order of time, and those that no later left record can meet are forgotten. */
    const asOf = {
      left(state: State, value: Value, ctx: Context): Step<State> {
        const at_us = take('left', value, ctx)
        if (at_us < state.seen_us) return late('left', state, value, at_us)
        const found = state.rights.findLast((one) => one.at_us <= at_us)
        const fits = found !== undefined && at_us - found.at_us <= within_us
        const one = { number: 0, at_us, value, id: ctx.id, met: false }
        const made = fits ? pair(one, found) : undefined
        const answer = made === undefined ? alone(state, value) : emit(state, { out: [made] })
        // A refused record leaves the state as it was.
        if (answer.kind === 'fault') return answer
        if (fits) ctx.cause(found.id)
        state.seen_us = at_us
        if (found !== undefined) state.rights = state.rights.slice(state.rights.indexOf(found))
        return answer
      },
      right(state: State, value: Value, ctx: Context): Step<State> {
        const at_us = take('right', value, ctx)
        // By stream time every left record to come is later than this one; by their own time, later than `seen_us`.
        const from_us = params.time === undefined ? at_us : state.seen_us
        const answering = state.rights.findLast((one) => one.at_us <= from_us)
        if (answering !== undefined && at_us < answering.at_us) return late('right', state, value, at_us)
        const behind = state.rights.findLastIndex((one) => one.at_us <= at_us) + 1
        state.rights.splice(behind, 0, { number: 0, at_us, value, id: ctx.id, met: false })
        const needed = Math.max(
          0,
          state.rights.findLastIndex((one) => one.at_us <= from_us),
        )
        // The oldest are forgotten, so that the answer to a left record is the newest or none.
        const bound = Math.max(needed, state.rights.length - params.max_kept)
        if (bound > 0) state.rights = state.rights.slice(bound)
        return keep(state)
      },
    }

    /** Whether all that a record could meet is over. */
    const gone = (side: 'left' | 'right', at_us: number, seen_us: number) =>
      seen_us > at_us + (side === 'left' ? after_us : before_us) + grace_us
    /** By their own time, what is not late yet may meet what is over itself: so a record is kept for both reaches. */
    const forgotten = (side: 'left' | 'right', at_us: number, seen_us: number) =>
      params.time === undefined ? gone(side, at_us, seen_us) : seen_us > at_us + before_us + after_us + grace_us

    /** Interval: both sides wait until time has passed what they can meet. */
    const meet = (side: 'left' | 'right') => (state: State, value: Value, ctx: Context) => {
      const at_us = take(side, value, ctx)
      if (gone(side, at_us, state.seen_us)) return late(side, state, value, at_us)
      const seen_us = Math.max(state.seen_us, at_us)
      const own = side === 'left' ? state.lefts : state.rights
      if (own.length >= params.max_kept) {
        const waiting = own.filter((kept) => !forgotten(side, kept.at_us, seen_us))
        if (waiting.length >= params.max_kept) return fault('TOO_MANY_KEPT', { kept: waiting.length })
      }
      const one: Kept = { number: state.next_number, at_us, value, id: ctx.id, met: false }
      const fits = (l: Kept, r: Kept) => r.at_us >= l.at_us - before_us && r.at_us <= l.at_us + after_us
      const others = side === 'left' ? state.rights : state.lefts
      const partners = others.filter((other) => (side === 'left' ? fits(one, other) : fits(other, one)))
      const made = partners.map((other) => (side === 'left' ? pair(one, other) : pair(other, one)))
      for (const other of partners) {
        other.met = true
        ctx.cause(other.id)
      }
      one.met = made.length > 0
      state.next_number++
      state.seen_us = seen_us
      own.push(one)
      if (state.rights.some((other) => forgotten('right', other.at_us, seen_us))) {
        state.rights = state.rights.filter((other) => !forgotten('right', other.at_us, seen_us))
      }
      // Left records leave by timers of their own, since one that met none has something to say.
      if (params.time !== undefined) {
        for (const { number, at_us: left_us } of state.lefts) {
          if (forgotten('left', left_us, seen_us)) ctx.setTimer(String(number), ctx.stream_time_us)
        }
        if (params.idle_ms !== undefined) ctx.setTimer('idle', ctx.stream_time_us + params.idle_ms * 1_000)
      } else if (side === 'left') ctx.setTimer(String(one.number), at_us + after_us + 1)
      return emit(state, { out: made })
    }

    return {
      outputs: ports,
      initial: (): State => ({ lefts: [], rights: [], next_number: 0, seen_us: Number.MIN_SAFE_INTEGER }),
      snapshot: ({ lefts, rights, next_number, seen_us }): Json => ({
        lefts: packed('left', lefts),
        rights: packed('right', rights),
        next_number,
        seen_us,
      }),
      restore: (json): State => {
        const { lefts, rights, next_number, seen_us } = json as unknown as State
        return { lefts: unpacked('left', lefts), rights: unpacked('right', rights), next_number, seen_us }
      },
      readable: (json) => {
        const state = json as unknown as State
        return { ...state, lefts: unpacked('left', state.lefts), rights: unpacked('right', state.rights) }
      },
      on: as_of ? asOf : { left: meet('left'), right: meet('right') },
      timer(state, name, ctx): Step<State> {
        if (name === 'idle') {
          // What comes now is late as if a record past all reaches had come.
          state.seen_us += before_us + after_us + grace_us + 1
          state.rights = []
          for (const { number } of state.lefts) ctx.setTimer(String(number), ctx.stream_time_us)
          return keep(state)
        }
        const found = state.lefts.find(({ number }) => String(number) === name)
        if (found === undefined) return keep(state)
        state.lefts = state.lefts.filter((one) => one !== found)
        if (found.met) return keep(state)
        ctx.cause(found.id)
        return afterChange(() => {
          if (params.unmatched === 'fault') throw new DataFault('UNMATCHED', 'no partner', { id: found.id })
          return alone(state, found.value)
        })
      },
    }
  },
})

/** The bounds that the kind has, and no others. */
function checkBounds(
  given: Params,
  problem: (of: 'params', pointer: string, message: string, hint: string) => void,
): void {
  const { kind } = given
  for (const name of ['before_ms', 'after_ms'] as const) {
    if (kind === 'interval' && given[name] === undefined) {
      problem('params', '/kind', `an interval join needs \`${name}\``, `add \`${name}:\``)
    }
    if (kind === 'as_of' && given[name] !== undefined) {
      problem('params', `/${name}`, `an as_of join has no \`${name}\``, 'write `within_ms`')
    }
  }
  if (given.idle_ms !== undefined && (kind === 'as_of' || given.time === undefined)) {
    const message = kind === 'as_of' ? 'an as_of join waits for nothing' : 'by stream time, waiting has an end'
    problem('params', '/idle_ms', message, 'drop `idle_ms`')
  }
  if (kind === 'interval' && given.within_ms !== undefined) {
    problem('params', '/within_ms', 'an interval join has no `within_ms`', 'write `before_ms` and `after_ms`')
  }
}
