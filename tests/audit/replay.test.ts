import { beforeAll, describe, expect, it } from 'vitest'
import { replayDirectory } from '../../cli/audit/replay.ts'
import type { RecordView } from '../../runtime/log/batch.ts'
import { MemoryStore } from '../../runtime/log/memory-store.ts'
import { SimulatedLog } from '../../runtime/log/simulated.ts'
import { AuditEvent } from '../../schemas/generated/index.ts'
import { type Audited, at, auditedRun, doctored, type Edit, flipped, recordsOf } from './audited-run.ts'

let whole: Audited
beforeAll(async () => {
  whole = await auditedRun()
})

const FILLS = { topic: 'fills.global.v1', partition: 0 }

async function replayOf(edit: Edit) {
  return replayDirectory(await doctored(whole.reader, edit), whole.run)
}

describe('a replay', () => {
  it('makes every computed record again, byte by byte', async () => {
    const result = await replayDirectory(whole.reader, whole.run)
    let computed = 0
    let first_us = Number.POSITIVE_INFINITY
    for (const [topic, { partitions }] of Object.entries(whole.run.topology.topics)) {
      for (let partition = 0; partition < partitions; partition++) {
        for (const record of await recordsOf(whole.reader, { topic, partition })) {
          if (record.producer === 'feed') first_us = Math.min(first_us, record.stream_time_us)
          else if (record.producer !== 'topology' && !record.producer.startsWith('inference-enricher/')) computed++
        }
      }
    }
    const fills = await recordsOf(whole.reader, FILLS)
    expect(fills.length).toBeGreaterThan(3)
    expect(computed).toBeGreaterThan(10_000)
    expect(result).toMatchObject({
      compared: computed,
      different: 0,
      first_difference: null,
      stopped: undefined,
      changed: [],
    })
    expect(result.range.from_us).toBe(first_us)
    // The drain goes on for five seconds after the last frame.
    const frames = (
      await Promise.all(
        [0, 1, 2, 3].map((partition) => recordsOf(whole.reader, { topic: 'audit.raw-ticks.v1', partition })),
      )
    ).flat()
    expect(result.range.to_us).toBe(Math.max(...frames.map((frame) => frame.stream_time_us)) + 5_000_000)
  })

  it('ends where the log ends: what was due later has not happened', async () => {
    const { range } = await replayDirectory(whole.reader, whole.run)
    for (const stop of [{ stop_after_commits: 2 }, { stop_after_orders: 1 }, { stop_after_orders: 4 }]) {
      const part = await auditedRun(stop)
      const result = await replayDirectory(part.reader, part.run)
      expect(result.compared).toBeGreaterThan(50)
      expect(result).toMatchObject({ different: 0, first_difference: null })
      expect(result.range.to_us).toBeLessThan(range.to_us - 5_000_000)
    }
  })

  it('follows a log that one build began and others went on with, twice', async () => {
    const log = new SimulatedLog(new MemoryStore())
    await auditedRun({ broker: log.connect(), stop_after_orders: 1, build: 'first' })
    await auditedRun({ broker: log.connect(), stop_after_orders: 2, build: 'second' })
    const { reader, run } = await auditedRun({ broker: log.connect() })
    expect(await replayDirectory(reader, run)).toMatchObject({ different: 0, changed: [] })
    // Each chain that was there before names a build when that build first goes on with it.
    const events = (await recordsOf(reader, { topic: 'audit.events.v1', partition: 0 })).map(({ body }) =>
      AuditEvent.decode(body, 0, body.length),
    )
    const builds = events
      .filter(({ origin, kind }) => origin === 'market.nbbo.v1/0' && kind === 'RUN')
      .map(({ body }) => JSON.parse(Buffer.from(body).toString()).build as string)
    expect(builds).toEqual(['first', 'second', expect.stringMatching(/^\d+\.\d+\.\d+\+[0-9a-f]{12}$/)])
  })
})

