import type { Put } from '../api/broker.ts'
import { AppError } from '../api/fault.ts'
import { sha256, toHex } from '../api/hash.ts'
import type { Json } from '../api/record.ts'
import type { PlannedTask } from '../plan/plan.ts'
import { canonical, parseCanonical } from '../state/canonical.ts'
import type { Task } from './task.ts'

/**
 * Snapshots: the keys that changed, the tables' rows that changed, and one small record per task with its timers, open
 * requests and input positions, all in the transaction of the commit they belong to.
 */

/** Store of cells and table rows, by task. */
export const CELLS = 'state'
/** Store of the tasks' main records, by task. */
export const TASKS = 'snapshot'

interface TaskSnapshot {
  readonly seq: number
  readonly next_seq: number
  readonly now_us: number
  readonly faults: number
  readonly positions: readonly number[]
  /** What the positions are positions in; absent in snapshots of release 0.1.0. */
  readonly inputs?: string
  readonly timers: readonly (readonly [key: string, name: string, due_us: number, cause: string])[]
  readonly asks: readonly (readonly [key: string, request: Json, due_us: number, id: string])[]
  /** Absent if no key is parked. */
  readonly parked?: readonly (readonly [key: string, ids: readonly string[]])[]
  readonly failures: number
  readonly open_until_us: number
}

const text = new TextEncoder()
const untext = new TextDecoder()

/** What the keys of all cells and rows of a task begin with. */
export const cellPrefix = (task: string): string => `${task}\u0000`
/** Key of one cell. */
export const cellKey = (task: string, key: string): string => `${task}\u0000c\u0000${key}`
const rowKey = (task: string, port: string, key: string): string => `${task}\u0000t\u0000${port}\u0000${key}`

/** The changes since the last snapshot; the task counts as clean afterwards. */
export function takeSnapshot(task: Task, seq: number): Put[] {
  const puts: Put[] = []
  const { name, processor } = task.planned
  for (const key of task.cells.takeChanged()) {
    const state = task.cells.get(key)?.state
    puts.push({ store: CELLS, key: cellKey(name, key), value: text.encode(canonical(processor.snapshot(state))) })
  }
  for (const [port, table] of Object.entries(task.tables)) {
    for (const key of table.dirty) {
      puts.push({ store: CELLS, key: rowKey(name, port, key), value: text.encode(canonical(table.row(key))) })
    }
    table.dirty.clear()
  }
  const parked = task.parked.snapshot()
  const snapshot: TaskSnapshot = {
    seq,
    next_seq: task.next_seq,
    now_us: task.now_us,
    faults: task.faults,
    positions: task.channels.map((channel) => channel.position),
    inputs: inputsOf(task.planned),
    timers: task.timers.pending().map((timer) => [timer.key, timer.name, timer.due_us, timer.cause] as const),
    asks: (task.asks?.open ?? []).map((open) => [open.key, open.request, open.due_us, open.id] as const),
    ...(parked === undefined ? {} : { parked }),
    failures: task.asks?.failures ?? 0,
    open_until_us: task.asks?.open_until_us ?? 0,
  }
  puts.push({ store: TASKS, key: name, value: text.encode(canonical(snapshot as unknown as Json)) })
  task.tail_records = 0
  return puts
}

const known_inputs = new WeakMap<PlannedTask, string>()

/** Stands for the partitions that a task reads, how and by which keys: positions mean nothing in other ones. */
function inputsOf(planned: PlannedTask): string {
  let inputs = known_inputs.get(planned)
  if (inputs === undefined) {
    const lines = planned.inputs.map(({ topic, partition, keyed, delay_us }) => {
      return `${topic.name}/${partition} ${topic.key} ${keyed ? 'keyed' : 'broadcast'} ${delay_us}\n`
    })
    inputs = toHex(sha256(text.encode(lines.join('')))).slice(0, 16)
    known_inputs.set(planned, inputs)
  }
  return inputs
}

/**
 * Fills a fresh task from its snapshot's main record; answers the journal entry it belongs to. An AppError
 * `INPUTS_CHANGED` (exit 2) if it was taken of a task with other inputs.
 */
export function loadSnapshot(task: Task, bytes: Uint8Array): number {
  const snapshot = parseCanonical(untext.decode(bytes)) as unknown as TaskSnapshot
  if (snapshot.inputs !== undefined && snapshot.inputs !== inputsOf(task.planned)) {
    throw new AppError(
      'INPUTS_CHANGED',
      `${task.planned.name} took its last snapshot with other inputs than it has now`,
      {
        exit_code: 2,
        hint: '`aitrader plan` says what changed; `aitrader up --rebuild` begins anew, and on Kafka `aitrader apply` rebuilds the stage',
      },
    )
  }
  task.next_seq = snapshot.next_seq
  task.now_us = snapshot.now_us
  task.faults = snapshot.faults
  for (const [index, position] of snapshot.positions.entries()) task.channels[index]?.seek(position)
  for (const [key, name, due_us, cause] of snapshot.timers) task.timers.set(key, name, due_us, cause)
  task.parked.restore(snapshot.parked ?? [])
  if (task.asks !== undefined) {
    task.asks.failures = snapshot.failures
    task.asks.open_until_us = snapshot.open_until_us
    for (const [key, request, due_us, id] of snapshot.asks) task.asks.restore(key, request, due_us, id)
  }
  return snapshot.seq
}

/** Puts one stored cell or table row back; `key` is the store's key. */
export function loadCell(task: Task, key: string, value: Uint8Array): void {
  const parts = key.slice(task.planned.name.length + 1).split('\u0000')
  const json = parseCanonical(untext.decode(value))
  if (parts[0] === 'c') {
    const name = parts.slice(1).join('\u0000')
    task.cells.put(name, task.planned.processor.restore(json, name, task.planned.params), 'saved')
  } else task.tables[parts[1] as string]?.load(parts.slice(2).join('\u0000'), json)
}
