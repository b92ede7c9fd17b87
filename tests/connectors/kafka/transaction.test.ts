import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { CODE } from '../../../connectors/kafka/errors.ts'
import { encodeRecords } from '../../../connectors/kafka/record-encoder.ts'
import { KafkaProducer } from '../../../connectors/kafka/transaction.ts'
import type { PartitionWrite } from '../../../connectors/kafka/write.ts'
import type { Batch, Transaction } from '../../../runtime/api/index.ts'
import { batchOf, numbered } from '../../conformance/records.ts'
import { FakeTransactions, type Fault } from './fake-transactions.ts'

/** The producer against a coordinator in memory: what each way of failing gives, and that nothing is lost or doubled. */

const LIMITS = { target_bytes: 1 << 20, max_bytes: 1 << 20, compression: 'none' } as const

let kafka: FakeTransactions
let committed: PartitionWrite[]
beforeEach(() => {
  kafka = new FakeTransactions()
  committed = []
})

function encode({ batches }: Transaction): { writes: PartitionWrite[] } {
  const writes = batches.map((batch: Batch) => {
    const { topic, partition } = batch
    return { topic, partition, batches: encodeRecords([batch], LIMITS), base_offset: -1, end_offset: -1 }
  })
  return { writes }
}

function open(outcome_deadline_ms = 2_000): Promise<KafkaProducer> {
  return KafkaProducer.open({
    cluster: kafka.cluster,
    transactional_id: 'demo.lane',
    transaction_timeout_ms: 100,
    outcome_deadline_ms,
    encode,
    committed: (writes) => committed.push(...writes),
  })
}

const transaction = (from: number, to: number, ...partitions: number[]): Transaction => ({
  batches: (partitions.length === 0 ? [0] : partitions).map((p) => batchOf('a', p, numbered(from, to))),
  puts: [],
})
const ids = (from: number, to: number) => numbered(from, to).map(({ seq }) => `stage/0:${seq}`)
/** Gives the n-th request of `name` from now on a fault, once. */
const once = (name: string, fault: Fault, n = 1) => {
  let seen = 0
  kafka.fault = (asked) => (asked === name && ++seen === n ? fault : undefined)
}

test('one after another: add all partitions, produce, end', async () => {
  const producer = await open()
  await Promise.all([producer.commit(transaction(0, 3, 0, 1)), producer.commit(transaction(3, 5))])
  expect(kafka.log).toEqual([
    'InitProducerId',
    ...['AddPartitionsToTxn', 'Produce', 'EndTxn'],
    ...['AddPartitionsToTxn', 'Produce', 'EndTxn'],
  ])
  expect(kafka.committed('a/0')).toEqual(ids(0, 5))
  expect(kafka.committed('a/1')).toEqual(ids(0, 3))
  expect(committed.map(({ partition, base_offset, end_offset }) => [partition, base_offset, end_offset])).toEqual([
    [0, 0, 3],
    [1, 0, 3],
    [0, 4, 6],
  ])
})

test('an empty transaction asks nobody', async () => {
  const producer = await open()
  await producer.commit({ batches: [], puts: [] })
  expect(kafka.log).toEqual(['InitProducerId'])
})

describe.each(['InitProducerId', 'AddPartitionsToTxn', 'Produce', 'EndTxn'])('%s', (name) => {
  test.each(['request_lost', 'answer_lost', CODE.CONCURRENT_TRANSACTIONS, CODE.NOT_COORDINATOR] as const)(
    '%s: is sent again, and the commit happens once',
    async (fault) => {
      once(name, fault)
      const producer = await open()
      await producer.commit(transaction(0, 3, 0, 1))
      await producer.commit(transaction(3, 4, 0))
      expect(kafka.log.filter((line) => line.startsWith(`${name} `))).toHaveLength(1)
      expect(kafka.committed('a/0')).toEqual(ids(0, 4))
      expect(kafka.committed('a/1')).toEqual(ids(0, 3))
    },
  )
})

