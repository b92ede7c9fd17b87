/**
 * What a read-committed reader can see of a topic: how it grows while an engine runs, and what stands there at the end.
 *
 * Growth is the last stable offset, asked every 10 ms: the place up to which such a reader gets records, without the
 * load on broker and cores that a reader of every byte would be. Afterwards the records are read and counted.
 */
import { Admin, type AdminListOffsetsOptions } from '@platformatic/kafka'
import { Kafka, logLevel } from 'kafkajs'
import { FRAME_BYTES } from '../schemas/framing.ts'
import { cpuSeconds } from './kafka-child.ts'
import { OutputDigest, PARTITIONS } from './kafka-load.ts'

const EVERY_MS = 10
const QUIET_MS = 1_500
const STALL_MS = 90_000
const READ_COMMITTED = 1

export interface Growth {
  /** Records per second from the first committed ones (not counted themselves) to the last. */
  readonly records_per_s: number
  /** The same over the second half of the records: without the warm-up of just-in-time compilers. */
  readonly second_half_per_s: number
  readonly seconds: number
  /** Milliseconds from the call to the first committed record. */
  readonly first_ms: number
  /** Between one growth and the next, milliseconds: how long what was done stayed unseen. */
  readonly gap_ms: { readonly p50: number; readonly p99: number; readonly max: number }
  /** Processor time of each process in `pids`, all its threads, between first and last, microseconds per record. */
  readonly cpu_us: readonly number[]
}

interface Sample {
  readonly at_ms: number
  readonly offsets: number
  readonly cpu_s: readonly number[]
}

export interface Watched {
  readonly broker: string
  readonly topic: string
  readonly records: number
  readonly pids: readonly number[]
  /** Throws if the engine died. */
  readonly alive: () => void
}

/** Follows `topic` until `records` committed records and nothing more for a while. */
export async function watchCommitted({ broker, topic, records, pids, alive }: Watched): Promise<Growth> {
  const admin = new Admin({ clientId: 'watch', bootstrapBrokers: [broker] })
  const partitions = Array.from({ length: PARTITIONS }, (_, i) => ({ partitionIndex: i, timestamp: -1n }))
  const ask: AdminListOffsetsOptions = { topics: [{ name: topic, partitions }], isolationLevel: READ_COMMITTED }
  const called_ms = performance.now()
  const samples: Sample[] = []
  let last: Sample = { at_ms: called_ms, offsets: 0, cpu_s: [] }
  try {
    for (;;) {
      const [listed] = await admin.listOffsets(ask)
      const at_ms = performance.now()
      const offsets = (listed?.partitions ?? []).reduce((sum, { offset }) => sum + Math.max(0, Number(offset)), 0)
      if (offsets > last.offsets) {
        last = { at_ms, offsets, cpu_s: pids.map(cpuSeconds) }
        samples.push(last)
      } else if (last.offsets >= records && at_ms - last.at_ms > QUIET_MS) break
      else if (at_ms - last.at_ms > STALL_MS)
        throw new Error(`${topic} stands at ${last.offsets} of ${records} records for ${STALL_MS} ms`)
      alive()
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS))
    }
  } finally {
    await admin.close()
  }
  return growth(samples, records, called_ms)
}

function growth(samples: readonly Sample[], records: number, called_ms: number): Growth {
  const [first, last] = [samples[0], samples[samples.length - 1]]
  if (first === undefined || last === undefined || first === last) throw new Error('all of it came in one commit')
  const half = samples.find(({ offsets }) => offsets >= last.offsets / 2) ?? first
  // Offsets count the markers of transactions too; their share is taken as even over the run.
  const rate = (from: Sample) =>
    Math.round((((last.offsets - from.offsets) * records) / last.offsets / (last.at_ms - from.at_ms)) * 1_000)
  const gaps = samples.slice(1).map(({ at_ms }, i) => at_ms - (samples[i] as Sample).at_ms)
  gaps.sort((a, b) => a - b)
  const gap = (share: number) => Math.round(gaps[Math.min(gaps.length - 1, Math.floor(gaps.length * share))] as number)
  return {
    records_per_s: rate(first),
    second_half_per_s: half === last ? rate(first) : rate(half),
    seconds: Math.round((last.at_ms - first.at_ms) / 100) / 10,
    first_ms: Math.round(first.at_ms - called_ms),
    gap_ms: { p50: gap(0.5), p99: gap(0.99), max: gap(1) },
    cpu_us: last.cpu_s.map((cpu, i) => {
      const done = ((last.offsets - first.offsets) * records) / last.offsets
      return Math.round((10_000_000 * (cpu - (first.cpu_s[i] as number))) / done) / 10
    }),
  }
}

/** Reads `records` committed records of `topic` and answers each partition's count and hash. */
export async function committedOutput(broker: string, topic: string, records: number): Promise<string[]> {
  const kafka = new Kafka({ clientId: 'verify', brokers: [broker], logLevel: logLevel.ERROR })
  const consumer = kafka.consumer({ groupId: `verify-${topic}`, readUncommitted: false, maxBytesPerPartition: 1 << 20 })
  const digests = Array.from({ length: PARTITIONS }, () => new OutputDigest())
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  let seen = 0
  let progress_ms = performance.now()
  await new Promise<void>((resolve, reject) => {
    const stall = setInterval(() => {
      if (performance.now() - progress_ms < STALL_MS / 3) return
      clearInterval(stall)
      reject(new Error(`${topic}: ${seen} of ${records} records could be read`))
    }, 1_000)
    const eachBatch = async ({
      batch,
    }: {
      batch: { partition: number; messages: { key: unknown; value: unknown }[] }
    }) => {
      for (const { key, value } of batch.messages) {
        digests[batch.partition]?.add(key as Buffer, (value as Buffer).subarray(FRAME_BYTES))
      }
      seen += batch.messages.length
      progress_ms = performance.now()
      if (seen < records) return
      clearInterval(stall)
      resolve()
    }
    consumer.run({ autoCommit: false, eachBatch }).catch(reject)
  })
  await consumer.disconnect()
  return digests.map((digest) => digest.text())
}
