/**
 * Bars made from the consolidated trades of IBM, 2013-10-07, against the second and minute bars that the same vendor
 * publishes beside them.
 *
 * The vendor does not say which conditions it filters; the masks here are those with which the bars agree, by the
 * vendor's bits: 20 intermarket sweep, 40 opening and 80 closing print, 200 derivatively priced, 100000 average price,
 * 1000000 official close and 4000000 official open move no price, but for trades of extended hours (2000); prints and
 * official prices add no volume either. Volume differs where ours is by the definition of a bar: the volume of seconds
 * without a price is added by the vendor to the bar before, here to none.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openBytes } from '../../connectors/replay/bytes.ts'
import { bars } from '../../processors/bars/index.ts'
import type { Bar, MarketEvent } from '../../schemas/generated/index.ts'
import { type Answer, Hand, port } from './kit.ts'

const DATA = join(process.env.AITRADER_DATA ?? join(import.meta.dirname, '../../../shared/data'), 'equities')
const no_data = existsSync(DATA) ? '' : ` (skipped: no recorded data at ${DATA}; set AITRADER_DATA)`

/** 2013-10-07 00:00 in New York. */
const MIDNIGHT_US = Date.parse('2013-10-07T00:00:00-04:00') * 1_000
const FILTER = { coding: 'flags', no_price: '51002e0', no_volume: '50000c0', price_always: '2000' }

async function rows(name: string): Promise<string[][]> {
  const { chunks } = await openBytes(join(DATA, `ibm_20131007_${name}.zip`))
  let text = ''
  for (let chunk = await chunks.next(); chunk !== undefined; chunk = await chunks.next()) text += chunk.toString()
  await chunks.close()
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.trim().split(','))
}

type Prices = readonly [open: number, high: number, low: number, close: number, volume: number]

/** The vendor's bars by the milliseconds since midnight at which they begin. */
async function published(name: string): Promise<Map<number, Prices>> {
  const lines = await rows(name)
  return new Map(lines.map(([ms, ...prices]) => [Number(ms), prices.map(Number) as unknown as Prices]))
}

const event = (ms: number, px: number, qty: number, conditions: string): MarketEvent => ({
  kind: 'trade',
  instrument_id: 'IBM.NYSE',
  venue: 'NYSE',
  symbol: 'IBM',
  sequence: 0,
  event_time_us: MIDNIGHT_US + ms * 1_000,
  event_time_source: 'VENUE',
  receive_time_us: MIDNIGHT_US + ms * 1_000,
  depth: null,
  quote: null,
  trade: { trade_id: 0, px, qty, aggressor: null, conditions, hidden: false },
  status: null,
  gap: null,
  order: null,
  session: null,
})

/** Our bars of one interval in the same form, and the volume of intervals that have no price, by their beginning. */
async function made(interval: string, interval_ms: number) {
  const params = { intervals: [interval], clock: 'stream', grace_ms: 0, conditions: FILTER }
  const hand = new Hand(bars, 'IBM.NYSE', params)
  const out = new Map<number, Prices>()
  const unpriced = new Map<number, number>()
  let left = 0
  const take = (answer: Answer) => {
    for (const bar of port<Bar>(answer, 'bars')) {
      const { open_px, high_px, low_px, close_px, volume_qty } = bar
      out.set((bar.start_time_us - MIDNIGHT_US) / 1_000, [open_px, high_px, low_px, close_px, volume_qty])
    }
  }
  const close = (at_us: number, ms: number) => {
    for (const answer of hand.advance(at_us)) take(answer)
    const now = (hand.state as { bars: { unpriced_qty: number }[] }).bars[0]?.unpriced_qty ?? 0
    if (now !== left) unpriced.set(ms, now - left)
    left = now
  }
  let last_ms = 0
  for (const [ms, px, qty, , conditions = ''] of await rows('trade')) {
    const at_ms = Number(ms)
    const at_us = MIDNIGHT_US + at_ms * 1_000
    close(at_us, last_ms - (last_ms % interval_ms))
    const answer = hand.on('events', event(at_ms, Number(px), Number(qty), conditions), at_us)
    expect(answer).not.toHaveProperty('fault')
    take(answer)
    last_ms = at_ms
  }
  close(MIDNIGHT_US + 86_400_000_000, last_ms - (last_ms % interval_ms))
  return { out, unpriced }
}

/** How many of the bars of either side agree: prices; prices and volume. */
function agreement(ours: ReadonlyMap<number, Prices>, theirs: ReadonlyMap<number, Prices>) {
  const starts = [...new Set([...ours.keys(), ...theirs.keys()])]
  const equal = (fields: number) =>
    starts.filter((ms) => `${ours.get(ms)?.slice(0, fields)}` === `${theirs.get(ms)?.slice(0, fields)}`).length
  return { bars: starts.length, prices: equal(4), all: equal(5) }
}

/** `ours` with the volume of intervals without a price added to the bar before, as the vendor does. */
function carried(ours: ReadonlyMap<number, Prices>, unpriced: ReadonlyMap<number, number>): Map<number, Prices> {
  const out = new Map(ours)
  const starts = [...ours.keys()].sort((a, b) => a - b)
  for (const [ms, qty] of unpriced) {
    const before = starts.findLast((start) => start < ms)
    const bar = before === undefined ? undefined : out.get(before)
    if (before !== undefined && bar !== undefined) out.set(before, [bar[0], bar[1], bar[2], bar[3], bar[4] + qty])
  }
  return out
}

describe.skipIf(no_data !== '')(`bars of IBM against the vendor's${no_data}`, () => {
  it('seconds: the same 5,123 bars with the same prices; the same volume once the vendor’s rule is applied', async () => {
    const theirs = await published('second_trade')
    const { out, unpriced } = await made('1s', 1_000)
    expect(agreement(out, theirs)).toEqual({ bars: 5_123, prices: 5_123, all: 4_204 })
    expect(agreement(carried(out, unpriced), theirs)).toEqual({ bars: 5_123, prices: 5_123, all: 5_123 })
  })

  it('minutes: 451 of 453; the two others hold the opening and the closing print, which the vendor’s minutes count', async () => {
    const theirs = await published('minute_trade')
    const { out } = await made('1m', 60_000)
    const { bars: all, prices } = agreement(out, theirs)
    expect([all, prices]).toEqual([453, 451])
    const differing = [...theirs.keys()].filter(
      (ms) => `${out.get(ms)?.slice(0, 4)}` !== `${theirs.get(ms)?.slice(0, 4)}`,
    )
    expect(differing).toEqual([34_200_000, 57_540_000])
  })
})