describe('refused before the end', () => {
  test.each([
    ['AddPartitionsToTxn', CODE.INVALID_TXN_STATE],
    ['Produce', CODE.OUT_OF_ORDER_SEQUENCE_NUMBER],
    ['Produce', CODE.INVALID_PRODUCER_EPOCH],
    ['Produce', CODE.UNKNOWN_PRODUCER_ID],
    ['EndTxn', CODE.INVALID_TXN_STATE],
  ])('%s %d: aborted, and the same bytes go through the next time', async (name, code) => {
    const producer = await open()
    await producer.commit(transaction(0, 3))
    once(name, code)
    const same = transaction(3, 6)
    await expect(producer.commit(same)).rejects.toMatchObject({ name: 'RetriableError' })
    expect(kafka.log.at(-1)).toBe('InitProducerId')
    expect(kafka.committed('a/0')).toEqual(ids(0, 3))
    await producer.commit(same)
    expect(kafka.committed('a/0')).toEqual(ids(0, 6))
  })

  test('too large for the broker: named, final for this transaction only', async () => {
    const producer = await open()
    once('Produce', CODE.MESSAGE_TOO_LARGE)
    await expect(producer.commit(transaction(0, 3))).rejects.toMatchObject({
      code: 'RECORD_TOO_LARGE',
      exit_code: 2,
      message: expect.stringMatching(/^a batch of \d+ bytes is more than a\/0 takes$/),
    })
    await producer.commit(transaction(3, 4))
    expect(kafka.committed('a/0')).toEqual(ids(3, 4))
  })

  test('for good: told as the broker says it', async () => {
    const producer = await open()
    once('Produce', CODE.UNKNOWN_MEMBER_ID + 7) // INVALID_TIMESTAMP.
    await expect(producer.commit(transaction(0, 3))).rejects.toMatchObject({
      code: 'KAFKA_REFUSED',
      message: expect.stringContaining('INVALID_TIMESTAMP'),
    })
  })

  test('an abort that fails too is made up for by the next commit', async () => {
    const producer = await open()
    let away = true
    kafka.fault = (name) => (away && name !== 'AddPartitionsToTxn' ? 'request_lost' : undefined)
    await expect(producer.commit(transaction(0, 3))).rejects.toMatchObject({ name: 'RetriableError' })
    away = false
    await producer.commit(transaction(0, 3))
    expect(kafka.committed('a/0')).toEqual(ids(0, 3))
    expect(kafka.partitions.get('a/0')?.map(({ fate }) => fate)).toEqual(['committed'])
  })
})

describe('fenced', () => {
  test.each(['AddPartitionsToTxn', 'Produce', 'EndTxn'])('at %s: nothing is written, then or later', async (name) => {
    const producer = await open()
    let taken = false
    kafka.fault = (asked) => {
      if (asked === name && !taken) {
        taken = true
        kafka.takeover()
      }
      return undefined
    }
    await expect(producer.commit(transaction(0, 3))).rejects.toMatchObject({ code: 'FENCED', exit_code: 4 })
    expect(kafka.committed('a/0')).toEqual([])
    const asked = kafka.log.length
    await expect(producer.commit(transaction(3, 4))).rejects.toMatchObject({ code: 'FENCED' })
    expect(kafka.log).toHaveLength(asked)
  })
})

