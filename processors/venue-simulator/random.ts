/**
 * Counter-based randomness: each draw is a hash of (seed, order, event, purpose) and of nothing else.
 *
 * There is no generator that advances, so an order of another instrument cannot shift a draw, and a re-run from any
 * point draws the same. The hash is FNV-1a over the order's id, then the 32-bit finaliser of MurmurHash3 per word; it
 * is integer arithmetic, equal on every machine.
 */

/** What a draw decides. Numbers are part of the format: a new purpose gets a new number. */
export const purposes = {
  entry_latency: 1,
  report_latency: 2,
  partial: 3,
  partial_share: 4,
  duplicate: 5,
  reorder: 6,
  lost_ack: 7,
  bust: 8,
} as const

export type Purpose = keyof typeof purposes

/** An integer, 0 to 4,294,967,295. */
export function draw(seed: number, order: string, event: number, purpose: Purpose): number {
  let hash = 0x811c9dc5 ^ seed
  for (let i = 0; i < order.length; i++) hash = Math.imul(hash ^ order.charCodeAt(i), 0x01000193)
  return mix(mix(mix(hash) ^ event) ^ Math.imul(purposes[purpose], 0x9e3779b1)) >>> 0
}

/** An integer, 0 to `greatest`. */
export function drawUpTo(greatest: number, seed: number, order: string, event: number, purpose: Purpose): number {
  return greatest === 0 ? 0 : draw(seed, order, event, purpose) % (greatest + 1)
}

/** True in `ppm` of a million draws. */
export function chance(ppm: number, seed: number, order: string, event: number, purpose: Purpose): boolean {
  return ppm > 0 && draw(seed, order, event, purpose) % 1_000_000 < ppm
}

function mix(value: number): number {
  let hash = value
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}
