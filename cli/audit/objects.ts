import { type Reader, recordId } from '../../runtime/api/index.ts'
import { frontierOf } from '../../runtime/engine/replay.ts'
import { RecordCursor } from '../../runtime/log/batch.ts'
import type { Topology } from '../../runtime/topology/types.ts'
import { scan } from './scan.ts'
import { TRACED, type Tracer } from './trace.ts'

/**
 * Ids of all fills, orders and decisions of a directory: those on the topics in their order, then those that only the
 * trail still knows: a record that was taken away is traced too, and found missing.
 *
 * What a writer has added since the tracer was opened is left out: it lies between then and where the log stands now.
 */
export async function objectIds(reader: Reader, topology: Topology, tracer: Tracer): Promise<string[]> {
  const times = new Map<string, number>()
  const cursor = new RecordCursor()
  for (const record of TRACED) {
    for (const [topic, declared] of Object.entries(topology.topics)) {
      if (declared.record !== record) continue
      for (let partition = 0; partition < declared.partitions; partition++) {
        for await (const stretch of scan(reader, topic, partition, reader.partition(topic, partition).end_offset)) {
          if ('damage' in stretch) continue
          cursor.open(stretch.batch)
          while (cursor.next()) times.set(recordId(cursor.producer, cursor.seq), cursor.stream_time_us)
        }
      }
    }
  }
  for (const { id, stream_time_us } of tracer.coverage.held) if (!times.has(id)) times.set(id, stream_time_us)
  const now_us = await frontierOf(reader)
  return [...times].filter(([, time_us]) => time_us <= tracer.until_us || time_us > now_us).map(([id]) => id)
}
