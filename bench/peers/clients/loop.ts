/**
 * What the bare clients' loops have in common: arguments, the stateful step, and how records are gathered into
 * transactions. A loop is what a careful user writes with the client alone: one consumer, one transactional producer,
 * one transaction after another, each of at most 5,000 records or 100 ms.
 */
import { Arena } from '../../../runtime/api/arena.ts'
import { FRAME_BYTES, readFrame } from '../../../schemas/framing.ts'
import { framed, PARTITIONS, tickOf } from '../../kafka-load.ts'
import { addTick, noTotal, type Total } from '../../kafka-totals.ts'
import { Tick, TickTotal } from '../kafka-streams/schemas/generated/index.ts'

export const TRANSACTION_RECORDS = 5_000
export const TRANSACTION_MS = 100
/** A send becomes one record batch per partition; the broker refuses those over 1 MiB. */
const BATCH_BYTES_MAX = 900_000

export interface Arguments {
  readonly mode: 'produce' | 'produce-idempotent' | 'consume' | 'read-process-write'
  readonly broker: string
  readonly input: string
  readonly output: string
  readonly records: number
  readonly in_schema: number
  readonly out_schema: number
}

/** `produce|produce-idempotent|consume|read-process-write broker in out records in_schema out_schema` */
export function readArguments(): Arguments {
  const [mode, broker, input, output, records, in_schema, out_schema] = process.argv.slice(2)
  return {
    mode: mode as Arguments['mode'],
    broker: broker as string,
    input: input as string,
    output: output as string,
    records: Number(records),
    in_schema: Number(in_schema),
    out_schema: Number(out_schema),
  }
}

export interface OutMessage {
  readonly key: Buffer
  readonly value: Buffer
  readonly partition: number
}

/** Decodes a framed tick, counts it, encodes its total: the step of every side. */
export class Step {
  readonly #state = new Map<string, Total>()
  readonly #arena = new Arena(1 << 16)
  readonly #in_schema: number
  readonly #out_schema: number

  constructor({ in_schema, out_schema }: Arguments) {
    this.#in_schema = in_schema
    this.#out_schema = out_schema
  }

  next(key: Buffer, value: Buffer, partition: number): OutMessage {
    const id = readFrame(value, 0, value.length)
    if (id !== this.#in_schema) throw new Error(`schema id ${id}, not ${this.#in_schema}`)
    const tick = Tick.decode(value, FRAME_BYTES, value.length)
    const name = key.toString()
    const total = this.#state.get(name) ?? noTotal()
    if (total.count === 0) this.#state.set(name, total)
    return { key, value: framed(TickTotal, addTick(total, tick), this.#out_schema, this.#arena), partition }
  }
}

/** Splits messages so that no partition's share of a part is over the broker's limit; order per partition is kept. */
export function parts<T extends OutMessage>(messages: readonly T[]): T[][] {
  const made: T[][] = []
  let part: T[] = []
  let bytes = new Array<number>(PARTITIONS).fill(0)
  for (const message of messages) {
    const size = message.value.length + message.key.length + 24
    if ((bytes[message.partition] as number) + size > BATCH_BYTES_MAX) {
      made.push(part)
      part = []
      bytes = new Array<number>(PARTITIONS).fill(0)
    }
    bytes[message.partition] = (bytes[message.partition] as number) + size
    part.push(message)
  }
  if (part.length > 0) made.push(part)
  return made
}

/** Values that a producing loop sends again and again: encoding is not what it measures. */
export function samples({ out_schema }: Arguments, count = TRANSACTION_RECORDS): OutMessage[] {
  const arena = new Arena(1 << 16)
  const total = noTotal()
  return Array.from({ length: count }, (_, i) => {
    const tick = tickOf(i)
    const value = framed(TickTotal, addTick(total, tick), out_schema, arena)
    return { key: Buffer.from(tick.instrument_id), value, partition: i % PARTITIONS }
  })
}

/** Records per second, and processor time per record, since the first call of `count`, whose records are not counted. */
export class Rate {
  #start_ms = 0
  #first = 0
  #cpu = process.cpuUsage()
  seen = 0

  count(records: number): void {
    this.seen += records
    if (this.#start_ms !== 0) return
    this.#start_ms = performance.now()
    this.#first = this.seen
    this.#cpu = process.cpuUsage()
  }

  /** `{"records_per_s", "cpu_us"}` as one line. */
  print(): void {
    const seconds = (performance.now() - this.#start_ms) / 1_000
    const { user, system } = process.cpuUsage(this.#cpu)
    const records = this.seen - this.#first
    const cpu_us = Math.round((10 * (user + system)) / records) / 10
    console.log(JSON.stringify({ records_per_s: Math.round(records / seconds), cpu_us }))
  }
}
