import { AppError, type Reader, type StoredBatch } from '../../runtime/api/index.ts'

/** A stretch of a partition: a batch that reads, or offsets `[from, to)` that do not. */
export type Stretch =
  | { readonly batch: StoredBatch }
  | { readonly damage: { readonly from: number; readonly to: number; readonly reason: string } }

/**
 * All batches of a partition up to offset `to`, the damaged stretches between them named and stepped over: evidence
 * that is sound stays usable beside evidence that is not.
 */
export async function* scan(reader: Reader, topic: string, partition: number, to: number): AsyncGenerator<Stretch> {
  const { start_offset } = reader.partition(topic, partition)
  for (let offset = start_offset; offset < to; ) {
    const batch = await tryRead(reader, topic, partition, offset)
    if (typeof batch === 'string') {
      const next = await nextReadable(reader, topic, partition, offset, to)
      yield { damage: { from: offset, to: next, reason: batch } }
      offset = next
    } else if (batch === undefined || batch.base_offset !== offset) {
      const next = Math.min(batch?.base_offset ?? to, to)
      yield { damage: { from: offset, to: next, reason: 'the records are missing' } }
      offset = next
    } else {
      yield { batch }
      offset += batch.records
    }
  }
}

/** The batch, or what is wrong with it. */
async function tryRead(
  reader: Reader,
  topic: string,
  partition: number,
  offset: number,
): Promise<StoredBatch | undefined | string> {
  try {
    return await reader.read(topic, partition, offset)
  } catch (error) {
    if (error instanceof AppError && error.code === 'DATA_DAMAGED') return error.message
    throw error
  }
}

/** Least offset found behind a damaged one at which reading works again, or `to`. */
async function nextReadable(
  reader: Reader,
  topic: string,
  partition: number,
  bad: number,
  to: number,
): Promise<number> {
  const readable = async (offset: number) => typeof (await tryRead(reader, topic, partition, offset)) === 'object'
  let low = bad
  let high = to
  for (let step = 1; low + step < to; step *= 2) {
    if (await readable(low + step)) {
      high = low + step
      break
    }
    low += step
  }
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (await readable(middle)) high = middle
    else low = middle
  }
  return high
}