describe('an answer to EndTxn that never came', () => {
  test.each([
    ['answer_lost', true],
    ['request_lost', false],
  ] as const)('%s, and another took the id: the marker tells', async (fault, arrived) => {
    const producer = await open()
    let ends = 0
    kafka.fault = (name) => {
      if (name !== 'EndTxn') return undefined
      if (++ends === 1) return fault
      if (ends === 2) kafka.takeover()
      return undefined
    }
    const commit = producer.commit(transaction(0, 3))
    if (arrived) await commit
    else await expect(commit).rejects.toMatchObject({ code: 'FENCED' })
    expect(kafka.committed('a/0')).toEqual(arrived ? ids(0, 3) : [])
    await expect(producer.commit(transaction(3, 4))).rejects.toMatchObject({ code: 'FENCED' })
  })

  test.each([
    ['done_but_failed', 'one that was carried out'],
    [CODE.UNKNOWN_SERVER_ERROR, 'one that was not'],
  ] as const)('%s: the failure of %s is no answer, and the commit happens once', async (fault, _what) => {
    const producer = await open()
    once('EndTxn', fault)
    await producer.commit(transaction(0, 3))
    // Asked again, and the marker looked for: a coordinator that came back answers 0 for the transaction before, too.
    expect(kafka.log.slice(-3)).toEqual([`EndTxn ${fault}`, 'EndTxn', 'Fetch'])
    await producer.commit(transaction(3, 5))
    expect(kafka.committed('a/0')).toEqual(ids(0, 5))
  })

  test('done_but_failed, and another took the id: the marker tells', async () => {
    const producer = await open()
    let ends = 0
    kafka.fault = (name) => {
      if (name !== 'EndTxn') return undefined
      if (++ends === 1) return 'done_but_failed'
      kafka.takeover()
      return undefined
    }
    await producer.commit(transaction(0, 3))
    expect(kafka.committed('a/0')).toEqual(ids(0, 3))
    await expect(producer.commit(transaction(3, 4))).rejects.toMatchObject({ code: 'FENCED' })
  })

  test('and a coordinator that forgot it calls the one before carried out: COMMIT_UNKNOWN', async () => {
    const producer = await open(20)
    await producer.commit(transaction(0, 3))
    let ends = 0
    kafka.fault = (name) => {
      if (name !== 'EndTxn') return undefined
      if (++ends === 1) return 'request_lost'
      kafka.forget()
      return undefined
    }
    await expect(producer.commit(transaction(3, 5))).rejects.toMatchObject({ code: 'COMMIT_UNKNOWN' })
    expect(ends).toBe(2)
    expect(kafka.committed('a/0')).toEqual(ids(0, 3))
  })

  test('and nobody can tell: COMMIT_UNKNOWN, for good', async () => {
    const producer = await open(20)
    kafka.fault = (name) => (name === 'EndTxn' ? 'answer_lost' : undefined)
    await expect(producer.commit(transaction(0, 3))).rejects.toMatchObject({ code: 'COMMIT_UNKNOWN', exit_code: 4 })
    await expect(producer.commit(transaction(3, 4))).rejects.toMatchObject({ code: 'COMMIT_UNKNOWN' })
  })
})

test('whatever gets lost, a commit that resolves is there once and one that rejects is not', async () => {
  const fault = fc.oneof(
    { weight: 6, arbitrary: fc.constant(undefined) },
    fc.constantFrom<Fault[]>(
      'request_lost',
      'answer_lost',
      CODE.CONCURRENT_TRANSACTIONS,
      CODE.NOT_COORDINATOR,
      CODE.INVALID_TXN_STATE,
      CODE.OUT_OF_ORDER_SEQUENCE_NUMBER,
    ),
  )
  await fc.assert(
    fc.asyncProperty(
      fc.array(fault, { maxLength: 30 }),
      fc.integer({ min: 0, max: 40 }),
      async (faults, takeover_at) => {
        kafka = new FakeTransactions()
        const producer = await open()
        let asked = 0
        kafka.fault = (name) => {
          if (++asked === takeover_at) kafka.takeover()
          // A refusal in place of an end that was carried out before is no answer that a coordinator gives.
          const next = faults.shift()
          return typeof next === 'number' && next !== CODE.CONCURRENT_TRANSACTIONS && name !== 'Produce'
            ? undefined
            : next
        }
        const expected: string[] = []
        for (let i = 0; i < 5; i++) {
          const outcome = await producer.commit(transaction(i, i + 1, 0, 1)).then(
            () => 'committed',
            (error: { name: string; code: string }) => (error.name === 'RetriableError' ? 'retriable' : error.code),
          )
          expect(['committed', 'retriable', 'FENCED']).toContain(outcome)
          if (outcome === 'committed') expected.push(`stage/0:${i}`)
          expect(kafka.committed('a/0')).toEqual(expected)
          expect(kafka.committed('a/1')).toEqual(expected)
        }
      },
    ),
    { numRuns: 300 },
  )
})
