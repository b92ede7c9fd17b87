import type { Ask, Effect } from '../api/effect.ts'
import { AppError, DataFault, InvariantError } from '../api/fault.ts'
import type { Step } from '../api/processor.ts'
import { parseRecordId, type RecordType } from '../api/record.ts'
import type { PlannedTask, PlannedTopic } from '../plan/plan.ts'
import { BroadcastTable } from '../state/table.ts'
import { Timers } from '../state/timers.ts'
import { Asks, type OpenAsk, type Outside } from './asks.ts'
import { before, Channel } from './channel.ts'
import { StepContext } from './context.ts'
import type { Envelope } from './envelope.ts'
import { Parked } from './parked.ts'

/** State of one key. */
export interface Cell {
  state: unknown
  /** Not yet one of the task's: a first step that faults leaves no state behind. */
  fresh: boolean
  /** Changed since the last snapshot. */
  dirty: boolean
}

type StepOrAsk = Step<unknown> | Ask<unknown>
type Handler = (state: unknown, value: unknown, ctx: StepContext) => StepOrAsk

/** Code of a record that waits behind a refused one of its key. */
const PARKED = 'PARKED'

/** Mirrors `schemas/redelivery.avsc`, as far as a task looks at it. */
interface Redelivery {
  readonly letter_id: string
  readonly origin_id: string
  readonly origin_topic: string
  readonly origin_partition: number
  readonly bytes: Uint8Array
}

/** What a record is encoded as by the build that wrote it, of a topic and at a stream time in microseconds; undefined: as the topic says. */
export type RecordAt = (topic: PlannedTopic, at_us: number) => RecordType<unknown> | undefined

/** Where a task's outputs go: the batches under construction, or a comparison when it is re-run. */
export interface Outlet {
  /**
   * Encodes all `outputs` and hands them on, or throws a `DataFault` and has done nothing. Causes are the record in
   * hand (`cause`; in a timer or an answer the one with `cause_id`) and `more`.
   */
  emit(
    task: Task,
    outputs: readonly Output[],
    cause: Envelope | undefined,
    cause_id: string,
    more: readonly string[] | undefined,
    arrived_ms: number,
  ): void
}

export interface Output {
  readonly topic: PlannedTopic
  readonly value: unknown
}

/**
 * One task: the state of its keys, its buffered inputs, its timers, and the loop that merges them.
 *
 * `run(limit)` takes everything up to stream time `limit` in merge order. At equal times timers fire first (in the
 * order they were due and set), then answers of effects, then records.
 */
export class Task {
  readonly planned: PlannedTask
  readonly channels: readonly Channel[]
  readonly cells = new Map<string, Cell>()
  /** Keys that changed since the last snapshot. */
  readonly dirty: string[] = []
  readonly tables: Readonly<Record<string, BroadcastTable>>
  readonly timers = new Timers()
  readonly asks: Asks | undefined
  /** Stream time the task has passed, microseconds. */
  now_us = 0
  next_seq = 0
  faults = 0
  /** Keys whose later records wait behind a refused one. */
  readonly parked = new Parked()
  /** The record in hand was refused before. */
  private again = false
  /** Records waiting in all channels. */
  buffered = 0
  /** Channels that hold any: a stage may have dozens of inputs, of which one or two are not empty. */
  private readonly active: Channel[] = []
  /** Under `arrival`: channels in the order records came. */
  private readonly arrivals: number[] = []
  /** Since the last commit. */
  timers_fired = 0
  outputs_count = 0
  outputs_hash = 0
  touched = false
  order: number[] = []
  /** Records read since the last snapshot; a long tail forces one. */
  tail_records = 0
  /** Where outputs go; recovery puts a comparison in its place. */
  outlet: Outlet
  /** In a replay, where other builds wrote. */
  recordAt: RecordAt | undefined
  private readonly ctx: StepContext
  private readonly by_data: boolean
  private readonly outputs: Output[] = []

  constructor(planned: PlannedTask, producers: readonly string[], outlet: Outlet, outside: Outside | undefined) {
    this.planned = planned
    this.outlet = outlet
    this.channels = planned.inputs.map((input) => new Channel(input))
    this.tables = Object.fromEntries(Object.keys(planned.processor.tables).map((port) => [port, new BroadcastTable()]))
    this.ctx = new StepContext(planned.params, this.tables, producers)
    this.by_data = planned.merge === 'by_data'
    this.asks = outside === undefined || planned.effect === undefined ? undefined : new Asks(outside, planned.effect)
  }

