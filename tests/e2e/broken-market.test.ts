import { describe, expect, it } from 'vitest'
import { moodMarket } from '../../connectors/simulated-market/moods/index.ts'
import { BookUpdate, Decision, OrderCommand } from '../../schemas/generated/index.ts'
import { recordsOf, wholeRun } from './whole-run.ts'

/** The shipped topology on a market where everything goes wrong. */
const SEEDS = process.env.AITRADER_FULL === undefined ? 1 : 20

describe('on a broken market', () => {
  it('no order goes out on a book that is not LIVE', async () => {
    let orders = 0
    let broken = 0
    for (let seed = 1; seed <= SEEDS; seed++) {
      const source = moodMarket({ mood: 'broken', seed, parameters: { volatile_share: 700 }, duration_ms: 60_000 })
      const { broker, summary } = await wholeRun(source)
      expect(summary.faults).toBeGreaterThan(0)
      expect(summary.gaps).toBeGreaterThan(0)
      const books = await recordsOf(broker, 'market.books.v1', BookUpdate)
      const decisions = await recordsOf(broker, 'decisions.v1', Decision)
      const byId = new Map(decisions.map((decision) => [decision.value.decision_id, decision]))
      broken += books.filter(({ value }) => value.quality !== 'LIVE').length
      for (const { value } of await recordsOf(broker, 'orders.gateway.v1', OrderCommand)) {
        if (value.command !== 'NEW') continue
        orders += 1
        const decision = byId.get(value.decision_id)!
        expect(decision.value.book_quality).toBe('LIVE')
        const seen = books.findLast(
          (book) => book.value.instrument_id === value.instrument_id && book.stream_time_us <= decision.stream_time_us,
        )
        expect(seen?.value.quality, `${value.cl_ord_id} of seed ${seed}`).toBe('LIVE')
      }
    }
    expect(orders).toBeGreaterThan(5)
    expect(broken).toBeGreaterThan(20)
  }, 600_000)
})
