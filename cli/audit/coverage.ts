import { createHash } from 'node:crypto'
import { sealedBytes } from '../../processors/audit-sink/range.ts'
import { AppError, type Reader, recordId, toHex } from '../../runtime/api/index.ts'
import { RecordCursor } from '../../runtime/log/batch.ts'
import { AuditEvent } from '../../schemas/generated/index.ts'
import { Ranges } from './column.ts'
import type { Locations } from './locations.ts'
import { type Found, Pages } from './pages.ts'
import { chainCheck, readTrail, sealToCome, type TrailPlace } from './trail.ts'

/** What the trail says of one record: the audit event that vouches for it (its id), and why it does not if so. */
export interface Vouched {
  readonly sealed_by: string | null
  readonly reason?: string | undefined
}

/** Seals whose verdict is kept; beyond that they are hashed once more. */
const KEPT_SEALS = 100_000

/**
 * Which audit event covers which record. The chains are followed once from their beginnings; what stands behind a
 * break in a chain vouches for nothing. Per event the index keeps three numbers.
 */
export class Coverage {
  /** `topic/partition` of origin, then producer; leads to where the event stands. */
  private readonly origins = new Map<string, Map<string, Ranges>>()
  /** Per origin the first event that does not fit its chain. */
  private readonly broken = new Map<string, { readonly where: number; readonly reason: string }>()
  private readonly verdicts = new Map<number, string | undefined>()
  private readonly reader: Reader
  private readonly place: TrailPlace
  private readonly locations: Locations
  private readonly pages: Pages
  /** Ids of wanted records that the trail holds in full. */
  readonly held: { readonly id: string; readonly record: string; readonly stream_time_us: number }[] = []

  private constructor(reader: Reader, place: TrailPlace, locations: Locations) {
    this.reader = reader
    this.place = place
    this.locations = locations
    this.pages = new Pages(reader)
  }

  /** Reads the trail; of the records named `wanted` it notes the ids. */
  static async build(
    reader: Reader,
    place: TrailPlace,
    locations: Locations,
    wanted: readonly string[],
  ): Promise<Coverage> {
    const coverage = new Coverage(reader, place, locations)
    for await (const { partition, offset, event, reason } of readTrail(reader, place, chainCheck(reader, place))) {
      // What cannot be read leaves a hole in its chain, at which the next event of that chain does not fit.
      if (event === undefined) continue
      const where = offset * place.partitions + partition
      const { origin, kind, producer, first_seq, last_seq, record, first_time_us: stream_time_us } = event
      if (reason !== undefined && !coverage.broken.has(origin)) {
        coverage.broken.set(origin, { where, reason: `${place.topic}/${partition}@${offset}, ${reason}` })
      }
      if (kind === 'RUN') continue
      coverage.ranges(origin, producer).push(first_seq, last_seq, where)
      if (kind === 'RECORD' && wanted.includes(record)) {
        coverage.held.push({ id: recordId(producer, first_seq), record, stream_time_us })
      }
    }
    return coverage
  }

  private ranges(origin: string, producer: string): Ranges {
    let producers = this.origins.get(origin)
    if (producers === undefined) {
      producers = new Map()
      this.origins.set(origin, producers)
    }
    let ranges = producers.get(producer)
    if (ranges === undefined) {
      ranges = new Ranges()
      producers.set(producer, ranges)
    }
    return ranges
  }

  /** Checks a record against the event that covers it; `until_us` is the stream time that the log has passed. */
  async vouch(found: Found, until_us: number): Promise<Vouched> {
    const { topic, partition, producer, seq, stream_time_us } = found
    const origin = `${topic}/${partition}`
    if (!this.place.covered.includes(topic)) return { sealed_by: null, reason: `${topic} is not under audit` }
    const covering = this.origins.get(origin)?.get(producer)?.find(seq) ?? []
    const [where] = covering
    if (where === undefined) {
      const to_come = sealToCome(this.place, topic, stream_time_us, until_us)
      return { sealed_by: null, reason: to_come ? 'it is not sealed yet' : 'no audit event covers it' }
    }
    const trail_partition = where % this.place.partitions
    const offset = (where - trail_partition) / this.place.partitions
    const holder = await this.pages.record(this.place.topic, trail_partition, offset)
    if (holder === undefined) return { sealed_by: null, reason: 'its audit event cannot be read again' }
    const sealed_by = recordId(holder.producer, holder.seq)
    if (covering.length > 1) return { sealed_by, reason: `${covering.length} audit events cover it` }
    const broken = this.broken.get(origin)
    if (broken !== undefined && where >= broken.where) {
      return { sealed_by, reason: `the chain of ${origin} is broken at ${broken.reason}` }
    }
    const event = AuditEvent.decode(holder.body, 0, holder.body.length)
    if (event.kind !== 'SEAL') return { sealed_by, reason: differs(found, event) }
    if (!this.verdicts.has(where)) {
      if (this.verdicts.size >= KEPT_SEALS) this.verdicts.clear()
      this.verdicts.set(where, await this.recompute(event).catch(damageOf))
    }
    return { sealed_by, reason: this.verdicts.get(where) }
  }

  /** Hashes the sealed range again, from the records as they stand; what is wrong with it, or undefined. */
  private async recompute(event: AuditEvent): Promise<string | undefined> {
    const { topic, partition, producer, first_seq, last_seq, records } = event
    const range = `the range ${first_seq} to ${last_seq} of ${producer}`
    const firsts = await this.locations.find(producer, first_seq)
    const first = firsts.find((found) => found.topic === topic && found.partition === partition)
    if (first === undefined) return `${range} does not begin where it was sealed`
    const hash = createHash('sha256')
    const cursor = new RecordCursor()
    let count = 0
    for (let offset = first.offset; ; offset = cursor.offset + 1) {
      const batch = await this.reader.read(topic, partition, offset)
      if (batch === undefined) return `${range} has ${count} of its ${records} records`
      cursor.open(batch, offset)
      while (cursor.next()) {
        if (cursor.producer !== producer) continue
        if (cursor.seq > last_seq) return `${range} has ${count} of its ${records} records`
        const body = cursor.body()
        hash.update(sealedBytes(cursor.seq, body, cursor.causes()))
        count++
        if (cursor.seq !== last_seq) continue
        if (count !== records) return `${range} has ${count} records, ${records} were sealed`
        return toHex(hash.digest()) === toHex(event.sha256) ? undefined : `${range} does not hash to what was sealed`
      }
    }
  }
}

/** A range that cannot be read does not hash to anything; other errors are not the range's. */
function damageOf(error: unknown): string {
  if (error instanceof AppError && error.code === 'DATA_DAMAGED') return error.message
  throw error
}

/** What a record held in full and the record as it stands disagree on. */
function differs(found: Found, event: AuditEvent): string | undefined {
  if (Buffer.compare(found.body, event.body) !== 0) return 'its bytes are not those in its audit event'
  if (found.stream_time_us !== event.first_time_us) return 'its stream time is not that in its audit event'
  if (found.causes.join('\n') !== event.causes.join('\n')) return 'its causes are not those in its audit event'
  return undefined
}
