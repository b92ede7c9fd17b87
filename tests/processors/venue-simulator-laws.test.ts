import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ExecutionReport, OrderCommand } from '../../schemas/generated/index.ts'
import { bookUpdate, command, ID, instrument, type Levels, NOON_US } from './execution-records.ts'
import { brief, MS, OFFSET_US, Venue } from './venue-simulator-venue.ts'

/** What a generated run does, in order of receipt. Times are milliseconds after noon. */
type Happening =
  | { readonly kind: 'book'; readonly late_ms: number; readonly b: Levels; readonly a: Levels; readonly live: boolean }
  | { readonly kind: 'trade'; readonly late_ms: number; readonly px: number; readonly qty: number }
  | { readonly kind: 'order'; readonly order: Partial<OrderCommand> }
  | { readonly kind: 'amend'; readonly of: number; readonly cancel: boolean; readonly qty: number; readonly px: number }

const lots = (max: number) => fc.integer({ min: 1, max }).map((n) => n * 10)
const ticks = fc.integer({ min: 1_990, max: 2_010 }).map((n) => n * 5)
const levels = (sign: 1 | -1) =>
  fc.tuple(fc.integer({ min: 0, max: 6 }), fc.array(lots(30), { maxLength: 4 })).map(([off, sizes]): Levels => {
    return sizes.map((qty, i) => [10_000 + sign * (off + i + 1) * 5, qty])
  })
const late_ms = fc.constantFrom(0, 0, 0, 5, 40, 200)
const happening: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('book' as const),
      late_ms,
      b: levels(-1),
      a: levels(1),
      live: fc.constantFrom(true, true, true, false),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('trade' as const), late_ms, px: ticks, qty: lots(30) }) },
  {
    weight: 3,
    arbitrary: fc
      .record({
        side: fc.constantFrom('BUY' as const, 'SELL' as const),
        time_in_force: fc.constantFrom('IOC' as const, 'FOK' as const, 'GTC' as const, 'DAY' as const),
        qty: lots(60),
        limit_px: fc.option(ticks),
      })
      .map(
        (order): Happening => ({
          kind: 'order',
          order: { ...order, order_type: order.limit_px === null ? 'MARKET' : 'LIMIT' },
        }),
      ),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('amend' as const),
      of: fc.nat({ max: 9 }),
      cancel: fc.boolean(),
      qty: lots(60),
      px: ticks,
    }),
  },
)
const run = fc.array(fc.tuple(fc.constantFrom(1, 7, 30, 100), happening), { maxLength: 40 })
const chaos = { duplicate_ppm: 0, reorder_ppm: 0, lost_ack_ppm: 0, bust_ppm: 0, delay_us: 0 }

interface Played {
  readonly venue: Venue
  readonly reports: readonly ExecutionReport[]
  /** Quantity each datum displayed or printed, by its sequence, side and price. */
  readonly evidence: ReadonlyMap<string, number>
  readonly arrived_us: ReadonlyMap<string, number>
}

/** Plays a run. `disturb` is called before each happening: something that must not matter. */
function play(
  happenings: readonly (readonly [gap_ms: number, Happening])[],
  params: Record<string, unknown> = {},
  disturb: (venue: Venue, at_ms: number) => void = () => {},
): Played {
  const venue = new Venue({ partial_fill_ppm: 300_000, chaos, ...params })
  const evidence = new Map<string, number>()
  const arrived_us = new Map<string, number>()
  const orders: Partial<OrderCommand>[] = []
  let at_ms = 10
  for (const [gap_ms, one] of happenings) {
    at_ms += gap_ms
    disturb(venue, at_ms)
    if (one.kind === 'book') {
      const quality = one.live ? 'LIVE' : 'GAP'
      const book = venue.book(at_ms, { b: one.b, a: one.a, quality }, at_ms - one.late_ms)
      for (const [px, qty] of [...one.b, ...one.a]) evidence.set(`book ${book.sequence} ${px}`, qty)
    } else if (one.kind === 'trade') {
      const event = venue.trade(at_ms, one.px, one.qty, at_ms - one.late_ms)
      evidence.set(`trade ${event.sequence}`, one.qty)
    } else if (one.kind === 'order') {
      orders.push({ ...one.order, cl_ord_id: `o${orders.length}.1` })
      venue.command(at_ms, orders.at(-1))
    } else {
      const order = orders[one.of]
      if (order === undefined) continue
      const ids = { cl_ord_id: `${order.cl_ord_id}.x${at_ms}`, orig_cl_ord_id: order.cl_ord_id ?? null }
      const amended = one.cancel ? {} : { qty: one.qty, limit_px: one.px, order_type: 'LIMIT' as const }
      venue.command(at_ms, { ...order, ...ids, ...amended, command: one.cancel ? 'CANCEL' : 'REPLACE' })
    }
  }
  const reports = venue.reports(at_ms + 10_000)
  for (const one of reports) {
    if (one.exec_type === 'NEW') arrived_us.set(one.order_id, one.transact_time_us)
  }
  return { venue, reports, evidence, arrived_us }
}

