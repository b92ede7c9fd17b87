import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { NormalizerState } from '../../processors/normalizer/binance-spot/state.ts'
import { normalizer } from '../../processors/normalizer/index.ts'
import type { MarketEvent } from '../../schemas/generated/index.ts'
import { BTC, Hand, port, rawFrame, wire } from './kit.ts'

const { depth, snapshot, quote, trade } = wire

function hand(buffer_max = 8): Hand {
  return new Hand(normalizer, 'BINANCE:BTCUSDT', {
    instruments: [BTC],
    unknown_symbol: 'declare',
    buffer_max,
    restart_after: 3,
  })
}

/** An event in a word: `snapshot 5`, `depth 6-7`, `gap depth 8-9`, `status RESYNC GAP`. */
function word({ kind, sequence, depth, gap, status }: MarketEvent): string {
  if (depth !== null) return depth.snapshot ? `snapshot ${sequence}` : `depth ${depth.first_sequence}-${sequence}`
  if (gap !== null) return `gap ${gap.channel} ${gap.expected}-${gap.received}`
  if (status !== null) return `status ${status.state} ${status.reason}`
  return `${kind} ${sequence}`
}

function words(normal: Hand, frame: string): string[] {
  return port<MarketEvent>(normal.on('frames', rawFrame(frame)), 'events').map(word)
}

/** All events of the frames, each frame's apart. */
function run(frames: readonly string[], buffer_max = 8): { said: string[][]; state: NormalizerState } {
  const normal = hand(buffer_max)
  const said = frames.map((frame) => words(normal, frame))
  return { said, state: normal.state as NormalizerState }
}

