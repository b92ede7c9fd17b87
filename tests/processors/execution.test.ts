import { describe, expect, it } from 'vitest'
import { execution } from '../../processors/execution/index.ts'
import { type AccountState, openOrders } from '../../processors/execution/state.ts'
import type { Decision, ExecutionReport, Fill, Order, OrderCommand, Position } from '../../schemas/generated/index.ts'
import { control, decision, ID, instrument, NOON_US, nbbo, report, SECOND_US } from './execution-records.ts'
import { Stage } from './execution-stage.ts'

const DAY_US = 86_400 * SECOND_US

class Desk {
  readonly stage: Stage
  private reports = 0
  constructor(params: Record<string, unknown> = {}) {
    this.stage = new Stage(execution, { order_timeout_ms: 1_000, ...params })
    this.stage.send('instruments', instrument(), 0, ID)
    this.stage.send('nbbo', nbbo(), NOON_US, 'ACME')
  }
  decide(name: string, fields: Partial<Decision> = {}, at_us = this.stage.now_us): string {
    return this.stage.send('decisions', decision({ decision_id: name, ...fields }), at_us)
  }
  report(name: string, fields: Partial<ExecutionReport>, at_us = this.stage.now_us): string {
    const exec_id = `E${++this.reports}`
    return this.stage.send('executions', report({ cl_ord_id: `${name}.1`, exec_id, ...fields }), at_us)
  }
  trade(name: string, last_qty: number, fields: Partial<ExecutionReport> = {}, at_us?: number): string {
    return this.report(
      name,
      { exec_type: 'TRADE', last_qty, last_px: 10_000, fee: 5n, liquidity: 'TAKER', ...fields },
      at_us,
    )
  }
  statuses(): string[] {
    return this.stage.of<Order>('orders').map((order) => `${order.cl_ord_id} ${order.status}`)
  }
  get state(): AccountState {
    return this.stage.state('account')
  }
}

