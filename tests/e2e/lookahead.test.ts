import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { loadTopology } from '../../cli/compose.ts'
import { createReplay, replayFormats } from '../../connectors/replay/index.ts'
import type { Broker, Reader } from '../../runtime/api/index.ts'
import { RecordCursor } from '../../runtime/log/batch.ts'
import type { Topology } from '../../runtime/topology/types.ts'
import { Decision, MarketEvent, Nbbo, RawFrame } from '../../schemas/generated/index.ts'
import { type CaptureLine, captureLines, FORMAT, onRecordedFile } from './capture.ts'
import { fillsOf, Market } from './evidence.ts'
import { runSpine } from './spine.ts'
import { recordsOf, simulatedBroker, TOPOLOGY } from './whole-run.ts'

/**
 * Nothing knows the future on the recorded file, where our clock is 1.27 s behind the venue's: a simulator that
 * compared the two would fill orders with quotes from before they were sent.
 */
onRecordedFile('no look-ahead on the recorded Binance file', (file) => {
  const dir = mkdtempSync(join(tmpdir(), 'aitrader-lookahead-'))
  let topology: Topology
  let lines: readonly CaptureLine[]
  let whole: Broker

  beforeAll(async () => {
    topology = await loadTopology(TOPOLOGY)
    lines = captureLines(file)
    whole = await run(file)
  })
  afterAll(() => rmSync(dir, { recursive: true, force: true }))

  it('has venue times ahead of our clock', async () => {
    const events = await recordsOf(whole, 'market.events.v1', MarketEvent)
    const ahead = events.flatMap(({ value: { event_time_us, receive_time_us } }) =>
      event_time_us > 0 ? [event_time_us - receive_time_us] : [],
    )
    ahead.sort((a, b) => a - b)
    expect(Math.round((ahead[ahead.length >> 1] ?? 0) / 10_000)).toBe(127)
  })

  it('no fill rests on data of a venue time before the order arrived, nor on data not yet received', async () => {
    await expectFillsProven(whole, topology)
  })

  it('nor where books come late: what is received after an order may be of a time before it', async () => {
    const path = join(dir, 'late.capture')
    writeFileSync(path, lateDepth(lines).map(textOf).join(''), 'latin1')
    await expectFillsProven(await run(path), topology)
  })

  it('no record is made of younger ones', async () => {
    const times = new Map<string, number>()
    const records = await headsOf(whole, topology)
    for (const { id, stream_time_us } of records) times.set(id, stream_time_us)
    const wrong = records.flatMap(({ id, stream_time_us, causes }) =>
      causes.filter((cause) => !((times.get(cause) ?? Infinity) <= stream_time_us)).map((cause) => `${cause} -> ${id}`),
    )
    expect(wrong).toEqual([])
    expect(records.length).toBeGreaterThan(100_000)
  })

  it('no decision uses what came after it', async () => {
    const times = new Map((await headsOf(whole, topology)).map(({ id, stream_time_us }) => [id, stream_time_us]))
    const nbbos = await recordsOf(whole, 'market.nbbo.v1', Nbbo)
    const decisions = await recordsOf(whole, 'decisions.v1', Decision)
    expect(decisions.length).toBeGreaterThan(50)
    for (const { id, value, stream_time_us } of decisions) {
      expect(value.inputs.length).toBeGreaterThan(0)
      for (const input of value.inputs)
        expect(times.get(input), `${input} of ${id}`).toBeLessThanOrEqual(stream_time_us)
      // The market it saw is the last there was, of the age it says.
      const seen = nbbos.findLast((nbbo) => nbbo.value.symbol === value.symbol && nbbo.stream_time_us <= stream_time_us)
      expect(seen?.value.sequence, id).toBe(value.book_sequence)
      expect(stream_time_us - (seen?.stream_time_us ?? 0), id).toBe(value.book_age_us)
    }
  })

  it('what a run writes until a moment does not depend on what comes after it', async () => {
    const market = await Market.of(whole)
    const fills = await fillsOf(whole)
    const frames = await recordsOf(whole, 'audit.raw-ticks.v1', RawFrame)
    const stream_times = frames.map(({ stream_time_us }) => stream_time_us).sort((a, b) => a - b)
    for (let cut = 0; cut < CUTS; cut++) {
      // Just before the datum that fills an order: whoever knew of it too early would show here.
      const { fill } = fills[Math.floor(((cut + 0.5) * fills.length) / CUTS)] as (typeof fills)[number]
      const [proof] = market.evidence(fill.value.market_sequence, fill.value.side, fill.stream_time_us)
      const next = stream_times.findIndex((at) => at >= (proof?.stream_time_us ?? Infinity))
      expect(next).toBeGreaterThan(0)
      const path = join(dir, `${cut}.capture`)
      writeFileSync(path, lines.slice(0, next).map(textOf).join(''), 'latin1')
      const until_us = stream_times[next] as number
      const part = await headsOf(await run(path), topology, until_us)
      const same = await headsOf(whole, topology, until_us)
      const first = same.findIndex((record, i) => JSON.stringify(record) !== JSON.stringify(part[i]))
      expect({ cut, record: part[first] }).toEqual({ cut, record: same[first] })
      expect(part.length).toBe(same.length)
    }
  })
})

