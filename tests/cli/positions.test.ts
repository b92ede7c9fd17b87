import fc from 'fast-check'
import { expect, test } from 'vitest'
import { loadTopology } from '../../cli/compose.ts'
import { holdingsOf, money } from '../../cli/positions.ts'
import type { PositionState } from '../../processors/execution/positions.ts'
import { initialState } from '../../processors/execution/state.ts'
import type { Task } from '../../runtime/engine/task.ts'

const topology = await loadTopology('topology/crypto.yaml')

const btc: PositionState = {
  instrument_id: 'BTCUSDT.BINANCE',
  venue: 'BINANCE',
  symbol: 'BTCUSDT',
  price_scale: 2,
  qty_scale: 8,
  multiplier: 1,
  qty: 1_200_000,
  cost: 7_402_440_000_000n,
  realized_pnl: -10_000_000_000n,
  fees: 5_000_000_000n,
  fills: 2,
  last_px: 6_170_000,
}

/** An execution task that holds `positions`, in a market where BTCUSDT stands at `quote`. */
function holding(
  positions: PositionState[],
  quote?: { bid_px: number | null; ask_px: number | null },
  trading = {},
): Task[] {
  const state = {
    ...initialState(),
    positions: Object.fromEntries(positions.map((position) => [position.instrument_id, position])),
    trading,
  }
  const planned = { stage: 'execution', params: { account: 'demo', currency: 'USDT' } }
  const tables = { nbbo: new Map(quote === undefined ? [] : [['BTCUSDT', quote]]) }
  return [{ planned, tables, cells: new Map([['account', { state }]]) } as unknown as Task]
}

test('values what is held at the middle of the NBBO, half a tick exact', () => {
  const { positions, pnl_total, trading_state } = holdingsOf(
    topology,
    holding([btc], { bid_px: 6_180_000, ask_px: 6_180_001 }),
  )
  expect(positions).toEqual([
    {
      account: 'demo',
      symbol: 'BTCUSDT',
      qty: '0.012',
      avg_px: '61687',
      realized: '-1.0000',
      unrealized: '1.3561',
      fees: '0.5000',
    },
  ])
  expect(pnl_total).toBe('-0.1439 USDT')
  expect(trading_state).toBe('ACTIVE')
})

test('values it at the last fill where there is no NBBO', () => {
  for (const quote of [undefined, { bid_px: null, ask_px: 6_180_000 }]) {
    expect(holdingsOf(topology, holding([btc], quote)).positions[0]?.unrealized).toBe('0.1560')
  }
})

test('a closed position has no average and no open profit; none at all has no total', () => {
  const flat = { ...btc, qty: 0, cost: 0n }
  expect(holdingsOf(topology, holding([flat])).positions[0]).toMatchObject({
    qty: '0',
    avg_px: '-',
    unrealized: '0.0000',
  })
  expect(holdingsOf(topology, holding([]))).toEqual({ positions: [], pnl_total: '', trading_state: 'ACTIVE' })
})

test('says what is halted', () => {
  const state = (trading: object) => holdingsOf(topology, holding([], undefined, trading)).trading_state
  expect(state({ firm: 'HALTED', 'symbol:BTCUSDT': 'REDUCING' })).toBe('HALTED')
  expect(state({ 'symbol:BTCUSDT': 'HALTED', 'account:demo': 'REDUCING' })).toBe(
    'HALTED for symbol:BTCUSDT, REDUCING for account:demo',
  )
})

test('money is rounded half away from zero, at any scale', () => {
  expect([money(1n, 4), money(2n, 4), money(-1n, 4), money(-1n, 5), money(99_999n, 4)]).toEqual(
    ['0.0001', '0.0001', '-0.0001', '0.0000', '5.0000'], // Half a unit goes up.
  )
  fc.assert(
    fc.property(fc.bigInt(-(10n ** 30n), 10n ** 30n), fc.integer({ min: 0, max: 24 }), (doubled, scale) => {
      const text = money(doubled, scale)
      expect(text).toMatch(/^-?[0-9]+\.[0-9]{4}$/)
      // |text - doubled / 2| <= half a unit of the last place, compared in integers.
      const shown = BigInt(text.replace('.', '')) * 2n * 10n ** BigInt(scale)
      const exact = doubled * 10_000n
      const off = shown > exact ? shown - exact : exact - shown
      expect(off <= 10n ** BigInt(scale)).toBe(true)
    }),
  )
})
