import { createRequire } from 'node:module'

/** Record batches as the two client libraries encode and decode them, to hold ours against. */

const require = createRequire(import.meta.url)

interface Encoder {
  buffer: Buffer
}

const { RecordBatch } = require('kafkajs/src/protocol/recordBatch/v0/index.js') as {
  RecordBatch(fields: object): Promise<Encoder>
}
const Record = require('kafkajs/src/protocol/recordBatch/record/v0/index.js') as (fields: object) => Encoder

/** A record as a library takes it. */
export interface OracleRecord {
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers?: { readonly [name: string]: Buffer | string }
  readonly timestamp: number
  /** Distance from the batch's first offset; default: its place. */
  readonly offset?: number
}

export interface OracleBatch {
  readonly base_offset?: number
  readonly producer_id?: number
  readonly producer_epoch?: number
  readonly base_sequence?: number
  readonly transactional?: boolean
}

/** One record batch, uncompressed, as kafkajs writes it. */
export async function kafkajsBatch(records: readonly OracleRecord[], batch: OracleBatch = {}): Promise<Buffer> {
  const base = records[0]?.timestamp ?? 0
  const offsets = records.map((record, i) => record.offset ?? i)
  const encoded = await RecordBatch({
    firstOffset: batch.base_offset ?? 0,
    firstTimestamp: base,
    maxTimestamp: Math.max(base, ...records.map(({ timestamp }) => timestamp)),
    lastOffsetDelta: offsets.at(-1) ?? 0,
    producerId: batch.producer_id ?? -1,
    producerEpoch: batch.producer_epoch ?? -1,
    firstSequence: batch.base_sequence ?? -1,
    transactional: batch.transactional ?? false,
    records: records.map(({ key, value, headers, timestamp }, i) =>
      Record({ offsetDelta: offsets[i], timestampDelta: timestamp - base, key, value, headers }),
    ),
  })
  return Buffer.from(encoded.buffer)
}

/** The marker that ends a producer's transaction, as a broker writes it. */
export async function marker(kind: 'abort' | 'commit', batch: OracleBatch): Promise<Buffer> {
  const key = Buffer.from([0, 0, 0, kind === 'commit' ? 1 : 0])
  const bytes = await kafkajsBatch([{ key, value: Buffer.alloc(6), timestamp: 0 }], { ...batch, transactional: true })
  bytes[22] = (bytes[22] as number) | 32
  return bytes
}

export interface ReadRecord {
  readonly offset: number
  readonly timestamp: number
  readonly key: string
  readonly value: Buffer
  readonly headers: { readonly [name: string]: string }
}

const records = new URL('../../../node_modules/@platformatic/kafka/dist/protocol/records.js', import.meta.url).href
const reader = new URL('../../../node_modules/@platformatic/kafka/dist/protocol/reader.js', import.meta.url).href

/** The records of one batch, packed by any codec, as platformatic reads them. */
export async function platformaticRecords(bytes: Buffer): Promise<ReadRecord[]> {
  const { readRecordsBatch } = await import(records)
  const { Reader } = await import(reader)
  const batch = readRecordsBatch(Reader.from(bytes))
  return batch.records.map(
    (record: {
      offsetDelta: number
      timestampDelta: bigint
      key: Buffer
      value: Buffer
      headers: [Buffer, Buffer][]
    }) => ({
      offset: Number(batch.firstOffset) + record.offsetDelta,
      timestamp: Number(batch.firstTimestamp + record.timestampDelta),
      key: record.key.toString(),
      value: Buffer.from(record.value),
      headers: Object.fromEntries(record.headers.map(([name, value]) => [name.toString(), value.toString()])),
    }),
  )
}
