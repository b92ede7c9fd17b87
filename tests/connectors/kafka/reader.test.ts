import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { deleteRecords } from '../../../connectors/kafka/admin.ts'
import { COMPRESSIONS } from '../../../connectors/kafka/compression.ts'
import { type KafkaBroker, openKafka } from '../../../connectors/kafka/index.ts'
import { firstOffsetAt } from '../../../connectors/kafka/time-search.ts'
import type { Follower, Producer, StoredBatch } from '../../../runtime/api/index.ts'
import { readRecords } from '../../../runtime/log/batch.ts'
import { kafkaAt } from '../../conformance/brokers.ts'
import { batchOf, bodies, numbered, readAll } from '../../conformance/records.ts'
import { describeWithKafka } from '../../servers/index.ts'
import { OpenTransaction } from './open-transaction.ts'

describeWithKafka('reading from Kafka', ({ bootstrap }) => {
  let prefix: string
  let broker: KafkaBroker
  let producer: Producer
  beforeEach(async () => {
    prefix = `r${randomUUID()}.`
    broker = await openKafka({ ...kafkaAt(bootstrap), prefix })
    await broker.declare([{ name: 'a.v1', partitions: 3 }])
    producer = await broker.producer('writer')
  })
  afterEach(() => broker.close())

  const write = (partition: number, from: number, to: number) =>
    producer.commit({ batches: [batchOf('a.v1', partition, numbered(from, to))], puts: [] })
  const other = (timeout_ms?: number) => OpenTransaction.begin(broker.cluster, `${prefix}other`, timeout_ms)
  const seqs = (batches: readonly StoredBatch[]) => batches.flatMap((b) => [...readRecords(b)].map(({ seq }) => seq))

  /** Takes from a partition until `records` are there. */
  const take = async (follower: Follower, index: number, records: number): Promise<number[]> => {
    const taken: StoredBatch[] = []
    while (taken.reduce((sum, batch) => sum + batch.records, 0) < records) {
      const batch = follower.take(index)
      if (batch === undefined) await follower.ready()
      else taken.push(batch)
    }
    return seqs(taken)
  }
  const range = (from: number, to: number) => numbered(from, to).map(({ seq }) => seq)

  test('a follower gets what is there and what comes, per partition in order', async () => {
    await write(0, 0, 5)
    await write(1, 0, 2)
    const follower = broker.follow([
      { topic: 'a.v1', partition: 0, offset: 0 },
      { topic: 'a.v1', partition: 1, offset: 0 },
      { topic: 'a.v1', partition: 2, offset: 0 },
    ])
    expect(await take(follower, 0, 5)).toEqual(range(0, 5))
    expect(await take(follower, 1, 2)).toEqual(range(0, 2))
    expect(follower.take(2)).toBeUndefined()
    for (let i = 0; i < 5; i++) {
      await write(2, i, i + 1)
      expect(await take(follower, 2, 1)).toEqual([i])
    }
    expect(follower.take(0)).toBeUndefined()
    expect(broker.partition('a.v1', 2)).toMatchObject({ start_offset: 0, end_offset: 10 })
    await follower.close()
    await expect(follower.ready()).rejects.toMatchObject({ code: 'BROKER_CLOSED' })
    expect(follower.take(2)).toBeUndefined()
  })

  test('who asks again for what comes waits once', async () => {
    const follower = broker.follow([{ topic: 'a.v1', partition: 0, offset: 0 }])
    await follower.ready()
    const before = follower.ready()
    const told: string[] = []
    const now = follower.ready().then(() => told.push('came'))
    await before
    expect(told).toEqual([])
    await write(0, 0, 1)
    await now
    expect(await take(follower, 0, 1)).toEqual([0])
  })

  test('it begins with the batch that holds the offset, or the one behind a marker', async () => {
    await write(0, 0, 5)
    await write(0, 5, 7)
    const inside = broker.follow([{ topic: 'a.v1', partition: 0, offset: 3 }])
    expect(await take(inside, 0, 5)).toEqual(range(0, 5))
    const at_marker = broker.follow([{ topic: 'a.v1', partition: 0, offset: 5 }])
    expect(await take(at_marker, 0, 2)).toEqual(range(5, 7))
  })

  test('nobody sees an open transaction, nor what stands behind it, until it is decided', async () => {
    const follower = broker.follow([{ topic: 'a.v1', partition: 0, offset: 0 }])
    await write(0, 0, 1)
    const open = await other()
    await open.write(`${prefix}a.v1`, 0, numbered(10, 12))
    await write(0, 1, 2)
    expect(await take(follower, 0, 1)).toEqual([0])
    expect(await bodies(broker, 'a.v1', 0)).toEqual(['body of 0'])
    // The end is where committed reading ends, though a commit of ours stands behind it.
    expect(broker.partition('a.v1', 0).end_offset).toBe(2)
    await broker.refresh()
    expect(broker.partition('a.v1', 0).end_offset).toBe(2)
    await open.end('commit')
    expect(await take(follower, 0, 3)).toEqual([10, 11, 1])
    expect(await bodies(broker, 'a.v1', 0)).toEqual(['body of 0', 'body of 10', 'body of 11', 'body of 1'])
  })

  test('an aborted transaction is never seen, several of one producer in one fetch neither', async () => {
    const follower = broker.follow([{ topic: 'a.v1', partition: 0, offset: 0 }])
    for (let i = 0; i < 3; i++) {
      const open = await other()
      await open.write(`${prefix}a.v1`, 0, numbered(100 + i, 103 + i))
      await open.end('abort')
      await write(0, i, i + 1)
    }
    expect(await take(follower, 0, 3)).toEqual([0, 1, 2])
    expect((await readAll(broker, 'a.v1', 0)).map(({ seq }) => seq)).toEqual([0, 1, 2])
    // One with an open transaction of which two ended: the first offsets are told apart.
    const open = await other()
    await open.write(`${prefix}a.v1`, 0, numbered(200, 201))
    await open.end('abort')
    const again = await other()
    await again.write(`${prefix}a.v1`, 0, numbered(3, 4))
    await again.end('commit')
    expect(await take(follower, 0, 1)).toEqual([3])
  })

  test('a partition that nobody takes from stops only itself', async () => {
    const large = Buffer.alloc(100_000, 'x')
    const some = (from: number) => Array.from({ length: 20 }, (_, i) => ({ key: 'k', body: large, seq: from + i }))
    const follower = broker.follow([
      { topic: 'a.v1', partition: 0, offset: 0 },
      { topic: 'a.v1', partition: 1, offset: 0 },
    ])
    for (let i = 0; i < 6; i++) {
      await producer.commit({ batches: [batchOf('a.v1', 0, some(i * 20))], puts: [] })
      await write(1, i, i + 1)
      expect(await take(follower, 1, 1)).toEqual([i])
    }
    // 12 MB were written to it and four at most are waiting: the rest follows as it is taken from.
    expect(await take(follower, 0, 120)).toEqual(Array.from({ length: 120 }, (_, i) => i))
    expect(follower.take(0)).toBeUndefined()
  })

  test('positions below the start or beyond the end are STATE_UNRECOVERABLE, never another place', async () => {
    await write(0, 0, 5)
    await write(1, 0, 5)
    await deleteRecords(broker.cluster, [{ topic: `${prefix}a.v1`, partition: 0, offset: 3 }])
    for (const [partition, offset] of [
      [0, 2],
      [1, 100],
    ] as const) {
      const follower = broker.follow([{ topic: 'a.v1', partition, offset }])
      await expect(take(follower, 0, 1)).rejects.toMatchObject({
        code: 'STATE_UNRECOVERABLE',
        exit_code: 3,
        message: `a.v1/${partition} has no offset ${offset} any more`,
      })
      await follower.close()
    }
    const left = broker.follow([{ topic: 'a.v1', partition: 0, offset: 2, or_start: true }])
    expect((await take(left, 0, 1)).slice(-2)).toEqual([3, 4])
    const sound = broker.follow([{ topic: 'a.v1', partition: 0, offset: 3 }])
    expect((await take(sound, 0, 1)).slice(-2)).toEqual([3, 4])
    // A read goes on at the start and says where that is.
    expect(await broker.read('a.v1', 0, 0)).toBeDefined()
    expect(broker.partition('a.v1', 0).start_offset).toBe(3)
  })

  /** Commits of so many records each; their times in milliseconds follow from `time`. */
  const writeTimes = async (partition: number, times: readonly (readonly number[])[]) => {
    const commits = times.map((ms) => {
      const records = ms.map((time) => ({ key: 'k', body: Buffer.alloc(100), stream_time_us: time * 1_000 }))
      return producer.commit({ batches: [batchOf('a.v1', partition, records)], puts: [] })
    })
    await Promise.all(commits)
    return readAll(broker, 'a.v1', partition)
  }

  test('offsetAt stands at the first batch that holds a record of that time or later', async () => {
    // Past times: every marker between them bears a later one.
    const records = await writeTimes(0, [
      [50, 10],
      [70, 70],
      [20, 90],
      [90, 30],
      [95, 40],
    ])
    expect(records.map(({ offset }) => offset)).toEqual([0, 1, 3, 4, 6, 7, 9, 10, 12, 13])
    const expected = new Map([
      [0, 0],
      [50_000, 0],
      [50_999, 0],
      [51_000, 3],
      [70_000, 3],
      [70_001, 3],
      [71_000, 6],
      [90_000, 6],
      [91_000, 12],
      [95_999, 12],
      [96_000, 15],
      [9_999_999_999_999, 15],
    ])
    for (const [time_us, offset] of expected)
      expect([time_us, await broker.offsetAt('a.v1', 0, time_us)]).toEqual([time_us, offset])
    expect(await broker.offsetAt('a.v1', 1, 0)).toBe(0)
  })

  test('a time is found although retention drops what is being looked at', async () => {
    const records = await writeTimes(0, [[1_000], [1_010], [1_020], [1_030]])
    const third = records[2]?.offset as number
    // Dropped behind the first answer, which names the first of them.
    let asked = 0
    const cluster = new Proxy(broker.cluster, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name)
        if (typeof value !== 'function') return value
        return async (...given: unknown[]) => {
          if (name === 'request' && (given[1] as { name?: string }).name === 'Fetch' && asked++ === 0) {
            await deleteRecords(target, [{ topic: `${prefix}a.v1`, partition: 0, offset: third }])
          }
          return (value as (...all: unknown[]) => unknown).apply(target, given)
        }
      },
    })
    const { end_offset } = broker.partition('a.v1', 0)
    const search = { cluster, topic: `${prefix}a.v1`, partition: 0 }
    expect(await firstOffsetAt(search, 0, end_offset)).toBe(third)
    expect(asked).toBeGreaterThan(1)
  })

  test('a time is found by halves in a long log of one writer, by a walk in one of several', async () => {
    const times = Array.from({ length: 60 }, (_, i) => [1_000 + i * 10, 1_003 + i * 10])
    const records = await writeTimes(0, times)
    const search = { cluster: broker.cluster, topic: `${prefix}a.v1`, partition: 0, walk_bytes: 1_000 }
    const { end_offset } = broker.partition('a.v1', 0)
    const first = (ms: number) => records.find(({ stream_time_us }) => stream_time_us >= ms * 1_000)
    for (const ms of [0, 1_000, 1_004, 1_205, 1_300, 1_301, 1_593]) {
      // The batch of the record found begins at it or one before.
      const offset = first(ms)?.offset as number
      expect(await firstOffsetAt(search, ms, end_offset)).toBe(offset - (offset % 3))
    }
    expect(await firstOffsetAt(search, 1_594, end_offset)).toBe(end_offset)

    // Another writer is far behind: by halves, what the first wrote of these times would be missed.
    const late = await other()
    for (let i = 0; i < 100; i++)
      await late.write(`${prefix}a.v1`, 0, [{ key: 'k', body: '', stream_time_us: 500_000 }])
    await late.end('commit')
    await broker.refresh()
    const end = broker.partition('a.v1', 0).end_offset
    for (const ms of [1_205, 1_593]) {
      const offset = first(ms)?.offset as number
      expect(await firstOffsetAt(search, ms, end)).toBe(offset - (offset % 3))
    }
  })

  test('the broker takes every codec of ours, and we read it back', async () => {
    for (const compression of COMPRESSIONS) {
      const packed = await openKafka({ ...kafkaAt(bootstrap), prefix, compression })
      const packing = await packed.producer(compression)
      await packing.commit({ batches: [batchOf('a.v1', 2, numbered(0, 1_000))], puts: [] })
      await packed.close()
    }
    expect((await readAll(broker, 'a.v1', 2)).map(({ seq }) => seq)).toEqual(
      COMPRESSIONS.flatMap(() => range(0, 1_000)),
    )
  })

  test('a topic that another process declared since is found, one of nobody is not', async () => {
    const later = await openKafka({ ...kafkaAt(bootstrap), prefix })
    await later.declare([{ name: 'later.v1', partitions: 1 }])
    await later.close()
    expect(await broker.read('later.v1', 0, 0)).toBeUndefined()
    await expect(broker.read('never.v1', 0, 0)).rejects.toMatchObject({ code: 'TOPIC_UNKNOWN' })
    expect(() => broker.follow([{ topic: 'never.v1', partition: 0, offset: 0 }])).toThrow(
      'topic never.v1 is not declared',
    )
  })
})
