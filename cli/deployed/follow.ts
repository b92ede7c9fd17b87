import type { Reader } from '../../runtime/api/index.ts'
import { RecordCursor } from '../../runtime/log/batch.ts'
import { untilAborted } from '../until-aborted.ts'

/** Records of one partition from an offset on, as they come, until `signal`. */
export async function* followFrom<T>(
  reader: Reader,
  topic: string,
  partition: number,
  offset: number,
  type: { decode(buf: Uint8Array, pos: number, end: number): T },
  signal: AbortSignal,
): AsyncGenerator<T> {
  const follower = reader.follow([{ topic, partition, offset }])
  const cursor = new RecordCursor()
  try {
    while (!signal.aborted) {
      const batch = follower.take(0)
      if (batch === undefined) {
        await untilAborted(follower.ready(), signal)
        continue
      }
      cursor.open(batch, offset)
      while (cursor.next()) yield type.decode(batch.bodies, cursor.body_start, cursor.body_end)
    }
  } finally {
    await follower.close()
  }
}
