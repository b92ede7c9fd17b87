import { describe, expect, it } from 'vitest'
import { normalizer } from '../../processors/normalizer/index.ts'
import type { Instrument, MarketEvent } from '../../schemas/generated/index.ts'
import { itch } from './itch.ts'
import { type Answer, Hand, port, rawFrame } from './kit.ts'

const PARAMS = { instruments: [], unknown_symbol: 'declare', buffer_max: 1, restart_after: 1 }
const frame = (payload: Uint8Array, symbol = 'ACME') =>
  rawFrame(payload, { venue_symbol: `NASDAQ:${symbol}`, venue: 'NASDAQ', channel: 'itch50' })

/** After the messages given: what the last one answered. */
function lastAnswer(...messages: readonly Uint8Array[]): Answer {
  return answers(...messages).at(-1) as Answer
}
function answers(...messages: readonly Uint8Array[]): Answer[] {
  const hand = new Hand(normalizer as never, 'NASDAQ:ACME', PARAMS)
  return messages.map((message) => hand.on('frames', frame(message)))
}
/** Kind and part of each event of the last message. */
function told(...messages: readonly Uint8Array[]) {
  return port<MarketEvent>(lastAnswer(...messages), 'events').map((event) => ({
    ...event.order,
    ...event.trade,
    ...event.session,
    kind: event.kind,
  }))
}
const none = { new_order_id: '', match_id: 0, printable: true }

describe('an ITCH 5.0 message', () => {
  it('of the directory declares the stock, and says that no order is there', () => {
    const answer = lastAnswer(itch.directory())
    expect(
      port<Instrument>(answer, 'instruments').map(({ instrument_id, kind, price_scale, qty_scale, calendar }) => ({
        instrument_id,
        kind,
        price_scale,
        qty_scale,
        calendar,
      })),
    ).toEqual([{ instrument_id: 'ACME.NASDAQ', kind: 'EQUITY', price_scale: 4, qty_scale: 0, calendar: 'NASDAQ' }])
    expect(port<MarketEvent>(answer, 'events').map(({ order }) => order?.action)).toEqual(['CLEAR'])
    expect(told(itch.directory(), itch.directory())).toEqual([])
  })

  it('adds an order, with and without a participant', () => {
    const added = { kind: 'order', action: 'ADD', order_id: '1', px: 100_000, qty: 100, ...none }
    expect(told(itch.add())).toEqual([{ ...added, side: 'BUY' }])
    expect(told(itch.addWithMpid())).toEqual([{ ...added, side: 'SELL' }])
    expect(told(itch.add(0xffff_ffff_ffff_ffffn))).toMatchObject([{ order_id: '18446744073709551615' }])
  })

  it('executes an order at its price, and at another', () => {
    const part = { kind: 'order', action: 'EXECUTE', order_id: '1', side: 'BUY', qty: 40, ...none, match_id: 9 }
    const trade = { kind: 'trade', trade_id: 9, qty: 40, aggressor: 'SELL', conditions: '', hidden: false }
    expect(told(itch.add(), itch.executed())).toEqual([
      { ...part, px: 100_000 },
      { ...trade, px: 100_000 },
    ])
    expect(told(itch.add(), itch.executedAt())).toEqual([
      { ...part, px: 99_900 },
      { ...trade, px: 99_900 },
    ])
    expect(told(itch.add(), itch.executedAt(1, 40, 'N'))).toEqual([{ ...part, px: 99_900, printable: false }])
  })

  it('cancels part of an order, deletes and replaces one', () => {
    const order = { kind: 'order', order_id: '1', side: 'BUY', px: 100_000, ...none }
    expect(told(itch.add(), itch.cancelled())).toEqual([{ ...order, action: 'REDUCE', qty: 40 }])
    expect(told(itch.add(), itch.cancelled(), itch.deleted())).toEqual([{ ...order, action: 'DELETE', qty: 60 }])
    const replaced = { ...order, action: 'REPLACE', new_order_id: '2', qty: 50, px: 99_800 }
    expect(told(itch.add(), itch.replaced())).toEqual([replaced])
    expect(told(itch.add(), itch.replaced(), itch.executed(2, 50))).toMatchObject([{ px: 99_800 }, { kind: 'trade' }])
  })

  it('prints a trade with a hidden order, and a cross', () => {
    const trade = { kind: 'trade', aggressor: null }
    expect(told(itch.trade())).toEqual([{ ...trade, trade_id: 11, px: 100_100, qty: 30, conditions: '', hidden: true }])
    expect(told(itch.cross())).toEqual([
      { ...trade, trade_id: 12, px: 100_200, qty: 5_000, conditions: 'CROSS_O', hidden: false },
    ])
    expect(told(itch.cross(0))).toEqual([])
  })

  it.each([
    ['S', itch.system('Q'), '*', 'OPEN', 'SYSTEM_Q'],
    ['S', itch.system('O'), '*', 'PRE_OPEN', 'SYSTEM_O'],
    ['S', itch.system('M'), '*', 'CLOSED', 'SYSTEM_M'],
    ['H', itch.action('H', 'T1'), 'ACME', 'HALTED', 'T1'],
    ['H', itch.action('P', 'LUDP'), 'ACME', 'HALTED', 'LUDP'],
    ['H', itch.action('Q', 'R4'), 'ACME', 'QUOTING', 'R4'],
    ['H', itch.action('T'), 'ACME', 'OPEN', ''],
    ['h', itch.operational('H'), 'ACME', 'HALTED', 'OPERATIONAL'],
    ['h', itch.operational('T'), 'ACME', 'OPEN', 'OPERATIONAL'],
    ['K', itch.ipo('A'), 'ACME', 'QUOTING', 'IPO_A'],
    ['W', itch.mwcbStatus('2'), '*', 'HALTED', 'MWCB_2'],
  ])('of type %s changes the session: %#', (_type, message, symbol, phase, reason) => {
    const hand = new Hand(normalizer as never, `NASDAQ:${symbol}`, PARAMS)
    const events = port<MarketEvent>(hand.on('frames', frame(message, symbol)), 'events')
    expect(events.map(({ session, symbol }) => ({ ...session, symbol }))).toEqual([{ phase, reason, symbol }])
  })

  it('goes on after a restart as if there was none', () => {
    const stream = [
      itch.directory(),
      itch.add(),
      itch.add(2, 'S', 50),
      itch.executed(),
      itch.replaced(2, 3),
      itch.deleted(),
      itch.deleted(3),
    ]
    for (let at = 0; at < stream.length; at++) {
      const whole = new Hand(normalizer as never, 'NASDAQ:ACME', PARAMS)
      const torn = new Hand(normalizer as never, 'NASDAQ:ACME', PARAMS)
      for (const [i, message] of stream.entries()) {
        if (i === at) torn.restart()
        expect(torn.on('frames', frame(message))).toEqual(whole.on('frames', frame(message)))
      }
    }
  })
})
