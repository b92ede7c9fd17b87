import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CommittedFilter } from '../../../connectors/kafka/committed.ts'
import { BatchCursor } from '../../../connectors/kafka/record-batch.ts'
import type { AbortedTransaction } from '../../../connectors/kafka/requests/fetch.ts'
import { kafkajsBatch, marker, type OracleRecord } from './oracles.ts'

/** What a reader of committed records sees of fetched bytes, against logs whose history the test knows. */

interface Written {
  readonly base_offset: number
  readonly last_offset: number
  readonly bytes: Buffer
  /** The records of a data batch that a reader must see. */
  readonly visible: boolean
}

/** A log under construction, and what its broker would answer. */
class Log {
  readonly written: Written[] = []
  readonly aborts: { producer_id: number; first_offset: number; last_offset: number }[] = []
  readonly #open = new Map<number, number>()
  #end = 0

  get end(): number {
    return this.#end
  }

  /** `fate` is what becomes of the transaction later. */
  async data(producer_id: number, records: number, fate: 'commit' | 'abort' | 'none', key = 'key'): Promise<void> {
    const base_offset = this.#end
    const one: OracleRecord = { key: Buffer.from(key), value: Buffer.from('v'), timestamp: 0 }
    const transactional = fate !== 'none'
    const owner = { base_offset, producer_id, producer_epoch: 0, base_sequence: 0, transactional }
    const bytes = await kafkajsBatch(Array(records).fill(one), owner)
    this.#end += records
    this.written.push({ base_offset, last_offset: this.#end - 1, bytes, visible: fate !== 'abort' })
    if (transactional && !this.#open.has(producer_id)) this.#open.set(producer_id, base_offset)
  }

  async mark(producer_id: number, kind: 'commit' | 'abort'): Promise<void> {
    const base_offset = this.#end++
    const bytes = await marker(kind, { base_offset, producer_id, producer_epoch: 0, base_sequence: -1 })
    this.written.push({ base_offset, last_offset: base_offset, bytes, visible: false })
    const first_offset = this.#open.get(producer_id)
    if (kind === 'abort' && first_offset !== undefined) {
      this.aborts.push({ producer_id, first_offset, last_offset: base_offset })
    }
    this.#open.delete(producer_id)
  }

  /** The offsets of batches that come out of a fetch of the `[from, to)`-th batches. */
  seen(from: number, to: number): number[] {
    const fetched = this.written.slice(from, to)
    const first = fetched[0]?.base_offset ?? 0
    const end = (fetched.at(-1)?.last_offset ?? -1) + 1
    const aborted: AbortedTransaction[] = this.aborts.filter(
      ({ first_offset, last_offset }) => last_offset >= first && first_offset < end,
    )
    const cursor = new BatchCursor().open(Buffer.concat(fetched.map(({ bytes }) => bytes)), 'a/0')
    const filter = new CommittedFilter().open(aborted)
    const seen: number[] = []
    while (filter.next(cursor)) seen.push(cursor.base_offset)
    if (fetched.length > 0) expect(cursor.last_offset).toBe(end - 1)
    return seen
  }

  expected(from: number, to: number): number[] {
    return this.written.slice(from, to).flatMap(({ visible, base_offset }) => (visible ? [base_offset] : []))
  }
}

describe('in one fetch', () => {
  test('several aborts of one producer', async () => {
    const log = new Log()
    await log.data(7, 2, 'abort')
    await log.mark(7, 'abort')
    await log.data(7, 3, 'abort')
    await log.mark(7, 'abort')
    await log.data(7, 1, 'commit')
    await log.mark(7, 'commit')
    expect(log.seen(0, 6)).toEqual([7])
  })

  test('an abort whose marker lies beyond it', async () => {
    const log = new Log()
    await log.data(7, 2, 'abort')
    await log.data(8, 2, 'commit')
    await log.mark(8, 'commit')
    await log.data(7, 2, 'abort')
    await log.mark(7, 'abort')
    expect(log.seen(0, 2)).toEqual([2])
    expect(log.seen(3, 4)).toEqual([])
    expect(log.seen(0, 5)).toEqual([2])
  })

  test('data whose key looks like an abort marker is data', async () => {
    const log = new Log()
    await log.data(7, 1, 'abort', '\0\0\0\0')
    await log.data(7, 1, 'abort')
    await log.mark(7, 'abort')
    await log.data(8, 1, 'commit', '\0\0\0\0')
    await log.mark(8, 'commit')
    await log.data(-1, 1, 'none', '\0\0\0\0')
    expect(log.seen(0, 6)).toEqual([3, 5])
  })

  test('a marker of a commit ends no abort of another, and none of none is harmless', async () => {
    const log = new Log()
    await log.mark(9, 'abort')
    await log.data(7, 1, 'abort')
    await log.mark(8, 'commit')
    await log.data(7, 1, 'abort')
    await log.mark(7, 'abort')
    await log.data(7, 1, 'none')
    expect(log.seen(0, 6)).toEqual([5])
  })
})

test('any part of any log', async () => {
  const step = fc.record({ producer: fc.integer({ min: 1, max: 3 }), records: fc.integer({ min: 0, max: 3 }) })
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 40 }),
      fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }),
      fc.nat(40),
      fc.nat(40),
      async (steps, commits, a, b) => {
        const log = new Log()
        // The n-th transaction of all has its fate from the start; a step without records ends its producer's.
        let transactions = 0
        const fates = new Map<number, 'commit' | 'abort'>()
        for (const { producer, records } of steps) {
          const fate = fates.get(producer) ?? (commits[transactions++ % 40] ? 'commit' : 'abort')
          if (records > 0) {
            fates.set(producer, fate)
            await log.data(producer, records, fate)
          } else if (fates.delete(producer)) await log.mark(producer, fate)
        }
        for (const [producer, fate] of fates) await log.mark(producer, fate)
        const [from, to] = [Math.min(a, b), Math.max(a, b)]
        expect(log.seen(from, to)).toEqual(log.expected(from, to))
      },
    ),
    { numRuns: 200 },
  )
})
