import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { alterConfigs } from '../../../connectors/kafka/admin.ts'
import { type KafkaBroker, openKafka } from '../../../connectors/kafka/index.ts'
import type { Producer, Put } from '../../../runtime/api/index.ts'
import { partitionOf } from '../../../runtime/plan/partitioner.ts'
import { kafkaAt } from '../../conformance/brokers.ts'
import { scanAll } from '../../conformance/records.ts'
import { describeWithKafka } from '../../servers/index.ts'
import { OpenTransaction } from './open-transaction.ts'

const SHARDS = 2
/** The name of a task whose values lie in this shard. */
const taskIn = (shard: number) => {
  for (let i = 0; ; i++) if (partitionOf(`stage/${i}`, SHARDS) === shard) return `stage/${i}`
}
const put = (key: string, value: string | null): Put => ({
  store: 'cells',
  key,
  value: value === null ? null : Buffer.from(value),
})

describeWithKafka('stores on Kafka', ({ bootstrap }) => {
  let prefix: string
  let broker: KafkaBroker
  let producer: Producer
  let topic: string
  beforeEach(async () => {
    prefix = `s${randomUUID()}.`
    topic = `${prefix}conformance.state`
    broker = await openKafka({ ...kafkaAt(bootstrap), prefix, state_shards: SHARDS })
    await broker.declare([])
    producer = await broker.producer('lane')
  })
  afterEach(() => broker.close())

  const commit = (...puts: Put[]) => producer.commit({ batches: [], puts })
  const other = () => OpenTransaction.begin(broker.cluster, `${prefix}other`)
  const values = async (prefix_of_keys: string) => scanAll(broker, 'cells', prefix_of_keys)

  test("a task's values lie in one partition, by the name before the first zero byte", async () => {
    const [here, there] = [taskIn(0), taskIn(1)]
    await commit(put(`${here}\0a`, '1'), put(`${here}\0b`, '2'), put(there, '3'), put(here, '4'))
    expect(await values(`${here}\0`)).toEqual([
      [`${here}\0a`, '1'],
      [`${here}\0b`, '2'],
    ])
    expect(await values('')).toHaveLength(4)
    // What is in the other partition is not read: it may even be out of order with this one.
    expect((await broker.get('cells', there))?.toString()).toBe('3')
    expect((await broker.get('cells', here))?.toString()).toBe('4')
  })

  test('changes, deletions and changes back, seen by a reader that read before', async () => {
    const key = `${taskIn(0)}\0k`
    const reader = await openKafka({ ...kafkaAt(bootstrap), prefix })
    for (const value of ['1', '2', null, '', null, '3']) {
      await commit(put(key, value))
      for (const one of [broker, reader]) {
        const found = await one.get('cells', key)
        expect(found === undefined ? null : Buffer.from(found).toString()).toBe(value)
      }
    }
    expect(await scanAll(reader, 'cells')).toEqual([[key, '3']])
    await reader.close()
  })

  test('an open transaction of another holds nobody up, and is not seen until it is committed', async () => {
    const task = taskIn(0)
    await commit(put(`${task}\0a`, 'old'), put(`${task}\0b`, 'old'))
    const open = await other()
    await open.put(topic, 0, 'cells\0other\0x', 'open')
    await commit(put(`${task}\0a`, 'new'), put(`${task}\0b`, null))
    await commit(put(`${task}\0c`, 'new'))
    const expected = [
      [`${task}\0a`, 'new'],
      [`${task}\0c`, 'new'],
    ]
    const began_ms = performance.now()
    expect(await values(`${task}\0`)).toEqual(expected)
    expect(await broker.get('cells', `${task}\0b`)).toBeUndefined()
    const fresh = await openKafka({ ...kafkaAt(bootstrap), prefix })
    expect(await scanAll(fresh, 'cells')).toEqual(expected)
    await fresh.close()
    // The coordinator would end it after a minute.
    expect(performance.now() - began_ms).toBeLessThan(30_000)
    await open.end('commit')
    expect(await values('')).toEqual([['other\0x', 'open'], ...expected])
  })

  test('an aborted one is never seen, nor one that was fenced', async () => {
    const task = taskIn(0)
    await commit(put(`${task}\0a`, '1'))
    const aborted = await other()
    await aborted.put(topic, 0, `cells\0${task}\0a`, 'aborted')
    await aborted.end('abort')
    const zombie = await other()
    await zombie.put(topic, 0, `cells\0${task}\0a`, 'zombie')
    expect(await values('')).toEqual([[`${task}\0a`, '1']])
    await other()
    expect(await values('')).toEqual([[`${task}\0a`, '1']])
  })

  test('the end is the high watermark: markers and aborted records behind the last value are no end to wait for', async () => {
    const task = taskIn(1)
    await commit(put(`${task}\0a`, '1'))
    for (let i = 0; i < 3; i++) {
      const open = await other()
      await open.put(topic, 1, 'cells\0x', 'x')
      await open.end('abort')
    }
    const fresh = await openKafka({ ...kafkaAt(bootstrap), prefix })
    expect(await scanAll(fresh, 'cells')).toEqual([[`${task}\0a`, '1']])
    await fresh.close()
  })

  test('a value of several megabytes is whole; one that the topic does not take is refused before anything', async () => {
    const key = `${taskIn(0)}\0large`
    const large = 'x'.repeat(9_000_000)
    await commit(put(key, large), put('small', '1'))
    expect((await broker.get('cells', key))?.length).toBe(large.length)
    await expect(commit(put(key, 'y'.repeat(17_000_000)), put('small', '2'))).rejects.toMatchObject({
      code: 'RECORD_TOO_LARGE',
      exit_code: 2,
      message: expect.stringMatching(/^a value of 17\d{6} bytes does not fit into .*state\/0, which takes 16777216$/),
    })
    expect((await broker.get('cells', 'small'))?.toString()).toBe('1')
  })

  test('while the broker compacts, what is read is what there is', async () => {
    const task = taskIn(0)
    const eager = { 'segment.ms': '1', 'min.cleanable.dirty.ratio': '0.001', 'max.compaction.lag.ms': '1' }
    await alterConfigs(broker.cluster, [{ topic, config: eager }])
    const expected = new Map<string, string>()
    for (let i = 0; i < 40; i++) {
      const changes = [put(`${task}\0${i % 5}`, `value ${i}`), put(`${task}\0gone ${i % 3}`, i % 2 === 0 ? 'x' : null)]
      await commit(...changes)
      for (const { key, value } of changes) {
        if (value === null) expected.delete(key)
        else expected.set(key, value.toString())
      }
      const fresh = i % 10 === 9 ? await openKafka({ ...kafkaAt(bootstrap), prefix }) : broker
      expect(new Map(await scanAll(fresh, 'cells'))).toEqual(expected)
      if (fresh !== broker) await fresh.close()
    }
  })
})
