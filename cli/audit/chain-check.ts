import { EMPTY, hashOfBody } from '../../processors/audit-sink/chain.ts'
import { hashRecord } from '../../processors/audit-sink/range.ts'
import { DataFault, sha256, toHex } from '../../runtime/api/index.ts'
import { AuditEvent } from '../../schemas/generated/index.ts'

/** Head of one chain as far as it was read. */
export interface ChainHead {
  count: number
  /** Hex. */
  hash: string
}

/**
 * Follows the audit chains event by event: each must be its chain's next, name the one before by its hash, hash to
 * what it says, and say of itself nothing that cannot be. One chain per origin, so memory does not grow.
 */
export class ChainCheck {
  readonly heads = new Map<string, ChainHead>()
  private readonly origins: ReadonlySet<string>
  /** Chains whose beginning was dropped by retention: they are followed from where they begin. */
  private readonly headless: boolean

  constructor(origins: Iterable<string>, headless = false) {
    this.origins = new Set(origins)
    this.headless = headless
  }

  /** The event in `body`, or what is wrong with it; a wrong one does not move its chain. */
  next(body: Uint8Array, key?: string): { event: AuditEvent } | { event?: AuditEvent; reason: string } {
    let event: AuditEvent
    try {
      event = AuditEvent.decode(body, 0, body.length)
    } catch (error) {
      if (!(error instanceof DataFault)) throw error
      return { reason: `it is no AuditEvent: ${error.message}` }
    }
    const reason = this.wrong(event, body, key)
    if (reason !== undefined) return { event, reason }
    this.heads.set(event.origin, { count: event.seq + 1, hash: toHex(event.hash) })
    return { event }
  }

  private wrong(event: AuditEvent, body: Uint8Array, key: string | undefined): string | undefined {
    const { origin, seq } = event
    if (!this.origins.has(origin)) return `it speaks of ${origin}, which is not under audit here`
    if (key !== undefined && key !== origin) return `its key is ${key}, its origin ${origin}`
    const hash = hashOfBody(body)
    if (hash === undefined || toHex(hash) !== toHex(event.hash)) return 'it does not hash to what it says'
    const head = this.heads.get(origin) ?? (this.headless ? { count: seq, hash: toHex(event.previous) } : EMPTY)
    if (seq !== head.count) return `it is number ${seq} of the chain of ${origin}, where ${head.count} belongs`
    if (toHex(event.previous) !== head.hash) return `it does not follow the event before it in the chain of ${origin}`
    return said(event)
  }
}

/** What a sound event cannot say. */
function said({
  kind,
  origin,
  topic,
  partition,
  first_seq,
  last_seq,
  records,
  sha256: claimed,
  body,
  causes,
}: AuditEvent): string | undefined {
  if (kind === 'RUN')
    return toHex(sha256(body)) === toHex(claimed) ? undefined : 'its manifest does not hash to what it says'
  if (`${topic}/${partition}` !== origin) return `it speaks of ${topic}/${partition} in the chain of ${origin}`
  if (kind === 'SEAL') {
    const possible = first_seq <= last_seq && records >= 1 && records <= last_seq - first_seq + 1
    return possible ? undefined : `it seals ${records} records from ${first_seq} to ${last_seq}`
  }
  if (first_seq !== last_seq || records !== 1) return `it holds ${records} records in full`
  return toHex(hashRecord(first_seq, body, causes)) === toHex(claimed)
    ? undefined
    : 'the record in it does not hash to what it says'
}

/** SHA-256 (hex) over all chain heads in order of origin: what stands for the whole trail. */
export function headOf(heads: ReadonlyMap<string, ChainHead>): string {
  const lines = [...heads].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  const text = lines.map(([origin, { count, hash }]) => `${origin}\n${count}\n${hash}\n`).join('')
  return toHex(sha256(Buffer.from(text)))
}
