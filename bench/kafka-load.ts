/**
 * The load that all sides of a Kafka bench read: ticks of 1,000 instruments, framed values of 1,024 bytes.
 *
 * Ticks are functions of their number, so that what must come out can be computed without having run anything; keys
 * go to partitions as Kafka's default partitioner sends them.
 */
import { createHash } from 'node:crypto'
import { Producer } from '@platformatic/kafka'
import { Arena } from '../runtime/api/arena.ts'
import type { RecordType } from '../runtime/api/record.ts'
import { partitionOf } from '../runtime/plan/partitioner.ts'
import { FRAME_BYTES, putFrame } from '../schemas/framing.ts'
import { addTick, noTotal, type Total } from './kafka-totals.ts'
import { Tick, TickTotal } from './peers/kafka-streams/schemas/generated/index.ts'

export const PARTITIONS = 8
const INSTRUMENTS = 1_000
const VALUE_BYTES = 1_024
const BEGIN_US = 1_700_000_000_000_000
/** Stream time between ticks, microseconds. */
const STEP_US = 100
const SEND_RECORDS = 4_000

const keys = Array.from({ length: INSTRUMENTS }, (_, i) => `I${String(i).padStart(4, '0')}.BENCH`)
const partitions = keys.map((key) => partitionOf(key, PARTITIONS))
const noise = new Uint8Array(1 << 16)
for (let i = 0, x = 1; i < noise.length; i++) {
  x = (Math.imul(x, 1_103_515_245) + 12_345) >>> 0
  noise[i] = x >>> 16
}

/** The tick numbered `n`, with a payload that fills its framed value. */
export function tickOf(n: number): Tick {
  const mixed = Math.imul(n + 1, 2_654_435_761) >>> 0
  const tick = {
    instrument_id: keys[mixed % INSTRUMENTS] as string,
    venue: 'BENCH',
    source: 'load',
    sequence: n,
    event_time_us: BEGIN_US + n * STEP_US - 350,
    receive_time_us: BEGIN_US + n * STEP_US,
    px: 6_000_000 + (mixed % 50_000),
    qty: 1 + (mixed % 900_000),
    aggressor_buy: (mixed & 1) === 1,
  }
  const fixed = FRAME_BYTES + 12 + 6 + 5 + longBytes(n) + 16 + longBytes(tick.px) + longBytes(tick.qty) + 1 + 2
  const from = mixed % (noise.length - VALUE_BYTES)
  return { ...tick, payload: noise.subarray(from, from + VALUE_BYTES - fixed) }
}

/** Bytes of a non-negative Avro long. */
function longBytes(value: number): number {
  let bytes = 1
  for (let rest = value * 2; rest >= 128; rest = Math.floor(rest / 128)) bytes++
  return bytes
}

/** Partition of tick `n`'s instrument. */
function partitionOfTick(n: number): number {
  return partitions[(Math.imul(n + 1, 2_654_435_761) >>> 0) % INSTRUMENTS] as number
}

/** `value` in its Confluent frame, a buffer of its own. */
export function framed<T>(type: RecordType<T>, value: T, schema_id: number, arena: Arena): Buffer {
  arena.reset()
  putFrame(arena, schema_id)
  type.encode(value, arena)
  return Buffer.from(arena.buf.subarray(0, arena.pos))
}

/** Writes ticks `[0, records)` to `topic`; answers records per second. */
export async function load(broker: string, topic: string, records: number, schema_id: number): Promise<number> {
  const producer = new Producer({ clientId: 'load', bootstrapBrokers: [broker], idempotent: true })
  const arena = new Arena(1 << 16)
  const start = performance.now()
  for (let from = 0; from < records; from += SEND_RECORDS) {
    const messages = Array.from({ length: Math.min(SEND_RECORDS, records - from) }, (_, i) => {
      const tick = tickOf(from + i)
      return {
        topic,
        partition: partitionOfTick(from + i),
        key: Buffer.from(tick.instrument_id),
        value: framed(Tick, tick, schema_id, arena),
        timestamp: BigInt(Math.floor(tick.receive_time_us / 1_000)),
      }
    })
    await producer.send({ messages, acks: -1 })
  }
  await producer.close()
  return Math.round((1_000 * records) / (performance.now() - start))
}

/** What must stand on the output: per partition the number of records and a hash over keys and Avro bodies in order. */
export function expectedOutput(records: number): string[] {
  const digests = Array.from({ length: PARTITIONS }, () => new OutputDigest())
  const state = new Map<string, Total>(keys.map((key) => [key, noTotal()]))
  const arena = new Arena(1 << 16)
  for (let n = 0; n < records; n++) {
    const tick = tickOf(n)
    arena.reset()
    TickTotal.encode(addTick(state.get(tick.instrument_id) as Total, tick), arena)
    digests[partitionOfTick(n)]?.add(Buffer.from(tick.instrument_id), arena.buf.subarray(0, arena.pos))
  }
  return digests.map((digest) => digest.text())
}

/** Count and hash of one partition's records, whatever frame and headers they have. */
export class OutputDigest {
  #count = 0
  readonly #hash = createHash('sha256')

  add(key: Uint8Array, body: Uint8Array): void {
    this.#count++
    this.#hash.update(key).update(body)
  }

  text(): string {
    return `${this.#count}:${this.#hash.copy().digest('hex').slice(0, 16)}`
  }
}
