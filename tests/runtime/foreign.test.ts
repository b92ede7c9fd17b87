import { expect, it } from 'vitest'
import { foreignTopics, refuseForeignRecords, refuseOtherTasks } from '../../runtime/engine/foreign.ts'
import { MemoryStore } from '../../runtime/log/memory-store.ts'
import { SimulatedLog } from '../../runtime/log/simulated.ts'
import { plan } from '../../runtime/plan/plan.ts'
import { runToy, ticks, toy, world } from './toy.ts'

/** Records of another build's schemas are told from our own; `runToy` writes every schema as number 1. */

const planned = plan(toy, world)
const store = new MemoryStore()
const { digests } = await runToy({ store, items: ticks(40) })
const broker = new SimulatedLog(store).connect()

it('a log of our own schemas has none, and an empty one neither', async () => {
  expect(await foreignTopics(planned.topics, broker, () => 1)).toEqual([])
  expect(await foreignTopics(planned.topics, new SimulatedLog(new MemoryStore()).connect(), () => 2)).toEqual([])
})

it('every topic with records of a schema that changed is named', async () => {
  const { fingerprint } = planned.topics.find(({ name }) => name === 'ticks')!.record
  const found = await foreignTopics(planned.topics, broker, (one) => (one === fingerprint ? 2 : 1))
  const written = planned.topics.filter(
    ({ name, record }) => record.fingerprint === fingerprint && digests[name]!.records > 0,
  )
  expect(found).toEqual(written)
  expect(found.map(({ name }) => name)).toContain('ticks')
})

it('a journal of other tasks is refused, and an empty log is not', () => {
  expect(() => refuseOtherTasks({ plan: planned, broker })).not.toThrow()
  expect(() => refuseOtherTasks({ plan: planned, broker: new SimulatedLog(new MemoryStore()).connect() })).not.toThrow()
  const fewer = { ...planned, producers: planned.producers.slice(1) }
  expect(() => refuseOtherTasks({ plan: fewer, broker })).toThrow(
    expect.objectContaining({
      code: 'TASKS_CHANGED',
      message: `the directory was written by ${planned.producers.length} tasks and sources, and the topology has ${fewer.producers.length} now`,
    }),
  )
})

it('an engine does not open on such a log', async () => {
  await expect(refuseForeignRecords({ plan: planned, broker, schemaId: () => 2 })).rejects.toMatchObject({
    code: 'SCHEMA_CHANGED',
    exit_code: 2,
  })
})