describe('laws', () => {
  it('fills add up to no more than the order, and to no more than the evidence of each datum', () => {
    fc.assert(
      fc.property(run, (happenings) => {
        const { reports, evidence } = play(happenings)
        const by_order = new Map<string, number>()
        const by_datum = new Map<string, number>()
        for (const one of reports.filter((report) => report.exec_type === 'TRADE')) {
          const cum = (by_order.get(one.order_id) ?? 0) + one.last_qty
          by_order.set(one.order_id, cum)
          expect([one.cum_qty, one.leaves_qty, one.ord_status]).toEqual([
            cum,
            one.qty - cum,
            cum === one.qty ? 'FILLED' : 'PARTIALLY_FILLED',
          ])
          expect(one.last_qty).toBeGreaterThan(0)
          if (one.limit_px !== null) {
            expect(one.side === 'BUY' ? one.last_px <= one.limit_px : one.last_px >= one.limit_px).toBe(true)
          }
          // A taker's evidence is the level it paid; a maker's is everything that the datum shows beyond its limit.
          const key =
            one.liquidity === 'TAKER'
              ? `book ${one.market_sequence} ${one.last_px}`
              : `${one.side} ${one.market_sequence}`
          by_datum.set(key, (by_datum.get(key) ?? 0) + one.last_qty)
        }
        const sum = (prefix: string) =>
          [...evidence].reduce(
            (total, [key, qty]) => (key.startsWith(`${prefix} `) || key === prefix ? total + qty : total),
            0,
          )
        for (const [key, qty] of by_datum) {
          const [side, sequence] = key.split(' ')
          const most = side === 'book' ? (evidence.get(key) ?? 0) : sum(`book ${sequence}`) + sum(`trade ${sequence}`)
          expect(qty).toBeLessThanOrEqual(most)
        }
      }),
      { numRuns: 200 },
    )
  })

  it('nothing is filled by data older than the arrival of its order', () => {
    fc.assert(
      fc.property(run, (happenings) => {
        const { reports, arrived_us } = play(happenings)
        for (const one of reports.filter((report) => report.exec_type === 'TRADE')) {
          expect(one.transact_time_us).toBeGreaterThanOrEqual(arrived_us.get(one.order_id) ?? Number.POSITIVE_INFINITY)
        }
      }),
      { numRuns: 150 },
    )
  })

  it('ExecIDs are dense, every order is answered once, and an order that ended says nothing more', () => {
    fc.assert(
      fc.property(run, (happenings) => {
        const { reports, venue } = play(happenings)
        expect(reports.map((one) => one.exec_id)).toEqual(reports.map((_, i) => `${ID}-${i + 1}`))
        const ended = new Set<string>()
        for (const one of reports) {
          if (one.order_id === '' || one.exec_type === 'CANCEL_REJECT') continue
          expect(ended.has(one.order_id)).toBe(false)
          if (['FILLED', 'CANCELED', 'EXPIRED'].includes(one.ord_status)) ended.add(one.order_id)
        }
        const asked = happenings.filter(([, one]) => one.kind === 'order').length
        const answers = reports.filter((one) => one.exec_type === 'NEW' || one.exec_type === 'REJECTED')
        expect(answers).toHaveLength(asked)
        expect(venue.stage.pendingTimers()).toEqual([])
      }),
      { numRuns: 150 },
    )
  })

  it('another instrument changes nothing', () => {
    fc.assert(
      fc.property(run, (happenings) => {
        const jitter = { entry_jitter_us: 3 * MS, report_jitter_us: 2 * MS }
        const alone = play(happenings, jitter).reports.map((one) => ({ ...one }))
        const other = 'ZZZ.SIM'
        const crowded = play(happenings, jitter, (venue, at_ms) => {
          const at_us = NOON_US + at_ms * MS - 500
          const fields = { instrument_id: other, symbol: 'ZZZ' }
          venue.stage.send('instruments', instrument(fields), at_us, other)
          venue.stage.send('books', bookUpdate({ ...fields, sequence: at_ms, event_time_us: at_us + OFFSET_US }), at_us)
          venue.stage.send('commands', command({ ...fields, cl_ord_id: `z${at_ms}.1` }), at_us)
        })
        expect(crowded.reports.filter((one) => one.instrument_id === ID)).toEqual(alone)
      }),
      { numRuns: 75 },
    )
  })

  it('a later arrival never pays less while the market only gets worse', () => {
    const worse = fc.array(fc.tuple(fc.integer({ min: 0, max: 2 }), lots(20)), { minLength: 3, maxLength: 12 })
    const latency = fc.integer({ min: 0, max: 900 })
    fc.assert(
      fc.property(worse, latency, latency, lots(60), (steps, one_ms, other_ms, qty) => {
        const cost = (latency_ms: number) => {
          const venue = new Venue({ entry_latency_us: latency_ms * MS, data_wait_ms: 60_000 })
          venue.command(50, { order_type: 'MARKET', limit_px: null, qty })
          let best = 10_000
          let size = 600
          steps.forEach(([ticks, less], i) => {
            best += ticks * 5
            size = Math.max(0, size - less)
            // Deep enough to fill the whole order, so that prices can be compared.
            venue.book(100 * (i + 1), {
              a: [
                [best, size],
                [best + 5, 10_000],
              ].filter(([, left]) => left !== 0) as never,
            })
          })
          const fills = venue.reports(5_000).filter((report) => report.exec_type === 'TRADE')
          const filled = fills.reduce((sum, fill) => sum + fill.last_qty, 0)
          return { filled, paid: fills.reduce((sum, fill) => sum + fill.last_qty * fill.last_px, 0) }
        }
        const fast = cost(Math.min(one_ms, other_ms))
        const slow = cost(Math.max(one_ms, other_ms))
        expect(slow.filled).toBeLessThanOrEqual(fast.filled)
        if (slow.filled === fast.filled) expect(slow.paid).toBeGreaterThanOrEqual(fast.paid)
      }),
      { numRuns: 150 },
    )
  })

  it('parts of an order get together what the whole gets', () => {
    const parts = fc.array(lots(20), { minLength: 1, maxLength: 5 })
    fc.assert(
      fc.property(parts, levels(1), fc.constantFrom('IOC' as const, 'GTC' as const), (sizes, a, time_in_force) => {
        const filled = (each: readonly number[]) => {
          const venue = new Venue()
          for (const [i, qty] of each.entries()) {
            venue.command(100, { cl_ord_id: `p${i}.1`, qty, limit_px: 10_020, time_in_force })
          }
          venue.book(200, { a })
          venue.trade(300, 10_000, 70)
          return venue.reports().reduce((sum, report) => sum + report.last_qty, 0)
        }
        expect(filled(sizes)).toBe(filled([sizes.reduce((sum, qty) => sum + qty, 0)]))
      }),
      { numRuns: 100 },
    )
  })

  it('the same run says the same, byte for byte; another seed draws otherwise', () => {
    const happenings = fc.sample(run, { seed: 11, numRuns: 30 }).flat()
    const said = (seed: number) =>
      play(happenings, { seed, entry_jitter_us: 5 * MS, partial_fill_ppm: 500_000 }).reports.map(brief)
    expect(said(1)).toEqual(said(1))
    expect(said(1).length).toBeGreaterThan(50)
    expect(said(1)).not.toEqual(said(2))
  })
})
