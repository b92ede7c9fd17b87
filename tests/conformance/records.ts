import { createHash } from 'node:crypto'
import type { Batch, Reader } from '../../runtime/api/index.ts'
import { BatchBuilder, type RecordView, readRecords } from '../../runtime/log/batch.ts'

/** A record as a test writes it down. */
export interface TestRecord {
  readonly key: string
  readonly body: string | Uint8Array
  readonly producer?: string
  readonly seq?: number
  readonly stream_time_us?: number
  readonly causes?: readonly { readonly producer: string; readonly seq: number }[]
}

export function batchOf(topic: string, partition: number, records: readonly TestRecord[], schema_id = 1): Batch {
  const builder = new BatchBuilder(topic, partition, schema_id, 16)
  append(builder, records)
  return builder.batch()
}

export function append(builder: BatchBuilder, records: readonly TestRecord[]): void {
  for (const record of records) {
    const causes = record.causes ?? []
    builder.appendBody(
      Buffer.from(record.body),
      record.key,
      record.producer ?? 'stage/0',
      record.seq ?? 0,
      record.stream_time_us ?? 0,
      {
        length: causes.length,
        producers: causes.map(({ producer }) => producer),
        seqs: causes.map(({ seq }) => seq),
      },
    )
  }
}

/** Records numbered `from` to `to - 1`; number, key and time follow from the number. */
export function numbered(from: number, to: number): TestRecord[] {
  const records: TestRecord[] = []
  for (let i = from; i < to; i++) {
    records.push({ key: `k${i % 7}`, body: `body of ${i}`, seq: i, stream_time_us: i * 1_000 })
  }
  return records
}

/** Everything a partition holds, batch by batch. */
export async function readAll(reader: Reader, topic: string, partition: number, from = 0): Promise<RecordView[]> {
  const records: RecordView[] = []
  let offset = from
  for (;;) {
    const batch = await reader.read(topic, partition, offset)
    if (batch === undefined) return records
    records.push(...readRecords(batch, offset))
    offset = batch.base_offset + batch.records
  }
}

export async function bodies(reader: Reader, topic: string, partition: number, from = 0): Promise<string[]> {
  return (await readAll(reader, topic, partition, from)).map(({ body }) => Buffer.from(body).toString())
}

export async function scanAll(reader: Reader, store: string, prefix?: string): Promise<[string, string][]> {
  const found: [string, string][] = []
  for await (const { key, value } of reader.scan(store, prefix)) found.push([key, Buffer.from(value).toString()])
  return found
}

/** The digest as the port defines it, written down once more from the definition, record by record. */
export function digestOf(partitions: readonly (readonly TestRecord[])[]): string {
  const topic = createHash('sha256')
  for (const records of partitions) {
    let chain = Buffer.alloc(32)
    for (let start = 0; start < records.length; start += 4_096) {
      const block = createHash('sha256')
      for (const { key, body } of records.slice(start, start + 4_096)) {
        for (const bytes of [Buffer.from(key), Buffer.from(body)]) {
          const length = Buffer.alloc(4)
          length.writeUInt32LE(bytes.length)
          block.update(length).update(bytes)
        }
      }
      chain = createHash('sha256').update(chain).update(block.digest()).digest()
    }
    topic.update(chain)
  }
  return topic.digest('hex')
}
