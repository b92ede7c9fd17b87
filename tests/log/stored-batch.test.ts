import { expect, test } from 'vitest'
import { batchKey } from '../../runtime/log/keys.ts'
import { MemoryStore } from '../../runtime/log/memory-store.ts'
import { SimulatedLog } from '../../runtime/log/simulated.ts'
import { LogView } from '../../runtime/log/view.ts'
import { batchOf, numbered } from '../conformance/records.ts'

/** Damage of stored bytes is found, whichever bit it hits. */

async function written() {
  const store = new MemoryStore()
  const broker = new SimulatedLog(store).connect()
  await broker.declare([{ name: 'a.v1', partitions: 2 }])
  const producer = await broker.producer('p')
  await producer.commit({ batches: [batchOf('a.v1', 0, numbered(0, 3))], puts: [] })
  return { store, view: new LogView(store), value: Buffer.from(store.get(batchKey(0, 0)) as Uint8Array) }
}

test('any flipped bit of a stored batch is found when it is read', async () => {
  const { store, view, value } = await written()
  for (let bit = 0; bit < value.length * 8; bit++) {
    const flipped = Buffer.from(value)
    flipped[bit >>> 3] = (flipped[bit >>> 3] as number) ^ (1 << (bit & 7))
    store.transact((writes) => writes.put(batchKey(0, 0), flipped))
    // Byte 1 is the version: a later one may be legal.
    const code = bit >>> 3 === 1 ? 'DIRECTORY_TOO_NEW' : 'DATA_DAMAGED'
    await expect(view.read('a.v1', 0, 0)).rejects.toMatchObject({ code })
    await expect(view.read('a.v1', 0, 2)).rejects.toMatchObject({ code })
    await expect(view.digests()).rejects.toMatchObject({ code })
  }
})

test('a batch cut off, emptied or moved to another partition or offset is found', async () => {
  const { store, view, value } = await written()
  for (let size = 0; size < value.length; size++) {
    store.transact((writes) => writes.put(batchKey(0, 0), value.subarray(0, size)))
    await expect(view.read('a.v1', 0, 0)).rejects.toMatchObject({ code: 'DATA_DAMAGED', exit_code: 3 })
    await expect(view.read('a.v1', 0, 1)).rejects.toMatchObject({ code: 'DATA_DAMAGED' })
  }
  store.transact((writes) => writes.remove(batchKey(0, 0)))
  await expect(view.read('a.v1', 0, 0)).rejects.toMatchObject({ code: 'DATA_DAMAGED' })
  await expect(view.digests()).rejects.toMatchObject({ code: 'DATA_DAMAGED' })
  store.transact((writes) => writes.put(batchKey(1, 0), value))
  await expect(view.read('a.v1', 1, 0)).rejects.toMatchObject({ code: 'DATA_DAMAGED' })
  store.transact((writes) => writes.put(batchKey(0, 3), value))
  await expect(view.read('a.v1', 0, 3)).rejects.toMatchObject({ code: 'DATA_DAMAGED' })
})

test('offsets beyond 2^48 keep their order as keys', () => {
  const offsets = [0, 1, 255, 256, 2 ** 32 - 1, 2 ** 32, 2 ** 48 - 1, 2 ** 48, 2 ** 53 - 1]
  const keys = offsets.map((offset) => batchKey(7, offset).toString('hex'))
  expect(keys.toSorted()).toEqual(keys)
})
