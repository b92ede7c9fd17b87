import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Arena } from '../../runtime/api/arena.ts'
import { DataFault } from '../../runtime/api/fault.ts'
import type { RecordType } from '../../runtime/api/record.ts'
import {
  BookUpdate as Books,
  type BookUpdate,
  MarketEvent,
  Position,
  RawFrame,
  records,
} from '../../schemas/generated/index.ts'
import { misfit } from '../../schemas/misfit.ts'
import { valuesOf } from './arbitraries.ts'

const book: BookUpdate = {
  instrument_id: 'BTCUSDT.BINANCE',
  venue: 'BINANCE',
  symbol: 'BTCUSDT',
  sequence: 7,
  quality: 'LIVE',
  bid_px: 1,
  bid_qty: 2,
  ask_px: 3,
  ask_qty: null,
  bids: [{ px: 1, qty: 2 }],
  asks: [],
  proven_levels: 1,
  proven_bid_levels: 1,
  proven_ask_levels: 1,
  spread_px: 2,
  imbalance: 0,
  microprice_px: 2.5,
  order_flow_imbalance: 0,
  event_time_us: 1,
  receive_time_us: 2,
}

/** What `encode` says of `value`; fails the test unless the arena is as it was. */
function refusal(type: RecordType, value: unknown): { code: string; message: string; detail: unknown } {
  const arena = new Arena(8)
  arena.ensure(3)
  arena.pos = 3
  try {
    type.encode(value, arena)
  } catch (error) {
    expect(error).toBeInstanceOf(DataFault)
    expect(arena.pos).toBe(3)
    const { code, message, detail } = error as DataFault
    return { code, message, detail }
  }
  throw new Error('it was encoded')
}

describe('a value that does not fit', () => {
  const beyond = 2 ** 53
  it.each<[string, string, unknown, string]>([
    ['VALUE_OUT_OF_RANGE', 'sequence', beyond, '9007199254740992'],
    ['VALUE_OUT_OF_RANGE', 'sequence', -beyond, '-9007199254740992'],
    ['VALUE_OUT_OF_RANGE', 'bid_px', 1e300, '1e+300'],
    ['VALUE_TYPE', 'sequence', 1.5, '1.5'],
    ['VALUE_TYPE', 'sequence', Number.NaN, 'NaN'],
    ['VALUE_TYPE', 'sequence', Number.POSITIVE_INFINITY, 'Infinity'],
    ['VALUE_TYPE', 'sequence', 7n, '7'],
    ['VALUE_TYPE', 'sequence', '7', '"7"'],
    ['VALUE_TYPE', 'sequence', null, 'null'],
    ['VALUE_TYPE', 'bid_px', undefined, 'undefined'],
    ['VALUE_TYPE', 'imbalance', Number.NaN, 'NaN'],
    ['VALUE_TYPE', 'imbalance', Number.NEGATIVE_INFINITY, '-Infinity'],
    ['VALUE_TYPE', 'imbalance', '0.5', '"0.5"'],
    ['VALUE_TYPE', 'quality', 'live', '"live"'],
    ['VALUE_TYPE', 'quality', 0, '0'],
    ['VALUE_TYPE', 'venue', 5, '5'],
    ['VALUE_TYPE', 'venue', { length: 3 }, 'object'],
    ['VALUE_TYPE', 'venue', '\ud800', '"\\ud800"'],
    ['VALUE_TYPE', 'venue', `${'a'.repeat(100)}\udfff`, `"${'a'.repeat(100)}"`],
    ['VALUE_TYPE', 'bids', null, 'null'],
    ['VALUE_TYPE', 'bids', 'levels', '"levels"'],
    ['VALUE_TYPE', 'bids', { length: 0 }, 'object'],
    ['VALUE_TYPE', 'bids', new Float64Array(2), '16 bytes'],
  ])('is %s in %s', (code, field, value, text) => {
    const shown = value instanceof Float64Array ? 'object' : text
    const detail = { record: 'BookUpdate', field, value: shown }
    const message = `BookUpdate.${field}: ${shown} does not fit`
    expect(refusal(Books, { ...book, [field]: value })).toEqual({ code, message, detail })
  })

  it('is named by its whole path', () => {
    const levels = [
      { px: 1, qty: 2 },
      { px: 1, qty: beyond },
    ]
    expect(refusal(Books, { ...book, asks: levels }).detail).toMatchObject({ field: 'asks[1].qty' })
    expect(refusal(Books, { ...book, asks: [levels[0], undefined] }).detail).toMatchObject({ field: 'asks[1]' })
    expect(refusal(Books, { ...book, asks: new Array(2) }).detail).toMatchObject({ field: 'asks[0]' })
    const event = {
      ...valuesOnce(MarketEvent),
      trade: { trade_id: 1, px: 1, qty: 1, aggressor: 'NOBODY', conditions: '', hidden: false },
    }
    expect(refusal(MarketEvent, event).detail).toMatchObject({ field: 'trade.aggressor' })
  })

  it('may be no record at all', () => {
    for (const value of [null, undefined, 5, 'x', [], {}]) expect(refusal(Books, value).code).toBe('VALUE_TYPE')
    expect(refusal(Books, null).message).toBe('BookUpdate: null does not fit')
  })

  it('may be an int, bytes or a decimal', () => {
    const frame = valuesOnce(RawFrame)
    expect(refusal(RawFrame, { ...frame, receive_time_ns_rest: 2 ** 31 }).code).toBe('VALUE_OUT_OF_RANGE')
    expect(refusal(RawFrame, { ...frame, receive_time_ns_rest: -(2 ** 31) - 1 }).code).toBe('VALUE_OUT_OF_RANGE')
    expect(refusal(RawFrame, { ...frame, payload: 'text' }).code).toBe('VALUE_TYPE')
    expect(refusal(RawFrame, { ...frame, payload: [1, 2] }).code).toBe('VALUE_TYPE')
    const position = valuesOnce(Position)
    expect(refusal(Position, { ...position, cost: 10n ** 38n }).code).toBe('VALUE_OUT_OF_RANGE')
    expect(refusal(Position, { ...position, cost: -(10n ** 38n) }).code).toBe('VALUE_OUT_OF_RANGE')
    expect(refusal(Position, { ...position, cost: 5 }).code).toBe('VALUE_TYPE')
  })

  it('is found in any field of any record, and the text stays short', () => {
    for (const type of Object.values(records)) {
      const fields = Object.keys(valuesOnce(type))
      fc.assert(
        fc.property(valuesOf(type), fc.constantFrom(...fields), fc.constantFrom(...WRONG), (value, field, wrong) => {
          const { code, detail } = refusal(type, { ...value, [field]: wrong })
          expect(code).toBe('VALUE_TYPE')
          const shown = detail as { field: string; value: string }
          expect(shown.field.split('.')[0]).toBe(field)
          expect(shown.value.length).toBeLessThan(130)
        }),
        { numRuns: 60 },
      )
    }
  })

  it('that fits after all gives the original error back', () => {
    const cause = new Error('the encoder is wrong')
    expect(misfit(Books, book, cause)).toBe(cause)
  })
})

/** No field of any type takes these. */
const WRONG: readonly unknown[] = [undefined, Symbol('x'), () => 1, new Date(0), Number.NaN, '\udc00'.repeat(300)]

function valuesOnce(type: RecordType): Readonly<Record<string, unknown>> {
  return fc.sample(valuesOf(type), { numRuns: 1, seed: 7 })[0]!
}
