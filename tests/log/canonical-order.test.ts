import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Broker } from '../../runtime/api/index.ts'
import { canonicalRecords, canonicalRuns } from '../../runtime/log/canonical-order.ts'
import { BlockDigest, topicDigest } from '../../runtime/log/digest.ts'
import { MemoryStore } from '../../runtime/log/memory-store.ts'
import { SimulatedLog } from '../../runtime/log/simulated.ts'
import { batchOf, digestOf, numbered, type TestRecord } from '../conformance/records.ts'

async function written(batches: readonly (readonly TestRecord[])[]): Promise<Broker> {
  const broker = new SimulatedLog(new MemoryStore()).connect()
  await broker.declare([{ name: 'a.v1', partitions: 1 }])
  const producer = await broker.producer('writer')
  for (const records of batches) await producer.commit({ batches: [batchOf('a.v1', 0, records)], puts: [] })
  return broker
}

async function canonical(broker: Broker, producers: readonly string[]): Promise<string[]> {
  const found: string[] = []
  for await (const { id, stream_time_us } of canonicalRecords(broker, 'a.v1', 0, producers)) {
    found.push(`${id}@${stream_time_us}`)
  }
  return found
}

async function digest(broker: Broker, producers: readonly string[]): Promise<string> {
  const block = new BlockDigest()
  for await (const { batch, records, bodies_start, bodies_end } of canonicalRuns(broker, 'a.v1', 0, producers)) {
    block.add(Buffer.from(batch.bodies.subarray(bodies_start, bodies_end)), records)
  }
  return topicDigest([block.current()])
}

const of = (producer: string, ...times: number[]): TestRecord[] =>
  times.map((stream_time_us, seq) => ({ key: 'k', body: `${producer} ${seq}`, producer, seq, stream_time_us }))

test('by stream time, then by the order of producers, strangers last by name, then by sequence', async () => {
  const broker = await written([of('z/0', 1, 5, 5), of('b/0', 1, 5), of('y/0', 1), of('a/0', 5, 6)])
  expect(await canonical(broker, ['b/0', 'a/0'])).toEqual([
    ...['b/0:0@1', 'y/0:0@1', 'z/0:0@1'],
    ...['b/0:1@5', 'a/0:0@5', 'z/0:1@5', 'z/0:2@5', 'a/0:1@6'],
  ])
})

test('a single writer keeps its order, whatever its times', async () => {
  const broker = await written([of('a/0', 9, 3, 3), of('a/0', 1)])
  expect(await canonical(broker, [])).toEqual(['a/0:0@9', 'a/0:1@3', 'a/0:2@3', 'a/0:0@1'])
})

test('an empty partition has nothing', async () => {
  expect(await canonical(await written([]), [])).toEqual([])
})

test('records come whole, as often as batches take turns', async () => {
  const records = Array.from({ length: 3_000 }, (_, i) => ({
    key: `k${i % 5}`,
    body: `body ${i}`,
    producer: `p/${i % 3}`,
    seq: Math.floor(i / 3),
    stream_time_us: i,
    causes: [{ producer: 'q/0', seq: i }],
  }))
  const broker = await written([0, 2, 1].map((p) => records.filter(({ producer }) => producer === `p/${p}`)))
  const found: unknown[] = []
  for await (const { key, body, id, causes } of canonicalRecords(broker, 'a.v1', 0, [])) {
    found.push([key, Buffer.from(body).toString(), id, causes])
  }
  expect(found).toEqual(
    records.map(({ key, body, producer, seq }, i) => [key, body, `${producer}:${seq}`, [`q/0:${i}`]]),
  )
})

test('how writers took turns does not show: neither in the order nor in the digest', async () => {
  const producers = ['c/0', 'a/0', 'b/0']
  const sequence = fc.array(fc.nat(20), { maxLength: 40 }).map((times) => times.toSorted((x, y) => x - y))
  await fc.assert(
    fc.asyncProperty(
      fc.tuple(sequence, sequence, sequence),
      fc.infiniteStream(fc.tuple(fc.nat(2), fc.integer({ min: 1, max: 7 }))),
      async (times, turns) => {
        const all = producers.map((producer, i) => of(producer, ...(times[i] as number[])))
        const expected = all
          .flatMap((records, rank) => records.map((record) => ({ ...record, rank })))
          .toSorted((x, y) => (x.stream_time_us as number) - (y.stream_time_us as number) || x.rank - y.rank)
        const left = all.map((records) => [...records])
        const batches: TestRecord[][] = []
        for (const [lane, size] of turns) {
          if (left.every((records) => records.length === 0)) break
          const taken = left[lane]?.splice(0, size) ?? []
          if (taken.length > 0) batches.push(taken)
        }
        const broker = await written(batches)
        expect(await canonical(broker, producers)).toEqual(
          expected.map(({ producer, seq, stream_time_us }) => `${producer}:${seq}@${stream_time_us}`),
        )
        expect(await digest(broker, producers)).toBe(digestOf([expected]))
      },
    ),
    { numRuns: 60 },
  )
})

test('a digest over the ends of blocks is that of the definition', async () => {
  const records = numbered(0, 9_000)
  const broker = await written([records.slice(0, 4_000), records.slice(4_000)])
  expect(await digest(broker, [])).toBe(digestOf([records]))
  const halves = [0, 1].map((half) =>
    records.map((one, i) => ({ ...one, producer: `p/${i % 2}` })).filter((_, i) => i % 2 === half),
  )
  expect(await digest(await written(halves), [])).toBe(digestOf([records]))
})
