import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeProducers, listOffsets, listTransactions } from '../../../connectors/kafka/admin.ts'
import { type KafkaBroker, openKafka } from '../../../connectors/kafka/index.ts'
import { encodeRecords } from '../../../connectors/kafka/record-encoder.ts'
import { initProducerId } from '../../../connectors/kafka/requests/init-producer-id.ts'
import { producePartitions } from '../../../connectors/kafka/write.ts'
import { kafkaAt } from '../../conformance/brokers.ts'
import { batchOf, numbered, readAll } from '../../conformance/records.ts'
import { describeWithKafka, type Kafka, startKafka } from '../../servers/index.ts'

/**
 * Records of a transaction that its coordinator knows nothing of, as a broker leaves them that goes down and comes back
 * at the wrong moment. Made here by a broker that does not verify that partitions were added.
 */
describeWithKafka('a hanging transaction', () => {
  const TOPIC = 'h.a.v1'
  let kafka: Kafka
  let broker: KafkaBroker
  beforeAll(async () => {
    kafka = await startKafka({ own: true, properties: { 'transaction.partition.verification.enable': 'false' } })
    broker = await openKafka({ ...kafkaAt(kafka.bootstrap), prefix: 'h.' })
    await broker.declare([{ name: 'a.v1', partitions: 2 }])
  }, 60_000)
  afterAll(async () => {
    await broker?.close()
    await kafka?.stop()
  })

  const open = async () => {
    const found = await describeProducers(
      broker.cluster,
      [0, 1].map((partition) => ({ topic: TOPIC, partition })),
    )
    return found.flatMap(({ partition, producers }) =>
      producers.filter(({ open_since_offset }) => open_since_offset >= 0).map(() => partition),
    )
  }
  const seqs = async (partition: number) => (await readAll(broker, 'a.v1', partition)).map(({ seq }) => seq)

  test('is aborted by whoever takes the id, and never becomes part of its next transaction', async () => {
    const first = await broker.producer('writer')
    const both = (from: number, to: number) => ({
      batches: [batchOf('a.v1', 0, numbered(from, to)), batchOf('a.v1', 1, numbered(from, to))],
      puts: [],
    })
    await first.commit(both(0, 2))

    const { cluster } = broker
    const [{ transactional_id } = { transactional_id: '' }] = await listTransactions(cluster)
    const input = { transactional_id, transaction_timeout_ms: 10_000, producer_id: -1, producer_epoch: -1 }
    const identity = await cluster.request({ coordinator: 'transaction', key: transactional_id }, initProducerId, input)
    const limits = { target_bytes: 1 << 20, max_bytes: 1 << 24, compression: 'none' } as const
    const writes = [0, 1].map((partition) => ({
      ...{ topic: TOPIC, partition, base_offset: -1, end_offset: -1 },
      batches: encodeRecords([batchOf('a.v1', partition, numbered(2, 4))], limits),
    }))
    const { producer_id, producer_epoch } = identity
    const writer = { transactional_id, producer_id, producer_epoch, sequences: new Map(), deadline_ms: 10_000 }
    await producePartitions(writes, { ...writer, cluster, channel: 'main' })
    expect(await open()).toEqual([0, 1])

    const next = await broker.producer('writer')
    expect(await seqs(0)).toEqual([0, 1])
    expect(await open()).toEqual([])
    await next.commit(both(2, 3))
    expect([await seqs(0), await seqs(1)]).toEqual([
      [0, 1, 2],
      [0, 1, 2],
    ])
    const partitions = [0, 1].map((partition) => ({ topic: TOPIC, partition }))
    expect(await listOffsets(cluster, partitions, 'stable')).toEqual(await listOffsets(cluster, partitions, 'latest'))
  })
})
