import { describe, expect, test } from 'vitest'
import { FRONTIERS } from '../../runtime/engine/frontiers.ts'
import { MemoryStore } from '../../runtime/log/memory-store.ts'
import { RecordCursor } from '../../runtime/log/records.ts'
import { SimulatedLog } from '../../runtime/log/simulated.ts'
import type { Topology } from '../../runtime/topology/types.ts'
import { FrontierMark } from '../../schemas/generated/index.ts'
import { runLanes } from './lanes.ts'
import { Killed, runToy, ticks, toy } from './toy.ts'

describe('lanes', () => {
  const items = ticks(400)

  test('every lane in an engine of its own writes what one engine writes', async () => {
    const whole = await runToy({ store: new MemoryStore(), items })
    const lanes = await runLanes({ store: new MemoryStore(), items })
    expect(lanes.lanes).toEqual(['toy.sources', 'toy.sum-0', 'toy.sum-1', 'toy.sum-2', 'toy.gather'])
    expect(lanes.digests).toEqual(whole.digests)
    expect(lanes.state).toBe(whole.state)
  })

  test('how often each lane commits changes nothing', async () => {
    const whole = await runToy({ store: new MemoryStore(), items })
    for (const steps of [
      [0.1, 7, 1, 3],
      [9, 0.1, 20, 1],
    ]) {
      const lanes = await runLanes({
        store: new MemoryStore(),
        items,
        step_of: (lane) => steps[lane.number % 4] as number,
      })
      expect(lanes.digests).toEqual(whole.digests)
      expect(lanes.state).toBe(whole.state)
    }
  })

  test('a kill after any commit of any lane changes nothing', async () => {
    const whole = await runToy({ store: new MemoryStore(), items })
    for (const lane of ['sources', 'sum-0', 'sum-2', 'gather']) {
      for (const after_commits of [1, 2, 5]) {
        const store = new MemoryStore()
        let kills = 0
        for (let round = 0; ; round++) {
          try {
            const lanes = await runLanes({ store, items, ...(round < 3 ? { kill: { lane, after_commits } } : {}) })
            expect(lanes.digests, `${lane} after ${after_commits}`).toEqual(whole.digests)
            expect(lanes.state).toBe(whole.state)
            break
          } catch (error) {
            if (!(error instanceof Killed)) throw error
            kills++
          }
        }
        expect(kills).toBeGreaterThan(0)
      }
    }
  })

  test('lanes that have seen nothing have not passed the first instant', async () => {
    const store = new MemoryStore()
    const { lanes } = await runLanes({ store, items: [] })
    expect(await lastMarks(store, lanes.length)).toEqual(lanes.map(() => [-1, true]))
  })

  test('a stage that takes records as they come recovers the order it took them in', async () => {
    const { sum } = toy.stages
    const topology: Topology = {
      ...toy,
      topics: { ticks: toy.topics.ticks!, sums: toy.topics.sums!, dead: toy.topics.dead! },
      stages: { sum: { ...sum!, merge: 'arrival' } },
    }
    const whole = await runToy({ store: new MemoryStore(), items, topology })
    for (const after_commits of [0, 1, 2, 5]) {
      const store = new MemoryStore()
      const kill = { lane: 'sum-1', after_commits }
      if (after_commits > 0) await expect(runLanes({ store, items, topology, kill })).rejects.toThrow(Killed)
      const lanes = await runLanes({ store, items, topology })
      expect(lanes.state).toBe(whole.state)
      expect(lanes.digests.sums).toEqual(whole.digests.sums)
    }
  })
})

/** What each lane said last: how far it came, and whether it ended. */
async function lastMarks(store: MemoryStore, lanes: number): Promise<[number, boolean][]> {
  const reader = new SimulatedLog(store).connect()
  const marks: [number, boolean][] = []
  for (let lane = 0; lane < lanes; lane++) {
    const { end_offset } = reader.partition(FRONTIERS, lane)
    const batch = await reader.read(FRONTIERS, lane, end_offset - 1)
    const cursor = new RecordCursor(batch!, end_offset - 1)
    cursor.next()
    const { frontier_us, ended } = FrontierMark.decode(batch!.bodies, cursor.body_start, cursor.body_end)
    marks.push([frontier_us, ended])
  }
  return marks
}
