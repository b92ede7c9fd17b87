import { beforeAll, describe, expect, it } from 'vitest'
import { verifyTopics } from '../../cli/audit/verify-topics.ts'
import { AppError, type Reader } from '../../runtime/api/index.ts'
import {
  type Audited,
  at,
  auditedRun,
  doctored,
  type Edit,
  flipped,
  type Place,
  recordsOf,
  within,
} from './audited-run.ts'

const TRAIL = { topic: 'audit.events.v1', partition: 0 }
const SEALED = ['audit.raw-ticks.v1', 'market.events.v1', 'market.books.v1', 'market.nbbo.v1']

let whole: Audited
let covered: Place[]
let counts: Map<string, number>

beforeAll(async () => {
  whole = await auditedRun()
  covered = []
  counts = new Map()
  for (const [topic, { partitions }] of Object.entries(whole.run.topology.topics)) {
    if (topic === TRAIL.topic || topic === 'dead-letter.v1') continue
    for (let partition = 0; partition < partitions; partition++) {
      const { end_offset } = whole.reader.partition(topic, partition)
      counts.set(`${topic}/${partition}`, end_offset)
      if (end_offset > 1) covered.push({ topic, partition })
    }
  }
})

const verified = (reader: Reader) => verifyTopics(reader, whole.run.topology)
const verifiedAfter = async (edit: Edit) => verified(await doctored(whole.reader, edit))

