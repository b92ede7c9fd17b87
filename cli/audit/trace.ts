import { hashRecord } from '../../processors/audit-sink/range.ts'
import { DataFault, parseRecordId, type Reader, type RecordType, sha256, toHex } from '../../runtime/api/index.ts'
import type { CodedReader, WriterCodecs } from '../../runtime/engine/options.ts'
import { frontierOf } from '../../runtime/engine/replay.ts'
import type { Topology } from '../../runtime/topology/types.ts'
import { Decision, Prediction, RawFrame } from '../../schemas/generated/index.ts'
import { Coverage } from './coverage.ts'
import { Locations } from './locations.ts'
import type { Found } from './pages.ts'
import { trailOf } from './trail.ts'

/** One record on the way from a result to the frames it came from. `sha256` is as in an AuditEvent of this record alone. */
export interface Link {
  readonly id: string
  readonly topic: string | null
  readonly partition: number | null
  readonly offset: number | null
  readonly record: string | null
  readonly sha256: string | null
  /** Id of the audit event that vouches for it. */
  readonly sealed_by: string | null
  /** Ids of the records it was made from: the links it leads to. */
  readonly causes: readonly string[]
  /** What is wrong with it; absent if nothing is. */
  readonly reason?: string
}

/** A raw frame; `sha256` is of its payload, the bytes as received. */
export interface TracedFrame {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly sha256: string
}

export interface Trace {
  readonly id: string
  /** `fill`, `order` or `decision`; of other records their name in kebab case. */
  readonly kind: string
  /** From the record itself, cause by cause, to the frames; each record once. */
  readonly chain: readonly Link[]
  readonly frames: readonly TracedFrame[]
  readonly ok: boolean
  readonly reason?: string
}

/** A checked link, and the frame it is. */
interface Step {
  readonly link: Link
  readonly frame: TracedFrame | undefined
}

const KINDS: Readonly<Record<string, string>> = {
  Fill: 'fill',
  OrderCommand: 'order',
  Decision: 'decision',
  Order: 'order-state',
}

/** What `--all` traces. */
export const TRACED: readonly string[] = ['Fill', 'OrderCommand', 'Decision']

/** Checked links kept; beyond that the oldest are checked again when they are met again. */
const KEPT_STEPS = 200_000

/**
 * Walks from a record through its causes back to raw frames and checks every link against the audit trail.
 *
 * Causes are those in a record's header and the ids that its value names (a Decision's `inputs`, the signal of a
 * Prediction). A record that is missing, stands twice, differs from its audit event, is not sealed, or names no cause
 * although no source wrote it makes the trace `ok: false`, with the reason at the link. Causes of sealed records stand in
 * their headers only, which a seal does not hash: that they are the true ones is what a replay shows.
 */
export class Tracer {
  private readonly topology: Topology
  private readonly sources: ReadonlySet<string>
  readonly locations: Locations
  readonly coverage: Coverage
  /** Stream time up to which everything was durable when it was opened, microseconds. */
  readonly until_us: number
  private readonly steps = new Map<string, Step>()
  private readonly codecs: WriterCodecs | undefined

  /** Partitions whose beginning is gone. */
  private readonly trimmed: readonly string[]

  private constructor(
    topology: Topology,
    locations: Locations,
    coverage: Coverage,
    until_us: number,
    trimmed: readonly string[],
    codecs: WriterCodecs | undefined,
  ) {
    this.topology = topology
    this.codecs = codecs
    this.sources = new Set(Object.keys(topology.sources))
    this.locations = locations
    this.coverage = coverage
    this.until_us = until_us
    this.trimmed = trimmed
  }

  /** Reads the heads of all records and the trail. `progress` hears of records read. */
  static async open(
    reader: CodedReader,
    topology: Topology,
    progress: (records: number) => void = () => {},
  ): Promise<Tracer> {
    const place = trailOf(topology)
    // The trail last: beside a writer it then covers whatever the topics held when they were read.
    const until_us = await frontierOf(reader)
    const locations = await Locations.build(reader, topology, progress)
    const coverage = await Coverage.build(reader, place, locations, TRACED)
    return new Tracer(topology, locations, coverage, until_us, trimmedPartitions(reader, topology), reader.codecs)
  }

  /** Whether a record of this id stands on any topic, or did when it was sealed. */
  async knows(id: string): Promise<boolean> {
    const parsed = parseRecordId(id)
    if (parsed === undefined) return false
    return (
      (await this.locations.find(parsed.producer, parsed.seq)).length > 0 ||
      this.coverage.held.some((held) => held.id === id)
    )
  }

