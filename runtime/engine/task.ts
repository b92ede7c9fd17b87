import type { Ask, Effect } from '../api/effect.ts'
import { AppError, DataFault, InvariantError } from '../api/fault.ts'
import type { Step } from '../api/processor.ts'
import type { RecordType } from '../api/record.ts'
import type { PlannedTask, PlannedTopic } from '../plan/plan.ts'
import { BroadcastTable } from '../state/table.ts'
import { Timers } from '../state/timers.ts'
import { Asks, type OpenAsk, type Outside } from './asks.ts'
import { type Cell, Cells } from './cells.ts'
import type { Channel } from './channel.ts'
import { StepContext } from './context.ts'
import { type Detail, faultLimit, letterOf, stageBlocked } from './dead-letter.ts'
import type { Envelope } from './envelope.ts'
import { Inbox } from './inbox.ts'
import { Parked } from './parked.ts'
import { inputOf, type Redelivery, refusedRecord, wasRefusedBy } from './redelivery.ts'

type StepOrAsk = Step<unknown> | Ask<unknown>
type Handler = (state: unknown, value: unknown, ctx: StepContext) => StepOrAsk

/** Code of a record that waits behind a refused one of its key. */
const PARKED = 'PARKED'

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
 * One task: the state of its keys, its inbox, its timers, its open requests, and the loop that merges them.
 *
 * `run(limit)` takes everything up to stream time `limit` in merge order. At equal times timers fire first (in the
 * order they were due and set), then answers of effects, then records.
 */
export class Task {
  readonly planned: PlannedTask
  readonly inbox: Inbox
  readonly cells = new Cells()
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
  /** Since the last commit. */
  timers_fired = 0
  outputs_count = 0
  outputs_hash = 0
  touched = false
  /** Records read since the last snapshot; a long tail forces one. */
  tail_records = 0
  /** Where outputs go; recovery puts a comparison in its place. */
  outlet: Outlet
  /** In a replay, where other builds wrote. */
  recordAt: RecordAt | undefined
  private readonly ctx: StepContext
  private readonly outputs: Output[] = []

  constructor(planned: PlannedTask, producers: readonly string[], outlet: Outlet, outside: Outside | undefined) {
    this.planned = planned
    this.outlet = outlet
    this.inbox = new Inbox(planned)
    this.tables = Object.fromEntries(Object.keys(planned.processor.tables).map((port) => [port, new BroadcastTable()]))
    this.ctx = new StepContext(planned.params, this.tables, producers)
    this.asks = outside === undefined || planned.effect === undefined ? undefined : new Asks(outside, planned.effect)
  }

  get channels(): readonly Channel[] {
    return this.inbox.channels
  }

  /** Records that wait in all channels. */
  get buffered(): number {
    return this.inbox.length
  }

  /** Buffers a record; answers the stream time at which it may be processed. */
  deliver(channel: number, envelope: Envelope): number {
    return this.inbox.push(channel, envelope)
  }

  /** Stream time of the next thing to do, or infinity. */
  nextDue(): number {
    return Math.min(this.timers.due_us, this.asks?.due_us ?? Number.POSITIVE_INFINITY, this.inbox.due_us)
  }

  /** Begins the bookkeeping of a new commit. */
  commit(): void {
    this.inbox.commit()
    this.touched = false
    this.timers_fired = 0
    this.outputs_count = 0
    this.outputs_hash = 0
  }

  /** Runs up to `limit_us`; a promise if an effect's answer is due and not there yet (call again when it resolves). */
  run(limit_us: number): Promise<void> | undefined {
    const { inbox } = this
    for (;;) {
      const channel = inbox.length > 0 ? inbox.first(limit_us) : undefined
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

  /**
   * Takes a record that the stage has refused before, as if it came by its own input; it is a new record, caused by the
   * refused one. Tables are left alone: what they hold by now may be newer.
   */
  private redeliver(envelope: Envelope, at_us: number): void {
    const again = envelope.value as Redelivery
    if (!wasRefusedBy(this.planned, again)) return
    const { origin_id, origin_topic, origin_partition, bytes } = again
    const { processor } = this.planned
    const input = inputOf(this.planned, again)
    const handler = input === undefined ? undefined : processor.on[input.port]
    this.again = true
    try {
      this.ctx.begin(envelope.key, at_us, envelope, '', envelope.arrived_ms)
      if (input === undefined || handler === undefined) {
        // Whoever sends it looks before; the topology may have changed since.
        return this.deadLetter('MISPLACED', { origin_id, origin_topic, origin_partition })
      }
      const { topic, port } = input
      const record = refusedRecord(envelope, input, bytes)
      this.ctx.begin(envelope.key, at_us, record, '', envelope.arrived_ms)
      const value = (this.recordAt?.(topic, at_us) ?? topic.record).decode(bytes, 0, bytes.length)
      const own_key = (value as Record<string, string>)[topic.key] as string
      const key = processor.state_key[port]?.(value, `${origin_topic}/${origin_partition}`) ?? own_key
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
    const envelope = this.inbox.take(channel)
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
    this.cells.keep(ctx.key, cell)
    if (ctx.timer_changes === undefined) return
    for (const change of ctx.timer_changes) {
      if (change.due_us === undefined) this.timers.cancel(ctx.key, change.name)
      else this.timers.set(ctx.key, change.name, change.due_us, ctx.id)
    }
  }

  /** A value that does not fit is bad data; everything else that a handler throws is a broken invariant. */
  private failed(error: unknown): void {
    if (error instanceof DataFault) {
      // A state that is changed in place may have changed before its output turned out not to fit.
      const cell = this.cells.get(this.ctx.key)
      if (cell !== undefined) this.cells.markDirty(this.ctx.key, cell)
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

  private deadLetter(code: string, detail: Detail): void {
    const { ctx } = this
    const { envelope, id, cause_id } = ctx
    this.faults++
    this.touched = true
    const { faults_to, max_faults, stage, last, later } = this.planned
    // It runs late, so that its letter would stand at another place in each run.
    if (last) throw new InvariantError(`${this.planned.name} declares no faults and refused ${id}: ${code}`)
    if (later === 'block' && !this.again) throw stageBlocked(stage, id, code, detail)
    if (later === 'park' && code !== PARKED && envelope !== undefined && !this.parked.has(ctx.key)) {
      this.parked.push(ctx.key, id)
    }
    if (max_faults !== undefined && this.faults > max_faults) throw faultLimit(stage, max_faults, code)
    if (faults_to === undefined) return
    const letter = letterOf(ctx, stage, code, detail)
    this.outlet.emit(this, [{ topic: faults_to, value: letter }], envelope, cause_id, undefined, Number.NaN)
  }
}