describe('verifying a directory', () => {
  it('hashes every record under audit again', async () => {
    const records = whole.reader.partition(TRAIL.topic, 0).end_offset
    const all = [...counts.values()].reduce((sum, count) => sum + count, 0)
    expect(covered.map(({ topic }) => topic)).toEqual(
      expect.arrayContaining([...SEALED, 'fills.global.v1', 'decisions.v1', 'orders.gateway.v1', 'positions.v1']),
    )
    expect(await verified(whole.reader)).toEqual({
      records,
      head: expect.stringMatching(/^[0-9a-f]{64}$/),
      ok: true,
      first_bad: null,
      covered: all,
      not_sealed_yet: 0,
    })
  })

  it('finds whatever is done to one record of any topic, and where', async () => {
    for (const place of covered) {
      const count = counts.get(`${place.topic}/${place.partition}`) as number
      const offset = Math.floor(count / 2)
      const sealed = SEALED.includes(place.topic)
      const changes: [string, Parameters<typeof at>[2]][] = [
        ['body', (record) => [flipped(record, -1)]],
        ['dropped', () => []],
        ['repeated', (record) => [record, record]],
        ['put in', (record) => [{ ...record, producer: 'stranger/0', seq: 0 }, record]],
      ]
      if (!sealed) {
        changes.push(['time', (record) => [{ ...record, stream_time_us: record.stream_time_us + 1 }]])
        changes.push(['causes', (record) => [{ ...record, causes: [...record.causes, 'feed:0'] }]])
      }
      for (const [what, change] of changes) {
        const { ok, head, first_bad } = await verifiedAfter(at(place, offset, change))
        expect(
          { ok, head, topic: first_bad?.topic, partition: first_bad?.partition },
          `${place.topic} ${what}: ${first_bad?.reason}`,
        ).toEqual({ ok: false, head: null, ...place })
        // A record in full is named itself, or the one behind it; of a sealed one its range.
        const found = first_bad?.offset as number
        if (what === 'put in') expect(found).toBe(offset)
        else if (!sealed) expect(found).toBe(what === 'repeated' ? offset + 1 : offset)
        else expect(found, what).toBeLessThanOrEqual(offset + 1)
        if (sealed) expect(offset - found, what).toBeLessThan(256)
      }
    }
  })

  it('finds two records that changed places', async () => {
    for (const place of [
      { topic: 'market.nbbo.v1', partition: 0 },
      { topic: 'orders.state.v1', partition: 0 },
    ]) {
      const [a, b] = (await recordsOf(whole.reader, place)).slice(3, 5)
      if (a === undefined || b === undefined) throw new Error('too few records')
      const swap = within(place, (record) =>
        record.offset === a.offset ? [b] : record.offset === b.offset ? [a] : [record],
      )
      expect(await verifiedAfter(swap)).toMatchObject({ ok: false, first_bad: place })
    }
  })

  it('finds what is done to the trail, at its place', async () => {
    const records = whole.reader.partition(TRAIL.topic, 0).end_offset
    for (const offset of [0, 1, Math.floor(records / 2)]) {
      const changes: Parameters<typeof at>[2][] = [
        (record) => [flipped(record, 2)],
        (record) => [flipped(record, -1)],
        (record) => [{ ...record, key: 'elsewhere/0' }],
      ]
      for (const change of changes) {
        expect(await verifiedAfter(at(TRAIL, offset, change))).toMatchObject({
          ok: false,
          records: offset,
          head: null,
          first_bad: { ...TRAIL, offset },
        })
      }
      expect(await verifiedAfter(at(TRAIL, offset, (record) => [record, record]))).toMatchObject({
        ok: false,
        first_bad: { ...TRAIL, offset: offset + 1 },
      })
      const dropped = await verifiedAfter(at(TRAIL, offset, () => []))
      expect(dropped.ok).toBe(false)
      expect(dropped.first_bad?.reason).toMatch(/where \d+ belongs|no audit event covers it/)
    }
  })

  it('finds the end of the trail cut off: marks of stream time have passed', async () => {
    const records = whole.reader.partition(TRAIL.topic, 0).end_offset
    const cut = await verifiedAfter(within(TRAIL, (record) => (record.offset >= records - 1 ? [] : [record])))
    expect(cut).toMatchObject({ ok: false, records: records - 1, first_bad: { reason: 'no audit event covers it' } })
  })

  it('of a run that was stopped leaves its youngest records to the next seal, and nothing else', async () => {
    const { reader, run } = await auditedRun({ stop_after_orders: 3 })
    const result = await verifyTopics(reader, run.topology)
    expect(result).toMatchObject({ ok: true, first_bad: null })
    expect(result.not_sealed_yet).toBeGreaterThan(0)
    const records = reader.partition(TRAIL.topic, 0).end_offset
    const youngest = await doctored(
      reader,
      within(TRAIL, (record) => (record.offset >= records - 1 ? [] : [record])),
    )
    expect((await verifyTopics(youngest, run.topology)).ok).toBe(false)
  })

  it('says where stored bytes cannot be read', async () => {
    for (const place of [...covered, TRAIL]) {
      const { read } = whole.reader
      const reader: Reader = {
        ...whole.reader,
        read: async (topic, partition, offset) => {
          const batch = await read(topic, partition, offset)
          if (
            topic === place.topic &&
            partition === place.partition &&
            batch !== undefined &&
            batch.base_offset + batch.records > 1
          ) {
            throw new AppError('DATA_DAMAGED', 'checksum differs', { exit_code: 3 })
          }
          return batch
        },
      }
      expect(await verified(reader)).toMatchObject({ ok: false, first_bad: { ...place, reason: 'checksum differs' } })
    }
  })

  it('begins where retention left off', async () => {
    const place = { topic: 'market.nbbo.v1', partition: 0 }
    const start = (await whole.reader.read(place.topic, place.partition, 300))?.base_offset ?? 0
    expect(start).toBeGreaterThan(256)
    const reader: Reader = {
      ...whole.reader,
      partition: (topic, partition) => ({
        ...whole.reader.partition(topic, partition),
        ...(topic === place.topic ? { start_offset: start } : {}),
      }),
    }
    const before = await verified(whole.reader)
    const after = await verified(reader)
    expect(after).toMatchObject({ ok: true, records: before.records, head: before.head })
    // The range that retention cut into cannot be hashed again.
    expect(before.covered - after.covered).toBeGreaterThanOrEqual(start)
    expect(before.covered - after.covered).toBeLessThan(start + 256)
  })

  it('needs a topology with a trail', async () => {
    const { 'audit-sink': _gone, ...stages } = whole.run.topology.stages
    await expect(verifyTopics(whole.reader, { ...whole.run.topology, stages })).rejects.toMatchObject({
      code: 'NO_AUDIT',
      exit_code: 2,
    })
  })
})