  /** Buffers a record; answers the stream time at which it may be processed. */
  deliver(channel: number, envelope: Envelope): number {
    const to = this.channels[channel] as Channel
    if (to.length === 0) this.active.push(to)
    to.push(envelope)
    this.buffered++
    if (!this.by_data) this.arrivals.push(channel)
    return envelope.stream_time_us + to.input.delay_us
  }

  /** Stream time of the next thing to do, or infinity. */
  nextDue(): number {
    let due_us = Math.min(this.timers.due_us, this.asks?.due_us ?? Number.POSITIVE_INFINITY)
    for (const channel of this.active) due_us = Math.min(due_us, channel.due_us)
    return due_us
  }

  /** Begins the bookkeeping of a new commit. */
  commit(): void {
    for (const channel of this.channels) channel.commit()
    this.touched = false
    this.timers_fired = 0
    this.outputs_count = 0
    this.outputs_hash = 0
    this.order = []
  }

  /** Runs up to `limit_us`; a promise if an effect's answer is due and not there yet (call again when it resolves). */
  run(limit_us: number): Promise<void> | undefined {
    for (;;) {
      const channel = this.buffered > 0 ? this.first(limit_us) : undefined
      const record_us = channel === undefined ? Number.POSITIVE_INFINITY : Math.max(this.now_us, channel.due_us)
      const timer_us = this.timers.due_us
      const answer_us = this.asks?.due_us ?? Number.POSITIVE_INFINITY
      if (timer_us <= record_us && timer_us <= answer_us) {
        if (timer_us > limit_us || timer_us === Number.POSITIVE_INFINITY) break
        this.fire()
      } else if (answer_us <= record_us) {
        if (answer_us > limit_us) break
        const settled = (this.asks as Asks).settle(answer_us)
        if (settled instanceof Promise) return settled
        this.answer(settled)
      } else if (channel !== undefined) {
        this.take(channel, record_us)
      } else break
    }
    if (limit_us > this.now_us) this.now_us = limit_us
    return undefined
  }

  /** Runs records in the journaled order of an `arrival` merge; timers fire before the record that passes them. */
  runOrdered(order: readonly number[], limit_us: number): void {
    for (let i = 0; i + 1 < order.length; i += 2) {
      const channel = this.channels[order[i] as number] as Channel
      for (let left = order[i + 1] as number; left > 0; left--) {
        if (channel.length === 0)
          throw new InvariantError(`${this.planned.name}: the journal's order names a missing record`)
        const at_us = Math.max(this.now_us, channel.due_us)
        while (this.timers.due_us <= at_us) this.fire()
        this.take(channel, at_us)
      }
    }
    while (this.timers.due_us <= limit_us) this.fire()
    if (limit_us > this.now_us) this.now_us = limit_us
  }

  /** The channel whose head comes next, if it may be released. */
  private first(limit_us: number): Channel | undefined {
    if (!this.by_data) return this.firstArrived(limit_us)
    const active = this.active
    let best = active[0] as Channel
    let best_head = best.peek() as Envelope
    for (let i = 1; i < active.length; i++) {
      const channel = active[i] as Channel
      const head = channel.peek() as Envelope
      if (before(head, channel.input.delay_us, best_head, best.input.delay_us)) {
        best = channel
        best_head = head
      }
    }
    return best.due_us <= limit_us ? best : undefined
  }

  /** Under `arrival`: the channel of the record that came first of those that are due. */
  private firstArrived(limit_us: number): Channel | undefined {
    for (const number of this.arrivals) {
      const channel = this.channels[number] as Channel
      if (channel.due_us <= limit_us) return channel
    }
    return undefined
  }

  /** Notes the order taken, run-length coded, for the journal. */
  private noteArrival(channel: Channel): void {
    const number = this.channels.indexOf(channel)
    this.arrivals.splice(this.arrivals.indexOf(number), 1)
    const last = this.order.length - 2
    if (last >= 0 && this.order[last] === number) (this.order[last + 1] as number)++
    else this.order.push(number, 1)
  }

