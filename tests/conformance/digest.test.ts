import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Broker } from '../../runtime/api/index.ts'
import { brokers, describeEachBroker, type LogUnderTest } from './brokers.ts'
import { batchOf, digestOf, numbered, type TestRecord } from './records.ts'

/** Digests: a function of keys, bodies and their order, and of nothing else. */

describeEachBroker((kind) => {
  let log: LogUnderTest
  let broker: Broker
  beforeEach(async () => {
    log = await kind.create()
    broker = log.broker
    await broker.declare([
      { name: 'a.v1', partitions: 2 },
      { name: 'journal', partitions: 1, internal: true },
    ])
  })
  afterEach(() => log.dispose())

  /** Writes `records` to partition 0, cut into batches of these sizes, with so many batches per commit. */
  const write = async (records: readonly TestRecord[], sizes: readonly number[], per_commit: number) => {
    const producer = await broker.producer('writer')
    const batches = []
    for (let at = 0, i = 0; at < records.length; i++) {
      const end = at + (sizes[i % sizes.length] as number)
      batches.push(batchOf('a.v1', 0, records.slice(at, end)))
      at = end
    }
    for (let i = 0; i < batches.length; i += per_commit) {
      await producer.commit({ batches: batches.slice(i, i + per_commit), puts: [] })
    }
  }
  const digest = async () => (await broker.digests())['a.v1']

  test('internal topics have none, an empty topic has that of nothing', async () => {
    const producer = await broker.producer('writer')
    await producer.commit({ batches: [batchOf('journal', 0, numbered(0, 1))], puts: [] })
    expect(await broker.digests()).toEqual({ 'a.v1': { records: 0, sha256: digestOf([[], []]) } })
  })

  test('it is the one of the definition, over the ends of blocks', async () => {
    const records = numbered(0, 3 * 4_096)
    let written = 0
    for (const end of [1, 4_095, 4_096, 4_097, 3 * 4_096]) {
      await write(records.slice(written, end), [20_000], 1)
      written = end
      expect(await digest()).toEqual({ records: end, sha256: digestOf([records.slice(0, end), []]) })
    }
  })

  test('batches, commits and restarts do not show in it', async () => {
    const records = numbered(0, 10_000)
    await write(records.slice(0, 1_000), [1, 7, 300], 3)
    broker = await log.restart()
    await write(records.slice(1_000, 4_500), [999], 1)
    broker = await log.restart()
    await write(records.slice(4_500, 4_501), [1], 1)
    broker = await log.restart()
    await write(records.slice(4_501), [4_096, 13], 2)
    expect(await digest()).toEqual({ records: 10_000, sha256: digestOf([records, []]) })
    const reader = await log.reader()
    expect((await reader.digests())['a.v1']).toEqual(await digest())
  })
})

test('any change of keys, bodies, their order or their partition shows in it', async () => {
  const distinct = new Set<string>()
  const logs: readonly (readonly [readonly TestRecord[], readonly TestRecord[]])[] = [
    [numbered(0, 3), []],
    [numbered(0, 2), []],
    [[], numbered(0, 3)],
    [numbered(0, 3).toReversed(), []],
    [[...numbered(0, 2), { key: 'k2', body: 'body of 3' }], []],
    [[...numbered(0, 2), { key: 'k3', body: 'body of 2' }], []],
    [[...numbered(0, 2), { key: 'k2b', body: 'ody of 2' }], []],
    [[...numbered(0, 3), { key: '', body: '' }], []],
  ]
  for (const partitions of logs) {
    const log = await (brokers[0] as (typeof brokers)[0]).create()
    await log.broker.declare([{ name: 'a.v1', partitions: 2 }])
    const producer = await log.broker.producer('writer')
    const batches = partitions.flatMap((records, i) => (records.length === 0 ? [] : [batchOf('a.v1', i, records)]))
    await producer.commit({ batches, puts: [] })
    const sha256 = (await log.broker.digests())['a.v1']?.sha256 as string
    expect(sha256).toBe(digestOf(partitions))
    distinct.add(sha256)
  }
  expect(distinct.size).toBe(logs.length)
})

test('ids, times and schema ids do not show in it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.maxSafeNat(), fc.maxSafeNat(), fc.nat(100), async (seq, stream_time_us, schema_id) => {
      const log = await (brokers[0] as (typeof brokers)[0]).create()
      await log.broker.declare([{ name: 'a.v1', partitions: 1 }])
      const producer = await log.broker.producer('writer')
      const record = { key: 'k', body: 'b', producer: `p/${schema_id}`, seq, stream_time_us }
      await producer.commit({ batches: [batchOf('a.v1', 0, [record], schema_id)], puts: [] })
      expect((await log.broker.digests())['a.v1']?.sha256).toBe(digestOf([[{ key: 'k', body: 'b' }]]))
    }),
    { numRuns: 20 },
  )
})
