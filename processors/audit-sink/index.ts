import { type Static, Type } from 'typebox'
import { type Context, defineProcessor, emit, type Json, keep } from '../../runtime/api/index.ts'
import {
  AuditEvent,
  BookUpdate,
  Control,
  Decision,
  ExecutionReport,
  Fill,
  Instrument,
  MarketEvent,
  Nbbo,
  Order,
  OrderCommand,
  PatternSignal,
  Position,
  Prediction,
  RawFrame,
  Redelivery,
} from '../../schemas/generated/index.ts'
import { EMPTY, type Head, link, NO_BYTES, runLink } from './chain.ts'
import { hashRecord, OpenRange } from './range.ts'

/**
 * Makes the audit chain: one chain of hashes per partition of origin, which nobody can change afterwards unseen.
 *
 * The decision path (signals to positions, control, instruments) is chained record by record, in full. Frames,
 * events, books and NBBO are too many for that: their records are sealed by ranges of producer sequence, cut every
 * `seal_records` records and at marks of stream time, so that a seal depends on the data alone. Each chain begins with
 * the run it belongs to: build id and hashes of code, configuration, schemas and models; when another build goes on
 * with it, that one's name comes before its first event. It never refuses a record.
 */
const params = Type.Object({
  seal_records: Type.Integer({
    minimum: 1,
    default: 256,
    description: 'Records of a high-volume topic per seal, at most.',
  }),
  seal_every_ms: Type.Integer({
    minimum: 1,
    default: 1000,
    description: 'Stream time between marks at which open ranges are sealed.',
  }),
  manifest: Type.Optional(Type.String({ description: 'What the run is made of, as JSON; set by the runtime.' })),
  manifests: Type.Optional(
    Type.Array(Type.Object({ from_us: Type.Integer(), manifest: Type.String() }), {
      description:
        'In a replay: what each build was made of, and the stream time of its first event; set by the runtime.',
    }),
  ),
})

interface State {
  head: Head
  /** What wrote the last event. */
  manifest: string
  /** One open range per producer that writes the partition. */
  readonly open: Map<string, OpenRange>
}

type Params = Static<typeof params>
type Ctx = Context<Params>

/** Begins the chain, or goes on with it under another build's name. */
function begin(state: State, ctx: Ctx, out: AuditEvent[]): void {
  const manifest = manifestAt(ctx.params, ctx.stream_time_us)
  if (state.head.count > 0 && state.manifest === manifest) return
  state.manifest = manifest
  add(state, runLink(ctx.key, manifest, ctx.stream_time_us), out)
}

function manifestAt({ manifest, manifests }: Params, stream_time_us: number): string {
  return manifests?.findLast(({ from_us }) => from_us <= stream_time_us)?.manifest ?? manifest ?? '{}'
}

function add(state: State, next: Parameters<typeof link>[1], out: AuditEvent[]): void {
  const { event, head } = link(state.head, next)
  state.head = head
  out.push(event)
}

function seal(state: State, range: OpenRange, origin: string, record: string, out: AuditEvent[]): void {
  const at = origin.lastIndexOf('/')
  const { producer, first_seq, last_seq, records, first_time_us, last_time_us } = range
  const sha256 = range.close()
  const topic = origin.slice(0, at)
  const partition = Number(origin.slice(at + 1))
  add(
    state,
    {
      origin,
      kind: 'SEAL',
      topic,
      partition,
      record,
      producer,
      first_seq,
      last_seq,
      records,
      first_time_us,
      last_time_us,
      sha256,
      body: NO_BYTES,
      causes: [],
    },
    out,
  )
}

