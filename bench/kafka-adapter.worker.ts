/**
 * Our adapter alone, without the runtime, in the same loops as the bare clients: produce and consume.
 *
 * `node bench/kafka-adapter.worker.ts CLIENT produce|consume BROKER IN OUT RECORDS IN_SCHEMA OUT_SCHEMA`. Producing is
 * transactions of 5,000 records from batches that are made anew each time out of encoded bodies; consuming follows all
 * partitions of IN, committed records only, and walks over every record. Prints its rate.
 */
import { parseBootstrap } from '../cli/run/target.ts'
import { openKafka } from '../connectors/kafka/index.ts'
import type { Broker } from '../runtime/api/index.ts'
import { BatchBuilder, NO_CAUSES } from '../runtime/log/batch.ts'
import { RecordCursor } from '../runtime/log/records.ts'
import { FRAME_BYTES } from '../schemas/framing.ts'
import { PARTITIONS } from './kafka-load.ts'
import { type Arguments, Rate, readArguments, samples } from './peers/clients/loop.ts'

const BEGIN_US = 1_700_000_000_000_000

async function produce(broker: Broker, args: Arguments): Promise<void> {
  const producer = await broker.producer('produce')
  const values = samples(args).map(({ key, value, partition }) => {
    return { key: key.toString(), body: value.subarray(FRAME_BYTES), partition }
  })
  const builders = Array.from(
    { length: PARTITIONS },
    (_, i) => new BatchBuilder(args.output, i, args.out_schema, 1 << 20),
  )
  const rate = new Rate()
  while (rate.seen < args.records) {
    for (const { key, body, partition } of values) {
      const builder = builders[partition] as BatchBuilder
      builder.appendBody(body, key, `load/${partition}`, rate.seen + builder.records, BEGIN_US + rate.seen, NO_CAUSES)
    }
    await producer.commit({ batches: builders.map((builder) => builder.batch()), puts: [] })
    for (const builder of builders) builder.reset()
    rate.count(values.length)
  }
  rate.print()
}

async function consume(broker: Broker, { input, records }: Arguments): Promise<void> {
  const follower = broker.follow(
    Array.from({ length: PARTITIONS }, (_, partition) => ({ topic: input, partition, offset: 0 })),
  )
  const cursor = new RecordCursor()
  const rate = new Rate()
  let bytes = 0
  while (rate.seen < records) {
    let idle = true
    for (let i = 0; i < PARTITIONS; i++) {
      const batch = follower.take(i)
      if (batch === undefined) continue
      idle = false
      cursor.open(batch)
      while (cursor.next()) bytes += cursor.body_end - cursor.body_start
      rate.count(batch.records)
    }
    if (idle) await follower.ready()
  }
  rate.print()
  if (bytes === 0) throw new Error('no record had a body')
  await follower.close()
}

const [client] = process.argv.splice(2, 1)
const args = readArguments()
const broker = await openKafka({
  bootstrap: parseBootstrap(args.broker),
  client: client as 'kafkajs' | 'platformatic',
  topology: `${args.output.replaceAll('.', '-')}-${args.mode}`,
})
await broker.declare([{ name: args.mode === 'consume' ? args.input : args.output, partitions: PARTITIONS }])
if (args.mode === 'produce') await produce(broker, args)
else await consume(broker, args)
await broker.close()
process.exit(0)
