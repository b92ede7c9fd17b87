import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { mermaid } from '../../cli/graph/mermaid.ts'
import { shippedWorld } from '../../cli/world.ts'
import { graphOf } from '../../runtime/topology/graph.ts'
import { lint } from '../../runtime/topology/lint.ts'
import { world } from './world.ts'

const TEXT = `
name: small
description: A loop, an effect, a table.
owner: tests
sources:
  feed: { to: frames.v1 }
  topology: { to: reference.v1 }
topics:
  frames.v1: { record: RawFrame, key: venue_symbol, partitions: 4 }
  reference.v1: { record: Instrument, key: instrument_id, partitions: 1 }
  events.v1: { record: MarketEvent, key: instrument_id, partitions: 4 }
  round.v1: { record: MarketEvent, key: instrument_id, partitions: 2, external: true }
  books.v1: { record: BookUpdate, key: instrument_id, partitions: 4 }
  signals.v1: { record: PatternSignal, key: instrument_id, partitions: 4 }
  predictions.v1: { record: Prediction, key: instrument_id, partitions: 4 }
  dead.v1: { record: DeadLetter, key: origin_topic, partitions: 1 }
stages:
  end:
    use: decode
    from: { in: frames.v1 }
    to: { out: events.v1 }
    faults_to: dead.v1
  lookup: { use: lookup, from: { in: events.v1, instruments: reference.v1 } }
  around:
    use: relay
    from: { in: { topic: round.v1, feedback: { min_delay_us: 250 } } }
    to: { out: round.v1 }
  book: { use: book-builder, from: { events: events.v1 }, to: { books: books.v1 }, faults_to: dead.v1 }
  pattern-scorer:
    use: pattern-scorer
    from: { events: events.v1, books: books.v1 }
    to: { signals: signals.v1 }
  ask:
    use: ask
    from: { in: signals.v1 }
    to: { out: predictions.v1 }
    effect: { runner: linear/1, latency: 500us }
`

test('a topology is drawn with topics on its edges', () => {
  const { topology, findings } = lint(TEXT, 'small.yaml', world)
  expect(findings).toEqual([])
  expect(mermaid(graphOf(topology!))).toBe(`flowchart LR
  source_feed(["feed"])
  source_topology(["topology"])
  stage_end["end<br/>decode"]
  stage_lookup["lookup"]
  stage_around["around<br/>relay"]
  stage_book["book<br/>book-builder"]
  stage_pattern_scorer["pattern-scorer"]
  stage_ask{{"ask<br/>effect, 0.5 ms"}}
  topic_predictions_v1[("predictions.v1 ×4")]
  topic_dead_v1[("dead.v1 ×1, faults of every stage")]
  source_feed -- "frames.v1 ×4" --> stage_end
  source_topology -- "reference.v1 ×1, broadcast" --> stage_lookup
  stage_end -- "events.v1 ×4" --> stage_lookup
  stage_end -- "events.v1 ×4" --> stage_book
  stage_end -- "events.v1 ×4" --> stage_pattern_scorer
  stage_around -. "round.v1 ×2, feedback 250 µs" .-> stage_around
  stage_book -- "books.v1 ×4" --> stage_pattern_scorer
  stage_pattern_scorer -- "signals.v1 ×4" --> stage_ask
  stage_ask --> topic_predictions_v1
`)
})

test('the shipped topology is drawn with both feedback edges dashed', async () => {
  const path = new URL('../../topology/crypto.yaml', import.meta.url)
  const picture = mermaid(graphOf(lint(readFileSync(path, 'utf8'), 'crypto.yaml', await shippedWorld()).topology!))
  expect(picture.split('\n').filter((line) => line.includes('-. '))).toEqual([
    '  stage_execution -. "positions.v1 ×1, broadcast, feedback 1000 µs" .-> stage_strategy',
    '  stage_venue_simulator -. "executions.v1 ×1, feedback 1000 µs" .-> stage_execution',
  ])
})
