import { describe, expect, it } from 'vitest'
import { AppError, type Broker } from '../../runtime/api/index.ts'
import { foreignTopics, refuseForeignRecords, refuseOtherTasks } from '../../runtime/engine/foreign.ts'
import type { JournalType } from '../../runtime/engine/journal.ts'
import type { WriterCodecs } from '../../runtime/engine/options.ts'
import { MemoryStore } from '../../runtime/log/memory-store.ts'
import { SimulatedLog } from '../../runtime/log/simulated.ts'
import { type Plan, plan } from '../../runtime/plan/plan.ts'
import { runToy, ticks, toy, world } from './toy.ts'

/** Records of another build's schemas are told from our own; `runToy` writes every schema as number 1. */

const planned = plan(toy, world)
const store = new MemoryStore()
const { digests } = await runToy({ store, items: ticks(40) })
const broker = new SimulatedLog(store).connect()
const journal = world.records.JournalEntry as JournalType

it('a log of our own schemas has none, and an empty one neither', async () => {
  expect(await foreignTopics(planned.topics, broker, () => 1, undefined)).toEqual([])
  const empty = new SimulatedLog(new MemoryStore()).connect()
  expect(await foreignTopics(planned.topics, empty, () => 2, undefined)).toEqual([])
})

const { fingerprint } = planned.topics.find(({ name }) => name === 'ticks')!.record
const changed = (one: string) => (one === fingerprint ? 2 : 1)
const affected = planned.topics.filter(
  ({ name, record }) => record.fingerprint === fingerprint && digests[name]!.records > 0,
)

it('every topic with records of a schema that changed is named', async () => {
  const found = await foreignTopics(planned.topics, broker, changed, undefined)
  const unreadable = 'records were written by another schema than this build has'
  expect(found).toEqual(affected.map((topic) => ({ topic, unreadable })))
  expect(found.map(({ topic }) => topic.name)).toContain('ticks')
})

it('a schema that can be read as ours is no obstacle, and one that cannot says at which field', async () => {
  const codecs = (refusal?: string): WriterCodecs => ({
    local: true,
    prepare: () => undefined,
    get(id, reader) {
      if (id === 1 && refusal !== undefined) throw new AppError('SCHEMA_CHANGED', refusal, { exit_code: 2 })
      return reader.decode
    },
  })
  const open = (refusal?: string) =>
    refuseForeignRecords({ plan: planned, broker, schemaId: changed, codecs: codecs(refusal) })
  expect(await foreignTopics(planned.topics, broker, changed, codecs())).toEqual(
    affected.map((topic) => ({ topic, unreadable: undefined })),
  )
  await expect(open()).resolves.toBeUndefined()
  await expect(open('`price` was not written and has no default')).rejects.toMatchObject({
    code: 'SCHEMA_CHANGED',
    message: affected.map(({ name }) => `${name}: \`price\` was not written and has no default`).join('; '),
  })
})

describe('a journal of other tasks', () => {
  const open = (plan: Plan, log: Broker = broker) => refuseOtherTasks({ plan, broker: log, journal })

  it('is refused for their number, and an empty log is not', async () => {
    await open(planned)
    await open(planned, new SimulatedLog(new MemoryStore()).connect())
    const fewer = { ...planned, producers: planned.producers.slice(1) }
    await expect(open(fewer)).rejects.toMatchObject({
      code: 'TASKS_CHANGED',
      message: `the directory was written by ${planned.producers.length} tasks and sources, and the topology has ${fewer.producers.length} now`,
    })
  })

  it('is refused for one in the place of another', async () => {
    const last = planned.producers.at(-1)
    const renamed = { ...planned, producers: [...planned.producers.slice(0, -1), 'another/0'] }
    await expect(open(renamed)).rejects.toMatchObject({
      code: 'TASKS_CHANGED',
      message: `the directory was written by ${last}, in whose place the topology has another/0 now`,
    })
  })
})

it('an engine does not open on such a log', async () => {
  await expect(refuseForeignRecords({ plan: planned, broker, schemaId: () => 2 })).rejects.toMatchObject({
    code: 'SCHEMA_CHANGED',
    exit_code: 2,
  })
})
