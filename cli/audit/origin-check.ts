import { createHash, type Hash } from 'node:crypto'
import { sealedBytes } from '../../processors/audit-sink/range.ts'
import { AppError, type Reader, type StoredBatch, toHex } from '../../runtime/api/index.ts'
import { RecordCursor } from '../../runtime/log/batch.ts'
import type { AuditEvent } from '../../schemas/generated/index.ts'
import type { Bad } from './verify-export.ts'

/** An audit event as far as its records are compared with it. */
type Claim = Pick<
  AuditEvent,
  'kind' | 'first_seq' | 'last_seq' | 'records' | 'first_time_us' | 'last_time_us' | 'sha256' | 'causes'
>

/** Claims of one partition that may wait for their records at most: in sound data a handful do. */
const MAX_WAITING = 100_000

/** Claims of one producer that wait for their records, and the range being hashed. */
interface Waiting {
  readonly claims: Claim[]
  hash: Hash
  count: number
  /** Where the first record of the range in hand stands. */
  offset: number
  /** Whether a record of the producer was seen: before, retention may have dropped what claims speak of. */
  seen: boolean
}

/** One partition beside what the trail claims of it. */
export class OriginCheck {
  readonly topic: string
  readonly partition: number
  covered = 0
  not_sealed_yet = 0
  private readonly reader: Reader
  private readonly trimmed: boolean
  private readonly end_offset: number
  private readonly producers = new Map<string, Waiting>()
  private readonly cursor = new RecordCursor()
  private batch: StoredBatch | undefined
  private next_offset: number
  private standing = false
  private waiting = 0

  constructor(reader: Reader, topic: string, partition: number) {
    this.reader = reader
    this.topic = topic
    this.partition = partition
    const { start_offset, end_offset } = reader.partition(topic, partition)
    this.trimmed = start_offset > 0
    this.end_offset = end_offset
    this.next_offset = start_offset
  }

  /** Takes what the trail says next and goes on as far as that allows; what is wrong, if anything. */
  async claim(event: AuditEvent): Promise<Bad | undefined> {
    let waiting = this.producers.get(event.producer)
    if (waiting === undefined) {
      waiting = { claims: [], hash: createHash('sha256'), count: 0, offset: 0, seen: false }
      this.producers.set(event.producer, waiting)
    }
    const { kind, first_seq, last_seq, records, first_time_us, last_time_us, sha256, causes } = event
    waiting.claims.push({
      kind,
      first_seq,
      last_seq,
      records,
      first_time_us,
      last_time_us,
      sha256: Uint8Array.from(sha256),
      causes,
    })
    this.waiting++
    const bad = await this.go()
    if (bad !== undefined || this.waiting < MAX_WAITING) return bad
    return this.bad(this.cursor.offset, 'no audit event covers it')
  }

  /** After the last claim: `may_wait` tells by a record's stream time whether its seal may still be to come. */
  async end(may_wait: (time_us: number) => boolean): Promise<Bad | undefined> {
    for (;;) {
      const bad = await this.go()
      if (bad !== undefined) return bad
      if (!this.standing || this.cursor.offset >= this.end_offset) break
      // The record in hand has no claim.
      if (!may_wait(this.cursor.stream_time_us)) return this.bad(this.cursor.offset, 'no audit event covers it')
      this.not_sealed_yet++
      this.standing = false
    }
    for (const [producer, { claims, seen, count }] of this.producers) {
      const [claim] = claims
      if (claim === undefined || (this.trimmed && !seen)) continue
      return this.bad(
        this.next_offset,
        `it has ${count} of ${claim.records} records of ${producer} from ${claim.first_seq} to ${claim.last_seq}`,
      )
    }
    return undefined
  }

