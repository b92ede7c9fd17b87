import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { alterConfigs, createTopics, topicNames } from '../../../connectors/kafka/admin.ts'
import { type KafkaBroker, openKafka } from '../../../connectors/kafka/index.ts'
import { namesOf } from '../../../connectors/kafka/names.ts'
import type { Broker } from '../../../runtime/api/index.ts'
import { canonicalRecords } from '../../../runtime/log/canonical-order.ts'
import { MemoryStore } from '../../../runtime/log/memory-store.ts'
import { SimulatedLog } from '../../../runtime/log/simulated.ts'
import { kafkaAt } from '../../conformance/brokers.ts'
import { batchOf, bodies, digestOf, numbered, readAll, type TestRecord } from '../../conformance/records.ts'
import { describeWithKafka } from '../../servers/index.ts'

describe('names', () => {
  test('internal topics and ids begin with the topology, user topics keep theirs, a prefix goes before all', () => {
    const names = namesOf('demo')
    expect([names.topic('aitrader.journal'), names.topic('market.trades.v1')]).toEqual([
      'demo.journal',
      'market.trades.v1',
    ])
    expect([names.state, names.topics]).toEqual(['demo.state', 'demo.topics'])
    expect([names.transactionalId('lane-0'), names.transactionalId('demo.lane-0')]).toEqual([
      'demo.lane-0',
      'demo.lane-0',
    ])
    const shared = namesOf('demo', 'desk.')
    expect([shared.topic('aitrader.journal'), shared.topic('a.v1'), shared.state, shared.transactionalId('x')]).toEqual(
      ['desk.demo.journal', 'desk.a.v1', 'desk.demo.state', 'desk.demo.x'],
    )
  })
})

test('where no broker answers, it says so and what to look at', async () => {
  const bootstrap = [{ host: '127.0.0.1', port: 1 }]
  await expect(openKafka({ bootstrap, topology: 'demo', connect_deadline_ms: 300 })).rejects.toMatchObject({
    code: 'KAFKA_UNREACHABLE',
    exit_code: 4,
    message: expect.stringContaining('127.0.0.1:1'),
  })
})

