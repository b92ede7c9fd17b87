import { describe, expect, test } from 'vitest'
import { dropStage, rebuildStage, type StageOptions } from '../../cli/deploy/rebuild-stage.ts'
import type { StoredRun } from '../../cli/deploy/stored-run.ts'
import { storedStores } from '../../cli/deploy/stored-stores.ts'
import type { Broker, Reader } from '../../runtime/api/index.ts'
import { CELLS, cellPrefix, TASKS } from '../../runtime/engine/snapshot.ts'
import { MemoryStore } from '../../runtime/log/memory-store.ts'
import { SimulatedLog } from '../../runtime/log/simulated.ts'
import { type Plan, plan } from '../../runtime/plan/plan.ts'
import { runLanes } from '../runtime/lanes.ts'
import { ticks, toy, world } from '../runtime/toy.ts'

/** The toy, run in lanes to its end: every task has stopped cleanly, with a snapshot. */
const whole = plan(toy, world)
const HASHES = { code: 'c', config: 'c', schemas: 's', models: 'm' }
const RUN: StoredRun = { topology: toy, source: null, seed: 1, hashes: HASHES, producers: whole.producers }

async function afterRun(items = 200): Promise<{ store: MemoryStore; broker: Broker; options: StageOptions }> {
  const store = new MemoryStore()
  await runLanes({ store, items: ticks(items) })
  const broker = new SimulatedLog(store).connect()
  return { store, broker, options: { broker, codecs: undefined, plan: whole, producers: whole.producers } }
}

/** Everything that recovery would begin with, readable. */
async function stateOf(reader: Reader): Promise<Record<string, string>> {
  const state: Record<string, string> = {}
  for (const store of [CELLS, TASKS]) {
    for await (const { key, value } of reader.scan(store)) state[`${store} ${key}`] = Buffer.from(value).toString()
  }
  return state
}

async function damage(broker: Broker, task: string): Promise<void> {
  const producer = await broker.producer('damage')
  const puts = [{ store: CELLS, key: `${cellPrefix(task)}c\u0000never`, value: Buffer.from('{"total":1}') }]
  for await (const { key } of broker.scan(CELLS, cellPrefix(task))) {
    puts.push({ store: CELLS, key, value: Buffer.from('{"total":-1}') })
  }
  await producer.commit({ batches: [], puts })
}

describe('a rebuilt stage', () => {
  test.each(['sum', 'gather', 'echo'])('%s has the state that it had, and writes nothing', async (stage) => {
    const { broker, options } = await afterRun()
    const [before, topics] = [await stateOf(broker), await broker.digests()]
    for (const task of whole.tasks) if (task.stage === stage) await damage(broker, task.name)
    expect(await stateOf(broker)).not.toEqual(before)
    expect(await rebuildStage(options, stage)).toBeGreaterThan(0)
    expect(await stateOf(broker)).toEqual(before)
    expect(await broker.digests()).toEqual(topics)
  })

  test('goes on as if it had never been rebuilt', async () => {
    const other = await afterRun(200)
    const undisturbed = await runLanes({ store: other.store, items: ticks(400) })
    const { store, broker, options } = await afterRun(200)
    await damage(broker, 'sum/1')
    await rebuildStage(options, 'sum')
    const after = await runLanes({ store, items: ticks(400) })
    expect(after.state).toBe(undisturbed.state)
  })
})

test('a dropped stage has no state and stands where it stood', async () => {
  const { broker, options } = await afterRun()
  const before = await stateOf(broker)
  await dropStage(options, 'sum')
  const after = await stateOf(broker)
  const of_sum = (state: Record<string, string>) => Object.keys(state).filter((key) => key.includes(' sum/'))
  expect(of_sum(before).length).toBeGreaterThan(3)
  // No key of the toy is in partition 0.
  expect(of_sum(after)).toEqual(['snapshot sum/1', 'snapshot sum/2'])
  const parse = (text: string | undefined) => JSON.parse(text ?? '{}') as Record<string, unknown>
  for (const key of of_sum(after)) {
    expect(parse(after[key])).toEqual({ ...parse(before[key]), timers: [], asks: [] })
  }
})

describe('what the last run left', () => {
  const stores = (broker: Reader, of: Plan = whole) => storedStores(broker, undefined, RUN, of, whole)

  test('after a clean stop: no tail, the hashes of the build', async () => {
    const { broker } = await afterRun()
    const found = await stores(broker)
    expect(found.map(({ stage }) => stage)).toEqual(whole.stages)
    for (const store of found) expect(store).toMatchObject({ tail: 0, hashes: [HASHES], unreadable: undefined })
  })

  test('nothing where nothing ran', async () => {
    expect(await stores(new SimulatedLog(new MemoryStore()).connect())).toEqual([])
  })

  test('a snapshot that cannot be read is said, not thrown', async () => {
    const { broker } = await afterRun()
    const producer = await broker.producer('damage')
    await producer.commit({
      batches: [],
      puts: [{ store: CELLS, key: `${cellPrefix('sum/1')}t\u0000gone\u0000x`, value: Buffer.from('"') }],
    })
    const sum = (await stores(broker)).find(({ stage }) => stage === 'sum')
    expect(sum?.unreadable).toMatch(/^this build cannot read the snapshot of sum\/1: /)
  })

  test('a stage with fewer tasks than it had cannot take over all of its state', async () => {
    const { broker } = await afterRun()
    const fewer: Plan = { ...whole, tasks: whole.tasks.filter(({ name }) => name !== 'sum/2') }
    const sum = (await stores(broker, fewer)).find(({ stage }) => stage === 'sum')
    expect(sum?.unreadable).toBe('the stage has fewer tasks now, and sum/2 is none of them')
  })
})
