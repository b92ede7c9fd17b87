/** What operators ask of a real cluster and do to it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as admin from '../../../connectors/kafka/admin.ts'
import { ByteReader, ByteWriter } from '../../../connectors/kafka/bytes.ts'
import { Cluster } from '../../../connectors/kafka/cluster.ts'
import { deleteAcls, describeAcls } from '../../../connectors/kafka/requests/acls.ts'
import { addPartitionsToTxn } from '../../../connectors/kafka/requests/add-partitions-to-txn.ts'
import { initProducerId } from '../../../connectors/kafka/requests/init-producer-id.ts'
import { openWire } from '../../../connectors/kafka/wires.ts'
import { describeWithKafka } from '../../servers/index.ts'
import { produceOne } from './produce-one.ts'

const topic = (name: string, partitions = 2, config: Record<string, string> = {}) => ({
  topic: name,
  partitions,
  replication: -1,
  config,
})

describeWithKafka('the administration of a cluster', ({ bootstrap }) => {
  let cluster: Cluster

  beforeAll(async () => {
    const [host, port] = bootstrap.split(':')
    const at = [{ host: host!, port: Number(port) }]
    cluster = await Cluster.connect(await openWire('kafkajs', { bootstrap: at }), at)
  })
  afterAll(async () => cluster?.close())

  async function begin(transactional_id: string, at: admin.TopicPartition) {
    const to = { coordinator: 'transaction', key: transactional_id } as const
    const init = { transactional_id, transaction_timeout_ms: 60_000, producer_id: -1, producer_epoch: -1 }
    const { producer_id, producer_epoch } = await cluster.request(to, initProducerId, init)
    const topics = [{ topic: at.topic, partitions: [at.partition] }]
    await cluster.request(to, addPartitionsToTxn, { transactional_id, producer_id, producer_epoch, topics })
    return { transactional_id, producer_id, producer_epoch }
  }

  it('describes the cluster', async () => {
    const { brokers, controller, cluster_id } = await admin.describeCluster(cluster)
    expect(brokers.map(({ node_id }) => node_id)).toContain(controller)
    expect(cluster_id).toBe(cluster.cluster_id)
    expect(await admin.brokerConfig(cluster, 'default.replication.factor')).toBe('1')
    expect(await admin.brokerConfig(cluster, 'no.such.setting')).toBe(null)
  })

  it('creates, describes, changes and deletes topics', async () => {
    const own = (described: readonly admin.TopicDescription[]) =>
      described.map(({ topic, partitions, replication, config }) => [
        topic,
        partitions.length,
        replication,
        config.filter(({ source }) => source === 'topic').map(({ name, value }) => `${name}=${value}`),
      ])
    await admin.createTopics(cluster, [topic('adm-a', 2, { 'retention.ms': '-1' })], { validate_only: true })
    expect(await admin.describeTopics(cluster, ['adm-a'])).toEqual([])
    await admin.createTopics(cluster, [topic('adm-a', 2, { 'retention.ms': '-1' })])
    const [first] = await admin.describeTopics(cluster, ['adm-a'])
    expect(own([first!])).toEqual([['adm-a', 2, 1, ['retention.ms=-1']]])
    expect(first?.topic_id).toMatch(/^[0-9a-f]{32}$/)
    await expect(admin.createTopics(cluster, [topic('adm-a')])).rejects.toMatchObject({
      code: 'KAFKA_REFUSED',
      message: expect.stringContaining('creating topic adm-a: the broker refused it (TOPIC_ALREADY_EXISTS'),
    })
    await admin.createPartitions(cluster, [{ topic: 'adm-a', partitions: 3 }], { validate_only: true })
    await admin.createPartitions(cluster, [{ topic: 'adm-a', partitions: 3 }])
    await expect(admin.createPartitions(cluster, [{ topic: 'adm-a', partitions: 1 }])).rejects.toMatchObject({
      message: expect.stringContaining('INVALID_PARTITIONS'),
    })
    const config = { 'retention.ms': null, 'cleanup.policy': 'compact' }
    await admin.alterConfigs(cluster, [{ topic: 'adm-a', config }], { validate_only: true })
    await admin.alterConfigs(cluster, [{ topic: 'adm-a', config }])
    await expect(
      admin.alterConfigs(cluster, [{ topic: 'adm-a', config: { 'retention.ms': 'soon' } }]),
    ).rejects.toMatchObject({ message: expect.stringContaining('INVALID_CONFIG') })
    expect(own(await admin.describeTopics(cluster, ['adm-none', 'adm-a']))).toEqual([
      ['adm-a', 3, 1, ['cleanup.policy=compact']],
    ])
    expect(await admin.topicNames(cluster)).toContain('adm-a')
    await admin.deleteTopics(cluster, ['adm-a', 'adm-none'])
    await admin.deleteTopics(cluster, ['adm-a'])
    await expect.poll(() => admin.describeTopics(cluster, ['adm-a'])).toEqual([])
    await admin.createTopics(cluster, [topic('adm-a')])
    await expect
      .poll(async () => (await admin.describeTopics(cluster, ['adm-a']))[0]?.topic_id ?? first?.topic_id)
      .not.toBe(first?.topic_id)
  })

  it('reads offsets and deletes records', async () => {
    await admin.createTopics(cluster, [topic('adm-offsets')])
    const partitions = [1, 0].map((partition) => ({ topic: 'adm-offsets', partition }))
    for (const text of ['one', 'two', 'three']) await produceOne(cluster, partitions[0]!, text, 1_000)
    const offsets = async (at: Parameters<typeof admin.listOffsets>[2]) =>
      (await admin.listOffsets(cluster, partitions, at)).map(({ partition, offset }) => [partition, offset])
    expect(await offsets('latest')).toEqual([
      [1, 3],
      [0, 0],
    ])
    expect(await offsets(1_000)).toEqual([
      [1, 0],
      [0, -1],
    ])
    expect(await offsets(1_001)).toEqual([
      [1, -1],
      [0, -1],
    ])
    const deleted = await admin.deleteRecords(cluster, [{ ...partitions[0]!, offset: 2 }])
    expect(deleted).toEqual([{ ...partitions[0]!, offset: 2 }])
    expect(await offsets('earliest')).toEqual([
      [1, 2],
      [0, 0],
    ])
    expect(await admin.deleteRecords(cluster, [{ ...partitions[0]!, offset: -1 }])).toEqual([
      { ...partitions[0]!, offset: 3 },
    ])
    await expect(admin.deleteRecords(cluster, [{ ...partitions[0]!, offset: 9 }])).rejects.toMatchObject({
      message: 'deleting records of adm-offsets/1: the broker refused it (OFFSET_OUT_OF_RANGE)',
    })
    await expect(admin.listOffsets(cluster, [{ topic: 'adm-no', partition: 0 }], 'latest')).rejects.toMatchObject({
      code: 'KAFKA_NO_TOPIC',
    })
  })

  it('keeps the offsets of a group', async () => {
    await admin.createTopics(cluster, [topic('adm-group')])
    const at = (partition: number, offset: number) => ({ topic: 'adm-group', partition, offset })
    await admin.commitOffsets(cluster, 'adm-g', [at(0, 5), at(1, 7)])
    const stored = async (partitions?: admin.TopicPartition[]) =>
      (await admin.fetchOffsets(cluster, 'adm-g', partitions)).sort((a, b) => a.partition - b.partition)
    expect(await stored()).toEqual([at(0, 5), at(1, 7)])
    expect(await stored([{ topic: 'adm-group', partition: 1 }])).toEqual([at(1, 7)])
    await admin.deleteOffsets(cluster, 'adm-g', [{ topic: 'adm-group', partition: 1 }])
    expect(await stored()).toEqual([at(0, 5)])
    expect((await admin.listGroups(cluster)).find(({ group_id }) => group_id === 'adm-g')).toMatchObject({
      state: 'Empty',
    })
    expect(await admin.describeGroup(cluster, 'adm-g')).toMatchObject({
      group_id: 'adm-g',
      state: 'Empty',
      members: [],
    })
    await admin.deleteGroup(cluster, 'adm-g')
    await admin.deleteGroup(cluster, 'adm-g')
    expect(await admin.describeGroup(cluster, 'adm-g')).toBe(undefined)
    expect(await stored()).toEqual([])
  })

  it('says that a cluster without an authorizer has no permissions', async () => {
    expect(await admin.describeAcls(cluster)).toBe(undefined)
  })

  it('finds an open transaction and aborts it, fencing its producer', async () => {
    await admin.createTopics(cluster, [topic('adm-txn')])
    const at = { topic: 'adm-txn', partition: 1 }
    const producer = await begin('adm-open', at)
    await produceOne(cluster, at, 'never seen', 1_000, producer)
    const ids = async () =>
      (await admin.listTransactions(cluster, { states: ['Ongoing'] })).filter(
        (one) => one.transactional_id === 'adm-open',
      )
    expect(await ids()).toEqual([{ transactional_id: 'adm-open', producer_id: producer.producer_id, state: 'Ongoing' }])
    expect(await admin.describeTransaction(cluster, 'adm-open')).toMatchObject({
      state: 'Ongoing',
      timeout_ms: 60_000,
      producer_epoch: producer.producer_epoch,
      topics: [{ topic: 'adm-txn', partitions: [1] }],
    })
    expect((await admin.describeProducers(cluster, [at]))[0]?.producers).toMatchObject([
      { producer_id: producer.producer_id, producer_epoch: producer.producer_epoch, open_since_offset: 0 },
    ])
    const [[stable], [latest]] = await Promise.all([
      admin.listOffsets(cluster, [at], 'stable'),
      admin.listOffsets(cluster, [at], 'latest'),
    ])
    expect([stable?.offset, latest?.offset]).toEqual([0, 1])
    await admin.abortTransaction(cluster, 'adm-open')
    expect(await ids()).toEqual([])
    expect((await admin.listOffsets(cluster, [at], 'stable'))[0]?.offset).toBe(2)
    expect(await admin.describeTransaction(cluster, 'adm-nobody')).toBe(undefined)
  })

  it('writes the marker that a hanging transaction lacks', async () => {
    await admin.createTopics(cluster, [topic('adm-hang')])
    const at = { topic: 'adm-hang', partition: 0 }
    const producer = await begin('adm-hanging', at)
    await produceOne(cluster, at, 'stuck', 1_000, producer)
    expect((await admin.listOffsets(cluster, [at], 'stable'))[0]?.offset).toBe(0)
    await admin.abortHanging(cluster, at, producer.producer_id)
    expect((await admin.listOffsets(cluster, [at], 'stable'))[0]?.offset).toBe(2)
    await expect(admin.abortHanging(cluster, at, producer.producer_id)).rejects.toMatchObject({
      code: 'KAFKA_NO_TRANSACTION',
      exit_code: 2,
    })
    await admin.abortTransaction(cluster, 'adm-hanging')
  })
})

describe('permissions on the wire', () => {
  it('are asked for with what is given, and anything for the rest', () => {
    const w = new ByteWriter()
    describeAcls.encode(w, { resource: 'topic', name: 'quotes', operation: 'Read' })
    expect(w.bytes().toString('hex')).toBe(`02${'0006'}${Buffer.from('quotes').toString('hex')}01ffffffff0301`)
  })

  it('come back in words', () => {
    const w = new ByteWriter().i32(0)
    w.array([0], () => {
      w.i16(0).nullableString(null)
      w.array([0], () => {
        w.i16(0).nullableString(null).i8(5).string('lane').i8(4).string('User:alice').string('*').i8(4).i8(3)
      })
    })
    expect(deleteAcls.decode(new ByteReader(w.bytes())).results[0]?.deleted).toEqual([
      {
        resource: 'transactional-id',
        name: 'lane',
        pattern: 'prefixed',
        principal: 'User:alice',
        host: '*',
        operation: 'Write',
        permission: 'allow',
      },
    ])
  })
})
