import { expect, test } from 'vitest'
import { lint } from '../../runtime/topology/lint.ts'
import { world } from './world.ts'

const TEXT = `
name: small
description: Every form of input and every default.
owner: tests
end_drain_ms: 0
sources:
  feed: { to: frames.v1 }
  topology: { to: reference.v1 }
instruments:
  - { instrument_id: ACME.TEST, venue: TEST, symbol: ACME, kind: EQUITY, price_scale: 2, qty_scale: 0, tick_size_px: 1,
      lot_size_qty: 10, min_qty: 10, max_qty: 1000, base_currency: ACME, quote_currency: USD }
topics:
  frames.v1: { record: RawFrame, key: venue_symbol, partitions: 2, retention: 7d, retention_bytes: 1000000 }
  reference.v1: { record: Instrument, key: instrument_id, partitions: 1, description: Instruments. }
  events.v1: { record: MarketEvent, key: instrument_id, partitions: 2, retention: 500s }
  dead.v1: { record: DeadLetter, key: origin_topic, partitions: 1 }
  round.v1: { record: MarketEvent, key: instrument_id, partitions: 2, external: true }
  signals.v1: { record: PatternSignal, key: instrument_id, partitions: 2 }
  books.v1: { record: BookUpdate, key: instrument_id, partitions: 2 }
  predictions.v1: { record: Prediction, key: instrument_id, partitions: 2 }
stages:
  normalizer:
    use: normalizer
    from: { frames: frames.v1 }
    to: { events: events.v1, instruments: reference.v1 }
    faults_to: dead.v1
    max_faults: 0
  lookup:
    use: lookup
    description: Looks up.
    from: { in: { topic: events.v1 }, instruments: reference.v1 }
    snapshot_every: 1
    merge: arrival
  around:
    use: relay
    from: { in: { topic: round.v1, as: broadcast, feedback: { min_delay_us: 250 } } }
    to: { out: round.v1 }
  book:
    use: book-builder
    from: { events: events.v1 }
    to: { books: books.v1 }
    faults_to: dead.v1
  scorer:
    use: pattern-scorer
    from: { events: events.v1, books: books.v1 }
    to: { signals: signals.v1 }
    params: { breakout: { level: 1.5 } }
  model:
    use: ask
    from: { in: signals.v1 }
    to: { out: predictions.v1 }
    effect: { runner: linear/1, latency: 2ms, retries: 0, breaker_open: 1m }
`

const instrument = {
  instrument_id: 'ACME.TEST',
  venue: 'TEST',
  symbol: 'ACME',
  kind: 'EQUITY',
  price_scale: 2,
  qty_scale: 0,
  tick_size_px: 1,
  lot_size_qty: 10,
  min_qty: 10,
  max_qty: 1000,
  multiplier: 1,
  base_currency: 'ACME',
  quote_currency: 'USD',
  calendar: '24x7',
}

const topic = {
  retention_us: undefined,
  retention_bytes: undefined,
  compatibility: 'FULL_TRANSITIVE',
  description: undefined,
  partitions: 2,
}
const keyed = { as: 'keyed', feedback_us: undefined }
const stage = {
  description: undefined,
  faults_to: undefined,
  snapshot_every: 1000,
  merge: 'by_data',
  max_faults: undefined,
  params: {},
  effect: undefined,
}

test('a topology is read with every default filled in', () => {
  const { topology, findings } = lint(TEXT, 'small.yaml', world)
  expect(findings).toEqual([])
  expect(topology).toStrictEqual({
    name: 'small',
    description: 'Every form of input and every default.',
    owner: 'tests',
    commit_interval_ms: 5,
    commit_max_records: 20_000,
    end_drain_ms: 0,
    sources: { feed: { to: 'frames.v1' }, topology: { to: 'reference.v1' } },
    instruments: [instrument],
    topics: {
      'frames.v1': {
        ...topic,
        record: 'RawFrame',
        key: 'venue_symbol',
        retention_us: 604_800_000_000,
        retention_bytes: 1_000_000,
      },
      'reference.v1': {
        ...topic,
        record: 'Instrument',
        key: 'instrument_id',
        partitions: 1,
        description: 'Instruments.',
      },
      'events.v1': { ...topic, record: 'MarketEvent', key: 'instrument_id', retention_us: 500_000_000 },
      'dead.v1': { ...topic, record: 'DeadLetter', key: 'origin_topic', partitions: 1 },
      'round.v1': { ...topic, record: 'MarketEvent', key: 'instrument_id', external: true },
      'signals.v1': { ...topic, record: 'PatternSignal', key: 'instrument_id' },
      'books.v1': { ...topic, record: 'BookUpdate', key: 'instrument_id' },
      'predictions.v1': { ...topic, record: 'Prediction', key: 'instrument_id' },
    },
    stages: {
      normalizer: {
        ...stage,
        use: 'normalizer',
        from: { frames: { ...keyed, topic: 'frames.v1' } },
        to: { events: 'events.v1', instruments: 'reference.v1' },
        faults_to: 'dead.v1',
        max_faults: 0,
        params: { instruments: [instrument], undeclared: 'declare' },
      },
      lookup: {
        ...stage,
        use: 'lookup',
        description: 'Looks up.',
        from: {
          in: { ...keyed, topic: 'events.v1' },
          instruments: { topic: 'reference.v1', as: 'broadcast', feedback_us: undefined },
        },
        to: {},
        snapshot_every: 1,
        merge: 'arrival',
      },
      around: {
        ...stage,
        use: 'relay',
        from: { in: { topic: 'round.v1', as: 'broadcast', feedback_us: 250 } },
        to: { out: 'round.v1' },
      },
      book: {
        ...stage,
        use: 'book-builder',
        from: { events: { ...keyed, topic: 'events.v1' } },
        to: { books: 'books.v1' },
        faults_to: 'dead.v1',
        params: { levels: 10 },
      },
      scorer: {
        ...stage,
        use: 'pattern-scorer',
        from: { events: { ...keyed, topic: 'events.v1' }, books: { ...keyed, topic: 'books.v1' } },
        to: { signals: 'signals.v1' },
        params: { breakout: { level: 1.5 } },
      },
      model: {
        ...stage,
        use: 'ask',
        from: { in: { ...keyed, topic: 'signals.v1' } },
        to: { out: 'predictions.v1' },
        effect: {
          runner: 'linear/1',
          latency_us: 2_000,
          batch_max: 64,
          retries: 0,
          breaker_failures: 5,
          breaker_open_us: 60_000_000,
        },
      },
    },
  })
})

test('instruments that a processor cannot take are reported where they stand', () => {
  const named = `${TEXT}
  named:
    use: named
    from: { in: events.v1 }
`.replace('price_scale: 2', 'price_scale: 9')
  expect(lint(named, 'small.yaml', world).findings).toEqual([
    {
      file: 'small.yaml',
      line: 10,
      column: 87,
      code: 'PARAMETER_INVALID',
      message: '`instruments.0.price_scale` must be <= 8',
      hint: 'see the parameters of `named`',
    },
  ])
})