describeWithKafka('the broker on Kafka', ({ bootstrap }) => {
  let prefix: string
  let broker: KafkaBroker
  beforeEach(async () => {
    prefix = `b${randomUUID()}.`
    broker = await openKafka({ ...kafkaAt(bootstrap), prefix })
  })
  afterEach(() => broker.close())

  const write = async (topic: string, records: readonly TestRecord[], id = 'writer', to: Broker = broker) => {
    const producer = await to.producer(id)
    await producer.commit({ batches: [batchOf(topic, 0, records)], puts: [] })
  }

  test('declares what is missing and nothing else', async () => {
    await createTopics(broker.cluster, [{ topic: `${prefix}there.v1`, partitions: 2, replication: -1, config: {} }])
    await broker.declare([
      { name: 'there.v1', partitions: 2 },
      { name: 'aitrader.journal', partitions: 3, internal: true },
    ])
    const names = (await topicNames(broker.cluster)).filter((name) => name.startsWith(prefix))
    expect(names.map((name) => name.slice(prefix.length))).toEqual([
      'conformance.journal',
      'conformance.state',
      'conformance.topics',
      'there.v1',
    ])
  })

  test('a topic with another number of partitions is refused before anything is created', async () => {
    await createTopics(broker.cluster, [{ topic: `${prefix}there.v1`, partitions: 2, replication: -1, config: {} }])
    const declared = broker.declare([
      { name: 'new.v1', partitions: 1 },
      { name: 'there.v1', partitions: 3 },
    ])
    await expect(declared).rejects.toMatchObject({
      code: 'TOPIC_MISMATCH',
      exit_code: 2,
      message: 'topic there.v1 has 2 partitions, not 3',
    })
    const names = (await topicNames(broker.cluster)).filter((name) => name.startsWith(prefix))
    expect(names).toEqual([`${prefix}there.v1`])
    expect(broker.topics()).toEqual([])
  })

  test('two processes that declare at once agree', async () => {
    const other = await openKafka({ ...kafkaAt(bootstrap), prefix })
    const specs = [
      { name: 'a.v1', partitions: 2 },
      { name: 'b.v1', partitions: 1 },
    ]
    await Promise.all([broker.declare(specs), other.declare(specs)])
    await broker.refresh()
    expect(broker.topics()).toEqual(specs)
    expect(other.topics()).toEqual(specs)
    await other.close()
  })

  test('a record that the topic does not take is named, and nothing of its transaction is written', async () => {
    await broker.declare([
      { name: 'a.v1', partitions: 1 },
      { name: 'small.v1', partitions: 1 },
    ])
    const producer = await broker.producer('writer')
    const body = Buffer.alloc(17 << 20)
    const refused = producer.commit({
      batches: [batchOf('a.v1', 0, numbered(0, 1)), batchOf('small.v1', 0, [{ key: 'k', body }])],
      puts: [],
    })
    await expect(refused).rejects.toMatchObject({
      code: 'RECORD_TOO_LARGE',
      exit_code: 2,
      message: expect.stringMatching(
        /^a record of 17\d{6} bytes does not fit into small\.v1\/0, which takes 16777216 bytes$/,
      ),
    })
    // A topic that was made smaller since: the broker refuses, and the transaction is aborted.
    await alterConfigs(broker.cluster, [{ topic: `${prefix}small.v1`, config: { 'max.message.bytes': '1000' } }])
    const by_broker = producer.commit({
      batches: [batchOf('a.v1', 0, numbered(0, 1)), batchOf('small.v1', 0, [{ key: 'k', body: Buffer.alloc(5_000) }])],
      puts: [],
    })
    await expect(by_broker).rejects.toMatchObject({
      code: 'RECORD_TOO_LARGE',
      message: expect.stringMatching(/^a batch of 5\d{3} bytes is more than .*small\.v1\/0 takes$/),
    })
    await producer.commit({ batches: [batchOf('a.v1', 0, numbered(1, 2))], puts: [] })
    expect(await bodies(broker, 'a.v1', 0)).toEqual(['body of 1'])
    expect(await bodies(broker, 'small.v1', 0)).toEqual([])
  })

  test('a limit that a topic has by itself is kept to', async () => {
    const config = { 'max.message.bytes': '4000' }
    await createTopics(broker.cluster, [{ topic: `${prefix}small.v1`, partitions: 1, replication: -1, config }])
    await broker.declare([{ name: 'small.v1', partitions: 1 }])
    await write('small.v1', numbered(0, 500))
    expect((await readAll(broker, 'small.v1', 0)).map(({ seq }) => seq)).toEqual(numbered(0, 500).map(({ seq }) => seq))
  })

  test('digests are those of one process that wrote all of it in canonical order', async () => {
    await broker.declare([{ name: 'a.v1', partitions: 1 }])
    const of = (producer: string, from: number, to: number) =>
      numbered(from, to).map((record) => ({ ...record, producer, body: `${producer} ${record.body}` }))
    const merged = numbered(0, 5_000).flatMap((_, i) => ['y/0', 'x/0'].flatMap((producer) => of(producer, i, i + 1)))
    // Each in a lane of its own, one far behind the other.
    await write('a.v1', of('x/0', 0, 3_000), 'lane-x')
    await write('a.v1', of('y/0', 0, 5_000), 'lane-y')
    await write('a.v1', of('x/0', 3_000, 5_000), 'lane-x')
    const reader = await openKafka({ ...kafkaAt(bootstrap), prefix, producers: ['y/0', 'x/0'] })
    const expected = { 'a.v1': { records: 10_000, sha256: digestOf([merged]) } }
    expect(await reader.digests()).toEqual(expected)
    const simulated = new SimulatedLog(new MemoryStore()).connect()
    await simulated.declare([{ name: 'a.v1', partitions: 1 }])
    await write('a.v1', merged, 'all', simulated)
    expect(await simulated.digests()).toEqual(expected)
    const first: string[] = []
    for await (const { id } of canonicalRecords(reader, 'a.v1', 0, ['y/0', 'x/0'])) if (first.push(id) === 3) break
    expect(first).toEqual(['y/0:0', 'x/0:0', 'y/0:1'])
    await reader.close()
  })

  test('retention drops by stream time, never at or behind a recovery position', async () => {
    await broker.declare([
      { name: 'kept.v1', partitions: 1 },
      { name: 'a.v1', partitions: 1, retention_us: 1_000_000 },
      { name: 'b.v1', partitions: 1, retention_us: 1_000_000 },
    ])
    for (const topic of ['kept.v1', 'a.v1', 'b.v1']) {
      const producer = await broker.producer('writer')
      for (let i = 0; i < 5_000; i += 500) {
        await producer.commit({ batches: [batchOf(topic, 0, numbered(i, i + 500))], puts: [] })
      }
    }
    // Commits of 500 records and a marker each: what is at or after 3,250 ms begins with the seventh.
    const dropped = await broker.trim(4_250_000, new Map([['b.v1/0', 1_002]]))
    expect(dropped).toBe(6 * 501 + 1_002)
    const start = (topic: string) => broker.partition(topic, 0).start_offset
    expect([start('kept.v1'), start('a.v1'), start('b.v1')]).toEqual([0, 3_006, 1_002])
    expect((await broker.read('a.v1', 0, 0))?.base_offset).toBe(3_006)
    expect((await readAll(broker, 'a.v1', 0)).map(({ seq }) => seq)).toEqual(
      numbered(3_000, 5_000).map(({ seq }) => seq),
    )
    expect(await broker.trim(4_250_000, new Map([['b.v1/0', 1_002]]))).toBe(0)
    // What is gone cannot be hashed.
    expect(Object.keys(await broker.digests())).toEqual(['kept.v1'])
  })

  test('retention by size keeps about that much', async () => {
    await broker.declare([{ name: 'a.v1', partitions: 1, retention_bytes: 500_000 }])
    const producer = await broker.producer('writer')
    const body = Buffer.alloc(1_000)
    for (let i = 0; i < 20; i++) {
      await producer.commit({ batches: [batchOf('a.v1', 0, Array(100).fill({ key: 'k', body }))], puts: [] })
    }
    await broker.trim(0, new Map())
    const kept = (await readAll(broker, 'a.v1', 0)).reduce((sum, record) => sum + record.body.length, 0)
    expect(kept).toBeLessThan(600_000)
    expect(kept).toBeGreaterThan(350_000)
  })
})
