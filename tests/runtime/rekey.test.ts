import { expect, test } from 'vitest'
import { rekey } from '../../runtime/engine/rekey.ts'
import { stateOf } from '../../runtime/engine/state-view.ts'
import { MemoryStore } from '../../runtime/log/memory-store.ts'
import { SimulatedLog } from '../../runtime/log/simulated.ts'
import { plan } from '../../runtime/plan/plan.ts'
import type { Topology } from '../../runtime/topology/types.ts'
import { runLanes } from './lanes.ts'
import { ticks, toy, world } from './toy.ts'

/** The toy with `partitions` for the topics that its stages `sum` and `oracle` are divided by. */
function divided(partitions: number): Topology {
  const { ticks, sums } = toy.topics
  return {
    ...toy,
    topics: { ...toy.topics, ticks: { ...ticks!, partitions }, sums: { ...sums!, partitions } },
  }
}

const items = ticks(500)
const half = items.slice(0, 250)
const rest = items.slice(250)
/** Long enough after the first half that nothing of it is on its way any more. */
const later = rest.map(({ value, at_us }) => ({ value, at_us: at_us + 100_000 }))

test.each([1, 2, 5, 8])('state for %i partitions goes on as if it had always been there', async (partitions) => {
  const whole = await runLanes({ store: new MemoryStore(), items: [...half, ...later], topology: divided(3) })
  const store = new MemoryStore()
  await runLanes({ store, items: half, topology: divided(3) })
  const before = plan(divided(3), world)
  const after = plan(divided(partitions), world)
  const rekeyed = await rekey(before, after, new SimulatedLog(store).connect())
  expect(rekeyed.moved).toBeGreaterThan(0)
  const lanes = await runLanes({ store: new MemoryStore(), rekeyed, items: later, topology: divided(partitions) })
  // Of the other stages the new store has nothing.
  for (const stage of ['sum', 'oracle']) {
    expect(stateOf(lanes.tasks, stage), stage).toEqual(stateOf(whole.tasks, stage))
  }
})

test('nothing changes where nothing changed', async () => {
  const store = new MemoryStore()
  await runLanes({ store, items: half })
  const same = plan(toy, world)
  expect(await rekey(same, plan(toy, world), new SimulatedLog(store).connect())).toMatchObject({ puts: [], moved: 0 })
})
