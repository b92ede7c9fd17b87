import { resolve } from 'node:path'
import { Value } from 'typebox/value'
import { expect, test } from 'vitest'
import { loadModelRunner } from '../../connectors/model-runner/index.ts'
import { inferenceEnricher } from '../../processors/inference-enricher/index.ts'
import { patternScorer } from '../../processors/pattern-scorer/index.ts'
import { strategy } from '../../processors/strategy/index.ts'
import type { Json } from '../../runtime/api/index.ts'
import { TestDriver } from '../../runtime/api/test-driver.ts'
import { MemoryStore } from '../../runtime/log/memory-store.ts'
import type { EffectDeclaration, InputDeclaration, StageDeclaration, Topology } from '../../runtime/topology/types.ts'
import { records } from '../../schemas/generated/index.ts'
import { BTC } from './kit.ts'
import { LISTED, nbboOf, positionOf } from './strategy-records.ts'

/** Trades and books to decisions on the real runtime: whole, and with a crash after every commit. */

const keyed = (topic: string): InputDeclaration => ({ topic, as: 'keyed', feedback_us: undefined })
const broadcast = (topic: string): InputDeclaration => ({ topic, as: 'broadcast', feedback_us: undefined })

const effect: EffectDeclaration = {
  runner: 'linear-microstructure/1',
  latency_us: 2_000,
  batch_max: 8,
  retries: 0,
  breaker_failures: 5,
  breaker_open_us: 1_000_000,
}

/** Small windows, so that a few seconds of market hold a few dozen signals. */
const params: Record<string, { [name: string]: Json }> = {
  'pattern-scorer': {
    window_bars: 6,
    slow_bars: 6,
    fast_bars: 2,
    atr_bars: 3,
    rsi_bars: 3,
    regime_bars: 6,
    window_books: 4,
  },
  'inference-enricher': {},
  strategy: { max_hold_ms: 700, min_edge_bps: 0 },
}

function stage(use: keyof typeof params, from: StageDeclaration['from'], to: StageDeclaration['to']): StageDeclaration {
  const processor = { 'pattern-scorer': patternScorer, 'inference-enricher': inferenceEnricher, strategy }[use]!
  return {
    use,
    description: undefined,
    from,
    to,
    faults_to: 'dead',
    snapshot_every: use === 'strategy' ? 1 : 3,
    merge: 'by_data',
    max_faults: 0,
    params: Value.Default(processor.params, structuredClone(params[use])) as { [name: string]: Json },
    effect: processor.kind === 'query' ? effect : undefined,
  }
}

const topic = (record: string, key: string) => ({
  record,
  key,
  partitions: 1,
  retention_us: undefined,
  retention_bytes: undefined,
  description: undefined,
})

const topology: Topology = {
  name: 'chain',
  description: '',
  owner: '',
  commit_interval_ms: 5,
  commit_max_records: 1_000,
  end_drain_ms: 0,
  sources: {},
  instruments: [],
  topics: {
    instruments: topic('Instrument', 'instrument_id'),
    events: topic('MarketEvent', 'instrument_id'),
    books: topic('BookUpdate', 'instrument_id'),
    nbbo: topic('Nbbo', 'symbol'),
    signals: topic('PatternSignal', 'instrument_id'),
    predictions: topic('Prediction', 'instrument_id'),
    positions: topic('Position', 'account'),
    decisions: topic('Decision', 'account'),
    dead: topic('DeadLetter', 'origin_topic'),
  },
  stages: {
    scorer: stage('pattern-scorer', { events: keyed('events'), books: keyed('books') }, { signals: 'signals' }),
    enricher: stage('inference-enricher', { signals: keyed('signals') }, { predictions: 'predictions' }),
    strategy: stage(
      'strategy',
      {
        signals: broadcast('signals'),
        predictions: broadcast('predictions'),
        nbbo: broadcast('nbbo'),
        positions: broadcast('positions'),
        instruments: broadcast('instruments'),
      },
      { decisions: 'decisions' },
    ),
  },
}

const TICKS = 110
const STEP_US = 60_000

