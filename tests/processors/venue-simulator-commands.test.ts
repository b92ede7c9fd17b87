import { describe, expect, it } from 'vitest'
import type { VenueState } from '../../processors/venue-simulator/state.ts'
import { ID } from './execution-records.ts'
import { Venue } from './venue-simulator-venue.ts'

describe('cancel and replace', () => {
  const resting = { time_in_force: 'GTC', limit_px: 9_990 } as const
  const cancel = { command: 'CANCEL', cl_ord_id: 'a.1.c1', orig_cl_ord_id: 'a.1' } as const
  const replace = { command: 'REPLACE', cl_ord_id: 'a.2', orig_cl_ord_id: 'a.1', ...resting } as const

  it('cancels before the first datum of its time', () => {
    const venue = new Venue()
    venue.command(100, resting)
    venue.book(200)
    venue.command(300, cancel)
    venue.trade(400, 9_985, 5_000)
    const reports = venue.reports()
    expect(venue.said()).toEqual(['NEW NEW 0/1000', 'CANCELED CANCELED 0/0'])
    expect(reports[1]).toMatchObject({ cl_ord_id: 'a.1.c1', orig_cl_ord_id: 'a.1', order_id: `${ID}-O1` })
    expect(venue.stage.pendingTimers()).toEqual([])
  })

  it('is too late for what traded before its time, though that was read after it was sent', () => {
    const venue = new Venue()
    venue.command(100, resting)
    venue.book(200)
    venue.command(300, cancel)
    venue.trade(400, 9_985, 5_000, 309)
    venue.book(500)
    expect(venue.said()).toEqual([
      'NEW NEW 0/1000',
      'TRADE FILLED 1000@9990 1000/0',
      'CANCEL_REJECT REJECTED 0/0 TOO_LATE_OR_UNKNOWN',
    ])
  })

  it('is carried out without data after a while', () => {
    const venue = new Venue({ data_wait_ms: 500 })
    venue.command(100, resting)
    venue.book(200)
    venue.command(300, cancel)
    expect(venue.said(814)).toHaveLength(1)
    expect(venue.said(815).at(-1)).toBe('CANCELED CANCELED 0/0')
  })

  it.each<[string, object, object, string[]]>([
    ['a smaller quantity', { qty: 600 }, {}, ['REPLACED NEW 0/600', 'TRADE FILLED 600@9990 600/0']],
    ['another price', { limit_px: 9_980 }, {}, ['REPLACED NEW 0/1000']],
    ['a price that takes', { limit_px: 10_005 }, {}, ['REPLACED NEW 0/1000', 'TRADE FILLED 1000@10005 1000/0']],
    [
      'an invalid price',
      { limit_px: 9_981 },
      {},
      ['CANCEL_REJECT NEW 0/1000 INVALID_ORDER', 'TRADE FILLED 1000@9990 1000/0'],
    ],
    [
      'an order that is not there',
      { orig_cl_ord_id: 'z' },
      {},
      ['CANCEL_REJECT REJECTED 0/0 TOO_LATE_OR_UNKNOWN', 'TRADE FILLED 1000@9990 1000/0'],
    ],
  ])('replaces by %s', (_name, fields, _none, expected) => {
    const venue = new Venue()
    venue.command(100, resting)
    venue.book(200)
    venue.command(300, { ...replace, ...fields })
    venue.book(350)
    venue.trade(400, 9_985, 5_000)
    expect(venue.said().slice(1)).toEqual(expected)
  })

  it('replaced by what is filled or less is filled (D.11, D.13)', () => {
    for (const qty of [400, 300]) {
      const venue = new Venue()
      venue.command(100, resting)
      venue.book(200)
      venue.trade(250, 9_985, 400)
      venue.command(300, { ...replace, qty })
      venue.book(400)
      expect(venue.said().at(-1)).toBe('REPLACED FILLED 400/0')
      expect(venue.stage.state<VenueState>(ID).orders).toEqual([])
    }
  })

  it('a larger quantity goes behind, a smaller one keeps its place', () => {
    for (const [qty, first] of [
      [500, 'b.1'],
      [300, 'a.2'],
    ] as const) {
      const venue = new Venue()
      venue.command(100, { ...resting, qty: 400 })
      venue.command(101, { ...resting, qty: 400, cl_ord_id: 'b.1' })
      venue.book(200)
      venue.command(300, { ...replace, qty })
      venue.book(400)
      venue.trade(500, 9_985, 100)
      expect(venue.reports().at(-1)?.cl_ord_id).toBe(first)
    }
  })
})

describe('refusals', () => {
  it.each<[string, object]>([
    ['INVALID_ORDER', { limit_px: 10_001 }],
    ['INVALID_ORDER', { qty: 5 }],
    ['INVALID_ORDER', { qty: 0 }],
    ['INVALID_ORDER', { order_type: 'MARKET' }],
    ['INVALID_ORDER', { limit_px: null }],
  ])('%s %j', (text, fields) => {
    const venue = new Venue()
    venue.command(100, fields)
    expect(venue.reports()).toEqual([expect.objectContaining({ exec_type: 'REJECTED', text, order_id: '' })])
  })

  it('a ClOrdID that comes twice, one order too many, a book that is not LIVE, no book, no instrument', () => {
    const venue = new Venue({ max_open_orders: 1, data_wait_ms: 10 })
    venue.command(100, { time_in_force: 'GTC' })
    venue.command(101, {})
    venue.command(102, { cl_ord_id: 'b.1' })
    expect(venue.said()).toEqual([
      'NEW NEW 0/1000',
      'REJECTED REJECTED 0/0 DUPLICATE_CL_ORD_ID',
      'REJECTED REJECTED 0/0 TOO_MANY_ORDERS',
    ])
    const bad = new Venue()
    bad.book(50, { quality: 'CROSSED' })
    bad.command(100)
    bad.command(100, { instrument_id: 'OTHER.SIM' })
    expect(bad.reports().map((one) => [one.instrument_id, one.text])).toEqual([
      [ID, 'BOOK_NOT_LIVE'],
      ['OTHER.SIM', 'UNKNOWN_INSTRUMENT'],
    ])
  })
})