  /**
   * Takes a record that the stage has refused before, as if it came by its own input; it is a new record, caused by the
   * refused one. Tables are left alone: what they hold by now may be newer.
   */
  private redeliver(envelope: Envelope, at_us: number): void {
    const again = envelope.value as Redelivery
    const { processor, name, inputs } = this.planned
    if (parseRecordId(again.letter_id)?.producer !== name) return
    const { origin_topic, origin_partition, origin_id, bytes } = again
    const input = inputs.find(
      (one) => one.topic.name === origin_topic && one.partition === origin_partition && one.redelivery !== true,
    )
    const handler = input === undefined ? undefined : processor.on[input.port]
    this.again = true
    try {
      this.ctx.begin(envelope.key, at_us, envelope, '', envelope.arrived_ms)
      if (input === undefined || handler === undefined) {
        // Whoever sends it looks before; the topology may have changed since.
        return this.deadLetter('MISPLACED', { origin_id, origin_topic, origin_partition })
      }
      const seen = { ...envelope, topic: input.topic, partition: origin_partition, carrier: { buf: bytes } }
      const record = { ...seen, start: 0, end: bytes.length }
      this.ctx.begin(envelope.key, at_us, record, '', envelope.arrived_ms)
      const value = (this.recordAt?.(input.topic, at_us) ?? input.topic.record).decode(bytes, 0, bytes.length)
      const own_key = (value as Record<string, string>)[input.topic.key] as string
      const key = processor.state_key[input.port]?.(value, `${origin_topic}/${origin_partition}`) ?? own_key
      this.ctx.begin(key, at_us, { ...record, key: own_key, value }, '', envelope.arrived_ms)
      this.stepAgain(key, handler as Handler, value, origin_id)
    } catch (error) {
      this.failed(error)
    } finally {
      this.again = false
    }
  }

  /** A parked key's records come back in their order: one whose turn it is not waits on, under its new id. */
  private stepAgain(key: string, handler: Handler, value: unknown, origin_id: string): void {
    const { parked } = this
    const { id } = this.ctx
    const was_parked = parked.has(key)
    if (was_parked && parked.first(key) !== origin_id) {
      parked.replace(key, origin_id, id)
      return this.deadLetter(PARKED, { behind: parked.first(key) })
    }
    const { faults } = this
    this.step(key, handler, value)
    if (!was_parked) return
    if (this.faults === faults) parked.shift(key)
    else parked.replace(key, origin_id, id)
  }

  private take(channel: Channel, at_us: number): void {
    if (!this.by_data) this.noteArrival(channel)
    const envelope = channel.take()
    this.buffered--
    if (channel.length === 0) this.active.splice(this.active.indexOf(channel), 1)
    this.tail_records++
    this.touched = true
    this.now_us = at_us
    const { port, table, redelivery } = channel.input
    if (redelivery === true) return this.redeliver(envelope, at_us)
    const processor = this.planned.processor
    if (table) {
      this.ctx.begin(envelope.key, at_us, envelope, '', Number.NaN)
      ;(this.tables[port] as BroadcastTable).set(envelope.key, envelope.value, this.ctx.id)
      if (processor.on[port] === undefined) return
    }
    const keyOf = processor.state_key[port]
    const key = keyOf === undefined ? envelope.key : keyOf(envelope.value, channel.origin)
    this.ctx.begin(key, at_us, envelope, '', envelope.arrived_ms)
    if (this.parked.has(key)) {
      this.parked.push(key, this.ctx.id)
      return this.deadLetter(PARKED, { behind: this.parked.first(key) })
    }
    this.step(key, processor.on[port] as Handler, envelope.value)
  }

  /** Hands the record in hand to its handler. */
  private step(key: string, handler: Handler, value: unknown): void {
    const cell = this.cell(key)
    try {
      this.conclude(cell, handler(cell.state, value, this.ctx))
    } catch (error) {
      this.failed(error)
    }
  }

  private fire(): void {
    const timer = this.timers.take()
    if (timer === undefined) return
    this.touched = true
    this.timers_fired++
    if (timer.due_us > this.now_us) this.now_us = timer.due_us
    const processor = this.planned.processor
    const handler = processor.timer
    if (handler === undefined) throw new InvariantError(`${processor.name} set a timer and has no timer handler`)
    const cell = this.cell(timer.key)
    this.ctx.begin(timer.key, this.now_us, undefined, timer.cause, Number.NaN)
    try {
      this.conclude(cell, handler(cell.state, timer.name, this.ctx))
    } catch (error) {
      this.failed(error)
    }
  }

  private answer(open: OpenAsk): void {
    this.touched = true
    if (open.due_us > this.now_us) this.now_us = open.due_us
    const effect = this.planned.processor as Effect
    const answer = open.answer ?? { ok: false, code: 'EFFECT_FAILED' }
    const cell = this.cell(open.key)
    this.ctx.begin(open.key, this.now_us, undefined, open.id, open.arrived_ms)
    try {
      this.conclude(cell, effect.answer(cell.state, open.request, answer, this.ctx))
    } catch (error) {
      this.failed(error)
    }
  }

