/**
 * @platformatic/kafka alone, as shipped: produce (transactions of 5,000 records, or idempotent without), consume, and
 * transactional read-process-write.
 *
 * `node bench/peers/clients/platformatic.worker.ts MODE BROKER IN OUT RECORDS IN_SCHEMA OUT_SCHEMA`. All but the last print
 * their rate; that one works until its input ends and is measured from outside. Its calls inside a
 * transaction are made one after another, and its producer id begins at -1, as it must for exactly-once to hold.
 */
import { Consumer, type Message, MessagesStreamModes, Producer } from '@platformatic/kafka'
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
const READ_COMMITTED = 1
const base = { clientId: 'bare-platformatic', bootstrapBrokers: [broker] }
const consuming = {
  topics: [input],
  mode: MessagesStreamModes.EARLIEST,
  autocommit: false,
  maxBytes: 10 << 20,
  maxWaitTime: 50,
  isolationLevel: READ_COMMITTED,
}

function transactional() {
  return new Producer({ ...base, transactionalId: output, idempotent: true, producerId: -1n, producerEpoch: -1 })
}

async function produce(): Promise<void> {
  const producer = transactional()
  const values = samples(args)
  const rate = new Rate()
  while (rate.seen < records) {
    const transaction = await producer.beginTransaction()
    await transaction.send({ acks: -1, messages: values.map((message) => ({ ...message, topic: output })) })
    await transaction.commit()
    rate.count(values.length)
  }
  rate.print()
  await producer.close()
}

async function produceIdempotent(): Promise<void> {
  const producer = new Producer({ ...base, idempotent: true })
  const values = samples(args)
  const rate = new Rate()
  while (rate.seen < records) {
    await producer.send({ acks: -1, messages: values.map((message) => ({ ...message, topic: output })) })
    rate.count(values.length)
  }
  rate.print()
  await producer.close()
}

async function consume(): Promise<void> {
  const consumer = new Consumer({ ...base, groupId: `bare-${output}` })
  const stream = await consumer.consume(consuming)
  const rate = new Rate()
  await new Promise<void>((resolve, reject) => {
    stream.on('error', reject)
    stream.on('data', () => {
      rate.count(1)
      if (rate.seen >= records) resolve()
    })
  })
  rate.print()
  await consumer.close(true)
}

async function readProcessWrite(): Promise<void> {
  const producer = transactional()
  const consumer = new Consumer({ ...base, groupId: `bare-${output}` })
  const stream = await consumer.consume(consuming)
  const step = new Step(args)
  let pending: (OutMessage & { topic: string })[] = []
  let last = new Map<number, Message>()
  let since_ms = performance.now()
  let taken = 0

  const commit = async () => {
    const transaction = await producer.beginTransaction()
    await transaction.addConsumer(consumer)
    for (const messages of parts(pending)) await transaction.send({ messages })
    for (const message of last.values()) await transaction.addOffset(message)
    await transaction.commit()
    pending = []
    last = new Map()
    since_ms = performance.now()
  }
  let committing: Promise<void> | undefined
  stream.on('error', fail)
  stream.on('data', (message) => {
    pending.push({ ...step.next(message.key, message.value, message.partition), topic: output })
    last.set(message.partition, message)
    taken++
    const full = pending.length >= TRANSACTION_RECORDS || taken === records
    if (committing !== undefined || !(full || performance.now() - since_ms >= TRANSACTION_MS)) return
    stream.pause()
    committing = commit().then(() => {
      committing = undefined
      stream.resume()
    }, fail)
  })
  await inputEnd()
  await consumer.close(true)
  await producer.close()
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
process.exit(0)
