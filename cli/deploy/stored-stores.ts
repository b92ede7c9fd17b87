/** Every stage's state as its last run left it: by which build, how much of its journal is behind the snapshot. */
import { AppError, InvariantError, type Reader } from '../../runtime/api/index.ts'
import type { Hashes, JournalEntry } from '../../runtime/engine/journal.ts'
import type { WriterCodecs } from '../../runtime/engine/options.ts'
import { load } from '../../runtime/engine/recovery.ts'
import { type Outlet, Task } from '../../runtime/engine/task.ts'
import type { Plan } from '../../runtime/plan/plan.ts'
import { channelTexts } from './desired.ts'
import { journalTail } from './journal-tail.ts'
import type { ActualStore } from './model.ts'
import type { StoredRun } from './stored-run.ts'

/** Stages that have any state or history; `plan` is what is to run now, `before` what ran, if this build can tell. */
export async function storedStores(
  reader: Reader,
  codecs: WriterCodecs | undefined,
  run: Pick<StoredRun, 'producers' | 'hashes'>,
  plan: Plan,
  before: Plan | undefined,
): Promise<ActualStore[]> {
  const stores = new Map<string, ActualStore>()
  for (const [producer, task] of run.producers.entries()) {
    const slash = task.lastIndexOf('/')
    if (slash < 0) continue // A source: it has a position and no state.
    const { snapshot, tail, last } = await journalTail(reader, codecs, task, producer)
    if (snapshot === undefined && last === undefined) continue
    const stage = task.slice(0, slash)
    const known = stores.get(stage)
    const behind = tail.length > 0 ? tail.map(hashesOf) : [last === undefined ? run.hashes : hashesOf(last)]
    stores.set(stage, {
      stage,
      hashes: distinct([...(known?.hashes ?? []), ...behind]),
      tail: (known?.tail ?? 0) + tail.length,
      unreadable: known?.unreadable ?? (await unreadable(reader, plan, task)),
      channels: before === undefined ? undefined : channelTexts(before, stage),
    })
  }
  return [...stores.values()]
}

function hashesOf({ code, config, schemas, models }: JournalEntry): Hashes {
  return { code, config, schemas, models }
}

function distinct(all: readonly Hashes[]): Hashes[] {
  const by_text = new Map(
    all.map((hashes) => [`${hashes.code} ${hashes.config} ${hashes.schemas} ${hashes.models}`, hashes]),
  )
  return [...by_text.values()]
}

/** Why this build cannot take over the task's snapshot; undefined if it can, or if there is no such task any more. */
async function unreadable(reader: Reader, plan: Plan, task: string): Promise<string | undefined> {
  const planned = plan.tasks.find(({ name }) => name === task)
  if (planned === undefined) {
    const stage = task.slice(0, task.lastIndexOf('/'))
    const others = plan.tasks.some((one) => one.stage === stage)
    return others ? `the stage has fewer tasks now, and ${task} is none of them` : undefined
  }
  try {
    await load(new Task(planned, plan.producers, NO_OUTLET, undefined), reader)
    return undefined
  } catch (error) {
    if (error instanceof AppError && REFUSALS.includes(error.code)) return error.message
    throw error
  }
}

const REFUSALS = ['INPUTS_CHANGED', 'STATE_UNREADABLE']

const NO_OUTLET: Outlet = {
  emit: (task) => {
    throw new InvariantError(`${task.planned.name} is not run here`)
  },
}
