import { describe, expect, test } from 'vitest'
import { RetriableError } from '../../runtime/api/index.ts'
import { type CommitFate, DONE, seededFaults } from '../../runtime/log/fault-plan.ts'
import { MemoryStore } from '../../runtime/log/memory-store.ts'
import { type Scheduler, SimulatedLog } from '../../runtime/log/simulated.ts'
import { batchOf, bodies, numbered } from '../conformance/records.ts'

/** What only the simulated broker has: faults by plan, time by hand, crashes. */

const fates =
  (...list: CommitFate[]) =>
  (commit_number: number) =>
    list[commit_number] ?? DONE
const record = (i: number) => ({ batches: [batchOf('a.v1', 0, numbered(i, i + 1))], puts: [] })

async function open(options: ConstructorParameters<typeof SimulatedLog>[1], store = new MemoryStore()) {
  const server = new SimulatedLog(store, options)
  const broker = server.connect()
  await broker.declare([{ name: 'a.v1', partitions: 1 }])
  return { server, store, broker, producer: await broker.producer('p') }
}

describe('faults', () => {
  test('a refused commit wrote nothing and may be sent again', async () => {
    const { broker, producer } = await open({ faults: fates({ kind: 'not_written' }) })
    await expect(producer.commit(record(0))).rejects.toBeInstanceOf(RetriableError)
    expect(broker.partition('a.v1', 0).end_offset).toBe(0)
    await producer.commit(record(0))
    expect(await bodies(broker, 'a.v1', 0)).toEqual(['body of 0'])
  })

  test('an ambiguous commit is resolved by reading the end', async () => {
    const { broker, producer } = await open({ faults: fates({ kind: 'answer_lost' }, { kind: 'request_lost' }) })
    await expect(producer.commit(record(0))).rejects.toMatchObject({ code: 'COMMIT_UNKNOWN' })
    expect(broker.partition('a.v1', 0).end_offset).toBe(1)
    await expect(producer.commit(record(1))).rejects.toMatchObject({ code: 'COMMIT_UNKNOWN' })
    expect(broker.partition('a.v1', 0).end_offset).toBe(1)
    await producer.commit(record(1))
    expect(await bodies(broker, 'a.v1', 0)).toEqual(['body of 0', 'body of 1'])
  })

  test('a slow commit is written when its time comes, and holds back the ones behind it', async () => {
    const waiting: { delay_us: number; work: () => void }[] = []
    const scheduler: Scheduler = { schedule: (delay_us, work) => waiting.push({ delay_us, work }) }
    const { broker, producer } = await open({ scheduler, faults: fates({ kind: 'slow', delay_us: 900 }) })
    const first = producer.commit(record(0))
    const second = producer.commit(record(1))
    await Promise.resolve()
    expect(waiting.map(({ delay_us }) => delay_us)).toEqual([900])
    expect(broker.partition('a.v1', 0).end_offset).toBe(0)
    waiting.shift()?.work()
    await first
    expect(broker.partition('a.v1', 0).end_offset).toBe(1)
    await Promise.resolve()
    expect(waiting.map(({ delay_us }) => delay_us)).toEqual([0])
    waiting.shift()?.work()
    await second
    expect(await bodies(broker, 'a.v1', 0)).toEqual(['body of 0', 'body of 1'])
  })

  test('a crash drops what was not written; what was committed is there for the next', async () => {
    const { server, store, producer } = await open({})
    await producer.commit(record(0))
    const lost = producer.commit(record(1))
    server.crash()
    await expect(lost).rejects.toMatchObject({ code: 'BROKER_CLOSED' })
    await expect(producer.commit(record(2))).rejects.toMatchObject({ code: 'BROKER_CLOSED' })
    const next = await open({}, store)
    await next.producer.commit(record(3))
    expect(await bodies(next.broker, 'a.v1', 0)).toEqual(['body of 0', 'body of 3'])
  })
})

describe('seededFaults', () => {
  const shares = { not_written: 0.1, answer_lost: 0.05, request_lost: 0.05, slow: 0.3, slow_us_max: 1_000 }
  const run = (seed: number) => Array.from({ length: 10_000 }, (_, i) => seededFaults(seed, shares)(i))

  test('one seed, one run; another seed, another', () => {
    expect(run(7)).toEqual(run(7))
    expect(run(7)).not.toEqual(run(8))
  })

  test('fates come in the shares asked for', () => {
    const counts: Record<string, number> = {}
    for (const fate of run(1)) {
      counts[fate.kind] = (counts[fate.kind] ?? 0) + 1
      if (fate.kind === 'slow') expect(fate.delay_us).toBeGreaterThanOrEqual(1)
      if (fate.kind === 'slow') expect(fate.delay_us).toBeLessThanOrEqual(1_000)
    }
    // Within four standard deviations of 10,000 draws, and the same for ever since the seed is fixed.
    expect(Math.abs((counts.not_written ?? 0) - 1_000)).toBeLessThan(120)
    expect(Math.abs((counts.answer_lost ?? 0) - 500)).toBeLessThan(90)
    expect(Math.abs((counts.request_lost ?? 0) - 500)).toBeLessThan(90)
    expect(Math.abs((counts.slow ?? 0) - 3_000)).toBeLessThan(190)
  })
})
