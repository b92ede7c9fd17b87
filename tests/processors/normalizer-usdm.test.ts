import { describe, expect, it } from 'vitest'
import { bookBuilder } from '../../processors/book-builder/index.ts'
import { normalizer } from '../../processors/normalizer/index.ts'
import type { BookUpdate, Instrument, MarketEvent } from '../../schemas/generated/index.ts'
import { Hand, port, rawFrame } from './kit.ts'

const listing = {
  instrument_id: 'BTCUSDT.BINANCE_USDM',
  venue: 'BINANCE_USDM',
  symbol: 'BTCUSDT',
  price_scale: 2,
  qty_scale: 3,
} as const
const params = { instruments: [listing], unknown_symbol: 'declare', buffer_max: 16, restart_after: 3 }

class Way {
  readonly normal = new Hand(normalizer, 'BINANCE_USDM:BTCUSDT', params)
  readonly builder = new Hand(bookBuilder, listing.instrument_id, { levels: 3, max_levels: 100, stale_after_ms: 2_000 })

  answer(payload: object) {
    const at = { venue: 'BINANCE_USDM', venue_symbol: 'BINANCE_USDM:BTCUSDT' }
    return this.normal.on('frames', rawFrame(JSON.stringify(payload), at))
  }
  events(payload: object): MarketEvent[] {
    const answer = this.answer(payload)
    if ('fault' in answer) throw new Error(answer.fault)
    return port<MarketEvent>(answer, 'events')
  }
  said(payload: object): string[] {
    return this.events(payload).map(({ kind, status, sequence }) => status?.reason ?? `${kind} ${sequence}`)
  }
  qualities(payload: object): string[] {
    return this.events(payload).flatMap((event) =>
      port<BookUpdate>(this.builder.on('events', event), 'books').map(({ quality }) => quality),
    )
  }
}

const depth = (U: number, u: number, pu: number, b: string[][] = [['100.1', '1']]) => ({
  stream: 'btcusdt@depth@100ms',
  data: { e: 'depthUpdate', E: 1_723_161_255_208, T: 1_723_161_255_200, s: 'BTCUSDT', U, u, pu, b, a: [] },
})
const snapshot = (lastUpdateId: number) => ({
  lastUpdateId,
  E: 1_723_161_255_208,
  T: 1_723_161_255_200,
  bids: [['100', '1']],
  asks: [['101', '2.5']],
})

describe('depth of Binance futures', () => {
  it('follows pu, not U', () => {
    const way = new Way()
    expect(way.qualities(snapshot(150))).toEqual(['SNAPSHOT'])
    expect(way.qualities(depth(149, 160, 140))).toEqual(['LIVE'])
    way.normal.restart()
    way.builder.restart()
    // U is not u + 1 here: ids between belong to other symbols.
    expect(way.qualities(depth(170, 175, 160))).toEqual(['LIVE'])
    expect(way.said(depth(176, 180, 174))).toEqual(['gap 175', 'GAP'])
    expect(way.said(depth(181, 190, 180))).toEqual([])
  })

  it.each([
    ['before the snapshot is useless', depth(100, 149, 90), ['snapshot', 'nothing']],
    ['that ends with the snapshot says nothing new', depth(140, 150, 139), ['snapshot', 'nothing']],
    ['around the snapshot is the first', depth(150, 151, 149), ['snapshot', 'SYNCED']],
    ['that follows the snapshot by its pu is the first', depth(151, 160, 150), ['snapshot', 'SYNCED']],
    ['behind the snapshot leaves a hole', depth(151, 160, 149), ['snapshot', 'GAP']],
  ])('a change %s', (_what, first, [, answer]) => {
    const way = new Way()
    way.events(snapshot(150))
    const said = way.said(first)
    expect(said.find((one) => /^[A-Z]+$/.test(one)) ?? 'nothing').toBe(answer)
  })

  it('waits for the snapshot in a buffer; one that is too old does not join', () => {
    const way = new Way()
    expect(way.said(depth(145, 148, 140))).toEqual(['NO_SNAPSHOT'])
    expect(way.said(depth(149, 155, 148))).toEqual([])
    expect(way.said(depth(156, 160, 155))).toEqual([])
    expect(way.said(snapshot(144))).toEqual(['SNAPSHOT_TOO_OLD'])
    way.normal.restart()
    expect(way.said(snapshot(150))).toEqual(['depth 150', 'SYNCED', 'depth 155', 'depth 160'])
  })
})

