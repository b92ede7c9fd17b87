import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { processors } from '../../processors/index.ts'
import { TestDriver } from '../../runtime/api/test-driver.ts'
import { MemoryStore } from '../../runtime/log/memory-store.ts'
import { lint } from '../../runtime/topology/lint.ts'
import { records } from '../../schemas/generated/index.ts'

/** Every built-in with a state on the real runtime: whole, and with a crash after every commit. */

const world = { processors, records, sources: {} }
const path = 'tests/topology/builtin.yaml'
const head = readFileSync(path, 'utf8')
  .replace(/max: 2, per_ms: 10/, 'max: 2, per_ms: 35')
  .replace(/size_ms: 10/, 'size_ms: 40')
  .replace(/idle_ms: 100/, 'idle_ms: 60')

/** More kinds of window and join than the file has. */
const more = `
  sessions:
    use: window
    description: Sessions by stream time.
    from: { in: books }
    to: { out: bars }
    faults_to: dead
    params:
      kind: session
      gap_ms: 15
      aggregate: { total: { op: sum, of: record.bid_qty }, mean: { op: sum, of: record.imbalance } }
      set:
        interval: '"session"'
        start_time_us: start_us
        end_time_us: end_us
        open_px: '1'
        high_px: '1'
        low_px: '1'
        close_px: int(mean)
        volume_qty: 'total > 300 ? total * 9000000000000000 : total'
        trades: '1'
        origin: '"TRADES"'
  pairs:
    use: join
    description: Pairs within bounds, by stream time.
    from: { left: books, right: slow }
    to: { out: marked, unmatched: late }
    faults_to: dead
    params:
      kind: interval
      before_ms: 12
      after_ms: 25
      unmatched: emit
      set: { sequence: left.sequence * 1000 + right.sequence }
`

const { topology, findings } = lint(head + more, path, { processors, records })
const STATEFUL = ['sampled', 'slow', 'once', 'scaled', 'bars', 'marked', 'sessions', 'pairs']
const STEPS = 60

function book(i: number, instrument_id: string) {
  return {
    instrument_id,
    venue: 'X',
    symbol: instrument_id,
    sequence: Math.floor(i / 2),
    quality: 'LIVE',
    bid_px: 10_000 + ((i * 37) % 19),
    bid_qty: i + 1,
    ask_px: null,
    ask_qty: null,
    bids: [{ px: 1, qty: i }],
    asks: [],
    proven_levels: 0,
    proven_bid_levels: 0,
    proven_ask_levels: 0,
    spread_px: null,
    imbalance: (i % 7) / 4,
    microprice_px: 1,
    order_flow_imbalance: 0,
    // Disorder, and now and then a value that is too late for its window.
    event_time_us: i * 7_000 - ((i * 13) % 5) * 6_000 - (i % 17 === 16 ? 200_000 : 0) + 1_000_000,
    receive_time_us: i,
  }
}

const INSTRUMENT = {
  instrument_id: 'A.X',
  venue: 'X',
  symbol: 'A',
  kind: 'SPOT',
  price_scale: 4,
  qty_scale: 8,
  tick_size_px: 1,
  lot_size_qty: 1,
  min_qty: 1,
  max_qty: 9,
  multiplier: 1,
  base_currency: 'A',
  quote_currency: 'B',
  calendar: '24x7',
  tradable: true,
  origin: 'TOPOLOGY',
}

function trade(i: number) {
  return {
    kind: 'trade',
    instrument_id: 'A.X',
    venue: 'X',
    symbol: 'A',
    sequence: i,
    event_time_us: i,
    event_time_source: 'VENUE',
    receive_time_us: i,
    depth: null,
    quote: null,
    trade: { trade_id: i, px: i + 1, qty: 1, aggressor: 'BUY', conditions: '', hidden: false },
    status: null,
    gap: null,
    order: null,
    session: null,
  }
}

/** Plays the steps from `from` on, committing after each; stops after `commits` of them. */
async function play(store: MemoryStore, from: number, commits = Number.POSITIVE_INFINITY) {
  const stages = Object.fromEntries(
    Object.entries(topology!.stages)
      .filter(([name]) => STATEFUL.includes(name))
      .map(([name, stage]) => [name, { ...stage, snapshot_every: name === 'slow' ? 1 : 3 }]),
  )
  const driver = await TestDriver.open({ topology: { ...topology!, stages }, world, store })
  if (from === 0) await driver.give('instruments', 0, INSTRUMENT)
  for (let i = from; i < STEPS && i < from + commits; i++) {
    // Pauses, so that sessions end and silence closes windows.
    const at_us = 1_000_000 + i * 9_000 + Math.floor(i / 20) * 100_000
    const books = [book(i, 'A.X'), ...(i % 3 === 0 ? [book(i, 'B.X')] : [])]
    await driver.giveAll(at_us, [['books', books], ...(i % 4 === 1 ? [['events', [trade(i)]] as const] : [])])
    await driver.commit()
  }
  if (from + commits >= STEPS) {
    await driver.advance(3_000_000)
    await driver.commit()
  }
  return driver
}

async function resultOf(driver: TestDriver) {
  const states = STATEFUL.map((stage) => [driver.state(stage, 'A.X'), driver.state(stage, 'B.X')])
  return { digests: await driver.digests(), states }
}

describe('stages with a state', () => {
  test('are of a topology without findings', () => expect(findings).toEqual([]))

  test('give the same records and states with a crash after every commit', async () => {
    const whole = await resultOf(await play(new MemoryStore(), 0))
    const counts = Object.fromEntries(Object.entries(whole.digests).map(([topic, { records: n }]) => [topic, n]))
    for (const topic of ['sampled', 'slow', 'once', 'scaled', 'bars', 'late', 'marked', 'dead']) {
      expect(counts[topic], topic).toBeGreaterThan(0)
    }
    // A window that cannot be written is refused once, and is gone.
    expect(whole.states[STATEFUL.indexOf('sessions')]).toMatchObject([{ windows: [] }, { windows: [] }])
    const store = new MemoryStore()
    let last: TestDriver | undefined
    for (let i = 0; i < STEPS; i++) last = await play(store, i, 1)
    expect(await resultOf(last!)).toEqual(whole)
  })
})