describe('depth', () => {
  it.each<[string, string[], string[][], Partial<NormalizerState>]>([
    [
      'waits for a snapshot, then passes on what follows it',
      [depth(1, 4), depth(5, 6), depth(7, 9), snapshot(6), depth(10, 11)],
      [['status BUFFERING NO_SNAPSHOT'], [], [], ['snapshot 6', 'status LIVE SYNCED', 'depth 7-9'], ['depth 10-11']],
      { phase: 'LIVE', depth_id: 11, gaps: 0, depth_discarded: 2 },
    ],
    [
      'may begin inside a message that the snapshot holds in part',
      [depth(1, 4), depth(5, 9), snapshot(6), depth(10, 11)],
      [['status BUFFERING NO_SNAPSHOT'], [], ['snapshot 6', 'status LIVE SYNCED', 'depth 5-9'], ['depth 10-11']],
      { phase: 'LIVE', gaps: 0 },
    ],
    [
      'may begin with the snapshot',
      [snapshot(6), depth(3, 6), depth(5, 8), depth(9, 9)],
      [['snapshot 6'], [], ['status LIVE SYNCED', 'depth 5-8'], ['depth 9-9']],
      { phase: 'LIVE', depth_discarded: 1, duplicates: 0 },
    ],
    [
      'with a hole waits for the next snapshot, and keeps what comes meanwhile',
      [snapshot(6), depth(7, 7), depth(9, 9), depth(10, 12), snapshot(10), depth(13, 13)],
      [
        ['snapshot 6'],
        ['status LIVE SYNCED', 'depth 7-7'],
        ['gap depth 8-9', 'status RESYNC GAP'],
        [],
        ['snapshot 10', 'status LIVE SYNCED', 'depth 10-12'],
        ['depth 13-13'],
      ],
      { phase: 'LIVE', gaps: 1, depth_discarded: 1 },
    ],
    [
      'that does not join its snapshot is a gap',
      [snapshot(6), depth(8, 9)],
      [['snapshot 6'], ['gap depth 7-8', 'status RESYNC GAP']],
      { phase: 'RESYNC', gaps: 1, depth_id: 6 },
    ],
    [
      'that overlaps the one before is a gap: the venue does not do so',
      [snapshot(6), depth(7, 9), depth(9, 10)],
      [['snapshot 6'], ['status LIVE SYNCED', 'depth 7-9'], ['gap depth 10-9', 'status RESYNC GAP']],
      { phase: 'RESYNC', gaps: 1 },
    ],
    [
      'that came already is dropped',
      [snapshot(6), depth(7, 9), depth(7, 9), depth(8, 8), depth(10, 10)],
      [['snapshot 6'], ['status LIVE SYNCED', 'depth 7-9'], [], [], ['depth 10-10']],
      { phase: 'LIVE', duplicates: 2, gaps: 0 },
    ],
    [
      'that came already is dropped while it waits, too',
      [depth(1, 4), depth(1, 4), depth(5, 6), snapshot(4)],
      [['status BUFFERING NO_SNAPSHOT'], [], [], ['snapshot 4', 'status LIVE SYNCED', 'depth 5-6']],
      { duplicates: 1, gaps: 0 },
    ],
    [
      'takes a newer snapshot in the middle, and ignores an older one',
      [snapshot(6), depth(7, 9), snapshot(8), depth(10, 10), snapshot(12), depth(12, 13)],
      [
        ['snapshot 6'],
        ['status LIVE SYNCED', 'depth 7-9'],
        [],
        ['depth 10-10'],
        ['snapshot 12'],
        ['status LIVE SYNCED', 'depth 12-13'],
      ],
      { phase: 'LIVE', snapshots_ignored: 1, gaps: 0 },
    ],
    [
      'does not take a snapshot that leaves a hole before what waits',
      [depth(10, 11), snapshot(8), snapshot(9)],
      [
        ['status BUFFERING NO_SNAPSHOT'],
        ['status BUFFERING SNAPSHOT_TOO_OLD'],
        ['snapshot 9', 'status LIVE SYNCED', 'depth 10-11'],
      ],
      { phase: 'LIVE', snapshots_ignored: 1 },
    ],
    [
      'does not take an old snapshot after a gap',
      [snapshot(6), depth(7, 7), depth(9, 9), snapshot(7), snapshot(8)],
      [
        ['snapshot 6'],
        ['status LIVE SYNCED', 'depth 7-7'],
        ['gap depth 8-9', 'status RESYNC GAP'],
        ['status RESYNC SNAPSHOT_TOO_OLD'],
        ['snapshot 8', 'status LIVE SYNCED', 'depth 9-9'],
      ],
      { phase: 'LIVE', snapshots_ignored: 1, gaps: 1 },
    ],
    [
      'with a hole while it waits keeps only what is behind it',
      [depth(1, 2), depth(5, 6), snapshot(5)],
      [['status BUFFERING NO_SNAPSHOT'], ['gap depth 3-5'], ['snapshot 5', 'status LIVE SYNCED', 'depth 5-6']],
      { phase: 'LIVE', gaps: 1, depth_discarded: 1 },
    ],
    [
      'beyond the buffer loses its oldest and reports one gap per wait',
      [depth(1, 1), depth(2, 2), depth(3, 3), depth(4, 4), depth(5, 5), snapshot(1), snapshot(3)],
      [
        ['status BUFFERING NO_SNAPSHOT'],
        [],
        [],
        ['gap depth 1-2'],
        [],
        ['status BUFFERING SNAPSHOT_TOO_OLD'],
        ['snapshot 3', 'status LIVE SYNCED', 'depth 4-4', 'depth 5-5'],
      ],
      { gaps: 1, depth_discarded: 3, overflowed: false, buffered_levels: 0 },
    ],
  ])('%s', (_name, frames, expected, state) => {
    const result = run(frames, 3)
    expect(result.said).toEqual(expected)
    expect(result.state).toMatchObject(state)
    expect(result.state.frames).toBe(frames.length)
  })

  it('that waited names its own frames as causes', () => {
    const normal = hand()
    for (const frame of [depth(1, 4), depth(5, 6), depth(7, 8), snapshot(4)]) normal.on('frames', rawFrame(frame))
    expect(normal.ctx.caused).toEqual(['test/0:1', 'test/0:2'])
  })

  it('that waits is bounded by levels too', () => {
    const normal = hand(2)
    const many = Array.from({ length: 400 }, (_, i): [string, string] => [`${i + 1}.00`, '1'])
    for (let id = 1; id < 10; id++) normal.on('frames', rawFrame(depth(id, id, many, [])))
    const { buffer, buffered_levels } = normal.state as NormalizerState
    expect([buffer.length, buffered_levels]).toEqual([1, 400])
  })
})

describe('quotes', () => {
  it('are dropped when they are not newer', () => {
    const { said, state } = run([quote(5), quote(5), quote(4), quote(9)])
    expect(said).toEqual([['quote 5'], [], [], ['quote 9']])
    expect(state).toMatchObject({ duplicates: 1, out_of_order: 1, gaps: 0, quote_id: 9 })
  })
})

