import { createHash } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { objectIds } from '../../cli/audit/objects.ts'
import { type Trace, Tracer } from '../../cli/audit/trace.ts'
import { treeOf } from '../../cli/audit/tree.ts'
import { parseRecordId, type Reader } from '../../runtime/api/index.ts'
import type { RecordView } from '../../runtime/log/batch.ts'
import { AuditEvent, Decision, RawFrame } from '../../schemas/generated/index.ts'
import { type Audited, at, auditedRun, doctored, type Edit, flipped, recordsOf } from './audited-run.ts'

let whole: Audited
let traces: Trace[]
let trail: { offset: number; id: string; event: AuditEvent }[]

beforeAll(async () => {
  whole = await auditedRun()
  traces = await traceAll(whole.reader)
  trail = (await recordsOf(whole.reader, TRAIL)).map(({ offset, id, body }) => ({
    offset,
    id,
    event: AuditEvent.decode(body, 0, body.length),
  }))
})

const TRAIL = { topic: 'audit.events.v1', partition: 0 }
const DECISIONS = { topic: 'decisions.v1', partition: 0 }
const FILLS = { topic: 'fills.global.v1', partition: 0 }

async function traceAll(reader: Reader): Promise<Trace[]> {
  const { topology } = whole.run
  const tracer = await Tracer.open(reader, topology)
  const ids = await objectIds(reader, topology, tracer)
  const all: Trace[] = []
  for (const id of ids) all.push(await tracer.trace(id))
  return all
}

async function allOf(topic: string): Promise<RecordView[]> {
  const partitions = whole.run.topology.topics[topic]?.partitions ?? 0
  return (
    await Promise.all(
      Array.from({ length: partitions }, (_, partition) => recordsOf(whole.reader, { topic, partition })),
    )
  ).flat()
}

/** Ids of the results that rest on a record: whose chain has it. */
function resting(on: (id: string) => boolean): string[] {
  return traces.filter(({ chain }) => chain.some(({ id }) => on(id))).map(({ id }) => id)
}

async function failing(edit: Edit): Promise<Trace[]> {
  return (await traceAll(await doctored(whole.reader, edit))).filter(({ ok }) => !ok)
}

describe('a trace', () => {
  it('leads from every fill, order and decision to frames, every link sealed', async () => {
    const counts = {
      fill: (await allOf('fills.global.v1')).length,
      order: (await allOf('orders.gateway.v1')).length,
      decision: (await allOf('decisions.v1')).length,
    }
    expect(Math.min(...Object.values(counts))).toBeGreaterThan(3)
    for (const [kind, count] of Object.entries(counts))
      expect(traces.filter((trace) => trace.kind === kind)).toHaveLength(count)
    expect(traces).toHaveLength(counts.fill + counts.order + counts.decision)
    for (const trace of traces) {
      expect(trace).toMatchObject({ ok: true })
      expect(trace.frames.length).toBeGreaterThan(0)
      for (const link of trace.chain)
        expect(link).toMatchObject({ sealed_by: expect.stringMatching(/^audit-sink\/0:\d+$/) })
    }
  })

  it('has in its chain every cause of every link, and every id that a decision names', async () => {
    const decisions = new Map(
      (await allOf('decisions.v1')).map(({ id, body }) => [id, Decision.decode(body, 0, body.length)]),
    )
    for (const { chain } of traces) {
      const ids = new Set(chain.map(({ id }) => id))
      expect(ids.size).toBe(chain.length)
      for (const { id, causes } of chain) {
        for (const cause of causes) expect(ids).toContain(cause)
        for (const input of decisions.get(id)?.inputs ?? []) expect(causes).toContain(input)
      }
    }
  })

  it('gives of a frame the hash of its bytes as received', async () => {
    const frames = await Promise.all(
      [0, 1, 2, 3].map((partition) => recordsOf(whole.reader, { topic: 'audit.raw-ticks.v1', partition })),
    )
    for (const { partition, offset, sha256 } of traces.flatMap((trace) => trace.frames)) {
      const { body } = (frames[partition] as RecordView[])[offset] as RecordView
      const { payload } = RawFrame.decode(body, 0, body.length)
      expect(createHash('sha256').update(payload).digest('hex')).toBe(sha256)
    }
  })

  it('is drawn as a tree with each record once', () => {
    const trace = traces[0] as Trace
    const lines = treeOf(trace).split('\n')
    expect(lines[0]).toBe(`fill ${trace.id}  ok, from ${trace.frames.length} frames`)
    for (const { id, topic } of trace.chain) {
      expect(lines.filter((line) => line.includes(`${id}  `) && line.includes(`${topic}/`))).toHaveLength(1)
    }
  })

  it('answers for any record and knows which ids there are', async () => {
    const tracer = await Tracer.open(whole.reader, whole.run.topology)
    expect(await tracer.knows('execution/0:0')).toBe(true)
    for (const id of ['execution/0:999999', 'nobody/0:0', 'nonsense', '', 'execution/0:-1', 'execution/0:1e3x'])
      expect(await tracer.knows(id)).toBe(false)
    const [order] = await allOf('orders.state.v1')
    expect(await tracer.trace(order?.id ?? '')).toMatchObject({ kind: 'order-state', ok: true })
    const [event] = await allOf('market.events.v1')
    expect(await tracer.trace(event?.id ?? '')).toMatchObject({ kind: 'market-event', ok: true })
    const [declared] = await allOf('reference.instruments.v1')
    expect(await tracer.trace(declared?.id ?? '')).toMatchObject({ ok: false, reason: 'it leads to no frame' })
  })
})