/** A walk with runs in it, from a generator of whole numbers: the same on every machine. */
const walk = (() => {
  const px: number[] = []
  let seed = 7
  let at = 6_000_000
  for (let i = 0; i < TICKS; i += 1) {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
    at += (seed % 401) - 200 + (i % 60 < 30 ? 150 : -150)
    px.push(at)
  }
  return px
})()

/** Plays the ticks from `from` on, committing after each; stops after `commits` of them. */
async function play(store: MemoryStore, from: number, commits = Number.POSITIVE_INFINITY) {
  const runners = { enricher: { query: loadModelRunner(resolve(import.meta.dirname, '../../models'), effect.runner) } }
  const world = {
    processors: { 'pattern-scorer': patternScorer, 'inference-enricher': inferenceEnricher, strategy },
    records,
    sources: {},
  }
  const driver = await TestDriver.open({ topology, world, runners, store })
  if (from === 0) await driver.give('instruments', 0, LISTED)
  for (let i = from; i < TICKS && i < from + commits; i += 1) {
    const at_us = 1_000_000 + i * STEP_US
    const px = walk[i]!
    const times = { event_time_us: at_us - 500, receive_time_us: at_us }
    await driver.giveAll(at_us, [
      [
        'books',
        [
          {
            ...BTC,
            sequence: i,
            quality: 'LIVE',
            bid_px: px - 50,
            bid_qty: 5,
            ask_px: px + 50,
            ask_qty: 5,
            bids: [],
            asks: [],
            proven_levels: 0,
            proven_bid_levels: 0,
            proven_ask_levels: 0,
            spread_px: 100,
            imbalance: (i % 50 < 25 ? 1 : -1) * 0.9,
            microprice_px: px,
            order_flow_imbalance: i % 50 < 25 ? 3 : -3,
            ...times,
          },
        ],
      ],
      ['nbbo', [nbboOf({ bid_px: px - 50, ask_px: px + 50, sequence: i, ...times })]],
      [
        'events',
        [
          {
            kind: 'trade',
            ...BTC,
            sequence: i,
            event_time_source: 'VENUE',
            depth: null,
            quote: null,
            trade: {
              trade_id: i,
              px,
              qty: 1_000 + (i % 37 === 0 ? 90_000 : i),
              aggressor: 'BUY',
              conditions: '',
              hidden: false,
            },
            status: null,
            gap: null,
            order: null,
            session: null,
            ...times,
          },
        ],
      ],
      // A venue that fills whatever was open at these ticks.
      ...(i % 45 === 20 ? [['positions', [positionOf(i % 2 === 0 ? 2_000_000 : 0)]] as const] : []),
    ])
    await driver.commit()
  }
  // Time for the last answers.
  if (from + commits >= TICKS) {
    await driver.advance(1_000_000 + TICKS * STEP_US)
    await driver.commit()
  }
  return driver
}

async function resultOf(driver: TestDriver) {
  return {
    digests: await driver.digests(),
    states: ['scorer', 'enricher'].map((name) => driver.state(name, BTC.instrument_id)),
    strategy: driver.state('strategy', BTC.symbol),
  }
}

test('from trades to decisions, and the same with a crash after every commit', async () => {
  const driver = await play(new MemoryStore(), 0)
  const decisions = await driver.read<{ side: string; factors: { name: string }[]; inputs: string[] }>('decisions')
  const signals = await driver.read('signals')
  expect(signals.length).toBeGreaterThan(10)
  expect(await driver.read('predictions')).toHaveLength(signals.length)
  expect(await driver.read('dead')).toStrictEqual([])
  expect(decisions.length).toBeGreaterThan(3)
  for (const { value, causes } of decisions) expect([...causes].sort()).toStrictEqual([...value.inputs].sort())
  expect(new Set(decisions.map(({ value }) => value.factors.at(-1)!.name))).toContain('exit_held')
  const whole = await resultOf(driver)

  for (let crash = 1; crash < TICKS; crash += 1) {
    const store = new MemoryStore()
    await play(store, 0, crash)
    expect(await resultOf(await play(store, crash)), `crashed after commit ${crash}`).toStrictEqual(whole)
  }
})
