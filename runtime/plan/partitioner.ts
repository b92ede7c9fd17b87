/**
 * Kafka's default partitioner for keyed records: murmur2 over the key's bytes, as the Java client computes it.
 *
 * Every writer of a topic must agree on it, or keys part from their state; the vectors in the tests are the Java client's.
 */

const SEED = 0x9747b28c
const M = 0x5bd1e995

/** murmur2, 32 bit, of `bytes`. Source: Apache Kafka `Utils.murmur2`. */
export function murmur2(bytes: Uint8Array): number {
  const length = bytes.length
  let h = SEED ^ length
  const words = length >>> 2
  for (let i = 0; i < words; i++) {
    const at = i * 4
    let k = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24)
    k = Math.imul(k, M)
    k ^= k >>> 24
    k = Math.imul(k, M)
    h = Math.imul(h, M) ^ k
  }
  const tail = words * 4
  const rest = length & 3
  if (rest === 3) h ^= (bytes[tail + 2] ?? 0) << 16
  if (rest >= 2) h ^= (bytes[tail + 1] ?? 0) << 8
  if (rest >= 1) h = Math.imul(h ^ (bytes[tail] ?? 0), M)
  h ^= h >>> 13
  h = Math.imul(h, M)
  h ^= h >>> 15
  return h
}

const encoder = new TextEncoder()

/** The partition of `key` among `partitions`. */
export function partitionOf(key: string, partitions: number): number {
  return partitions === 1 ? 0 : (murmur2(encoder.encode(key)) & 0x7fffffff) % partitions
}