/**
 * Every fill has a proof: a datum that shows its price and quantity, had come by then, and is of a venue time at which
 * the order was there. That is the latency after the greatest venue time that had reached us when it was sent.
 */
async function expectFillsProven(run: Reader, { stages }: Topology): Promise<void> {
  const entry_latency_us = stages['venue-simulator']?.params.entry_latency_us as number
  const market = await Market.of(run)
  const fills = await fillsOf(run)
  expect(fills.length).toBeGreaterThan(50)
  const taken = new Map<string, number>()
  for (const { fill, order } of fills) {
    const { market_sequence, side, px, qty, transact_time_us } = fill.value
    const known_us = market.venueTimeKnownAt(order.stream_time_us)
    expect(order.value.event_time_us).toBeGreaterThan(0)
    expect(order.value.event_time_us).toBeLessThanOrEqual(known_us)
    const arrival_us = known_us + entry_latency_us
    expect(transact_time_us - arrival_us, `fill ${fill.id} of ${order.id}`).toBeGreaterThanOrEqual(0)
    const proofs = market
      .evidence(market_sequence, side, fill.stream_time_us)
      .filter(
        ({ venue_time_us, stream_time_us, levels }) =>
          (levels.get(px) ?? 0) >= qty &&
          venue_time_us >= arrival_us &&
          stream_time_us >= order.stream_time_us + entry_latency_us,
      )
    expect(proofs, `fill ${fill.id} of ${order.id} on ${market_sequence}`).not.toEqual([])
    // Each quantity serves once.
    const level = `${side} ${px} ${market_sequence}`
    taken.set(level, (taken.get(level) ?? 0) + qty)
    const displayed = Math.max(...proofs.map(({ levels }) => levels.get(px) ?? 0))
    expect(taken.get(level), level).toBeLessThanOrEqual(displayed)
  }
}

/** The same lines with depth received later than it was: order within it kept, times of the venue as they are. */
function lateDepth(lines: readonly CaptureLine[]): CaptureLine[] {
  const late = lines.map(({ receive_ns, frame }) => {
    const depth = frame.includes('"depthUpdate"') || frame.startsWith('{"lastUpdateId"')
    return { receive_ns: depth ? String(BigInt(receive_ns) + LATE_NS) : receive_ns, frame }
  })
  // 19 digits each: their order as texts is that of the numbers. Sorting is stable.
  return late.sort((a, b) => (a.receive_ns < b.receive_ns ? -1 : a.receive_ns > b.receive_ns ? 1 : 0))
}

const LATE_NS = 400_000_000n
const CUTS = 5

/** A whole run whose audit trail does not name its source. */
async function run(path: string): Promise<Broker> {
  const broker = simulatedBroker()
  const source = await createReplay({ files: [{ path, format: FORMAT }], formats: replayFormats })
  await runSpine({ broker, source, step_ms: 0.01 })
  return broker
}

function textOf({ receive_ns, frame }: CaptureLine): string {
  return `${receive_ns} ${frame}\n`
}

interface Head {
  readonly at: string
  readonly id: string
  readonly key: string
  readonly stream_time_us: number
  readonly causes: readonly string[]
  readonly crc: number
}

/** All records of all topics before `until_us`, bodies by their CRC-32. */
async function headsOf(reader: Reader, topology: Topology, until_us = Number.POSITIVE_INFINITY): Promise<Head[]> {
  const heads: Head[] = []
  const cursor = new RecordCursor()
  for (const [topic, { partitions }] of Object.entries(topology.topics)) {
    for (let partition = 0; partition < partitions; partition++) {
      for (let at = 0; ; at = cursor.offset + 1) {
        const batch = await reader.read(topic, partition, at)
        if (batch === undefined) break
        cursor.open(batch, at)
        while (cursor.next()) {
          const { id, stream_time_us, offset } = cursor
          if (stream_time_us >= until_us) continue
          const causes = cursor.causes()
          const crc = crc32(cursor.body())
          heads.push({ at: `${topic}/${partition}@${offset}`, id, key: cursor.key(), stream_time_us, causes, crc })
        }
      }
    }
  }
  return heads
}
