import { Arena, fromHex, sha256, toHex, toUtf8 } from '../../runtime/api/index.ts'
import { AuditEvent, type AuditKind } from '../../schemas/generated/index.ts'

/** Head of one chain: how many events it has, and the hash of the last. */
export interface Head {
  readonly count: number
  /** Hex; 64 zeros before the first event. */
  readonly hash: string
}

export const EMPTY: Head = { count: 0, hash: '0'.repeat(64) }
export const NO_BYTES = new Uint8Array(0)

/** What an event says; the chain adds its place. */
export type Link = Omit<AuditEvent, 'seq' | 'previous' | 'hash'>

const HASH_BYTES = 32

const arena = new Arena(4096)

/** The hash of an event: SHA-256 over its Avro body with an empty `hash`. */
export function hashOf(event: AuditEvent): Uint8Array {
  arena.reset()
  AuditEvent.encode({ ...event, hash: NO_BYTES }, arena)
  return sha256(arena.bytes())
}

/**
 * The same hash from an encoded event: `hash` is the last field, so its body is the one hashed plus 32 bytes. What was
 * written in any other way than the codec's does not hash to what it claims. Undefined if the body is no such event.
 */
export function hashOfBody(body: Uint8Array): Uint8Array | undefined {
  const at = body.length - HASH_BYTES - 1
  if (at < 0 || body[at] !== HASH_BYTES * 2) return undefined
  const open = new Uint8Array(at + 1)
  open.set(body.subarray(0, at))
  return sha256(open)
}

/** The next event of a chain, and the chain's new head. */
export function link(head: Head, link: Link): { event: AuditEvent; head: Head } {
  const open: AuditEvent = { ...link, seq: head.count, previous: fromHex(head.hash), hash: NO_BYTES }
  const hash = hashOf(open)
  return { event: { ...open, hash }, head: { count: head.count + 1, hash: toHex(hash) } }
}

/** The event that begins a chain: what the run is made of. */
export function runLink(origin: string, manifest: string, stream_time_us: number): Link {
  const body = toUtf8(manifest)
  return {
    origin,
    kind: 'RUN' satisfies AuditKind,
    topic: '',
    partition: 0,
    record: '',
    producer: '',
    first_seq: 0,
    last_seq: 0,
    records: 0,
    first_time_us: stream_time_us,
    last_time_us: stream_time_us,
    sha256: sha256(body),
    body,
    causes: [],
  }
}
