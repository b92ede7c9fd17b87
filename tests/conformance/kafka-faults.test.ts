import { fork } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { deleteRecords } from '../../connectors/kafka/admin.ts'
import { CAPABILITIES, type KafkaBroker, type KafkaOptions, openKafka } from '../../connectors/kafka/index.ts'
import { WIRE_CLIENTS, type WireClient } from '../../connectors/kafka/wires.ts'
import { type Producer, RetriableError } from '../../runtime/api/index.ts'
import { readRecords } from '../../runtime/log/batch.ts'
import { OpenTransaction } from '../connectors/kafka/open-transaction.ts'
import { describeWithKafka, startKafka } from '../servers/index.ts'
import { kafkaAt } from './brokers.ts'
import { type Fate, KafkaProxy } from './kafka-proxy.ts'
import { batchOf, bodies, numbered, readAll } from './records.ts'

/**
 * What decides whether a client may call itself exactly-once: each case is one that some client library gets wrong.
 * One that fails a case is named with it in `connectors/kafka/capabilities.ts`, and is refused.
 */

const END_TXN = 26
const SOME = [{ name: 'a.v1', partitions: 2 }]

describe.each(WIRE_CLIENTS)('kafka over %s', (client) => {
  describeWithKafka('under faults', ({ bootstrap }) => {
    let options: KafkaOptions
    let broker: KafkaBroker
    beforeEach(async () => {
      options = { ...kafkaAt(bootstrap), client, prefix: `f${randomUUID()}.` }
      broker = await openKafka(options)
      await broker.declare(SOME)
    })
    afterEach(() => broker.close())

    const write = (producer: Producer, from: number, to: number, partition = 0) =>
      producer.commit({ batches: [batchOf('a.v1', partition, numbered(from, to))], puts: [] })
    const other = () => OpenTransaction.begin(broker.cluster, `${options.prefix}other`)
    const topic = () => `${options.prefix}a.v1`
    const seqs = async (reader = broker) => (await readAll(reader, 'a.v1', 0)).map(({ seq }) => seq)

    test('an aborted transaction is never seen, whatever it shares a fetch with', async () => {
      const producer = await broker.producer('writer')
      for (let i = 0; i < 4; i++) {
        const open = await other()
        await open.write(topic(), 0, numbered(100, 103))
        await write(producer, i, i + 1)
        await open.end('abort')
      }
      expect(await seqs()).toEqual([0, 1, 2, 3])
    })

    test('keys of four zero bytes are keys', async () => {
      const zero = (seq: number) => [{ key: '\0\0\0\0', body: 'zero', seq }]
      const producer = await broker.producer('writer')
      const aborted = await other()
      await aborted.write(topic(), 0, zero(9))
      await aborted.end('abort')
      await producer.commit({ batches: [batchOf('a.v1', 0, zero(0))], puts: [] })
      const again = await other()
      await again.write(topic(), 0, [...zero(8), ...numbered(7, 8)])
      await again.end('abort')
      await producer.commit({ batches: [batchOf('a.v1', 0, zero(1))], puts: [] })
      const found = await readAll(broker, 'a.v1', 0)
      expect(found.map(({ key, seq }) => [key, seq])).toEqual([
        ['\0\0\0\0', 0],
        ['\0\0\0\0', 1],
      ])
    })

    test('a process that slept through its successor writes nothing more', async () => {
      const worker = join(import.meta.dirname, 'zombie.worker.ts')
      const zombie = fork(worker, [JSON.stringify({ options, topic: 'a.v1' })], {
        execArgv: ['--disable-warning=ExperimentalWarning'],
      })
      try {
        const said = async () => (await once(zombie, 'message'))[0]
        expect(await said()).toBe('ready')
        zombie.send(0)
        expect(await said()).toBe('committed')
        zombie.kill('SIGSTOP')
        const successor = await broker.producer('writer')
        expect(await seqs()).toEqual([0])
        await write(successor, 1, 2)
        zombie.kill('SIGCONT')
        zombie.send(100)
        expect(await said()).toBe('FENCED')
        await write(successor, 2, 3)
        zombie.send(101)
        expect(await said()).toBe('FENCED')
        expect(await seqs()).toEqual([0, 1, 2])
      } finally {
        zombie.kill('SIGKILL')
      }
    })

    test('a restart under the same id ends what was left open, and goes on behind what was committed', async () => {
      const first = await broker.producer('writer')
      await write(first, 0, 2)
      const left = await OpenTransaction.begin(broker.cluster, `${options.prefix}conformance.writer`)
      await left.write(topic(), 0, numbered(50, 60))
      const restarted = await openKafka(options)
      const began_ms = performance.now()
      const second = await restarted.producer('writer')
      expect(await seqs(restarted)).toEqual([0, 1])
      await write(second, 2, 3)
      expect(await seqs(restarted)).toEqual([0, 1, 2])
      // Not by waiting until the coordinator ends it, which would be a minute.
      expect(performance.now() - began_ms).toBeLessThan(30_000)
      await restarted.close()
    })

    describe('a connection that is cut at EndTxn', () => {
      test.each<Fate>(['lose_answer', 'lose_request'])('%s: nothing is lost, nothing doubled', async (fate) => {
        const proxy = await KafkaProxy.before(bootstrap)
        const through = await openKafka({ ...options, ...kafkaAt(proxy.bootstrap) })
        const producer = await through.producer('writer')
        await write(producer, 0, 1)
        for (let i = 1; i < 4; i++) {
          let once = true
          proxy.fate = (api_key) => {
            if (api_key !== END_TXN || !once) return 'pass'
            once = false
            return fate
          }
          await write(producer, i, i + 1)
        }
        proxy.fate = () => 'pass'
        expect(await seqs()).toEqual([0, 1, 2, 3])
        await through.close()
        proxy.close()
      })

      test.each<[Fate, boolean]>([
        ['lose_answer', true],
        ['lose_request', false],
      ])('%s, and a successor took the id before it could ask: %s', async (fate, arrived) => {
        const proxy = await KafkaProxy.before(bootstrap)
        const through = await openKafka({ ...options, ...kafkaAt(proxy.bootstrap) })
        const producer = await through.producer('writer')
        let taken: Promise<Producer> | undefined
        let landed = false
        proxy.fate = (api_key) => {
          if (api_key !== END_TXN || landed) return 'pass'
          // Whoever asks again is cut off until the successor is there.
          if (taken !== undefined) return 'lose_request'
          taken = broker.producer('writer').finally(() => {
            landed = true
          })
          return fate
        }
        const outcome = await write(producer, 0, 1).then(
          () => 'committed',
          (error: { code: string }) => error.code,
        )
        expect(outcome).toBe(arrived ? 'committed' : 'FENCED')
        await expect(write(producer, 1, 2)).rejects.toMatchObject({ code: 'FENCED' })
        const successor = (await taken) as Producer
        await write(successor, 5, 6)
        expect(await seqs()).toEqual(arrived ? [0, 5] : [5])
        await through.close()
        proxy.close()
      })
    })

    test('a marker at the end of a partition is no record to wait for', async () => {
      const producer = await broker.producer('writer')
      await write(producer, 0, 2)
      const reader = await openKafka(options)
      // A commit is answered before its marker stands in the partition.
      await reader.refresh()
      expect(reader.partition('a.v1', 0).end_offset).toBeGreaterThanOrEqual(2)
      const batch = await reader.read('a.v1', 0, 0)
      expect(await reader.read('a.v1', 0, (batch?.base_offset ?? 0) + (batch?.records ?? 0))).toBeUndefined()
      const follower = reader.follow([{ topic: 'a.v1', partition: 0, offset: 2 }])
      await write(producer, 2, 3)
      let found = follower.take(0)
      while (found === undefined) {
        await follower.ready()
        found = follower.take(0)
      }
      expect(found.base_offset).toBe(3)
      await reader.close()
    })

    test('retention behind a position is STATE_UNRECOVERABLE', async () => {
      const producer = await broker.producer('writer')
      await write(producer, 0, 5)
      await deleteRecords(broker.cluster, [{ topic: topic(), partition: 0, offset: 4 }])
      const follower = broker.follow([{ topic: 'a.v1', partition: 0, offset: 1 }])
      const taken = async () => {
        while (follower.take(0) === undefined) await follower.ready()
      }
      await expect(taken()).rejects.toMatchObject({ code: 'STATE_UNRECOVERABLE', exit_code: 3 })
    })

    test('a record too large for its topic is refused whole, and the producer goes on', async () => {
      const producer = await broker.producer('writer')
      const large = batchOf('a.v1', 1, [{ key: 'k', body: Buffer.alloc(17 << 20) }])
      const refused = producer.commit({ batches: [batchOf('a.v1', 0, numbered(0, 1)), large], puts: [] })
      await expect(refused).rejects.toMatchObject({
        code: 'RECORD_TOO_LARGE',
        message: expect.stringContaining('a.v1/1'),
      })
      await write(producer, 1, 2)
      expect(await seqs()).toEqual([1])
    })

    test('what passed every case may call itself exactly-once', () => {
      expect(CAPABILITIES[client]).toEqual({ exactly_once: true, fails: [] })
    })
  })
})

