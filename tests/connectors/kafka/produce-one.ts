/** Appends one record with a value and nothing else, by hand: independent of the encoder that other tests are about. */
import { ByteWriter } from '../../../connectors/kafka/bytes.ts'
import type { Cluster } from '../../../connectors/kafka/cluster.ts'
import { crc32c } from '../../../connectors/kafka/crc32c.ts'
import { check } from '../../../connectors/kafka/errors.ts'
import { produce } from '../../../connectors/kafka/requests/produce.ts'

export interface OneWriter {
  readonly transactional_id: string
  readonly producer_id: number
  readonly producer_epoch: number
}

/** With `writer` as the first record of its transaction in this partition. */
export async function produceOne(
  cluster: Cluster,
  at: { readonly topic: string; readonly partition: number },
  value: string,
  timestamp_ms: number,
  writer?: OneWriter,
): Promise<void> {
  const record = new ByteWriter().i8(0).varlong(0).varint(0).varint(-1)
  record.varint(Buffer.byteLength(value)).utf8(value).varint(0)
  const summed = new ByteWriter()
    .i16(writer === undefined ? 0 : 16)
    .i32(0)
    .i64(timestamp_ms)
    .i64(timestamp_ms)
  summed
    .i64(writer?.producer_id ?? -1)
    .i16(writer?.producer_epoch ?? -1)
    .i32(writer === undefined ? -1 : 0)
  summed.i32(1).varint(record.length).raw(record.bytes())
  const batch = new ByteWriter()
    .i64(0)
    .i32(summed.length + 9)
    .i32(-1)
    .i8(2)
    .u32(crc32c(summed.bytes()))
  const { partitions } = await cluster.request({ leader: at }, produce, {
    transactional_id: writer?.transactional_id ?? null,
    acks: -1,
    timeout_ms: 5_000,
    topics: [
      { topic: at.topic, partitions: [{ partition: at.partition, records: batch.raw(summed.bytes()).bytes() }] },
    ],
  })
  for (const { error_code, error_message } of partitions) check(error_code, 'producing', { message: error_message })
}