describe('execution', () => {
  it('sends an order, books its fills and the position', () => {
    const desk = new Desk()
    const asked = desk.decide('a')
    desk.report('a', { exec_type: 'NEW' })
    desk.trade('a', 400, { market_sequence: 77, transact_time_us: NOON_US + 5 })
    desk.trade('a', 600, { last_px: 10_005 })
    expect(desk.stage.of<OrderCommand>('commands')).toEqual([
      expect.objectContaining({
        command: 'NEW',
        cl_ord_id: 'a.1',
        decision_id: 'a',
        side: 'BUY',
        qty: 1_000,
        limit_px: 10_005,
        time_in_force: 'IOC',
        limits_version: 'demo-1',
        event_time_us: NOON_US,
      }),
    ])
    expect(desk.statuses()).toEqual(['a.1 PENDING_NEW', 'a.1 NEW', 'a.1 PARTIALLY_FILLED', 'a.1 FILLED'])
    expect(desk.stage.of<Order>('orders').at(-1)).toMatchObject({
      cum_qty: 1_000,
      leaves_qty: 0,
      cum_notional: 10_003_000n,
      verdicts: [],
    })
    const [first, second] = desk.stage.of<Fill>('fills')
    expect(first).toMatchObject({ exec_id: 'E2', qty: 400, px: 10_000, fee: 5n, market_sequence: 77, decision_id: 'a' })
    expect(second).toMatchObject({ exec_id: 'E3', qty: 600, px: 10_005 })
    expect(desk.stage.of<Position>('positions').map(({ qty, cost, fees, fills }) => [qty, cost, fees, fills])).toEqual([
      [400, 4_000_000n, 5n, 1],
      [1_000, 10_003_000n, 10n, 2],
    ])
    // What the decision rested on: its record, the NBBO, the instrument.
    expect(desk.stage.emitted[0]?.causes).toEqual([asked, 'test/0:1', 'test/0:0'])
    expect(desk.stage.pendingTimers()).toEqual(['midnight'])
  })

  it('denies with a record of its own and sends nothing', () => {
    const desk = new Desk()
    desk.decide('a', { limit_px: 10_001 })
    expect(desk.stage.of('commands')).toEqual([])
    const [order] = desk.stage.of<Order>('orders')
    expect(order).toMatchObject({ cl_ord_id: 'a.1', status: 'DENIED', reason: 'TICK_SIZE', leaves_qty: 0 })
    expect(Object.keys(desk.state.open)).toEqual([])
  })

  it('gives a decision that comes twice a ClOrdID of its own to be denied under', () => {
    const desk = new Desk()
    desk.decide('a')
    desk.decide('a')
    expect(desk.statuses()).toEqual(['a.1 PENDING_NEW', 'a.2 DENIED'])
  })

  it('applies an ExecID once', () => {
    const desk = new Desk()
    desk.decide('a')
    desk.trade('a', 400, { exec_id: 'X' })
    const before = desk.stage.emitted.length
    desk.trade('a', 400, { exec_id: 'X' })
    expect(desk.stage.emitted.length).toBe(before)
    expect(desk.stage.faults).toEqual([])
  })

  it('takes an execution back and corrects one: fills and position follow', () => {
    const desk = new Desk()
    desk.decide('a')
    desk.trade('a', 400, { exec_id: 'X' })
    desk.trade('a', 600, { exec_id: 'Y' })
    desk.report('a', {
      exec_type: 'TRADE_CORRECT',
      exec_ref_id: 'X',
      exec_id: 'Z',
      last_qty: 300,
      last_px: 9_000,
      fee: 4n,
    })
    desk.report('a', { exec_type: 'TRADE_CANCEL', exec_ref_id: 'Y', exec_id: 'W', ord_status: 'CANCELED' })
    expect(desk.stage.of<Fill>('fills').map((fill) => [fill.exec_id, fill.qty, fill.px, fill.fee])).toEqual([
      ['X', 400, 10_000, 5n],
      ['Y', 600, 10_000, 5n],
      ['Z/reversal', -400, 10_000, -5n],
      ['Z', 300, 9_000, 4n],
      ['W', -600, 10_000, -5n],
    ])
    const last = desk.stage.of<Position>('positions').at(-1)
    expect(last).toMatchObject({ qty: 300, fees: 4n, fills: 1 })
    expect((last?.cost ?? 0n) - (last?.realized_pnl ?? 0n)).toBe(2_700_000n)
    expect(desk.statuses().at(-1)).toBe('a.1 CANCELED')
  })

  it.each<[string, string, Partial<ExecutionReport>]>([
    ['ORDER_UNKNOWN', 'z', { exec_type: 'NEW' }],
    ['ORDER_UNKNOWN', 'constructor', { cl_ord_id: 'constructor', exec_type: 'NEW' }],
    ['ACCOUNT_UNKNOWN', 'a', { account: 'other' }],
    ['REPORT_MISMATCH', 'a', { side: 'SELL' }],
    ['EVENT_IMPOSSIBLE', 'a', { exec_type: 'TRIGGERED' }],
    ['OVERFILL', 'a', { exec_type: 'TRADE', last_qty: 1_001, last_px: 1 }],
    ['EXEC_REF_UNKNOWN', 'a', { exec_type: 'TRADE_CANCEL', exec_ref_id: 'none' }],
    ['TRADE_INVALID', 'a', { exec_type: 'TRADE' }],
  ])('answers %s to a report that cannot be and changes nothing', (code, name, fields) => {
    const desk = new Desk()
    desk.decide('a')
    const before = desk.state
    desk.report(name, fields)
    expect(desk.stage.faults.map((one) => one.code)).toEqual([code])
    expect(desk.state).toBe(before)
  })

  it('refuses a decision for another account', () => {
    const desk = new Desk()
    desk.decide('a', { account: 'other' })
    expect(desk.stage.faults.map((one) => one.code)).toEqual(['ACCOUNT_UNKNOWN'])
  })

  it('calls an order UNKNOWN when nothing answers, and lets a late answer prove otherwise', () => {
    const desk = new Desk()
    const asked = desk.decide('a', {}, NOON_US)
    desk.stage.advance(NOON_US + 999_999)
    expect(desk.statuses()).toEqual(['a.1 PENDING_NEW'])
    desk.stage.advance(NOON_US + SECOND_US)
    expect(desk.stage.of<Order>('orders').at(-1)).toMatchObject({ status: 'UNKNOWN', reason: 'NO_ANSWER' })
    expect(desk.stage.emitted.at(-1)?.causes).toEqual([asked])
    desk.trade('a', 1_000)
    expect(desk.statuses().at(-1)).toBe('a.1 FILLED')
  })

  it('keeps so many finished orders open to busts as it is told, and no more', () => {
    const desk = new Desk({ keep_terminal_orders: 2, max_position_value: 1_000_000, max_gross_value: 1_000_000 })
    for (const [i, name] of ['a', 'b', 'c'].entries()) {
      desk.decide(name, {}, NOON_US + i * 300_000)
      desk.trade(name, 1_000, { exec_id: `${name}-x` })
    }
    expect(desk.state.finished.map((order) => order.terms.root)).toEqual(['b.1', 'c.1'])
    desk.report('b', { exec_type: 'TRADE_CANCEL', exec_ref_id: 'b-x', ord_status: 'CANCELED' })
    expect(desk.statuses().at(-1)).toBe('b.1 CANCELED')
    desk.report('a', { exec_type: 'TRADE_CANCEL', exec_ref_id: 'a-x', ord_status: 'CANCELED' })
    expect(desk.stage.faults.map((one) => one.code)).toEqual(['ORDER_UNKNOWN'])
  })

  it('brings an order back among the open ones when a bust reopens it', () => {
    const desk = new Desk()
    desk.decide('a', { time_in_force: 'GTC' })
    desk.trade('a', 1_000, { exec_id: 'X' })
    expect([Object.keys(desk.state.open), desk.state.finished.length]).toEqual([[], 1])
    desk.report('a', { exec_type: 'TRADE_CANCEL', exec_ref_id: 'X', ord_status: 'NEW' })
    expect([Object.keys(desk.state.open), desk.state.finished.length]).toEqual([['a.1'], 0])
  })

  it('looks at the equity of a new day at midnight', () => {
    const desk = new Desk({ max_drawdown: 1_000 })
    desk.decide('a')
    desk.trade('a', 1_000, { last_px: 10_000 })
    // One bought at 100.00, middle now 110.00, fee 0.00005.
    desk.stage.send('nbbo', nbbo({ bid_px: 10_995, ask_px: 11_005 }), NOON_US + SECOND_US, 'ACME')
    const midnight = Math.ceil(NOON_US / DAY_US) * DAY_US
    desk.stage.advance(midnight)
    const unit = 10n ** 19n
    expect(desk.state.day).toEqual({ number: midnight / DAY_US, start: 999_995n * unit, peak: 999_995n * unit })
    expect(desk.stage.pendingTimers()).toEqual(['midnight'])
  })
})

