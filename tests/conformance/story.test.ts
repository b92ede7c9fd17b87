import fc from 'fast-check'
import { expect, test } from 'vitest'
import { WIRE_CLIENTS } from '../../connectors/kafka/wires.ts'
import { describeWithKafka } from '../servers/index.ts'
import { type BrokerKind, brokers, kafka } from './brokers.ts'
import { batchOf, readAll, scanAll } from './records.ts'

/** Random transactions, with restarts in between: every broker tells of them alike. */

const TOPICS = [
  { name: 'a.v1', partitions: 3 },
  { name: 'journal', partitions: 2, internal: true },
]

const record = fc.record({
  key: fc.string({ maxLength: 8, unit: 'binary' }),
  body: fc.uint8Array({ maxLength: 40 }),
  producer: fc.constantFrom('a/0', 'b/0', 'c/17'),
  seq: fc.maxSafeNat(),
  stream_time_us: fc.maxSafeNat(),
  causes: fc.array(fc.record({ producer: fc.constantFrom('a/0', 'd/1'), seq: fc.maxSafeNat() }), { maxLength: 3 }),
})

const transactions = fc.array(
  fc.record({
    batches: fc.array(fc.record({ partition: fc.nat(2), records: fc.array(record, { minLength: 1, maxLength: 5 }) }), {
      maxLength: 4,
    }),
    puts: fc.array(
      fc.record({ key: fc.constantFrom('x', 'y', 'xy'), value: fc.option(fc.uint8Array({ maxLength: 9 })) }),
      { maxLength: 3 },
    ),
    restart: fc.boolean(),
  }),
  { maxLength: 6 },
)

type Told = typeof transactions extends fc.Arbitrary<infer T> ? T : never

/** What a broker of this kind tells after these transactions; offsets and digests where offsets are dense. */
async function story(kind: BrokerKind, told: Told) {
  const log = await kind.create()
  await log.broker.declare(TOPICS)
  for (const { batches, puts, restart } of told) {
    const producer = await log.broker.producer('writer')
    await producer.commit({
      batches: batches.map(({ partition, records }) => batchOf('a.v1', partition, records)),
      puts: puts.map(({ key, value }) => ({ store: 'state', key, value })),
    })
    if (restart) await log.restart()
  }
  const partitions = []
  for (let i = 0; i < 3; i++) {
    const records = await readAll(log.broker, 'a.v1', i)
    partitions.push(records.map((found) => ({ ...found, body: Buffer.from(found.body).toString('hex') })))
  }
  const values = await scanAll(log.broker, 'state')
  const digests = await log.broker.digests()
  await log.dispose()
  return { partitions, values, digests }
}

test('every broker tells the same story of the same transactions', async () => {
  await fc.assert(
    fc.asyncProperty(transactions, async (told) => {
      const stories = []
      for (const kind of brokers) stories.push(await story(kind, told))
      for (const one of stories) expect(one).toEqual(stories[0])
    }),
    { numRuns: 6 },
  )
})

describeWithKafka('Kafka', ({ bootstrap }) => {
  test.each(WIRE_CLIENTS)('over %s tells it too, but for offsets', async (client) => {
    // These records stand in no canonical order, which digests on Kafka are of.
    const without = ({ partitions, values }: Awaited<ReturnType<typeof story>>) => ({
      partitions: partitions.map((records) => records.map((one) => ({ ...one, offset: 0 }))),
      values,
    })
    await fc.assert(
      fc.asyncProperty(transactions, async (told) => {
        const expected = await story(brokers[0] as BrokerKind, told)
        expect(without(await story(kafka(client, bootstrap), told))).toEqual(without(expected))
      }),
      { numRuns: 4 },
    )
  })
})
