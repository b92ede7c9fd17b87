/**
 * The rules of "Nasdaq TotalView-ITCH 5.0", each with a message made by hand that keeps it and a twin that breaks it.
 * Lengths, places and codes have theirs in itch50-layout.
 */
import { describe, expect, it } from 'vitest'
import type { Instrument, MarketEvent } from '../../schemas/generated/index.ts'
import { bytesOf, itch } from './itch.ts'
import { answer, poked, says } from './itch-hand.ts'
import { port } from './kit.ts'

const one = [itch.directory(), itch.add()]
const HUGE = 2n ** 64n - 1n

describe('the rule', () => {
  it.each<[rule: string, kept: Uint8Array[], tells: string[], broken: Uint8Array[], fault: string]>([
    ['an add has shares', [itch.add(1, 'B', 1)], ['order ADD 100000x1'], [itch.add(1, 'B', 0)], 'VALUE_OUT_OF_RANGE'],
    ['an add has a price', [itch.add(1, 'B', 1, 1)], ['order ADD 1x1'], [itch.add(1, 'B', 1, 0)], 'VALUE_OUT_OF_RANGE'],
    [
      'a reference is of one order of the day',
      [...one, itch.add(2)],
      ['order ADD 100000x100'],
      [...one, itch.add(1)],
      'ORDER_KNOWN',
    ],
    [
      'a reference has 64 bits',
      [itch.add(HUGE), itch.deleted(HUGE)],
      ['order DELETE 100000x100'],
      [itch.add(HUGE), itch.deleted(HUGE - 1n)],
      'ORDER_UNKNOWN',
    ],
    [
      'an execution is of an order that rests',
      [...one, itch.executed()],
      ['order EXECUTE 100000x40', 'trade 100000x40'],
      [itch.executed()],
      'ORDER_UNKNOWN',
    ],
    [
      'an execution takes at most what is left',
      [...one, itch.executed(1, 60), itch.executed(1, 40)],
      ['order EXECUTE 100000x40', 'trade 100000x40'],
      [...one, itch.executed(1, 60), itch.executed(1, 41)],
      'ORDER_EXCEEDED',
    ],
    [
      'an order that is executed in full is gone',
      [...one, itch.executed(1, 99), itch.executed(1, 1)],
      ['order EXECUTE 100000x1', 'trade 100000x1'],
      [...one, itch.executed(1, 100), itch.executed(1, 1)],
      'ORDER_UNKNOWN',
    ],
    [
      'an execution takes something',
      [...one, itch.executed(1, 1)],
      ['order EXECUTE 100000x1', 'trade 100000x1'],
      [...one, itch.executed(1, 0)],
      'VALUE_OUT_OF_RANGE',
    ],
    [
      'a match number is one that can be counted',
      [...one, itch.executed(1, 1, 2 ** 53 - 1)],
      ['order EXECUTE 100000x1', 'trade 100000x1'],
      [...one, poked(itch.executed(1, 1), 23, '\xff'.repeat(8))],
      'VALUE_OUT_OF_RANGE',
    ],
    [
      'an execution with a price is at that price',
      [...one, itch.executedAt(1, 40, 'Y', 99_900)],
      ['order EXECUTE 99900x40', 'trade 99900x40'],
      [...one, itch.executedAt(1, 40, 'Y', 0)],
      'VALUE_OUT_OF_RANGE',
    ],
    [
      'an execution with a price takes at most what is left',
      [...one, itch.executedAt(1, 100)],
      ['order EXECUTE 99900x100', 'trade 99900x100'],
      [...one, itch.executedAt(1, 101)],
      'ORDER_EXCEEDED',
    ],
    [
      'a cancel takes part of what is left',
      [...one, itch.cancelled(1, 99)],
      ['order REDUCE 100000x99'],
      [...one, itch.cancelled(1, 101)],
      'ORDER_EXCEEDED',
    ],
    [
      'a cancel takes something',
      [...one, itch.cancelled(1, 1)],
      ['order REDUCE 100000x1'],
      [...one, itch.cancelled(1, 0)],
      'VALUE_OUT_OF_RANGE',
    ],
    [
      'a cancel is of an order that rests',
      [...one, itch.cancelled()],
      ['order REDUCE 100000x40'],
      [itch.cancelled()],
      'ORDER_UNKNOWN',
    ],
    [
      'a delete takes all that is left',
      [...one, itch.cancelled(), itch.deleted()],
      ['order DELETE 100000x60'],
      [...one, itch.deleted(), itch.deleted()],
      'ORDER_UNKNOWN',
    ],
    [
      'a replace gives the order a new reference, quantity and price',
      [...one, itch.replaced(1, 2, 50, 99_800), itch.executed(2, 50)],
      ['order EXECUTE 99800x50', 'trade 99800x50'],
      [...one, itch.replaced(1, 2), itch.executed(1, 1)],
      'ORDER_UNKNOWN',
    ],
    [
      'a chain of replaces is followed, on the side of its first',
      [...one, itch.replaced(1, 2), itch.replaced(2, 3), itch.deleted(3)],
      ['order DELETE 99800x50'],
      [...one, itch.replaced(1, 2), itch.replaced(1, 3)],
      'ORDER_UNKNOWN',
    ],
    [
      'a replace names a new reference',
      [...one, itch.replaced(1, 2)],
      ['order REPLACE 99800x50'],
      [...one, itch.replaced(1, 1)],
      'ORDER_KNOWN',
    ],
    [
      'a replace takes no reference that rests',
      [...one, itch.add(3), itch.replaced(1, 2)],
      ['order REPLACE 99800x50'],
      [...one, itch.add(2), itch.replaced(1, 2)],
      'ORDER_KNOWN',
    ],
    [
      'a replace has shares',
      [...one, itch.replaced(1, 2, 1)],
      ['order REPLACE 99800x1'],
      [...one, itch.replaced(1, 2, 0)],
      'VALUE_OUT_OF_RANGE',
    ],
    [
      'a replace has a price',
      [...one, itch.replaced(1, 2, 1, 1)],
      ['order REPLACE 1x1'],
      [...one, itch.replaced(1, 2, 1, 0)],
      'VALUE_OUT_OF_RANGE',
    ],
    [
      'a trade with a hidden order has shares',
      [itch.trade(1)],
      ['trade 100100x1'],
      [itch.trade(0)],
      'VALUE_OUT_OF_RANGE',
    ],
    [
      'a trade with a hidden order has a price',
      [itch.trade(1, 1)],
      ['trade 1x1'],
      [itch.trade(1, 0)],
      'VALUE_OUT_OF_RANGE',
    ],
    [
      'a cross has shares of 64 bits that can be counted',
      [itch.cross(2 ** 53 - 1)],
      [`trade 100200x${2 ** 53 - 1}`],
      [poked(itch.cross(), 11, '\xff'.repeat(8))],
      'VALUE_OUT_OF_RANGE',
    ],
    [
      'a cross that matched something has a price',
      [itch.cross()],
      ['trade 100200x5000'],
      [poked(itch.cross(), 27, '\0'.repeat(4))],
      'VALUE_OUT_OF_RANGE',
    ],
  ])('%s', (_rule, kept, tells, broken, fault) => {
    expect(says(kept).slice(-tells.length)).toEqual(tells)
    expect(says(broken)).toBe(fault)
  })

  it.each<[rule: string, kept: Uint8Array[], tells: string[], twin: Uint8Array[], instead: string[]]>([
    [
      'an execution that is not printable is no trade: its cross is printed as a whole',
      [...one, itch.executedAt(1, 40, 'N')],
      ['order EXECUTE 99900x40'],
      [...one, itch.executedAt(1, 40, 'Y')],
      ['order EXECUTE 99900x40', 'trade 99900x40'],
    ],
    [
      'a cross in which nothing matched is no trade',
      [one[0] as Uint8Array, itch.cross(0)],
      [],
      [itch.cross(1)],
      ['trade 100200x1'],
    ],
    [
      'a directory before the first order begins an empty book, one behind it does not',
      [itch.directory()],
      ['order CLEAR 0x0'],
      [...one, itch.directory()],
      [],
    ],
    [
      'a broken trade changes no order and takes no event back',
      [...one, itch.executed(), itch.broken()],
      [],
      [...one, itch.executed(), itch.deleted()],
      ['order DELETE 100000x60'],
    ],
    [
      'an operational halt counts on Nasdaq, not on its sister exchanges',
      [itch.directory(), itch.operational('H', 'B')],
      [],
      [itch.operational('H', 'Q')],
      ['session HALTED'],
    ],
    [
      'a short-sale restriction closes nothing, a halt does',
      [itch.directory(), itch.regSho()],
      [],
      [itch.action('H')],
      ['session HALTED'],
    ],
    [
      'levels of a circuit breaker halt nothing, a breach does',
      [itch.directory(), itch.mwcbLevels()],
      [],
      [itch.mwcbStatus()],
      ['session HALTED'],
    ],
    [
      'a pause halts, a quotation period quotes, trading opens',
      [itch.action('P')],
      ['session HALTED'],
      [itch.action('Q')],
      ['session QUOTING'],
    ],
    [
      'an IPO is quoted when that was anticipated, and not when it was cancelled',
      [itch.ipo('A')],
      ['session QUOTING'],
      [itch.ipo('C')],
      ['session HALTED'],
    ],
    [
      'market hours open and close the venue',
      [itch.system('Q')],
      ['session OPEN'],
      [itch.system('M')],
      ['session CLOSED'],
    ],
  ])('%s', (_rule, kept, tells, twin, instead) => {
    expect(says(kept)).toEqual(tells)
    expect(says(twin)).toEqual(instead)
  })

  it('a price has four decimal places, and a circuit breaker level of four bytes is none', () => {
    const { made } = answer([itch.directory(), itch.add(1, 'B', 1, 1_234_567)])
    expect(port<MarketEvent>(made, 'events')[0]?.order?.px).toBe(1_234_567)
    const [instrument] = port<Instrument>(answer([itch.directory()]).made, 'instruments')
    // 123.4567 dollars.
    expect(instrument).toMatchObject({ price_scale: 4, qty_scale: 0, quote_currency: 'USD' })
    const short = Buffer.concat([itch.mwcbLevels().subarray(0, 11), bytesOf(['u32', 3], ['u32', 2], ['u32', 1])])
    expect(says([itch.directory(), short])).toBe('LENGTH_WRONG')
  })

  it.each([
    [
      'a stock of which only round lots are taken has a lot of one',
      itch.directory(),
      1,
      poked(itch.directory(), 25, 'Y'),
      100,
    ],
  ])('%s', (_rule, kept, lot, twin, instead) => {
    const lots = [kept, twin].map((message) => port<Instrument>(answer([message]).made, 'instruments')[0]?.lot_size_qty)
    expect(lots).toEqual([lot, instead])
  })

  it('a stock that is there for tests takes no orders', () => {
    const tradable = [itch.directory(), poked(itch.directory(), 29, 'T')].map(
      (message) => port<Instrument>(answer([message]).made, 'instruments')[0]?.tradable,
    )
    expect(tradable).toEqual([true, false])
  })

  it('the aggressor is the other side of the order, and none of a trade whose sides are not told', () => {
    const aggressors = [
      [...one, itch.executed()],
      [itch.add(1, 'S'), itch.executed()],
      [itch.trade()],
      [itch.cross()],
    ].map((messages) => port<MarketEvent>(answer(messages).made, 'events').at(-1)?.trade)
    expect(aggressors.map((trade) => [trade?.aggressor, trade?.hidden, trade?.conditions])).toEqual([
      ['SELL', false, ''],
      ['BUY', false, ''],
      [null, true, ''],
      [null, false, 'CROSS_O'],
    ])
  })
})
