import { expect, test } from 'vitest'
import { encodeFrame } from '../../runtime/log/frame.ts'
import { valueKey } from '../../runtime/log/keys.ts'
import { Log } from '../../runtime/log/log.ts'
import { MemoryStore } from '../../runtime/log/memory-store.ts'
import type { LogWrites } from '../../runtime/log/store.ts'
import { LogView } from '../../runtime/log/view.ts'
import { batchOf, bodies, numbered } from '../conformance/records.ts'

/** A store that fails at the end of a transaction, as a full disk does. */
class FailingStore extends MemoryStore {
  full = false

  override transact(work: (writes: LogWrites) => void): void {
    super.transact((writes) => {
      work(writes)
      if (this.full) throw new Error('no space left')
    })
  }
}

function submission(log: Log, from: number, to: number) {
  const transaction = { batches: [batchOf('a.v1', 0, numbered(from, to))], puts: [] }
  const frame = encodeFrame(
    transaction,
    (topic, partition) => log.number(topic, partition),
    valueKey,
    (size_bytes) => Buffer.alloc(size_bytes),
  )
  return { transactional_id: 'w', epoch: 1, frame }
}

test('after its store failed a log takes nothing more, and a new one goes on from what is stored', async () => {
  const store = new FailingStore()
  const log = new Log(store)
  log.declare([{ name: 'a.v1', partitions: 1 }])
  log.acquire('w')
  log.commit([submission(log, 0, 2)])
  store.full = true
  expect(() => log.commit([submission(log, 2, 3)])).toThrow('no space left')
  store.full = false
  // What is in memory counts a record that is not stored, so going on would leave a hole.
  expect(() => log.commit([submission(log, 3, 4)])).toThrow(
    expect.objectContaining({ code: 'STORE_FAILED', exit_code: 4 }),
  )
  const again = new Log(store)
  again.commit([submission(again, 5, 6)])
  expect(await bodies(new LogView(store), 'a.v1', 0)).toEqual(['body of 0', 'body of 1', 'body of 5'])
})

test('submissions of one call are one transaction; a fenced one among them is left out', async () => {
  const store = new MemoryStore()
  const log = new Log(store)
  log.declare([{ name: 'a.v1', partitions: 1 }])
  expect([log.acquire('w'), log.acquire('old'), log.acquire('old')]).toEqual([1, 1, 2])
  let transactions = 0
  const transact = store.transact.bind(store)
  store.transact = (work) => {
    transactions++
    transact(work)
  }
  const fenced = { ...submission(log, 8, 9), transactional_id: 'old' }
  const refusals = log.commit([submission(log, 0, 1), fenced, submission(log, 1, 2)])
  expect(refusals.map((refusal) => refusal?.code)).toEqual([undefined, 'FENCED', undefined])
  expect(transactions).toBe(1)
  expect(log.commit([fenced]).map((refusal) => refusal?.code)).toEqual(['FENCED'])
  expect(transactions).toBe(1)
  expect(await bodies(new LogView(store), 'a.v1', 0)).toEqual(['body of 0', 'body of 1'])
})
