import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Broker, TopicSpec } from '../../runtime/api/index.ts'
import { brokers, type LogUnderTest } from './brokers.ts'
import { batchOf, digestOf, numbered, readAll } from './records.ts'

/** Retention: whole batches from the oldest on, never past a recovery position nor into an open digest block. */

/** Record i has stream time i ms, so this many records are ten digest blocks and a bit. */
const RECORDS = 41_000
const BATCH = 100
const CLOSED = 40_960

describe.each(brokers)('$name broker', (kind) => {
  let log: LogUnderTest
  let broker: Broker
  beforeEach(async () => {
    log = await kind.create()
    broker = log.broker
  })
  afterEach(() => log.dispose())

  const fill = async (...specs: TopicSpec[]) => {
    await broker.declare(specs)
    const producer = await broker.producer('writer')
    for (const { name } of specs) {
      const batches = []
      for (let i = 0; i < RECORDS; i += BATCH) batches.push(batchOf(name, 0, numbered(i, i + BATCH)))
      await producer.commit({ batches, puts: [] })
    }
  }
  const start = (topic: string) => broker.partition(topic, 0).start_offset

  test('without a retention nothing goes', async () => {
    await fill({ name: 'a.v1', partitions: 1 })
    expect(await broker.trim(Number.MAX_SAFE_INTEGER, new Map())).toBe(0)
    expect(start('a.v1')).toBe(0)
  })

  test('by time: batches all of whose records are older', async () => {
    await fill({ name: 'a.v1', partitions: 1, retention_us: 1_000_000 })
    // Older than 10.05 s - 1 s: batches up to the one that ends with 8,999 ms; the one with 9,050 ms stays whole.
    expect(await broker.trim(10_050_000, new Map())).toBe(9_000)
    expect(start('a.v1')).toBe(9_000)
    expect((await broker.read('a.v1', 0, 0))?.base_offset).toBe(9_000)
    expect((await readAll(broker, 'a.v1', 0))[0]).toMatchObject({ offset: 9_000, seq: 9_000 })
    expect(await broker.trim(10_050_000, new Map())).toBe(0)
    expect(await broker.trim(10_100_001, new Map())).toBe(100)
  })

  test('by size: the oldest until the rest fits, counted in stored bytes', async () => {
    await fill({ name: 'a.v1', partitions: 1, retention_bytes: 500_000 })
    const dropped = await broker.trim(0, new Map())
    expect(start('a.v1')).toBe(dropped)
    let bytes = 0
    for (const { body, key } of await readAll(broker, 'a.v1', 0)) bytes += 8 + key.length + body.length
    // Heads and batch headers come on top; one batch is under 4 kB.
    expect(bytes).toBeLessThan(500_000)
    expect(bytes).toBeGreaterThan(500_000 * 0.7)
  })

  test('never at or beyond a recovery position', async () => {
    await fill({ name: 'a.v1', partitions: 1, retention_us: 0 }, { name: 'b.v1', partitions: 1, retention_us: 0 })
    const keep_from = new Map([['a.v1/0', 5_050]])
    expect(await broker.trim(Number.MAX_SAFE_INTEGER, keep_from)).toBe(5_000 + 40_900)
    expect(start('a.v1')).toBe(5_000)
    expect((await readAll(broker, 'a.v1', 0, 5_050))[0]).toMatchObject({ offset: 5_050, seq: 5_050 })
    expect(await broker.trim(Number.MAX_SAFE_INTEGER, new Map([['a.v1/0', 0]]))).toBe(0)
  })

  test('never into the open digest block, except where there is no digest', async () => {
    await fill(
      { name: 'a.v1', partitions: 1, retention_us: 0 },
      { name: 'journal', partitions: 1, retention_us: 0, internal: true },
    )
    await broker.trim(Number.MAX_SAFE_INTEGER, new Map())
    expect(start('a.v1')).toBe(40_900)
    expect(start('a.v1')).toBeLessThanOrEqual(CLOSED)
    expect(broker.partition('journal', 0)).toMatchObject({ start_offset: RECORDS, end_offset: RECORDS })
  })

  test('digests, offsets and what is written later do not notice', async () => {
    await fill({ name: 'a.v1', partitions: 1, retention_us: 0 })
    const before = await broker.digests()
    await broker.trim(Number.MAX_SAFE_INTEGER, new Map())
    expect(await broker.digests()).toEqual(before)
    broker = await log.restart()
    expect(await broker.digests()).toEqual(before)
    const producer = await broker.producer('writer')
    await producer.commit({ batches: [batchOf('a.v1', 0, numbered(RECORDS, RECORDS + 5_000))], puts: [] })
    expect((await readAll(broker, 'a.v1', 0, RECORDS))[0]).toMatchObject({ offset: RECORDS, seq: RECORDS })
    expect((await broker.digests())['a.v1']).toEqual({
      records: RECORDS + 5_000,
      sha256: digestOf([numbered(0, RECORDS + 5_000)]),
    })
  })

  test('commits go on while a trim is under way', async () => {
    await fill({ name: 'a.v1', partitions: 1, retention_us: 0 })
    const producer = await broker.producer('writer')
    const trim = broker.trim(Number.MAX_SAFE_INTEGER, new Map())
    for (let i = 0; i < 10; i++) {
      await producer.commit({ batches: [batchOf('a.v1', 0, numbered(RECORDS + i, RECORDS + i + 1))], puts: [] })
    }
    expect(await trim).toBe(40_900)
    expect((await readAll(broker, 'a.v1', 0)).length).toBe(RECORDS + 10 - 40_900)
  })
})