it('a snapshot that ends with a change that waits is joined by the next one', () => {
  const way = new Way()
  way.said(depth(145, 148, 140))
  way.said(depth(155, 158, 148))
  expect(way.said(snapshot(148))).toEqual(['depth 148', 'SYNCED', 'depth 158'])
})

it('so is one that ends where the first change that waits begins', () => {
  const way = new Way()
  way.said(depth(155, 158, 148))
  expect(way.said(snapshot(148))).toEqual(['depth 148', 'SYNCED', 'depth 158'])
})

describe('trades and quotes of Binance futures', () => {
  const trade = (f: number, l: number, a = 5) => ({
    e: 'aggTrade',
    E: 1_723_161_255_208,
    s: 'BTCUSDT',
    a,
    p: '100.10',
    q: '0.25',
    f,
    l,
    T: 1_723_161_255_200,
    m: true,
  })
  it('a trade stands for ids f to l; a missing id is a gap', () => {
    const way = new Way()
    expect(way.events(trade(3, 5))).toMatchObject([{ sequence: 5, trade: { px: 10_010, qty: 250, aggressor: 'SELL' } }])
    expect(way.said(trade(6, 6))).toEqual(['trade 6'])
    expect(way.said(trade(6, 6))).toEqual([])
    expect(way.events(trade(8, 9))[0]?.gap).toEqual({ channel: 'trade', expected: 7, received: 8 })
  })
  it('a quote that a later one overtook is dropped', () => {
    const quote = (u: number) => ({ e: 'bookTicker', u, s: 'BTCUSDT', b: '100', B: '1', a: '101', A: '2' })
    const way = new Way()
    expect(way.said(quote(7))).toEqual(['quote 7'])
    expect(way.said(quote(6))).toEqual([])
    expect(way.said(quote(9))).toEqual(['quote 9'])
  })
})

it.each([
  [{ ...depth(1, 2, 0).data, pu: undefined }, 'FRAME_MALFORMED'],
  [depth(1, 2, 2), 'FRAME_MALFORMED'],
  [{ e: 'kline' }, 'FRAME_UNKNOWN'],
  [{ ...depth(1, 2, 0).data, s: 'X' }, 'SYMBOL_MISMATCH'],
  [{ e: 'aggTrade', f: 2, l: 1 }, 'VALUE_OUT_OF_RANGE'],
])('%j is %s, and changes nothing', (payload, code) => {
  const way = new Way()
  const before = way.normal.text()
  expect(way.answer(payload)).toMatchObject({ fault: code })
  expect(way.normal.text()).toBe(before)
})

it.each([
  ['an answer to a subscription', { result: null, id: 1 }],
  ['a word about the servers', { e: 'serverShutdown', E: 1_723_161_255_208 }],
  ['the same, wrapped', { stream: 'serverShutdown', data: { e: 'serverShutdown', E: 1_723_161_255_208 } }],
])('%s is silent', (_what, payload) => {
  expect(new Way().events(payload)).toEqual([])
})

it.each([
  ['BTCUSDT', { kind: 'LINEAR', tradable: true }],
  ['BTCUSD_PERP', { kind: 'INVERSE', tradable: false }],
])('%s is %j', (symbol, what) => {
  const hand = new Hand(normalizer, `BINANCE_USDM:${symbol}`, { ...params, instruments: [] })
  const at = { venue: 'BINANCE_USDM', venue_symbol: `BINANCE_USDM:${symbol}` }
  const answer = hand.on('frames', rawFrame(JSON.stringify(snapshot(1)), at))
  expect(port<Instrument>(answer, 'instruments')).toMatchObject([what])
})
