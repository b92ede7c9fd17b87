import { crc32 } from 'node:zlib'
import type { StoredBatch } from '../api/broker.ts'
import { AppError, DataFault } from '../api/fault.ts'
import type { RecordCursor } from '../log/batch.ts'
import type { PlannedTopic } from '../plan/plan.ts'
import type { Envelope } from './envelope.ts'

/** Makes a value of a topic's record from a body, whichever schema it was written with. */
export type Decode = (buf: Uint8Array, pos: number, end: number) => unknown

/**
 * The record that `cursor` stands at, as the engine passes records around; its body stays in the batch.
 *
 * Throws an AppError `DATA_DAMAGED` (exit 3) if the body is no record of the topic.
 */
export function storedEnvelope(
  topic: PlannedTopic,
  batch: Pick<StoredBatch, 'partition' | 'bodies'>,
  cursor: RecordCursor,
  producer: number,
  decode: Decode = topic.record.decode,
): Envelope {
  const { partition, bodies } = batch
  const { offset, seq, stream_time_us, body_start: start, body_end: end } = cursor
  return {
    topic,
    partition,
    offset,
    producer,
    seq,
    stream_time_us,
    key: cursor.key(),
    value: decoded(topic, batch, cursor, decode),
    cause_producer: -1,
    cause_seq: -1,
    more_causes: cursor.causes(),
    crc: crc32(bodies.subarray(start, end), 0),
    arrived_ms: Number.NaN,
    carrier: { buf: bodies },
    start,
    end,
  }
}

function decoded(
  topic: PlannedTopic,
  { partition, bodies }: Pick<StoredBatch, 'partition' | 'bodies'>,
  { offset, body_start, body_end }: RecordCursor,
  decode: Decode,
): unknown {
  try {
    return decode(bodies, body_start, body_end)
  } catch (cause) {
    if (!(cause instanceof DataFault)) throw cause
    const message = `${topic.name}/${partition}@${offset} is no ${topic.record.name}: ${cause.message}`
    const hint = 'restore the directory from a copy; `aitrader audit verify` tells what else is damaged'
    throw new AppError('DATA_DAMAGED', message, { exit_code: 3, hint, cause })
  }
}