describe('a replay of a log that somebody wrote in', () => {
  it('finds what follows from one altered byte of a frame', async () => {
    const frames = await recordsOf(whole.reader, { topic: 'audit.raw-ticks.v1', partition: 2 })
    const frame = frames.find(({ offset, body }) => offset > 1000 && Buffer.from(body).includes('@bookTicker'))
    if (frame === undefined) throw new Error('no such frame')
    const { body, offset, id } = frame
    const digit = Buffer.from(body).indexOf('"B":"') + 5
    const result = await replayOf(
      at({ topic: 'audit.raw-ticks.v1', partition: 2 }, offset, (record) => [flipped(record, digit)]),
    )
    expect(result.different).toBeGreaterThan(2)
    const [event] = (
      await Promise.all(
        [0, 1, 2, 3].map((partition) => recordsOf(whole.reader, { topic: 'market.events.v1', partition })),
      )
    )
      .flat()
      .filter((record) => record.causes[0] === id)
    expect(result.first_difference).toMatchObject({
      topic: 'market.events.v1',
      id: event?.id,
      offset: event?.offset,
      what: 'body',
    })
  })

  it.each([
    ['a record taken away', 'missing', () => []],
    ['another body', 'body', (record) => [flipped(record, -1)]],
    ['another key', 'key', (record) => [{ ...record, key: 'nobody' }]],
    ['another stream time', 'stream_time', (record) => [{ ...record, stream_time_us: record.stream_time_us + 1 }]],
    ['another cause', 'causes', (record) => [{ ...record, causes: ['feed:0'] }]],
    ['a cause more', 'causes', (record) => [{ ...record, causes: [...record.causes, 'feed:0'] }]],
    ['a record of nobody put in', 'surplus', (record) => [record, { ...record, producer: 'stranger/0', seq: 0 }]],
    ['a record put in twice', 'surplus', (record) => [record, record]],
  ] satisfies [string, string, Parameters<typeof at>[2]][])(
    '%s: counts it alone and names it',
    async (_name, what, change) => {
      const record = (await recordsOf(whole.reader, FILLS))[1]
      const result = await replayOf(at(FILLS, 1, change))
      expect(result.different).toBe(1)
      expect(result.first_difference).toMatchObject({ ...FILLS, what, offset: what === 'surplus' ? 2 : 1 })
      if (what !== 'surplus') expect(result.first_difference?.id).toBe(record?.id)
    },
  )

  it('names the earliest of several differences', async () => {
    const early = { topic: 'market.nbbo.v1', partition: 0 }
    const events = await Promise.all(
      [0, 1, 2, 3].map((partition) => recordsOf(whole.reader, { topic: 'market.events.v1', partition })),
    )
    const late = { topic: 'market.events.v1', partition: events.findIndex((records) => records.length > 0) }
    const nbbo = (await recordsOf(whole.reader, early))[100] as RecordView
    const event = (events[late.partition] as RecordView[]).find(
      (record) => record.stream_time_us > nbbo.stream_time_us,
    ) as RecordView
    const result = await replayOf((record, { topic, partition }) =>
      (topic === early.topic && record.offset === nbbo.offset) ||
      (topic === late.topic && partition === late.partition && record.offset === event.offset)
        ? [flipped(record, -1)]
        : [record],
    )
    expect(result).toMatchObject({
      different: 2,
      first_difference: { ...early, offset: 100, id: nbbo.id, what: 'body' },
    })
  })

  it('shows what follows from another recorded answer of an effect, which itself is not compared', async () => {
    const place = { topic: 'predictions.v1', partition: 0 }
    const predictions = await Promise.all(
      [0, 1, 2, 3].map((partition) => recordsOf(whole.reader, { ...place, partition })),
    )
    const partition = predictions.findIndex((records) => records.length > 0)
    const answer = predictions[partition]?.[0]
    const result = await replayOf(at({ ...place, partition }, 0, (record) => [flipped(record, -1)]))
    // The trail holds predictions in full: that event differs, and with it the rest of its chain.
    expect(result.different).toBeGreaterThan(0)
    expect(result.first_difference).toMatchObject({ topic: 'audit.events.v1', what: 'body' })
    const events = await recordsOf(whole.reader, { topic: 'audit.events.v1', partition: 0 })
    expect(events.find(({ id }) => id === result.first_difference?.id)?.causes).toEqual([answer?.id])
  })

  it('stops where a source went back in time', async () => {
    const place = { topic: 'reference.instruments.v1', partition: 0 }
    const result = await replayOf(at(place, 1, (record) => [{ ...record, stream_time_us: -1 }]))
    expect(result.stopped).toContain('goes back in stream time')
    expect(result.different).toBeGreaterThan(10_000)
  })

  it('says what no record can be read from', async () => {
    const edit = at({ topic: 'reference.instruments.v1', partition: 0 }, 1, (record) => [
      { ...record, body: record.body.subarray(1) },
    ])
    await expect(replayOf(edit)).rejects.toMatchObject({ code: 'DATA_DAMAGED', exit_code: 3 })
  })
})
