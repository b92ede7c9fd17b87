import type { Batch, Put, Reader } from '../api/broker.ts'
import { AppError, assert } from '../api/fault.ts'
import { BatchBuilder, NO_CAUSES } from '../log/batch.ts'
import type { LanePlan } from '../plan/lanes.ts'
import type { Plan, PlannedTask } from '../plan/plan.ts'
import { FRONTIERS, type FrontierMark, type FrontierType } from './frontiers.ts'
import { ComparingOutlet } from './outlet.ts'
import { load } from './recovery.ts'
import { CELLS, cellKey, TASKS, takeSnapshot } from './snapshot.ts'
import { Task } from './task.ts'

/**
 * State for another number of partitions: every key goes to the task that its partition has in the new plan, with its
 * timers and open requests; tables go to all. Tasks keep their sequence numbers, so that ids stay unique over
 * generations; a new task begins at 0.
 *
 * The old tasks must have read everything and hold a snapshot of it: nothing is re-run here.
 */
export interface Rekeyed {
  /** To be committed in one transaction. */
  readonly puts: readonly Put[]
  /** Keys of state that changed their task. */
  readonly moved: number
  /** Stream time that everything has passed. */
  readonly frontier_us: number
}

/** Rejects with an AppError `STAGE_NOT_REKEYABLE` (exit 2) where a stage keeps state under other keys than its records'. */
export async function rekey(from: Plan, to: Plan, broker: Reader): Promise<Rekeyed> {
  const puts: Put[] = []
  let moved = 0
  let frontier_us = 0
  for (const stage of to.stages) {
    const old = await loadStage(from, stage, broker)
    frontier_us = Math.max(frontier_us, ...old.map(({ task }) => task.now_us))
    const planned = to.tasks.filter((task) => task.stage === stage)
    if (old.length === planned.length && planned.every((task, i) => sameInputs(task, old[i]?.task.planned))) continue
    if (planned.length > 1) refuseOtherKeys(old)
    const fresh = planned.map((task) => new Task(task, to.producers, new ComparingOutlet(), old[0]?.outside))
    moved += move(old, fresh)
    for (const task of fresh) {
      const before = old.find((one) => one.task.planned.name === task.planned.name)
      puts.push(...takeSnapshot(task, Math.max(0, before?.seq ?? 0)))
    }
    puts.push(...leftovers(old, fresh))
  }
  return { puts, moved, frontier_us }
}

/** The marks that lanes of a new generation begin with: all of them have passed `frontier_us`. */
export function firstMarks(lanes: LanePlan, type: FrontierType, schema_id: number, frontier_us: number): Batch[] {
  return lanes.lanes.map(({ name, number }) => {
    const builder = new BatchBuilder(FRONTIERS, number, schema_id, 256)
    const mark: FrontierMark = {
      lane: name,
      frontier_us,
      since_us: frontier_us,
      needed_us: frontier_us,
      ended: false,
      written: [],
    }
    builder.append(type, mark, name, name, 0, frontier_us, NO_CAUSES)
    return builder.batch()
  })
}

interface Loaded {
  readonly task: Task
  /** Journal entry of its last snapshot; -1 if it has none. */
  readonly seq: number
  readonly outside: ConstructorParameters<typeof Task>[3]
}

async function loadStage(plan: Plan, stage: string, broker: Reader): Promise<Loaded[]> {
  const loaded: Loaded[] = []
  for (const planned of plan.tasks.filter((task) => task.stage === stage)) {
    // Open requests are carried over and asked by whoever runs the stage next.
    const outside: Loaded['outside'] =
      planned.processor.kind === 'processor' ? undefined : { kind: 'query', runner: NOBODY, backOff: undefined }
    const task = new Task(planned, plan.producers, new ComparingOutlet(), outside)
    loaded.push({ task, seq: (await load(task, broker)) - 1, outside })
  }
  return loaded
}

const NOBODY = {
  identity: { name: '', version: '', sha256: '' },
  run: () => {
    throw new Error('nothing is asked while state is re-keyed')
  },
}

function sameInputs(a: PlannedTask, b: PlannedTask | undefined): boolean {
  const names = (task: PlannedTask) => task.inputs.map((input) => `${input.topic.name}/${input.partition}`).join()
  return b !== undefined && names(a) === names(b)
}

function move(old: readonly Loaded[], fresh: readonly Task[]): number {
  const positions = new Map<string, number>()
  let now_us = 0
  for (const { task } of old) {
    now_us = Math.max(now_us, task.now_us)
    for (const channel of task.channels) positions.set(channel.origin, channel.position)
  }
  for (const task of fresh) {
    const before = old.find((one) => one.task.planned.name === task.planned.name)?.task
    task.now_us = now_us
    task.next_seq = before?.next_seq ?? 0
    task.faults = before?.faults ?? 0
    for (const channel of task.channels) channel.seek(positions.get(channel.origin) ?? 0)
    copyTables(old[0]?.task, task)
  }
  let moved = 0
  const home = (key: string): Task => fresh[numberOf(fresh, key)] as Task
  for (const { task } of old) {
    for (const [key, { state }] of task.cells) {
      const to = home(key)
      if (to.planned.name !== task.planned.name) moved++
      to.cells.put(key, state, 'unsaved')
    }
    for (const { key, name, due_us, cause } of task.timers.pending()) home(key).timers.set(key, name, due_us, cause)
    for (const { key, request, due_us, id } of task.asks?.open ?? []) home(key).asks?.restore(key, request, due_us, id)
  }
  return moved
}

/** Number of the task that a key of state belongs to: that of its records' partition. */
function numberOf(tasks: readonly Task[], key: string): number {
  const keyed = (tasks[0] as Task).planned.inputs.find((input) => input.keyed)
  return tasks.length === 1 || keyed === undefined ? 0 : keyed.topic.partitionOf(key)
}

/** Keys of state must be those of the records, or the like: else no partition says where they belong. */
function refuseOtherKeys(old: readonly Loaded[]): void {
  const tasks = old.map(({ task }) => task)
  for (const task of tasks) {
    const { stage, number, inputs, processor } = task.planned
    const own =
      tasks.length === 1 && inputs.some((input) => input.keyed && processor.state_key[input.port] !== undefined)
    const stray = own ? '' : [...task.cells.keys()].find((key) => numberOf(tasks, key) !== number)
    if (stray === undefined) continue
    throw new AppError('STAGE_NOT_REKEYABLE', `${stage} keeps state under other keys than those of its records`, {
      exit_code: 2,
      hint: 'its state cannot be divided anew; `aitrader reset --stages` computes it again from its inputs',
    })
  }
}

function copyTables(from: Task | undefined, to: Task): void {
  for (const [port, table] of Object.entries(from?.tables ?? {})) {
    const into = to.tables[port]
    assert(into !== undefined, `${to.planned.name} has no table ${port}`)
    for (const key of table.keys()) {
      into.load(key, table.row(key))
      into.dirty.add(key)
    }
  }
}

/** Deletes what no longer stands where it stood. */
function leftovers(old: readonly Loaded[], fresh: readonly Task[]): Put[] {
  const puts: Put[] = []
  for (const { task } of old) {
    const { name } = task.planned
    const now = fresh.find((one) => one.planned.name === name)
    for (const key of task.cells.keys()) {
      if (now?.cells.has(key) !== true) puts.push({ store: CELLS, key: cellKey(name, key), value: null })
    }
    if (now === undefined) puts.push({ store: TASKS, key: name, value: null })
  }
  return puts
}
