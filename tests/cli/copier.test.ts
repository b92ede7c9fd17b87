import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Copier } from '../../cli/deployed/copier.ts'
import type { Broker } from '../../runtime/api/index.ts'
import { BatchBuilder, NO_CAUSES } from '../../runtime/log/batch.ts'
import { canonicalRecords } from '../../runtime/log/canonical-order.ts'
import { MemoryStore } from '../../runtime/log/memory-store.ts'
import { SimulatedLog } from '../../runtime/log/simulated.ts'
import { fingerprint } from '../../schemas/canonical.ts'
import { schemaId } from '../../schemas/framing.ts'
import { Control } from '../../schemas/generated/index.ts'
import { append, type TestRecord } from '../conformance/records.ts'

/** A copy is what one process would have written: the same heads and bodies, in canonical order, up to an instant. */

const TOPIC = 'a.v1'
const PRODUCERS = ['z/0', 'b/0', 'a/0']
const OWN = 7
const OLDER = 8

/** An older build's orders had no reason, and none was ever given. */
const older = JSON.stringify({
  ...JSON.parse(Control.schema),
  fields: JSON.parse(Control.schema).fields.filter(({ name }: { name: string }) => name !== 'reason'),
})
const newer = {
  ...Control,
  schema: JSON.stringify({
    ...JSON.parse(Control.schema),
    fields: JSON.parse(Control.schema).fields.map((field: { name: string }) =>
      field.name === 'reason' ? { ...field, default: 'none given' } : field,
    ),
  }),
}
const registry = { schema: async (id: number) => (id === OWN ? Control.schema : older) }

function newBroker(): Promise<Broker> {
  const broker = new SimulatedLog(new MemoryStore()).connect()
  return broker.declare([{ name: TOPIC, partitions: 1 }]).then(() => broker)
}

async function write(broker: Broker, batches: readonly (readonly TestRecord[])[], schema_id = OWN): Promise<void> {
  const producer = await broker.producer('writer')
  for (const records of batches) {
    const builder = new BatchBuilder(TOPIC, 0, schema_id)
    append(builder, records)
    await producer.commit({ batches: [builder.batch()], puts: [] })
  }
}

async function copied(from: Broker, until_us?: number): Promise<Broker & { readonly schemas: Copier['schemas'] }> {
  const to = await newBroker()
  const copier = await Copier.open({ from, registry, to, producers: PRODUCERS, progress: () => {} })
  await copier.copy(TOPIC, 0, newer as never, until_us)
  await copier.end()
  return Object.assign(to, { schemas: copier.schemas })
}

async function recordsOf(broker: Broker) {
  const found = []
  for await (const { batch, body, ...rest } of canonicalRecords(broker, TOPIC, 0, PRODUCERS)) {
    found.push({ ...rest, body: Buffer.from(body).toString(), schema_id: batch.schema_id })
  }
  return found
}

/** As they lie in the log. */
async function logOf(broker: Broker) {
  const found = await recordsOf(broker)
  return found.sort((a, b) => a.offset - b.offset)
}

describe('a copy', () => {
  const writer = (name: string) =>
    fc.array(fc.nat(6), { maxLength: 12 }).map((times) =>
      times
        .sort((a, b) => a - b)
        .map(
          (stream_time_us, seq): TestRecord => ({
            key: `k${seq % 3}`,
            body: `${name} ${seq}`,
            producer: name,
            seq,
            stream_time_us,
            causes:
              seq === 0
                ? []
                : [
                    { producer: name, seq: seq - 1 },
                    { producer: 'feed', seq },
                  ],
          }),
        ),
    )
  /** Records of all writers dealt into batches, each writer's in order. */
  const logs = fc
    .tuple(writer('z/0'), writer('a/0'), writer('b/0'), fc.infiniteStream(fc.nat(2)), fc.infiniteStream(fc.nat(4)))
    .map(([z, a, b, turns, lengths]) => {
      const open = [[...z], [...a], [...b]]
      const batches: TestRecord[][] = []
      while (open.some((one) => one.length > 0)) {
        const turn = turns.next().value
        const taken = (open[turn] as TestRecord[]).splice(0, 1 + lengths.next().value)
        if (taken.length > 0) batches.push(taken)
      }
      return batches
    })

  test('has every record where canonical order puts it, whoever wrote it when', async () => {
    await fc.assert(
      fc.asyncProperty(logs, async (batches) => {
        const from = await newBroker()
        await write(from, batches)
        const wanted = await recordsOf(from)
        const to = await copied(from)
        expect(await logOf(to)).toEqual(wanted.map((one, offset) => ({ ...one, offset, schema_id: schemaId(newer) })))
      }),
      { numRuns: 60 },
    )
  })

  test('ends behind the last record of an instant', async () => {
    await fc.assert(
      fc.asyncProperty(logs, fc.nat(6), async (batches, until_us) => {
        const from = await newBroker()
        await write(from, batches)
        const wanted = (await recordsOf(from)).filter(({ stream_time_us }) => stream_time_us <= until_us)
        expect((await logOf(await copied(from, until_us))).map(({ id }) => id)).toEqual(wanted.map(({ id }) => id))
      }),
      { numRuns: 60 },
    )
  })
})

describe('what another build wrote', () => {
  const order: Control = { scope: 'firm', trading_state: 'HALTED', cancel_open: true, actor: 'operator', reason: '' }

  async function written(): Promise<Broker> {
    const builder = new BatchBuilder(TOPIC, 0, OWN)
    builder.append(Control, order, 'firm', 'z/0', 0, 1, NO_CAUSES)
    // The reason is the last field: an older record is one without its length and text.
    const bare = Buffer.from(builder.body()).subarray(0, -1)
    const from = await newBroker()
    await write(from, [[{ key: 'firm', body: bare, producer: 'z/0', stream_time_us: 1 }]], OLDER)
    return from
  }

  test('stays as it is, byte by byte, and says with which schema', async () => {
    const from = await written()
    const to = await copied(from)
    expect((await recordsOf(to)).map(({ body, schema_id }) => ({ body, schema_id }))).toEqual(
      (await recordsOf(from)).map(({ body }) => ({ body, schema_id: schemaId({ fingerprint: fingerprint(older) }) })),
    )
    expect(to.schemas).toEqual([{ schema: older }])
  })

  test('goes on where another began, each with its own schema', async () => {
    const from = await written()
    await write(from, [[{ key: 'firm', body: 'later', producer: 'z/0', seq: 1, stream_time_us: 2 }]], OWN)
    const to = await copied(from)
    expect((await recordsOf(to)).map(({ schema_id }) => schema_id)).toEqual([
      schemaId({ fingerprint: fingerprint(older) }),
      schemaId(Control),
    ])
  })
})
