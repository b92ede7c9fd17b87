import { expect, test } from 'vitest'
import { FRONTIERS, type FrontierType } from '../../runtime/engine/frontiers.ts'
import { JOURNAL } from '../../runtime/engine/journal.ts'
import { neededOffsets } from '../../runtime/engine/lane-retention.ts'
import { Marks } from '../../runtime/engine/marks.ts'
import { MemoryStore } from '../../runtime/log/memory-store.ts'
import { SimulatedLog } from '../../runtime/log/simulated.ts'
import { planLanes } from '../../runtime/plan/lanes.ts'
import { plan } from '../../runtime/plan/plan.ts'
import type { Topology } from '../../runtime/topology/types.ts'
import { FrontierMark } from '../../schemas/generated/index.ts'
import { runLanes } from './lanes.ts'
import { Killed, runToy, ticks, toy, world } from './toy.ts'

/** The toy, all of whose topics may be dropped as soon as nobody needs them. */
const forgetful: Topology = {
  ...toy,
  topics: Object.fromEntries(Object.entries(toy.topics).map(([name, topic]) => [name, { ...topic, retention_us: 0 }])),
}
const items = ticks(600)

test('what the lanes say they need is enough to recover them, wherever they were killed', async () => {
  const whole = await runToy({ store: new MemoryStore(), items })
  const planned = plan(forgetful, world)
  const lanes = planLanes(planned)
  for (const lane of ['sum-0', 'gather', 'sources']) {
    const store = new MemoryStore()
    let dropped = 0
    for (const after_commits of [3, 9, 4]) {
      const killed = runLanes({ store, items, topology: forgetful, kill: { lane, after_commits } })
      await expect(killed).rejects.toThrow(Killed)
      const broker = new SimulatedLog(store).connect()
      const numbers = lanes.lanes.map(({ number }) => number)
      const marks = new Marks(broker, FrontierMark as FrontierType, numbers)
      marks.pump()
      const keep = await neededOffsets(broker, planned, lanes, marks, new Set(numbers))
      dropped += await broker.trim(marks.frontier_us, keep)
    }
    expect(dropped).toBeGreaterThan(0)
    const lanes_after = await runLanes({ store, items, topology: forgetful })
    expect(lanes_after.state, lane).toBe(whole.state)
  }
})

test('a lane drops nothing that another lane writes, and no position of a source', async () => {
  const store = new MemoryStore()
  await runLanes({ store, items, topology: forgetful })
  const planned = plan(forgetful, world)
  const lanes = planLanes(planned)
  const broker = new SimulatedLog(store).connect()
  const marks = new Marks(
    broker,
    FrontierMark as FrontierType,
    lanes.lanes.map(({ number }) => number),
  )
  marks.pump()
  const gather = lanes.lanes.find(({ name }) => name === 'gather')!
  const keep = await neededOffsets(broker, planned, lanes, marks, new Set([gather.number]))
  expect(keep.get('ticks/0')).toBe(0)
  expect(keep.get('sums/2')).toBe(0)
  expect(keep.get('seen/0')).toBeGreaterThan(0)
  expect(keep.get(`${FRONTIERS}/0`)).toBe(0)
  expect(keep.get(`${JOURNAL}/0`)).toBe(0)
})