  async trace(id: string): Promise<Trace> {
    const chain: Link[] = []
    const frames: TracedFrame[] = []
    const seen = new Set([id])
    let reason: string | undefined
    // The set is walked while it grows: causes of causes, each once.
    for (const next of seen) {
      const { link, frame } = await this.step(next)
      chain.push(link)
      if (frame !== undefined) frames.push(frame)
      if (link.reason !== undefined) reason ??= `${next}: ${link.reason}`
      for (const cause of link.causes) seen.add(cause)
    }
    if (frames.length === 0) reason ??= 'it leads to no frame'
    const kind = kindOf(chain[0]?.record ?? this.coverage.held.find((held) => held.id === id)?.record ?? '')
    return { id, kind, chain, frames, ok: reason === undefined, ...(reason === undefined ? {} : { reason }) }
  }

  private async step(id: string): Promise<Step> {
    const known = this.steps.get(id)
    if (known !== undefined) return known
    const step = await this.check(id)
    if (this.steps.size >= KEPT_STEPS) this.steps.delete(this.steps.keys().next().value as string)
    this.steps.set(id, step)
    return step
  }

  private async check(id: string): Promise<Step> {
    const parsed = parseRecordId(id)
    const all = parsed === undefined ? [] : await this.locations.find(parsed.producer, parsed.seq)
    const [found] = all
    if (found === undefined) return { link: missing(id, this.locations.damaged, this.trimmed), frame: undefined }
    const { topic, partition, offset, seq, body } = found
    const record = this.topology.topics[topic]?.record ?? ''
    const vouched = await this.coverage.vouch(found, this.until_us)
    const said = this.readValue(record, found)
    const causes = [...new Set([...found.causes, ...said.ids])]
    const alone =
      causes.length === 0 && !this.sources.has(found.producer) ? 'it names no cause, and no source wrote it' : undefined
    const twice = all.length > 1 ? `it stands ${all.length} times` : undefined
    const reason = twice ?? vouched.reason ?? said.reason ?? alone
    const sha = toHex(hashRecord(seq, body, found.causes))
    const link = {
      id,
      topic,
      partition,
      offset,
      record,
      sha256: sha,
      sealed_by: vouched.sealed_by,
      causes,
      ...(reason === undefined ? {} : { reason }),
    }
    return { link, frame: frameOf(found, said.payload) }
  }

  /** What a record's value adds to the walk: ids that it names, or a frame's bytes. */
  private readValue(record: string, { schema_id, body }: Found): Said {
    const read = <T>(type: RecordType<T>): T => {
      return (this.codecs?.get(schema_id, type) ?? type.decode)(body, 0, body.length)
    }
    try {
      if (record === 'Decision') return { ids: read(Decision).inputs }
      if (record === 'Prediction') return { ids: [read(Prediction).signal_id] }
      if (record === 'RawFrame') return { ids: [], payload: read(RawFrame).payload }
    } catch (error) {
      if (!(error instanceof DataFault)) throw error
      return { ids: [], reason: `it is no ${record}: ${error.message}` }
    }
    return { ids: [] }
  }
}

interface Said {
  readonly ids: readonly string[]
  readonly payload?: Uint8Array
  readonly reason?: string
}

function frameOf({ topic, partition, offset }: Found, payload: Uint8Array | undefined): TracedFrame | undefined {
  return payload === undefined ? undefined : { topic, partition, offset, sha256: toHex(sha256(payload)) }
}

/** Partitions whose beginning retention dropped. */
function trimmedPartitions(reader: Reader, topology: Topology): string[] {
  return Object.entries(topology.topics).flatMap(([topic, { partitions }]) =>
    Array.from({ length: partitions }, (_, partition) => reader.partition(topic, partition))
      .filter(({ start_offset }) => start_offset > 0)
      .map(({ partition }) => `${topic}/${partition}`),
  )
}

function missing(id: string, damaged: readonly string[], trimmed: readonly string[]): Link {
  const where = damaged.length === 0 ? '' : `; ${damaged.length} stretches cannot be read, the first at ${damaged[0]}`
  const gone =
    trimmed.length === 0
      ? ''
      : `; retention dropped the beginning of ${trimmed.length} partitions, ${trimmed[0]} first: it may have stood there`
  const reason = `it stands on no topic${where}${gone}`
  return {
    id,
    topic: null,
    partition: null,
    offset: null,
    record: null,
    sha256: null,
    sealed_by: null,
    causes: [],
    reason,
  }
}

function kindOf(record: string): string {
  return KINDS[record] ?? record.replace(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase()
}
