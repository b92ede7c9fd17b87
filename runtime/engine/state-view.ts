import { createHash } from 'node:crypto'
import type { Json } from '../api/record.ts'
import { canonical } from '../state/canonical.ts'
import type { Task } from './task.ts'

/** State of one key, or one row of a table (`table PORT KEY`), with its pending timers. */
export interface StateEntry {
  readonly stage: string
  readonly key: string
  readonly state: Json
  readonly timers: readonly { readonly name: string; readonly due_us: number }[]
}

/** The state of one stage over all its tasks, in order of key bytes; broadcast tables once. */
export function stateOf(tasks: readonly Task[], stage: string): StateEntry[] {
  const entries: StateEntry[] = []
  for (const task of tasks) {
    if (task.planned.stage !== stage) continue
    const timers = new Map<string, { name: string; due_us: number }[]>()
    for (const { key, name, due_us } of task.timers.pending()) {
      timers.set(key, [...(timers.get(key) ?? []), { name, due_us }])
    }
    for (const [key, cell] of task.cells) {
      entries.push({ stage, key, state: task.planned.processor.snapshot(cell.state), timers: timers.get(key) ?? [] })
    }
    if (task.planned.number > 0) continue
    for (const [port, table] of Object.entries(task.tables)) {
      for (const key of table.keys())
        entries.push({ stage, key: `table ${port} ${key}`, state: table.row(key), timers: [] })
    }
  }
  return entries.sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)))
}

/** SHA-256 (hex) over stage, key, canonical state and pending timers of everything, in order of stage and key bytes. */
export function stateDigest(tasks: readonly Task[]): string {
  const stages = [...new Set(tasks.map((task) => task.planned.stage))]
  stages.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  const hash = createHash('sha256')
  for (const stage of stages) {
    for (const { key, state, timers } of stateOf(tasks, stage)) {
      hash.update(`${JSON.stringify([stage, key])}${canonical(state)}${canonical(timers as unknown as Json)}\n`)
    }
  }
  return hash.digest('hex')
}
