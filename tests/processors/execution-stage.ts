/**
 * Drives one processor by hand: records at stream times, timers, tables. What the runtime promises holds here too.
 *
 * Before every step the state is frozen and read back from its canonical text, so a step that changes its input or a
 * state that does not survive a restart fails. Every output goes through its codec.
 */

import { isDeepStrictEqual } from 'node:util'
import { Value } from 'typebox/value'
import { expect } from 'vitest'
import { Arena, type Context, type Json, type Processor, type RecordType, type Step } from '../../runtime/api/index.ts'
import { canonical, parseCanonical } from '../../runtime/state/canonical.ts'

export interface Emitted {
  readonly at_us: number
  readonly port: string
  readonly value: unknown
  readonly causes: readonly string[]
}
interface Timer {
  readonly key: string
  readonly name: string
  readonly due_us: number
  readonly order: number
  readonly id: string
}

export class Stage {
  readonly emitted: Emitted[] = []
  readonly faults: { at_us: number; code: string; detail: unknown }[] = []
  readonly params: unknown
  now_us = 0
  private readonly processor: Processor
  private readonly states = new Map<string, unknown>()
  private readonly tables = new Map<string, Map<string, { value: unknown; id: string }>>()
  private timers: Timer[] = []
  private timer_order = 0
  private seq = 0

  constructor(processor: Processor, params: Record<string, unknown> = {}) {
    this.processor = processor
    this.params = Value.Default(processor.params, structuredClone(params))
    expect([...Value.Errors(processor.params, this.params)]).toEqual([])
    for (const name of Object.keys(processor.tables)) this.tables.set(name, new Map())
  }

  /** One record. `table_key` for table ports: the record's key. Answers its id. */
  send(port: string, value: unknown, at_us: number, table_key?: string): string {
    this.advance(at_us)
    const id = `test/0:${this.seq++}`
    if (table_key !== undefined) this.tables.get(port)?.set(table_key, { value, id })
    const handler = this.processor.on[port]
    if (handler === undefined) return id
    const key = this.processor.state_key[port]?.(value, '') ?? table_key ?? ''
    this.step(key, id, (state, ctx) => handler(state, value, ctx))
    return id
  }

  /** Fires every timer due until `until_us`. */
  advance(until_us: number): void {
    for (;;) {
      const next = this.timers
        .filter((timer) => timer.due_us <= until_us)
        .sort((a, b) => a.due_us - b.due_us || a.order - b.order)[0]
      if (next === undefined) break
      this.timers = this.timers.filter((timer) => timer !== next)
      this.now_us = Math.max(this.now_us, next.due_us)
      this.step(next.key, next.id, (state, ctx) => this.processor.timer?.(state, next.name, ctx) as Step<unknown>)
    }
    this.now_us = Math.max(this.now_us, until_us)
  }

  state<S>(key: string): S {
    return this.states.get(key) as S
  }

  of<T>(port: string): T[] {
    return this.emitted.filter((one) => one.port === port).map((one) => one.value as T)
  }

  pendingTimers(): string[] {
    return this.timers.map((timer) => timer.name).sort()
  }

  private step(key: string, id: string, run: (state: unknown, ctx: Context) => Step<unknown>): void {
    const before = this.states.get(key) ?? this.processor.initial(key, this.params)
    const text = canonical(this.processor.snapshot(before))
    const state = freeze(this.processor.restore(parseCanonical(text), key, this.params))
    const causes = [id]
    const changes: { name: string; due_us: number | undefined }[] = []
    const ctx = {
      params: this.params,
      stream_time_us: this.now_us,
      key,
      id,
      tables: Object.fromEntries(
        [...this.tables].map(([name, rows]) => [
          name,
          { get: (row: string) => rows.get(row)?.value, idOf: (row: string) => rows.get(row)?.id },
        ]),
      ),
      cause: (cause: string) => causes.push(cause),
      setTimer: (name: string, due_us: number) => changes.push({ name, due_us: Math.max(due_us, this.now_us) }),
      cancelTimer: (name: string) => changes.push({ name, due_us: undefined }),
    } as unknown as Context
    const step = run(state, ctx)
    if (canonical(this.processor.snapshot(state)) !== text) throw new Error(`a step changed its state: ${text}`)
    if (step.kind === 'fault') {
      expect(Object.keys(this.processor.faults)).toContain(step.code)
      this.faults.push({ at_us: this.now_us, code: step.code, detail: step.detail })
      return
    }
    this.states.set(key, step.state)
    for (const { name, due_us } of changes) {
      this.timers = this.timers.filter((timer) => timer.key !== key || timer.name !== name)
      if (due_us !== undefined) this.timers.push({ key, name, due_us, order: this.timer_order++, id })
    }
    const outputs = (step.outputs ?? {}) as Record<string, readonly unknown[]>
    for (const port of Object.keys(this.processor.outputs)) {
      for (const value of outputs[port] ?? []) {
        roundTrip(this.processor.outputs[port] as RecordType<unknown>, value)
        this.emitted.push({ at_us: this.now_us, port, value, causes: [...new Set(causes)] })
      }
    }
  }
}

function roundTrip(type: RecordType<unknown>, value: unknown): void {
  const arena = new Arena(512)
  type.encode(value, arena)
  const back = type.decode(arena.buf, 0, arena.pos)
  if (!isDeepStrictEqual(back, value)) expect(back).toEqual(value)
}

function freeze<T>(value: T): T {
  if (value !== null && typeof value === 'object' && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const item of Object.values(value as Record<string, Json>)) freeze(item)
  }
  return value
}
