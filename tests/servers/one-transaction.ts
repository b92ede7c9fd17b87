/** One transaction by a plain client, and what a reader of committed records then sees: does this broker serve? */
import { Kafka, logLevel } from 'kafkajs'

/** Writes `value` to partition 0 of `topic`, made if it is not there, in a transaction. */
export async function commitOne(bootstrap: string, topic: string, value: string): Promise<void> {
  const kafka = client(bootstrap)
  const admin = kafka.admin()
  const producer = kafka.producer({ transactionalId: `${topic}.writer`, maxInFlightRequests: 1 })
  await Promise.all([admin.connect(), producer.connect()])
  await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true })
  const transaction = await producer.transaction()
  await transaction.send({ topic, messages: [{ value, partition: 0 }] })
  await transaction.commit()
  await Promise.all([admin.disconnect(), producer.disconnect()])
}

/** The first `count` committed values of `topic`. */
export async function committedValues(bootstrap: string, topic: string, count: number): Promise<string[]> {
  const consumer = client(bootstrap).consumer({ groupId: `${topic}.reader`, readUncommitted: false })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  const values: string[] = []
  await new Promise<void>((resolve, reject) => {
    const eachMessage = async ({ message }: { message: { value: Buffer | null } }) => {
      if (values.push(String(message.value)) === count) resolve()
    }
    consumer.run({ autoCommit: false, eachMessage }).catch(reject)
  })
  await consumer.disconnect()
  return values
}

function client(bootstrap: string): Kafka {
  return new Kafka({
    clientId: 'aitrader-tests',
    brokers: [bootstrap],
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 50, retries: 30, factor: 0.2, maxRetryTime: 1_000 },
  })
}
