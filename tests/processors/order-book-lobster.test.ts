import { beforeAll, describe, expect, it } from 'vitest'
import { bookBuilder } from '../../processors/book-builder/index.ts'
import type { BookUpdate, MarketEvent } from '../../schemas/generated/index.ts'
import { Hand, port } from './kit.ts'
import { bookRows, dayItems, eventsOf, lobsterDay, noLobsterDay, type Row } from './lobster-day.ts'

const PARAMS = { levels: 5, max_levels: 16_384, proven_min: 1, stale_after_ms: 60_000 }
const book = () => new Hand(bookBuilder as never, 'AMZN.NASDAQ', PARAMS)

describe.skipIf(lobsterDay === undefined)(`the recorded LOBSTER day${noLobsterDay}`, () => {
  let rows: Row[]
  /** Of the seed, then of each message. */
  let events: MarketEvent[][]
  beforeAll(async () => {
    rows = await bookRows()
    events = eventsOf(await dayItems())
  })

  it('is a seed and a frame for every row', () => {
    expect(rows).toHaveLength(155_935)
    expect(events).toHaveLength(155_936)
    expect(events[0]?.map(({ kind, sequence, depth }) => ({ kind, sequence, bids: depth?.bids }))).toEqual([
      { kind: 'order', sequence: 1, bids: undefined },
      { kind: 'depth', sequence: 1, bids: rows[0]?.bids },
    ])
  })

  it('gives no level that is said to be proven, of either side, that differs from the book file, from the first row to the last', () => {
    const hand = book()
    let last: BookUpdate | undefined
    const wrong: unknown[] = []
    const faults: unknown[] = []
    const proven = [0, 0, 0, 0, 0, 0]
    const sums = { bids: 0, asks: 0 }
    for (const [at, of_frame] of events.entries()) {
      for (const event of of_frame) {
        const answer = hand.on('events', event, event.receive_time_us)
        if ('fault' in answer) faults.push(answer)
        last = port<BookUpdate>(answer, 'books')[0] ?? last
      }
      if (at === 0) continue
      const row = rows[at - 1] as Row
      const { bids, asks, proven_levels, proven_bid_levels, proven_ask_levels } = last as BookUpdate
      proven[proven_levels] = (proven[proven_levels] ?? 0) + 1
      sums.bids += proven_bid_levels
      sums.asks += proven_ask_levels
      if (proven_levels !== Math.min(proven_bid_levels, proven_ask_levels)) wrong.push({ at, proven_levels })
      for (let i = 0; i < proven_bid_levels; i++) if (!same(bids[i], row.bids[i])) wrong.push({ at, bid: i })
      for (let i = 0; i < proven_ask_levels; i++) if (!same(asks[i], row.asks[i])) wrong.push({ at, ask: i })
    }
    expect(faults).toEqual([])
    expect(wrong).toEqual([])
    // Rows by how many levels are proven, 0 to 5: 0.2131 levels in the mean.
    expect(proven).toEqual([131_376, 17_999, 4_842, 1_382, 284, 52])
    // 1.4529 bids and 1.7236 asks in the mean.
    expect(sums).toEqual({ bids: 226_560, asks: 268_764 })
  })

  it('takes every row of the book file to the next one on levels 1 to 4', () => {
    let right = 0
    // Each row clears the book; to make one anew 155,934 times would be most of the time.
    const hand = book()
    for (let at = 1; at < rows.length; at++) {
      const { bids, asks } = rows[at - 1] as Row
      const [clear, snapshot] = events[0] as [MarketEvent, MarketEvent]
      const seed = { ...snapshot, sequence: at }
      hand.on('events', clear)
      hand.on('events', { ...seed, depth: { ...seed.depth, bids, asks } })
      for (const event of events[at + 1] ?? []) hand.on('events', event)
      const { bids: our_bids, asks: our_asks } = hand.state as {
        bids: { top(n: number): Row['bids'] }
        asks: { top(n: number): Row['asks'] }
      }
      const row = rows[at] as Row
      if (sameTop(our_bids.top(4), row.bids) && sameTop(our_asks.top(4), row.asks)) right++
    }
    expect(right).toBe(155_934)
  })

  it('accounts for every order: what was added is executed, reduced, deleted or rests', () => {
    const left = new Map<string, number>()
    const sums = { added: 0, executed: 0, reduced: 0, deleted: 0, gone_unseen: 0, unknown_orders: 0 }
    const unknown = new Set<string>()
    const odd: MarketEvent[] = []
    for (const event of events.flat()) {
      const { order } = event
      if (order === null || order.action === 'CLEAR') continue
      const { action, order_id, qty } = order
      const before = left.get(order_id)
      if (action === 'ADD') {
        if (before !== undefined) odd.push(event)
        left.set(order_id, qty)
        sums.added += qty
      } else if (before === undefined) unknown.add(order_id)
      else {
        if (qty > before) odd.push(event)
        // Behind the levels that the file shows, part of an order can go unseen: its delete tells what was left.
        if (action === 'DELETE') sums.gone_unseen += before - qty
        sums[action === 'EXECUTE' ? 'executed' : action === 'REDUCE' ? 'reduced' : 'deleted'] += qty
        if (qty === before || action === 'DELETE') left.delete(order_id)
        else left.set(order_id, before - qty)
      }
    }
    sums.unknown_orders = unknown.size
    const resting = [...left.values()].reduce((sum, qty) => sum + qty, 0)
    expect(odd).toEqual([])
    expect(sums.added).toBe(sums.executed + sums.reduced + sums.deleted + sums.gone_unseen + resting)
    expect({ ...sums, resting, resting_orders: left.size }).toEqual({
      added: 6_482_945,
      executed: 518_577,
      reduced: 36_515,
      deleted: 5_121_421,
      gone_unseen: 600,
      resting: 805_832,
      resting_orders: 12_194,
      unknown_orders: 8_021,
    })
  })
})

function same(ours: { px: number; qty: number } | undefined, theirs: { px: number; qty: number } | undefined): boolean {
  return ours !== undefined && ours.px === theirs?.px && ours.qty === theirs.qty
}

function sameTop(ours: Row['bids'], theirs: Row['bids']): boolean {
  return ours.length === 4 && ours.every((level, i) => same(level, theirs[i]))
}