  /** Compares records with claims until a record has none, or the partition ends. */
  private async go(): Promise<Bad | undefined> {
    for (;;) {
      if (!this.standing) {
        const bad = await this.advance()
        if (bad !== undefined) return bad
        if (!this.standing) return undefined
      }
      const missing = this.trimmed ? undefined : this.missing()
      if (missing !== undefined) return this.bad(this.cursor.offset, missing)
      const waiting = this.producers.get(this.cursor.producer)
      const claim = waiting?.claims[0]
      if (waiting === undefined || claim === undefined) return undefined
      const reason = this.compare(waiting, claim)
      if (reason !== undefined) return this.bad(waiting.count > 0 ? waiting.offset : this.cursor.offset, reason)
    }
  }

  /** A partition is in the order of stream time: what was to stand before the record in hand and did not, never will. */
  private missing(): string | undefined {
    for (const [producer, { claims, count }] of this.producers) {
      const [claim] = claims
      if (claim === undefined || claim.last_time_us >= this.cursor.stream_time_us) continue
      return `before it there are ${count} of ${claim.records} records of ${producer} from ${claim.first_seq} to ${claim.last_seq}`
    }
    return undefined
  }

  /** Stands at the next record, if there is one. */
  private async advance(): Promise<Bad | undefined> {
    try {
      while (this.batch === undefined || !this.cursor.next()) {
        const batch = await this.reader.read(this.topic, this.partition, this.next_offset)
        if (batch === undefined) {
          this.batch = undefined
          return undefined
        }
        if (batch.base_offset !== this.next_offset) return this.bad(this.next_offset, 'the record is missing')
        this.batch = batch
        this.next_offset += batch.records
        this.cursor.open(batch)
      }
      this.standing = true
      return undefined
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'DATA_DAMAGED') throw error
      return this.bad(this.batch === undefined ? this.next_offset : this.cursor.offset, error.message)
    }
  }

  /** The record in hand against the claim that must cover it. */
  private compare(waiting: Waiting, claim: Claim): string | undefined {
    const { cursor } = this
    const { seq } = cursor
    const what = `${cursor.producer}:${claim.first_seq}${claim.kind === 'SEAL' ? ` to ${claim.last_seq}` : ''}`
    if (waiting.count === 0 && seq !== claim.first_seq) {
      if (this.trimmed && !waiting.seen && seq > claim.first_seq) {
        // Retention dropped the range's beginning: it cannot be hashed again, and need not be.
        if (seq > claim.last_seq) this.drop(waiting)
        else this.standing = false
        return undefined
      }
      return seq < claim.first_seq ? 'no audit event covers it' : `it stands where ${what} belongs`
    }
    if (seq > claim.last_seq) return `${what} has ${waiting.count} records here, ${claim.records} were sealed`
    if (waiting.count === 0) waiting.offset = cursor.offset
    waiting.seen = true
    const body = cursor.body()
    waiting.hash.update(sealedBytes(seq, body, cursor.causes()))
    waiting.count++
    this.covered++
    this.standing = false
    if (waiting.count === 1 && cursor.stream_time_us !== claim.first_time_us)
      return `its stream time is not what the audit event of ${what} says`
    if (claim.kind === 'RECORD' && cursor.causes().join('\n') !== claim.causes.join('\n'))
      return `its causes are not what the audit event of ${what} says`
    if (seq < claim.last_seq) return undefined
    if (waiting.count !== claim.records)
      return `${what} has ${waiting.count} records here, ${claim.records} were sealed`
    if (cursor.stream_time_us !== claim.last_time_us)
      return `its stream time is not what the audit event of ${what} says`
    if (toHex(waiting.hash.digest()) !== toHex(claim.sha256))
      return `${what} does not hash to what its audit event says`
    this.drop(waiting)
    return undefined
  }

  private drop(waiting: Waiting): void {
    waiting.claims.shift()
    waiting.hash = createHash('sha256')
    waiting.count = 0
    this.waiting--
  }

  private bad(offset: number, reason: string): Bad {
    return { topic: this.topic, partition: this.partition, offset, reason }
  }
}