it('walks open orders by id, however the state came about', () => {
  const order = (root: string) => ({ [root]: { terms: { root } } })
  const state = { open: { ...order('b.1'), ...order('c.1'), ...order('a.1') } } as unknown as AccountState
  expect(openOrders(state).map((one) => one.terms.root)).toEqual(['a.1', 'b.1', 'c.1'])
})

describe('the kill switch', () => {
  function open(): Desk {
    const desk = new Desk({ duplicate_window_ms: 1 })
    desk.decide('b', { time_in_force: 'GTC', limit_px: 9_990 })
    desk.decide('a', { time_in_force: 'GTC', limit_px: 9_985 })
    desk.decide('c', { time_in_force: 'GTC', limit_px: 9_980, strategy: 'other' })
    desk.report('a', { exec_type: 'NEW' })
    return desk
  }

  it.each<[string, string[]]>([
    ['firm', ['a.1', 'b.1', 'c.1']],
    ['account:demo', ['a.1', 'b.1', 'c.1']],
    ['account:other', []],
    ['strategy:strategy', ['a.1', 'b.1']],
    ['symbol:ACME', ['a.1', 'b.1', 'c.1']],
    ['symbol:OTHER', []],
  ])('cancels what is open in scope %s at once', (scope, canceled) => {
    const desk = open()
    const sent = desk.stage.of('commands').length
    desk.stage.send('control', control({ scope, trading_state: 'HALTED', cancel_open: true }), NOON_US, scope)
    const cancels = desk.stage.of<OrderCommand>('commands').slice(sent)
    expect(cancels.map((one) => [one.command, one.orig_cl_ord_id])).toEqual(canceled.map((id) => ['CANCEL', id]))
    expect(cancels.map((one) => one.cl_ord_id)).toEqual(canceled.map((id) => `${id}.c1`))
    const statuses = desk.stage.of<Order>('orders').slice(-canceled.length || undefined)
    if (canceled.length > 0) expect(statuses.map((one) => one.status)).toEqual(canceled.map(() => 'PENDING_CANCEL'))
  })

  it('is not throttled, but its messages count', () => {
    const desk = open()
    desk.stage.send('control', control({ cancel_open: true }), NOON_US, 'firm')
    expect(desk.state.messages).toHaveLength(6)
  })

  it('asks once while the answer is awaited, and again when it did not come', () => {
    const desk = open()
    const kill = () => desk.stage.send('control', control({ cancel_open: true }), desk.stage.now_us, 'firm')
    kill()
    kill()
    expect(desk.stage.of('commands')).toHaveLength(6)
    desk.stage.advance(NOON_US + SECOND_US)
    kill()
    expect(
      desk.stage
        .of<OrderCommand>('commands')
        .slice(6)
        .map((one) => one.cl_ord_id),
    ).toEqual(['a.1.c2', 'b.1.c2', 'c.1.c2'])
  })

  it('keeps a halt through a later control that leaves the trading state', () => {
    const desk = new Desk()
    desk.stage.send('control', control({ trading_state: 'HALTED' }), NOON_US, 'firm')
    desk.stage.send('control', control({ cancel_open: true }), NOON_US, 'firm')
    desk.decide('a')
    expect(desk.stage.of<Order>('orders')[0]).toMatchObject({ status: 'DENIED', reason: 'TRADING_HALTED' })
    desk.stage.send('control', control({ trading_state: 'ACTIVE' }), NOON_US, 'firm')
    desk.decide('b')
    expect(desk.statuses()).toEqual(['a.1 DENIED', 'b.1 PENDING_NEW'])
  })

  it('ends with the venue: canceled, or filled meanwhile and the cancel refused', () => {
    const desk = open()
    desk.stage.send('control', control({ cancel_open: true }), NOON_US, 'firm')
    desk.report('a', { exec_type: 'CANCELED', cl_ord_id: 'a.1.c1', orig_cl_ord_id: 'a.1' })
    desk.trade('b', 1_000)
    desk.report('b', { exec_type: 'CANCEL_REJECT', cl_ord_id: 'b.1.c1', orig_cl_ord_id: 'b.1' })
    expect(desk.statuses().slice(-3)).toEqual(['a.1 CANCELED', 'b.1 PENDING_CANCEL', 'b.1 FILLED'])
    expect(desk.stage.pendingTimers()).toEqual(['answer:c.1', 'answer:c.1.c1', 'midnight'])
  })
})