describe('a trace over a log that somebody wrote in', () => {
  it('fails for exactly what rests on the sealed range of an altered frame', async () => {
    const [used] = (traces.find(({ kind }) => kind === 'fill') as Trace).frames
    if (used === undefined) throw new Error('no frame')
    const frame = (await recordsOf(whole.reader, used))[used.offset] as RecordView
    const seal = trail.find(
      ({ event }) =>
        event.origin === `${used.topic}/${used.partition}` &&
        event.first_seq <= frame.seq &&
        frame.seq <= event.last_seq,
    )
    if (seal === undefined) throw new Error('no seal')
    const within = new Set(
      (await recordsOf(whole.reader, used))
        .filter(({ seq }) => seal.event.first_seq <= seq && seq <= seal.event.last_seq)
        .map(({ id }) => id),
    )
    const expected = resting((id) => within.has(id))
    const bad = await failing(at(used, used.offset, (record) => [flipped(record, 40)]))
    expect(bad.map(({ id }) => id)).toEqual(expected)
    expect(expected.length).toBeLessThan(traces.length)
    for (const { reason } of bad) expect(reason).toContain('does not hash to what was sealed')
    for (const { chain } of bad)
      expect(chain.find(({ reason }) => reason !== undefined)).toMatchObject({ topic: used.topic, sealed_by: seal.id })
  })

  it.each([
    ['its bytes', 'its bytes are not those in its audit event', (record: RecordView) => [flipped(record, -1)]],
    [
      'its stream time',
      'its stream time is not that in its audit event',
      (record: RecordView) => [{ ...record, stream_time_us: record.stream_time_us - 1 }],
    ],
    [
      'its causes',
      'its causes are not those in its audit event',
      (record: RecordView) => [{ ...record, causes: record.causes.slice(1) }],
    ],
    ['its place, twice', 'it stands 2 times', (record: RecordView) => [record, record]],
  ])('fails for exactly what rests on a decision that has changed in %s', async (_what, reason, change) => {
    const decision = (await recordsOf(whole.reader, DECISIONS))[2] as RecordView
    const bad = await failing(at(DECISIONS, 2, change))
    expect(bad.map(({ id }) => id)).toEqual(resting((id) => id === decision.id))
    for (const trace of bad) expect(trace.reason).toBe(`${decision.id}: ${reason}`)
  })

  it('finds a fill missing that only the trail still knows', async () => {
    const fill = (await recordsOf(whole.reader, FILLS))[1] as RecordView
    const bad = await failing(at(FILLS, 1, () => []))
    expect(bad).toEqual([
      {
        id: fill.id,
        kind: 'fill',
        chain: [
          {
            id: fill.id,
            topic: null,
            partition: null,
            offset: null,
            record: null,
            sha256: null,
            sealed_by: null,
            causes: [],
            reason: 'it stands on no topic',
          },
        ],
        frames: [],
        ok: false,
        reason: `${fill.id}: it stands on no topic`,
      },
    ])
  })

  it('finds a fill that was put in: nothing vouches for it', async () => {
    const forged = (record: RecordView) => [record, { ...record, seq: 1_000_000 }]
    const bad = await failing(at(FILLS, 1, forged))
    expect(bad.map(({ id, reason }) => ({ id, reason }))).toEqual([
      { id: 'execution/0:1000000', reason: 'execution/0:1000000: no audit event covers it' },
    ])
  })

  it('fails for what rests on a chain from where it is broken', async () => {
    const origin = `${DECISIONS.topic}/${DECISIONS.partition}`
    const gone = trail.filter(({ event }) => event.origin === origin)[3] as (typeof trail)[number]
    const bad = await failing(at(TRAIL, gone.offset, () => []))
    const decided = (id: string) => {
      const { producer, seq } = parseRecordId(id) ?? { producer: '', seq: -1 }
      return producer === 'strategy/0' && seq >= gone.event.first_seq
    }
    expect(bad.map(({ id }) => id)).toEqual(resting(decided))
    expect(bad.some(({ reason }) => reason?.includes('no audit event covers it'))).toBe(true)
    expect(bad.some(({ reason }) => reason?.includes(`the chain of ${origin} is broken at ${TRAIL.topic}/0@`))).toBe(
      true,
    )
  })

  it('fails where an event of the trail was rewritten, hash and all', async () => {
    const origin = `${DECISIONS.topic}/${DECISIONS.partition}`
    const event = trail.filter((entry) => entry.event.origin === origin)[2] as (typeof trail)[number]
    const bad = await failing(at(TRAIL, event.offset, (record) => [flipped(record, 3)]))
    expect(bad.length).toBeGreaterThan(0)
    expect(bad.length).toBeLessThan(traces.length)
  })
})

describe('a trace of a run that was stopped', () => {
  it('is not ok where the last seal is still to come, and says so', async () => {
    const { reader, run } = await auditedRun({ stop_after_orders: 3 })
    const tracer = await Tracer.open(reader, run.topology)
    const ids = await objectIds(reader, run.topology, tracer)
    const all = await Promise.all(ids.map((id) => tracer.trace(id)))
    expect(all.some(({ ok }) => ok)).toBe(true)
    expect(all.some(({ ok }) => !ok)).toBe(true)
    for (const { ok, reason } of all) if (!ok) expect(reason).toMatch(/: it is not sealed yet$/)
  })
})
