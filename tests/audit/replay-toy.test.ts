import { describe, expect, it } from 'vitest'
import { replay } from '../../runtime/engine/replay.ts'
import { MemoryStore } from '../../runtime/log/memory-store.ts'
import { SimulatedLog } from '../../runtime/log/simulated.ts'
import { plan } from '../../runtime/plan/plan.ts'
import type { Topology } from '../../runtime/topology/types.ts'
import { acting, Killed, runToy, ticks, toy, world } from '../runtime/toy.ts'
import { doctored } from './audited-run.ts'

/** The toy has what the shipped topology lacks: several tasks on one topic, faults, answers on two partitions, commands. */
function replayOf(store: MemoryStore, topology: Topology = toy) {
  return replay({ plan: plan(topology, world), reader: new SimulatedLog(store).connect(), schemaId: () => 1 })
}

describe('a replay of everything the runtime has', () => {
  it('differs nowhere, whatever the epochs and wherever a process was killed', async () => {
    const items = ticks(60)
    const whole = new MemoryStore()
    const { commits } = await runToy({ store: whole, items, step_ms: 2 })
    const first = await replayOf(whole)
    expect(first).toMatchObject({ different: 0, first_difference: null })
    expect(first.compared).toBeGreaterThan(150)
    for (let commit = 1; commit < commits; commit++) {
      const store = new MemoryStore()
      await expect(runToy({ store, items, step_ms: 2, kill_after_commits: commit })).rejects.toBeInstanceOf(Killed)
      expect(await replayOf(store), `killed after commit ${commit}`).toMatchObject({ different: 0 })
      await runToy({ store, items, step_ms: 3 })
      expect(await replayOf(store), `restarted after commit ${commit}`).toEqual(first)
    }
  })

  it('acts on nothing: what a command came to is read', async () => {
    const store = new MemoryStore()
    let acts = 0
    const identity = { name: 'outside', version: '1', sha256: '' }
    const command = {
      identity,
      act: () => {
        acts++
        return acts
      },
      resolve: () => ({ kind: 'never-arrived' as const }),
    }
    await runToy({ store, items: ticks(40), topology: acting, command })
    const acted = acts
    expect(acted).toBeGreaterThan(5)
    expect(await replayOf(store, acting)).toMatchObject({ different: 0 })
    expect(acts).toBe(acted)
  })

  it('keeps the order within an instant where an effect and a processor write one topic', async () => {
    const store = new MemoryStore()
    const { sum, oracle, ...later } = toy.stages
    const also = { ...sum, to: { sums: 'answers' } }
    const topology = { ...toy, stages: { sum, also, oracle, ...later } } as Topology
    await runToy({ store, items: ticks(300), topology })
    expect(await replayOf(store, topology)).toMatchObject({ different: 0, first_difference: null })
  })

  it('compares nothing of a log in which nothing was committed', async () => {
    const store = new MemoryStore()
    const log = new SimulatedLog(store)
    await log.connect().declare(Object.entries(toy.topics).map(([name, { partitions }]) => ({ name, partitions })))
    expect(await replayOf(store)).toMatchObject({ compared: 0, different: 0, range: { from_us: 0, to_us: 0 } })
  })

  it('refuses a log without its beginning, and a merge in an order that only the journal knew', async () => {
    const store = new MemoryStore()
    await runToy({ store, items: ticks(60) })
    const broker = new SimulatedLog(store).connect()
    const reader = {
      ...broker,
      partition: (topic: string, partition: number) => ({
        ...broker.partition(topic, partition),
        ...(topic === 'sums' ? { start_offset: 7 } : {}),
      }),
    }
    await expect(replay({ plan: plan(toy, world), reader, schemaId: () => 1 })).rejects.toMatchObject({
      code: 'REPLAY_TRIMMED',
      exit_code: 2,
      message: expect.stringContaining('sums/0 begins at offset 7'),
    })
    const stages = { ...toy.stages, gather: { ...toy.stages.gather, merge: 'arrival' } } as Topology['stages']
    await expect(replayOf(store, { ...toy, stages })).rejects.toMatchObject({ code: 'REPLAY_UNORDERED', exit_code: 2 })
  })

  it('counts alone each record of a computed topic that was taken away', async () => {
    const store = new MemoryStore()
    await runToy({ store, items: ticks(40) })
    const reader = new SimulatedLog(store).connect()
    const topics = ['sums', 'seen', 'echoes', 'dead']
    for (const gone of topics) {
      const copy = await doctored(reader, (record, { topic }) =>
        topic === gone && record.offset === 1 ? [] : [record],
      )
      const partitions = toy.topics[gone]?.partitions ?? 0
      let expected = 0
      for (let partition = 0; partition < partitions; partition++)
        if (reader.partition(gone, partition).end_offset > 1) expected++
      expect(expected, gone).toBeGreaterThan(0)
      const result = await replay({ plan: plan(toy, world), reader: copy, schemaId: () => 1 })
      expect(result.different, gone).toBe(expected)
      expect(result.first_difference).toMatchObject({ topic: gone, offset: 1, what: 'missing' })
    }
  })
})
