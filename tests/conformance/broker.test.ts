import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Batch, Broker, Put } from '../../runtime/api/index.ts'
import { BatchBuilder, readRecords } from '../../runtime/log/batch.ts'
import { describeEachBroker, type LogUnderTest } from './brokers.ts'
import { append, batchOf, bodies, numbered, readAll, scanAll } from './records.ts'

/** Offsets, transactions, fencing and reads: what every broker does alike. */

const TOPICS = [
  { name: 'a.v1', partitions: 3 },
  { name: 'b.v1', partitions: 1 },
  { name: 'journal', partitions: 2, internal: true },
]

const text = (value: string) => Buffer.from(value)
const put = (key: string, value: string | null): Put => ({
  store: 'state',
  key,
  value: value === null ? null : text(value),
})

describeEachBroker((kind) => {
  let log: LogUnderTest
  let broker: Broker
  beforeEach(async () => {
    log = await kind.create()
    broker = log.broker
    await broker.declare(TOPICS)
  })
  afterEach(() => log.dispose())

  const commit = async (batches: readonly Batch[], puts: readonly Put[] = []) => {
    const producer = await broker.producer('writer')
    await producer.commit({ batches, puts })
  }

  test('offsets grow from 0, in the order given, over batches and commits; dense where they are said to be', async () => {
    await commit([batchOf('a.v1', 1, numbered(0, 3)), batchOf('b.v1', 0, numbered(0, 1))])
    await commit([batchOf('a.v1', 1, numbered(3, 4)), batchOf('a.v1', 1, numbered(4, 9))])
    // Where offsets are not dense, the marker of the first commit took offset 3, that of the second 10.
    const end_offset = kind.dense ? 9 : 11
    expect(broker.partition('a.v1', 1)).toEqual({ topic: 'a.v1', partition: 1, start_offset: 0, end_offset })
    expect(broker.partition('a.v1', 0).end_offset).toBe(0)
    const records = await readAll(broker, 'a.v1', 1)
    const offsets = kind.dense ? [0, 1, 2, 3, 4, 5, 6, 7, 8] : [0, 1, 2, 4, 5, 6, 7, 8, 9]
    expect(records.map(({ offset }) => offset)).toEqual(offsets)
    expect(records.map(({ seq }) => seq)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8])
    expect(await bodies(broker, 'b.v1', 0)).toEqual(['body of 0'])
  })

  test('what is read is what was written, field by field', async () => {
    await commit([
      batchOf(
        'a.v1',
        2,
        [
          { key: 'ü', body: 'one', producer: 'x/0', seq: 7, stream_time_us: 1_700_000_000_000_000 },
          {
            key: '',
            body: '',
            producer: 'y/1',
            seq: Number.MAX_SAFE_INTEGER,
            stream_time_us: 1_699_999_999_999_999,
            causes: [
              { producer: 'x/0', seq: 7 },
              { producer: 'z/2', seq: 0 },
            ],
          },
        ],
        42,
      ),
    ])
    const batch = await broker.read('a.v1', 2, 0)
    expect(batch).toMatchObject({
      topic: 'a.v1',
      partition: 2,
      base_offset: 0,
      records: 2,
      schema_id: 42,
      first_time_us: 1_699_999_999_999_999,
      last_time_us: 1_700_000_000_000_000,
      producers: ['x/0', 'y/1', 'z/2'],
    })
    const [one, two] = await readAll(broker, 'a.v1', 2)
    expect(one).toEqual({
      offset: 0,
      id: 'x/0:7',
      producer: 'x/0',
      seq: 7,
      stream_time_us: 1_700_000_000_000_000,
      causes: [],
      key: 'ü',
      body: text('one'),
    })
    expect(two).toMatchObject({
      id: `y/1:${Number.MAX_SAFE_INTEGER}`,
      causes: ['x/0:7', 'z/2:0'],
      key: '',
      body: text(''),
      stream_time_us: 1_699_999_999_999_999,
    })
  })

  test('a read answers the batch that holds the offset, or the next one, or nothing at the end', async () => {
    await commit([batchOf('a.v1', 0, numbered(0, 5))])
    await commit([batchOf('a.v1', 0, numbered(5, 7))])
    const second = kind.dense ? 5 : 6
    expect((await broker.read('a.v1', 0, 3))?.base_offset).toBe(0)
    expect((await broker.read('a.v1', 0, 5))?.base_offset).toBe(second)
    expect((await broker.read('a.v1', 0, second))?.base_offset).toBe(second)
    expect((await broker.read('a.v1', 0, second + 1))?.base_offset).toBe(second)
    expect(await broker.read('a.v1', 0, second + 2)).toBeUndefined()
    expect(await broker.read('a.v1', 0, 1_000_000)).toBeUndefined()
    expect(await broker.read('a.v1', 1, 0)).toBeUndefined()
    expect(await bodies(broker, 'a.v1', 0, second + 1)).toEqual(['body of 6'])
  })

  test('batches of several partitions and store changes are there together', async () => {
    const reader = await log.reader()
    await commit(
      [batchOf('a.v1', 0, numbered(0, 2)), batchOf('journal', 1, numbered(0, 1))],
      [put('one', '1'), put('two', '2')],
    )
    await log.refresh(reader)
    expect(await bodies(reader, 'a.v1', 0)).toEqual(['body of 0', 'body of 1'])
    expect(await bodies(reader, 'journal', 1)).toEqual(['body of 0'])
    expect(reader.partition('a.v1', 0).end_offset).toBe(kind.dense ? 2 : 3)
    expect(reader.partition('journal', 1).end_offset).toBe(kind.dense ? 1 : 2)
    expect(await scanAll(reader, 'state')).toEqual([
      ['one', '1'],
      ['two', '2'],
    ])
  })

  test('nothing of a refused transaction is seen', async () => {
    const producer = await broker.producer('writer')
    const refused = producer.commit({
      batches: [batchOf('a.v1', 0, numbered(0, 2)), batchOf('a.v1', 9, numbered(0, 2))],
      puts: [put('one', '1')],
    })
    await expect(refused).rejects.toMatchObject({ code: 'TOPIC_UNKNOWN', exit_code: 2 })
    await producer.commit({ batches: [batchOf('a.v1', 0, numbered(5, 6))], puts: [] })
    expect(await bodies(broker, 'a.v1', 0)).toEqual(['body of 5'])
    expect(await broker.get('state', 'one')).toBeUndefined()
  })

  test('a producer is fenced once another took its transactional id, and leaves no trace', async () => {
    const zombie = await broker.producer('task/0')
    const bystander = await broker.producer('task/1')
    await zombie.commit({ batches: [batchOf('a.v1', 0, numbered(0, 1))], puts: [] })
    const successor = await broker.producer('task/0')
    const late = { batches: [batchOf('a.v1', 0, numbered(1, 2))], puts: [put('late', 'x')] }
    await expect(zombie.commit(late)).rejects.toMatchObject({ code: 'FENCED' })
    await successor.commit({ batches: [batchOf('a.v1', 0, numbered(2, 3))], puts: [] })
    await expect(zombie.commit(late)).rejects.toMatchObject({ code: 'FENCED' })
    await bystander.commit({ batches: [batchOf('a.v1', 0, numbered(3, 4))], puts: [] })
    expect(await bodies(broker, 'a.v1', 0)).toEqual(['body of 0', 'body of 2', 'body of 3'])
    expect(await broker.get('state', 'late')).toBeUndefined()
  })

  test('a commit under way at a takeover ends before it or is fenced, and says which', async () => {
    const older = await broker.producer('task/0')
    const before = older.commit({ batches: [batchOf('a.v1', 0, numbered(0, 1))], puts: [] }).then(
      () => ['body of 0'],
      (error: { code: string }) => (error.code === 'FENCED' ? [] : [error.code]),
    )
    const newer = await broker.producer('task/0')
    const at_takeover = await bodies(broker, 'a.v1', 0)
    await newer.commit({ batches: [batchOf('a.v1', 0, numbered(1, 2))], puts: [] })
    expect(await before).toEqual(at_takeover)
    expect(await bodies(broker, 'a.v1', 0)).toEqual([...at_takeover, 'body of 1'])
  })

  test('commits handed in at once keep their order, and their bytes are taken at the call', async () => {
    const producer = await broker.producer('writer')
    const builder = new BatchBuilder('a.v1', 0, 1)
    const under_way: Promise<void>[] = []
    for (let i = 0; i < 40; i++) {
      append(builder, numbered(i * 3, i * 3 + 3))
      under_way.push(producer.commit({ batches: [builder.batch()], puts: [put('last', String(i))] }))
      builder.reset()
    }
    await Promise.all(under_way)
    const seqs = (await readAll(broker, 'a.v1', 0)).map(({ seq }) => seq)
    expect(seqs).toEqual(Array.from({ length: 120 }, (_, i) => i))
    expect(await broker.get('state', 'last')).toEqual(text('39'))
  })

  test('after a restart the same id goes on where it was', async () => {
    await commit([batchOf('a.v1', 0, numbered(0, 3))], [put('position', '3')])
    broker = await log.restart()
    expect(broker.topics()).toEqual(TOPICS)
    expect(await broker.get('state', 'position')).toEqual(text('3'))
    await broker.declare(TOPICS)
    await commit([batchOf('a.v1', 0, numbered(3, 4))], [put('position', '4')])
    expect((await readAll(broker, 'a.v1', 0)).map(({ seq }) => seq)).toEqual([0, 1, 2, 3])
  })

  test('a closed broker takes nothing more', async () => {
    const producer = await broker.producer('writer')
    await broker.close()
    await expect(producer.commit({ batches: [], puts: [] })).rejects.toMatchObject({ code: 'BROKER_CLOSED' })
    await expect(broker.producer('writer')).rejects.toMatchObject({ code: 'BROKER_CLOSED' })
  })

  test('a reader beside the writer sees each commit once it is answered', async () => {
    const reader = await log.reader()
    const producer = await broker.producer('writer')
    for (let i = 0; i < 5; i++) {
      await log.refresh(reader)
      const end = kind.dense ? i : 2 * i
      expect(reader.partition('a.v1', 0).end_offset).toBe(end)
      await producer.commit({ batches: [batchOf('a.v1', 0, numbered(i, i + 1))], puts: [put('n', String(i))] })
      expect(await bodies(reader, 'a.v1', 0, end)).toEqual([`body of ${i}`])
      expect(await reader.get('state', 'n')).toEqual(text(String(i)))
    }
    await broker.declare([...TOPICS, { name: 'late.v1', partitions: 2 }])
    await producer.commit({ batches: [batchOf('late.v1', 1, numbered(0, 1))], puts: [] })
    expect(await bodies(reader, 'late.v1', 1)).toEqual(['body of 0'])
    expect(await reader.digests()).toEqual(await broker.digests())
  })

  test('a follower gets what is committed, per partition in order, from its offset on', async () => {
    const producer = await broker.producer('writer')
    await producer.commit({
      batches: [batchOf('a.v1', 0, numbered(0, 3)), batchOf('a.v1', 1, numbered(0, 1))],
      puts: [],
    })
    await producer.commit({ batches: [batchOf('a.v1', 0, numbered(3, 5))], puts: [] })
    const second = kind.dense ? 3 : 4
    const reader = await log.reader()
    const follower = reader.follow([
      { topic: 'a.v1', partition: 0, offset: second },
      { topic: 'a.v1', partition: 1, offset: 0 },
      { topic: 'a.v1', partition: 2, offset: 0 },
    ])
    const taken: number[][] = [[], [], []]
    const take = async (index: number, records: number) => {
      while ((taken[index] as number[]).length < records) {
        const batch = follower.take(index)
        if (batch === undefined) await follower.ready()
        else for (const { seq } of readRecords(batch)) taken[index]?.push(seq)
      }
    }
    await take(0, 2)
    await take(1, 1)
    expect(follower.take(2)).toBeUndefined()
    await producer.commit({
      batches: [batchOf('a.v1', 2, numbered(0, 2)), batchOf('a.v1', 0, numbered(5, 6))],
      puts: [],
    })
    await take(2, 2)
    await take(0, 3)
    expect(taken).toEqual([[3, 4, 5], [0], [0, 1]])
    for (let i = 0; i < 3; i++) expect(follower.take(i)).toBeUndefined()
    await follower.close()
    expect(follower.take(0)).toBeUndefined()
  })

  test('where a time begins is at or before all records of it or later, and the end if there are none', async () => {
    const producer = await broker.producer('writer')
    for (let i = 0; i < 5; i++) {
      await producer.commit({ batches: [batchOf('a.v1', 0, numbered(i * 10, i * 10 + 10))], puts: [] })
    }
    const base = (commit: number) => commit * (kind.dense ? 10 : 11)
    // Record i has stream time i ms; a commit's first batch may begin before the time asked for.
    for (const [ms, commit] of [
      [0, 0],
      [9, 0],
      [10, 1],
      [25, 2],
      [49, 4],
      [50, 5],
    ] as const) {
      expect([ms, await broker.offsetAt('a.v1', 0, ms * 1_000)]).toEqual([ms, base(commit)])
    }
    expect(await broker.offsetAt('a.v1', 1, 0)).toBe(0)
  })

  test('a scan sees one state of its store, whatever is committed meanwhile', async () => {
    const producer = await broker.producer('writer')
    await producer.commit({ batches: [], puts: ['a', 'b', 'c'].map((key) => put(key, 'old')) })
    const seen: string[] = []
    for await (const { key, value } of broker.scan('state')) {
      seen.push(`${key} ${Buffer.from(value).toString()}`)
      await producer.commit({ batches: [], puts: [put('b', 'new'), put('c', null), put('d', 'new')] })
    }
    expect(seen).toEqual(['a old', 'b old', 'c old'])
    expect(await scanAll(broker, 'state')).toEqual([
      ['a', 'old'],
      ['b', 'new'],
      ['d', 'new'],
    ])
  })

  test('store values: replaced, deleted, empty, apart by store, in byte order of UTF-8', async () => {
    // As UTF-16 the astral letter would come before U+FF5E.
    const keys = ['', 'a', 'a/1', 'a/2', 'ab', 'é', '～', '𝄞']
    const puts: Put[] = keys.map((key) => ({ store: 'state', key, value: text(key) }))
    await commit([], [...puts.toReversed(), { store: 'stat', key: 'e', value: text('other') }])
    expect((await scanAll(broker, 'state')).map(([key]) => key)).toEqual(keys)
    expect(await scanAll(broker, 'stat')).toEqual([['e', 'other']])
    expect((await scanAll(broker, 'state', 'a/')).map(([key]) => key)).toEqual(['a/1', 'a/2'])
    expect(await scanAll(broker, 'state', 'zzz')).toEqual([])
    await commit([], [put('a', null), put('a/1', 'again'), put('a/1', 'last'), put('missing', null)])
    expect((await scanAll(broker, 'state', 'a')).map(([, value]) => value)).toEqual(['last', 'a/2', 'ab'])
    expect(await broker.get('state', '')).toHaveLength(0)
    expect(await broker.get('state', 'a')).toBeUndefined()
    expect(await broker.get('nowhere', 'a')).toBeUndefined()
  })

  test('a key longer than any store takes is refused before anything is written', async () => {
    const producer = await broker.producer('writer')
    const refused = producer.commit({
      batches: [batchOf('a.v1', 0, numbered(0, 1))],
      puts: [put('k'.repeat(2_000), '')],
    })
    await expect(refused).rejects.toThrow('longer than')
    expect(broker.partition('a.v1', 0).end_offset).toBe(0)
  })

  test('an empty transaction commits', async () => {
    await commit([])
    expect(broker.partition('a.v1', 0).end_offset).toBe(0)
  })

  test('a record and a store value of several megabytes', async () => {
    const body = Buffer.alloc(5_000_000, 'large ')
    await commit(
      [
        batchOf('a.v1', 0, [
          { key: 'k', body },
          { key: 'k', body: 'small' },
        ]),
      ],
      [put('large', body.toString())],
    )
    const [large, small] = await readAll(broker, 'a.v1', 0)
    expect(body.equals(large?.body as Uint8Array)).toBe(true)
    expect(small?.body).toEqual(text('small'))
    expect(body.equals((await broker.get('state', 'large')) as Uint8Array)).toBe(true)
    await commit([batchOf('a.v1', 0, numbered(2, 3))])
    expect((await bodies(broker, 'a.v1', 0, small?.offset)).slice(1)).toEqual(['body of 2'])
  })

  test('many partitions in one transaction', async () => {
    const partitions = kind.wide
    await broker.declare([{ name: 'wide.v1', partitions }])
    const batches = Array.from({ length: partitions }, (_, i) => batchOf('wide.v1', i, numbered(i, i + 1)))
    await commit(batches)
    broker = await log.restart()
    for (const i of [0, 1, partitions / 2 - 1, partitions - 2, partitions - 1]) {
      expect(await bodies(broker, 'wide.v1', i)).toEqual([`body of ${i}`])
    }
    expect((await broker.digests())['wide.v1']?.records).toBe(partitions)
  })

  test('declaring again may change retention, never partitions or kind', async () => {
    await broker.declare([{ name: 'b.v1', partitions: 1, retention_us: 5 }])
    expect(broker.topics().map(({ name }) => name)).toEqual(['a.v1', 'b.v1', 'journal'])
    expect(broker.topics()[1]).toEqual({ name: 'b.v1', partitions: 1, retention_us: 5 })
    const wrong = [
      { name: 'new.v1', partitions: 1 },
      { name: 'a.v1', partitions: 4 },
    ]
    await expect(broker.declare(wrong)).rejects.toMatchObject({ code: 'TOPIC_MISMATCH', exit_code: 2 })
    await expect(broker.declare([{ name: 'journal', partitions: 2 }])).rejects.toMatchObject({ code: 'TOPIC_MISMATCH' })
    await expect(broker.declare([{ name: 'x', partitions: 0 }])).rejects.toMatchObject({ code: 'TOPIC_MISMATCH' })
    expect(broker.topics().map(({ name }) => name)).toEqual(['a.v1', 'b.v1', 'journal'])
    expect(() => broker.partition('new.v1', 0)).toThrow('topic new.v1 is not declared')
    expect(() => broker.partition('a.v1', 3)).toThrow('topic a.v1 has no partition 3')
  })
})