  /** The key's cell, or a new one that is kept only if the step is. */
  private cell(key: string): Cell {
    return (
      this.cells.get(key) ?? {
        state: this.planned.processor.initial(key, this.planned.params),
        fresh: true,
        dirty: false,
      }
    )
  }

  /** Applies what a handler answered: outputs first, since a value that does not fit makes the step a fault. */
  private conclude(cell: Cell, result: StepOrAsk): void {
    const ctx = this.ctx
    if (result.kind === 'fault') return this.deadLetter(result.code, result.detail)
    if (result.kind === 'ask') this.asks?.add(ctx.key, result.request, this.now_us, ctx.id, ctx.arrived_ms)
    else if (result.outputs !== undefined) this.send(result.outputs)
    cell.state = result.state
    if (cell.fresh) {
      this.cells.set(ctx.key, cell)
      cell.fresh = false
    }
    this.markDirty(cell)
    if (ctx.timer_changes === undefined) return
    for (const change of ctx.timer_changes) {
      if (change.due_us === undefined) this.timers.cancel(ctx.key, change.name)
      else this.timers.set(ctx.key, change.name, change.due_us, ctx.id)
    }
  }

  private markDirty(cell: Cell): void {
    if (cell.dirty) return
    cell.dirty = true
    this.dirty.push(this.ctx.key)
  }

  /** A value that does not fit is bad data; everything else that a handler throws is a broken invariant. */
  private failed(error: unknown): void {
    if (error instanceof DataFault) {
      // A state that is changed in place may have changed before its output turned out not to fit.
      const cell = this.cells.get(this.ctx.key)
      if (cell !== undefined) this.markDirty(cell)
      return this.deadLetter(error.code, error.detail)
    }
    if (error instanceof AppError) throw error
    const { envelope, id } = this.ctx
    const what = envelope === undefined ? `a timer or answer caused by ${id}` : id
    throw new InvariantError(`${this.planned.name} processing ${what}: ${(error as Error).stack ?? error}`)
  }

  private send(outputs: object): void {
    const batch = this.outputs
    batch.length = 0
    for (const port in outputs) {
      const values = (outputs as Record<string, readonly unknown[] | undefined>)[port]
      if (values === undefined || values.length === 0) continue
      const topic = this.planned.outputs.get(port)
      if (topic === undefined) continue // An output port that the topology leaves unwired.
      for (const value of values) batch.push({ topic, value })
    }
    if (batch.length === 0) return
    const { envelope, cause_id, added, arrived_ms } = this.ctx
    this.outlet.emit(this, batch, envelope, cause_id, added, arrived_ms)
  }

  private deadLetter(code: string, detail: Readonly<Record<string, unknown>>): void {
    const { envelope, id, cause_id } = this.ctx
    this.faults++
    this.touched = true
    const { faults_to, max_faults, stage, last, later } = this.planned
    // It runs late, so that its letter would stand at another place in each run.
    if (last) throw new InvariantError(`${this.planned.name} declares no faults and refused ${id}: ${code}`)
    if (later === 'block' && !this.again) {
      throw new AppError('STAGE_BLOCKED', `stage ${stage} stops before ${id}: ${code} ${textOf(detail)}`, {
        exit_code: 3,
        hint: 'mend the cause and start again: it goes on with this record; `dead_letters: { later: continue }` skips such',
      })
    }
    if (later === 'park' && code !== PARKED && envelope !== undefined && !this.parked.has(this.ctx.key)) {
      this.parked.push(this.ctx.key, id)
    }
    if (max_faults !== undefined && this.faults > max_faults) {
      throw new AppError(
        'FAULT_LIMIT',
        `stage ${stage} refused more than ${max_faults} records, the last with ${code}`,
        {
          exit_code: 3,
          hint: 'look at the dead letters with `aitrader dlq list`, mend the cause or raise max_faults',
        },
      )
    }
    if (faults_to === undefined) return
    const payload = (envelope?.value as { payload?: unknown } | undefined)?.payload
    const letter = {
      origin_topic: envelope?.topic.name ?? '',
      origin_partition: envelope?.partition ?? -1,
      origin_id: id,
      stage,
      code,
      detail: textOf(detail),
      record: envelope?.topic.record.name ?? '',
      bytes: payload instanceof Uint8Array ? payload : this.ctx.body(),
    }
    this.outlet.emit(this, [{ topic: faults_to, value: letter }], envelope, cause_id, undefined, Number.NaN)
  }
}

/** Values that justify a code, as JSON. */
function textOf(detail: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(detail, (_key, value) => (typeof value === 'bigint' ? String(value) : value))
}