/** Adds the record in hand to its producer's range; seals it when it is full. */
function range(record: string) {
  return (state: State, _value: unknown, ctx: Ctx) => {
    let open = state.open.get(ctx.producer)
    if (open === undefined) {
      open = new OpenRange()
      state.open.set(ctx.producer, open)
    }
    if (open.records === 0) {
      const every_us = ctx.params.seal_every_ms * 1000
      ctx.setTimer(record, (Math.floor(ctx.stream_time_us / every_us) + 1) * every_us)
    }
    open.add(ctx.producer, ctx.seq, ctx.stream_time_us, ctx.body(), ctx.causes())
    if (open.records < ctx.params.seal_records) return keep(state)
    const out: AuditEvent[] = []
    begin(state, ctx, out)
    seal(state, open, ctx.key, record, out)
    return emit(state, { audit: out })
  }
}

/** Chains the record in hand in full. */
function full(record: string) {
  return (state: State, _value: unknown, ctx: Ctx) => {
    const out: AuditEvent[] = []
    begin(state, ctx, out)
    const { topic, partition, producer, seq, stream_time_us } = ctx
    const body = Uint8Array.from(ctx.body())
    const causes = [...ctx.causes()]
    add(
      state,
      {
        origin: ctx.key,
        kind: 'RECORD',
        topic,
        partition,
        record,
        producer,
        first_seq: seq,
        last_seq: seq,
        records: 1,
        first_time_us: stream_time_us,
        last_time_us: stream_time_us,
        sha256: hashRecord(seq, body, causes),
        body,
        causes,
      },
      out,
    )
    return emit(state, { audit: out })
  }
}

const inputs = {
  frames: RawFrame,
  events: MarketEvent,
  books: BookUpdate,
  nbbo: Nbbo,
  signals: PatternSignal,
  predictions: Prediction,
  decisions: Decision,
  commands: OrderCommand,
  executions: ExecutionReport,
  orders: Order,
  fills: Fill,
  positions: Position,
  instruments: Instrument,
  control: Control,
  redeliveries: Redelivery,
}

/** Records that are sealed by ranges; all others are chained in full. */
export const sealedRecords: readonly string[] = ['RawFrame', 'MarketEvent', 'BookUpdate', 'Nbbo']

/** A chain per partition of origin, whatever keys its records have. */
const byOrigin = (_value: unknown, origin: string): string => origin

function forEveryPort<T>(make: (record: string) => T): Record<keyof typeof inputs, T> {
  const entries = Object.entries(inputs).map(([port, { name }]) => [port, make(name)])
  return Object.fromEntries(entries) as Record<keyof typeof inputs, T>
}

export const auditSink = defineProcessor({
  name: 'audit-sink',
  description:
    'Chains the decision path record by record and seals the high-volume topics by ranges, so that nothing can be changed unseen.',
  inputs,
  optional: ['redeliveries'],
  outputs: { audit: AuditEvent },
  params,
  state_key: forEveryPort(() => byOrigin),
  initial: (): State => ({ head: EMPTY, manifest: '', open: new Map() }),
  snapshot: (state): Json => ({
    count: state.head.count,
    hash: state.head.hash,
    manifest: state.manifest,
    open: [...state.open].sort(([a], [b]) => (a < b ? -1 : 1)).map(([producer, open]) => [producer, open.snapshot()]),
  }),
  restore: (json): State => {
    const { count, hash, manifest, open } = json as {
      count: number
      hash: string
      manifest: string
      open: [string, Json][]
    }
    return {
      head: { count, hash },
      manifest,
      open: new Map(open.map(([producer, saved]) => [producer, OpenRange.restore(saved)])),
    }
  },
  on: forEveryPort((record) => (sealedRecords.includes(record) ? range(record) : full(record))),
  /** A mark of stream time: seals every open range of the partition. */
  timer(state, record, ctx) {
    const out: AuditEvent[] = []
    if ([...state.open.values()].some(({ records }) => records > 0)) begin(state, ctx, out)
    for (const producer of [...state.open.keys()].sort()) {
      const open = state.open.get(producer) as OpenRange
      if (open.records > 0) seal(state, open, ctx.key, record, out)
      else state.open.delete(producer) // A producer that fell silent leaves nothing behind.
    }
    return out.length === 0 ? keep(state) : emit(state, { audit: out })
  },
})