describeWithKafka('a broker that dies and comes back', () => {
  test('every record is there once, over each client', { timeout: 240_000 }, async () => {
    const kafka = await startKafka({ own: true })
    const runs = WIRE_CLIENTS.map((client) => commitThrough(kafka.bootstrap, client))
    try {
      await Promise.all(runs.map((run) => run.begun))
      await kafka.restart('SIGKILL')
      for (const run of runs) {
        const { committed, followed, read } = await run.finish()
        expect(committed.length).toBeGreaterThan(20)
        expect(followed).toEqual(committed)
        expect(read).toEqual(committed)
      }
    } finally {
      for (const run of runs) run.finish()
      await kafka.stop()
    }
  })
})

async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof RetriableError)) throw error
    }
  }
}

/** Commits one record after another, again where it is told that nothing was written, until 20 after `finish`. */
function commitThrough(bootstrap: string, client: WireClient) {
  const begun = Promise.withResolvers<void>()
  const committed: number[] = []
  let last = Number.POSITIVE_INFINITY
  const run = async () => {
    const broker = await openKafka({ ...kafkaAt(bootstrap), client, prefix: `${client}.` })
    await broker.declare(SOME)
    const follower = broker.follow([{ topic: 'a.v1', partition: 0, offset: 0 }])
    let producer = await broker.producer('writer')
    for (let seq = 0; seq < last; ) {
      try {
        await producer.commit({ batches: [batchOf('a.v1', 0, numbered(seq, seq + 1))], puts: [] })
        committed.push(seq)
      } catch (error) {
        if (error instanceof RetriableError) continue
        // The coordinator's clock ended the transaction, or nobody could say: the id is taken anew, and the log tells.
        expect(['FENCED', 'COMMIT_UNKNOWN']).toContain((error as { code: string }).code)
        producer = await patiently(() => broker.producer('writer'))
        if (!(await bodies(broker, 'a.v1', 0)).includes(`body of ${seq}`)) continue
        committed.push(seq)
      }
      seq++
      if (seq === 10) begun.resolve()
    }
    const followed: number[] = []
    while (followed.length < committed.length) {
      const batch = follower.take(0)
      if (batch === undefined) await follower.ready()
      else for (const { seq } of readRecords(batch)) followed.push(seq)
    }
    const read = (await readAll(broker, 'a.v1', 0)).map(({ seq }) => seq)
    await broker.close()
    return { committed, followed, read }
  }
  const ended = run()
  ended.catch(begun.reject)
  const finish = () => {
    last = committed.length + 20
    return ended
  }
  return { begun: begun.promise, finish }
}
