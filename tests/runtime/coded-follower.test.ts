import { expect, test } from 'vitest'
import type { Follower, StoredBatch } from '../../runtime/api/broker.ts'
import { CodedFollower } from '../../runtime/engine/coded-follower.ts'
import type { WriterCodecs } from '../../runtime/engine/options.ts'

/** A batch waits for the schema it was written with; other partitions do not wait for it. */

const batch = (schema_id: number, records: number) => ({ schema_id, records }) as StoredBatch
const [KNOWN, FOREIGN] = [1, 2]

/** One list of batches per partition; how many were taken stands for the offset. */
function followed(...partitions: readonly StoredBatch[][]) {
  const taken = partitions.map(() => 0)
  const follower: Follower = {
    take: (at) => {
      const next = partitions[at]?.[taken[at] as number]
      if (next !== undefined) (taken[at] as number)++
      return next
    },
    taken: (at) => taken[at] as number,
    ready: () => Promise.reject(new Error('the follower was asked')),
    close: async () => {},
  }
  return follower
}

test('a batch of an unknown schema holds back its partition alone, and is next when the schema is here', async () => {
  const foreign = batch(FOREIGN, 3)
  const [behind, beside] = [batch(KNOWN, 1), batch(KNOWN, 1)]
  const { promise, resolve } = Promise.withResolvers<void>()
  let here = false
  const codecs = { prepare: (id: number) => (id === KNOWN || here ? undefined : promise) } as WriterCodecs
  const batches = new CodedFollower(followed([foreign, behind], [beside]), codecs)

  expect([batches.take(0), batches.waiting(0), batches.taken(0)]).toEqual([undefined, foreign, 1])
  expect([batches.take(0), batches.take(1), batches.take(1)]).toEqual([undefined, beside, undefined])
  const ready = batches.ready()
  expect(ready).toBe(promise)
  here = true
  resolve()
  await ready
  expect(batches.take(0)).toBe(foreign)
  expect([batches.waiting(0), batches.take(0)]).toEqual([undefined, behind])
  await expect(batches.ready()).rejects.toThrow('the follower was asked')
})

test('without codecs every batch is as this build writes it', () => {
  const foreign = batch(FOREIGN, 1)
  const batches = new CodedFollower(followed([foreign]), undefined)
  expect(batches.take(0)).toBe(foreign)
  expect(batches.decode(foreign, {} as never)).toBeUndefined()
})