describe('ids that begin anew', () => {
  it('are believed after a run of older messages, and a gap tells', () => {
    const quotes = run([quote(900), quote(5), quote(6), quote(7), quote(8)])
    expect(quotes.said).toEqual([['quote 900'], [], [], ['gap quote 901-7', 'quote 7'], ['quote 8']])
    const trades = run([trade(900), trade(5), trade(6), trade(7), trade(8)])
    expect(trades.said).toEqual([['trade 900'], [], [], ['gap trade 901-7', 'trade 7'], ['trade 8']])
    expect(trades.state).toMatchObject({ out_of_order: 2, gaps: 1, trade_id: 8 })
  })

  it('are not believed of single stragglers', () => {
    const { said, state } = run([quote(9), quote(5), quote(10), quote(6), quote(11), quote(7), quote(12)])
    expect(said.flat()).toEqual(['quote 9', 'quote 10', 'quote 11', 'quote 12'])
    expect(state).toMatchObject({ out_of_order: 3, gaps: 0 })
  })

  it('make depth wait for a snapshot of the new ids', () => {
    const frames = [snapshot(900), depth(901, 902), depth(5, 6), depth(7, 8), depth(9, 10), depth(11, 12)]
    const { said, state } = run([...frames, snapshot(10), depth(13, 13)])
    expect(said).toEqual([
      ['snapshot 900'],
      ['status LIVE SYNCED', 'depth 901-902'],
      [],
      [],
      ['gap depth 903-9', 'status RESYNC RESTART'],
      [],
      ['snapshot 10', 'status LIVE SYNCED', 'depth 11-12'],
      ['depth 13-13'],
    ])
    expect(state).toMatchObject({ phase: 'LIVE', gaps: 1, depth_id: 13 })
  })
})

describe('trades', () => {
  it('with a hole are a gap and go on; ones that came are dropped', () => {
    const { said, state } = run([trade(5), trade(6), trade(6), trade(5), trade(9), trade(10)])
    expect(said).toEqual([['trade 5'], ['trade 6'], [], [], ['gap trade 7-9', 'trade 9'], ['trade 10']])
    expect(state).toMatchObject({ duplicates: 1, out_of_order: 1, gaps: 1, trade_id: 10 })
  })
})

describe('any feed', () => {
  const frame = fc.oneof(
    {
      weight: 6,
      arbitrary: fc
        .tuple(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 0, max: 3 }))
        .map(([U, n]) => depth(U, U + n)),
    },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 30 }).map((L) => snapshot(L)) },
    { weight: 2, arbitrary: fc.integer({ min: 1, max: 30 }).map((t) => trade(t)) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 30 }).map((u) => quote(u)) },
    { weight: 1, arbitrary: fc.constant('{}') },
  )

  it('comes out continuous: each change follows the last one, or a snapshot, or a gap was said', () => {
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 60 }), (frames) => {
        const normal = hand()
        let at: number | undefined
        let fresh = false
        let gaps = 0
        for (const one of frames) {
          for (const event of port<MarketEvent>(normal.on('frames', rawFrame(one)), 'events')) {
            if (event.gap !== null) gaps++
            if (event.gap?.channel === 'depth') at = undefined
            if (event.depth === null) continue
            const { snapshot, first_sequence } = event.depth
            if (snapshot) fresh = true
            else {
              expect(at).toBeDefined()
              const next = (at as number) + 1
              if (fresh) expect(first_sequence <= next && next <= event.sequence).toBe(true)
              else expect(first_sequence).toBe(next)
              fresh = false
            }
            at = event.sequence
          }
        }
        expect((normal.state as NormalizerState).gaps).toBe(gaps)
      }),
      { numRuns: 500 },
    )
  })

  it('comes out the same when the state went through a snapshot at any point', () => {
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 40 }), fc.nat({ max: 40 }), (frames, at) => {
        const through = hand()
        const restarted = hand()
        for (const [i, one] of frames.entries()) {
          if (i === at) restarted.restart()
          expect(restarted.on('frames', rawFrame(one))).toEqual(through.on('frames', rawFrame(one)))
        }
        expect(restarted.text()).toBe(through.text())
      }),
      { numRuns: 300 },
    )
  })
})
