/**
 * kafkajs alone, as shipped: produce (transactions of 5,000 records, or idempotent without), consume, and transactional
 * read-process-write.
 *
 * `node bench/peers/clients/kafkajs.worker.ts MODE BROKER IN OUT RECORDS IN_SCHEMA OUT_SCHEMA`. All but the last print their
 * rate; that one works until its input ends and is measured from outside. Offsets are sent after the
 * first records, since this client does not retry them as the first call of a transaction.
 */
import { type EachBatchPayload, Kafka, logLevel } from 'kafkajs'
import {
  type OutMessage,
  parts,
  Rate,
  readArguments,
  Step,
  samples,
  TRANSACTION_MS,
  TRANSACTION_RECORDS,
} from './loop.ts'

const args = readArguments()
const { broker, input, output, records } = args
const kafka = new Kafka({
  clientId: 'bare-kafkajs',
  brokers: [broker],
  logLevel: logLevel.NOTHING,
  // The default first wait of 300 ms makes a transaction after a transaction three times slower.
  retry: { retries: 50, initialRetryTime: 5, maxRetryTime: 1_000, factor: 0.2 },
})
const consuming = { readUncommitted: false, maxBytesPerPartition: 1 << 20, maxWaitTimeInMs: 50 }

async function produce(): Promise<void> {
  const producer = kafka.producer({ transactionalId: output, idempotent: true, maxInFlightRequests: 1 })
  await producer.connect()
  const messages = samples(args)
  const rate = new Rate()
  while (rate.seen < records) {
    const transaction = await producer.transaction()
    await transaction.send({ topic: output, messages })
    await transaction.commit()
    rate.count(messages.length)
  }
  rate.print()
  await producer.disconnect()
}

async function produceIdempotent(): Promise<void> {
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 })
  await producer.connect()
  const messages = samples(args)
  const rate = new Rate()
  while (rate.seen < records) {
    await producer.send({ topic: output, acks: -1, messages })
    rate.count(messages.length)
  }
  rate.print()
  await producer.disconnect()
}

async function consume(): Promise<void> {
  const consumer = kafka.consumer({ groupId: `bare-${output}`, ...consuming })
  await consumer.connect()
  await consumer.subscribe({ topic: input, fromBeginning: true })
  const rate = new Rate()
  await new Promise<void>((resolve, reject) => {
    const eachBatch = async ({ batch, heartbeat }: EachBatchPayload) => {
      rate.count(batch.messages.length)
      await heartbeat()
      if (rate.seen >= records) resolve()
    }
    consumer.run({ autoCommit: false, eachBatch }).catch(reject)
  })
  rate.print()
  await consumer.disconnect()
}

async function readProcessWrite(): Promise<void> {
  const producer = kafka.producer({ transactionalId: output, idempotent: true, maxInFlightRequests: 1 })
  const consumer = kafka.consumer({ groupId: `bare-${output}`, ...consuming })
  await producer.connect()
  await consumer.connect()
  await consumer.subscribe({ topic: input, fromBeginning: true })
  const step = new Step(args)
  let pending: OutMessage[] = []
  let offsets = new Map<number, string>()
  let since_ms = performance.now()

  const commit = async () => {
    const transaction = await producer.transaction()
    for (const messages of parts(pending)) await transaction.send({ topic: output, messages })
    const partitions = [...offsets].map(([partition, offset]) => ({ partition, offset }))
    await transaction.sendOffsets({ consumerGroupId: `bare-${output}`, topics: [{ topic: input, partitions }] })
    await transaction.commit()
    pending = []
    offsets = new Map()
    since_ms = performance.now()
  }
  const eachBatch = async ({ batch, heartbeat }: EachBatchPayload) => {
    for (const { key, value, offset } of batch.messages) {
      pending.push(step.next(key as Buffer, value as Buffer, batch.partition))
      offsets.set(batch.partition, String(Number(offset) + 1))
      if (pending.length >= TRANSACTION_RECORDS) await commit()
    }
    if (pending.length > 0 && performance.now() - since_ms >= TRANSACTION_MS) await commit()
    await heartbeat()
    taken += batch.messages.length
    if (taken >= records && pending.length > 0) await commit()
  }
  let taken = 0
  consumer.run({ autoCommit: false, eachBatch }).catch(fail)
  await inputEnd()
  await consumer.disconnect()
  await producer.disconnect()
}

function fail(cause: unknown): never {
  console.error(cause)
  process.exit(1)
}

/** Resolves when whoever started this process closes its input. */
async function inputEnd(): Promise<void> {
  for await (const _ of process.stdin);
}

await { produce, 'produce-idempotent': produceIdempotent, consume, 'read-process-write': readProcessWrite }[args.mode]()
