import { describe, expect, it } from 'vitest'
import { normalizer } from '../../processors/normalizer/index.ts'
import type { MarketEvent } from '../../schemas/generated/index.ts'
import { Hand, port, rawFrame } from './kit.ts'

const PARAMS = { instruments: [], unknown_symbol: 'declare', buffer_max: 1, restart_after: 1 }
const hand = (params: object = PARAMS) => new Hand(normalizer as never, 'NASDAQ:ACME', params)
const frame = (text: string | Uint8Array, channel = 'lobster-message') =>
  rawFrame(text, { venue_symbol: 'NASDAQ:ACME', venue: 'NASDAQ', channel })

function events(text: string, channel?: string): MarketEvent[] {
  return port<MarketEvent>(hand().on('frames', frame(text, channel)), 'events')
}
const order = { order_id: '7', new_order_id: '', side: 'BUY', px: 2_238_100, qty: 21, match_id: 0, printable: true }

describe('a LOBSTER message', () => {
  it.each([
    ['1', 'ADD'],
    ['2', 'REDUCE'],
    ['3', 'DELETE'],
  ])('of type %s is one order event', (type, action) => {
    expect(
      events(`34200.5,${type},7,21,2238100,1`).map(({ kind, sequence, order, trade }) => ({
        kind,
        sequence,
        order,
        trade,
      })),
    ).toEqual([{ kind: 'order', sequence: 1, order: { ...order, action }, trade: null }])
  })

  it('of type 4 executes an order that is shown, 5 one that is not, 6 is a cross', () => {
    const trade = { trade_id: 1, px: 2_238_100, qty: 21, aggressor: 'SELL', conditions: '', hidden: false }
    expect(events('34200.5,4,7,21,2238100,1').map(({ order, trade }) => order ?? trade)).toEqual([
      { ...order, action: 'EXECUTE', match_id: 1 },
      trade,
    ])
    expect(events('34200.5,5,0,21,2238100,-1').map(({ order, trade }) => order ?? trade)).toEqual([
      { ...trade, aggressor: 'BUY', hidden: true },
    ])
    expect(events('34200.5,6,-1,21,2238100,-1').map(({ order, trade }) => order ?? trade)).toEqual([
      { ...trade, aggressor: null, conditions: 'CROSS' },
    ])
  })

  it.each([
    ['-1', 'HALTED'],
    ['0', 'QUOTING'],
    ['1', 'OPEN'],
  ])('of type 7 at price %s makes the session %s', (price, phase) => {
    expect(events(`34200.5,7,0,0,${price},-1`).map(({ session }) => session)).toEqual([{ phase, reason: '' }])
  })

  it('numbers what it read, and restarts in between', () => {
    const one = hand()
    one.on('frames', frame('34200.5,1,7,21,2238100,1'))
    one.restart()
    const [second] = port<MarketEvent>(one.on('frames', frame('34200.6,3,7,21,2238100,1')), 'events')
    expect(second?.sequence).toBe(2)
  })

  it.each([
    ['words', 'FRAME_MALFORMED'],
    ['34200.5,8,7,21,2238100,1', 'FRAME_MALFORMED'],
    ['34200.5,1,7,21,2238100,2', 'FRAME_MALFORMED'],
    ['34200.5,1,7,21,2238100', 'FRAME_MALFORMED'],
    ['34200.5,1,7,0,2238100,1', 'VALUE_OUT_OF_RANGE'],
    ['34200.5,1,-1,21,2238100,1', 'VALUE_OUT_OF_RANGE'],
    ['34200.5,1,7,21,0,1', 'VALUE_OUT_OF_RANGE'],
    ['34200.5,1,7,21,-5,1', 'VALUE_OUT_OF_RANGE'],
    ['34200.5,7,0,0,2,-1', 'VALUE_OUT_OF_RANGE'],
  ])('%s is a fault', (text, fault) => {
    const one = hand()
    const before = one.text()
    expect(one.on('frames', frame(text))).toEqual({ fault, detail: {} })
    expect(one.text()).toBe(before)
  })
})

describe('the first row of a LOBSTER book', () => {
  it('begins a book by order by a snapshot at the first message, with the places of levels that are not there', () => {
    const [begin, event] = events('101,5,100,3,9999999999,0,99,2', 'lobster-book')
    expect(begin).toMatchObject({ kind: 'order', sequence: 1, order: { action: 'CLEAR' } })
    expect(event).toMatchObject({ kind: 'depth', sequence: 1, depth: { snapshot: true, first_sequence: 1 } })
    expect(event?.depth?.asks).toEqual([
      { px: 101, qty: 5 },
      { px: 9_999_999_999, qty: 0 },
    ])
    expect(event?.depth?.bids).toEqual([
      { px: 100, qty: 3 },
      { px: 99, qty: 2 },
    ])
  })

  it.each([
    ['101,5,100', 'FRAME_MALFORMED'],
    ['101,5,100,x', 'FRAME_MALFORMED'],
    ['101,5,100,-3', 'VALUE_OUT_OF_RANGE'],
    ['101,5,0,3', 'VALUE_OUT_OF_RANGE'],
    ['101,5,100,3,101,5,99,3', 'VALUE_OUT_OF_RANGE'],
    ['101,5,100,3,102,5,100,3', 'VALUE_OUT_OF_RANGE'],
    ['101,0,100,3,102,5,99,3', 'VALUE_OUT_OF_RANGE'],
    ['100,5,100,3', 'QUOTE_CROSSED'],
  ])('%s is a fault', (text, fault) => {
    expect(hand().on('frames', frame(text, 'lobster-book'))).toEqual({ fault, detail: {} })
  })
})

describe('a Nasdaq instrument', () => {
  const declared = { instrument_id: 'ACME.X', venue: 'NASDAQ', symbol: 'ACME', price_scale: 4, qty_scale: 0 }
  const text = '34200.5,1,7,21,2238100,1'

  it('is made from the data, or is as declared', () => {
    expect(port(hand().on('frames', frame(text)), 'instruments')).toMatchObject([
      { instrument_id: 'ACME.NASDAQ', kind: 'EQUITY', tick_size_px: 100 },
    ])
    const answer = hand({ ...PARAMS, instruments: [declared] }).on('frames', frame(text))
    expect(port(answer, 'instruments')).toEqual([])
    expect(port(answer, 'events')).toMatchObject([{ instrument_id: 'ACME.X' }])
  })

  it('is refused with other scales, and where only declared ones are taken', () => {
    expect(hand({ ...PARAMS, instruments: [{ ...declared, price_scale: 2 }] }).on('frames', frame(text))).toMatchObject(
      { fault: 'SCALE_EXCEEDED' },
    )
    expect(hand({ ...PARAMS, unknown_symbol: 'fault' }).on('frames', frame(text))).toMatchObject({
      fault: 'SYMBOL_UNKNOWN',
    })
  })
})
