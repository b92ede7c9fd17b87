import { describe, expect, it } from 'vitest'
import { denialCodes } from '../../processors/execution/controls/codes.ts'
import { controls } from '../../processors/execution/controls/index.ts'
import { execution } from '../../processors/execution/index.ts'
import type { Decision, Order, OrderCommand, Verdict } from '../../schemas/generated/index.ts'
import { CASES, fall, type Given, hold, LIMITS } from './execution-control-cases.ts'
import { control, decision, ID, instrument, NOON_US, nbbo, SECOND_US, session } from './execution-records.ts'
import { Stage } from './execution-stage.ts'

/** Stage at noon with instrument and NBBO in its tables. */
function stageOf(given: Given): Stage {
  const stage = new Stage(execution, { ...LIMITS, ...given.params })
  if (given.instrument !== null) stage.send('instruments', instrument(given.instrument), 0, ID)
  if (given.nbbo !== null) stage.send('nbbo', nbbo(given.nbbo), NOON_US, 'ACME')
  for (const one of given.control ?? []) stage.send('control', control(one), NOON_US, one.scope ?? 'firm')
  given.prepare?.(stage)
  for (const [i, [at_us, fields]] of (given.before ?? []).entries()) {
    stage.send('decisions', decision({ decision_id: `before-${i}`, ...fields }), NOON_US + at_us)
  }
  return stage
}

/** The order that came of the decision, and the verdict of `id`. */
function asked(id: string, given: Given): { order: Order; verdict: Verdict; commands: OrderCommand[] } {
  const stage = stageOf(given)
  const sent = stage.of<OrderCommand>('commands').length
  stage.send('decisions', decision(given.decision), NOON_US + (given.at_us ?? 0))
  const order = stage.of<Order>('orders').at(-1) as Order
  const verdict = order.verdicts.find((one) => one.control === id) as Verdict
  return { order, verdict, commands: stage.of<OrderCommand>('commands').slice(sent) }
}

describe('each control passes at its edge and denies one step beyond', () => {
  it.each(CASES)('%s, %#: %s', (_name, passing, code, denying, measured, limit) => {
    const id = denialCodes[code].control
    expect(asked(id, passing).verdict).toMatchObject({ control: id, code: 'PASS' })
    const { order, verdict, commands } = asked(id, denying)
    expect(verdict).toEqual({ control: id, code, measured, limit })
    expect(order.status).toBe('DENIED')
    expect(commands).toEqual([])
  })

  it('has a case for every code', () => {
    expect([...new Set(CASES.map(([, , code]) => code))].sort()).toEqual(Object.keys(denialCodes).sort())
  })
})

describe('the list', () => {
  it('asks every control in the order of ids, and the first denial is the reason', () => {
    const { order } = asked('P01', { instrument: null, nbbo: null, decision: { qty: -5 } })
    expect(order.verdicts.map((verdict) => verdict.control)).toEqual([
      'P01',
      'P03',
      'P04',
      'P05',
      'P07',
      'P08',
      'P09',
      'P11',
      'P14',
      'P15',
      'P18',
      'P20',
      'P21',
    ])
    expect(order.verdicts).toHaveLength(controls.length)
    expect(order.reason).toBe('INSTRUMENT_UNKNOWN')
    expect(order.verdicts.map((verdict) => verdict.code)).toEqual([
      'PASS',
      'INSTRUMENT_UNKNOWN',
      'KIND_UNSUPPORTED',
      'NO_REFERENCE_PRICE',
      'ORDER_VALUE_UNKNOWN',
      'DEPTH_UNKNOWN',
      'PASS',
      'PASS',
      'POSITION_UNKNOWN',
      'PASS',
      'BOOK_QUALITY',
      'PASS',
      'FIELD_INVALID',
    ])
  })

  it('records the verdicts of an order that passes in its command and its first record only', () => {
    const { order, commands } = asked('P01', {})
    expect(order.status).toBe('PENDING_NEW')
    expect(order.verdicts.map((verdict) => verdict.code)).toEqual(controls.map(() => 'PASS'))
    expect(commands).toHaveLength(1)
    expect(commands[0]?.verdicts).toEqual(order.verdicts)
  })

  it('takes an order for no reducer when one that is open already sells the position', () => {
    const out: Partial<Decision> = { side: 'SELL', qty: 1_500, limit_px: 10_000, time_in_force: 'GTC' }
    const prepare = (also: number) => (stage: Stage) => {
      hold('h', 2_000, 10_005)(stage)
      stage.send('decisions', decision({ ...out, decision_id: 'open', qty: also }), NOON_US)
      stage.send('control', control({ trading_state: 'REDUCING' }), NOON_US, 'firm')
    }
    expect(asked('P01', { prepare: prepare(500), decision: out }).verdict.code).toBe('PASS')
    expect(asked('P01', { prepare: prepare(510), decision: out }).verdict.code).toBe('TRADING_REDUCING')
  })

  it('lets an order that only reduces pass the loss limit, and one that would turn the position not', () => {
    const out: Partial<Decision> = { side: 'SELL', qty: 2_000, limit_px: 6_000 }
    const turning = asked('P15', { prepare: fall(6_005), decision: { ...out, qty: 2_010 }, at_us: SECOND_US })
    expect(turning.verdict.code).toBe('DAILY_LOSS')
    expect(asked('P15', { prepare: fall(6_005), decision: out, at_us: SECOND_US }).order.status).toBe('PENDING_NEW')
  })
})

describe('sessions', () => {
  const stage = (calendar: string) => {
    const made = new Stage(execution, LIMITS)
    made.send('instruments', instrument({ calendar, quote_currency: 'USDT' }), 0, ID)
    return made
  }
  const reason = (calendar: string, at: string, prepare: (made: Stage) => void = () => {}) => {
    const made = stage(calendar)
    const at_us = Date.parse(at) * 1_000
    made.send('nbbo', nbbo({ receive_time_us: at_us, event_time_us: at_us }), at_us, 'ACME')
    prepare(made)
    made.send('decisions', decision(), at_us)
    return (made.of<Order>('orders').at(-1) as Order).verdicts.find(({ control: id }) => id === 'P03')
  }

  it.each([
    ['NSE', '2019-07-09T09:14:59.999+05:30', 'SESSION_CLOSED', 'AUCTION'],
    ['NSE', '2019-07-09T09:15:00+05:30', 'PASS', ID],
    ['NSE', '2019-07-09T15:29:59.999+05:30', 'PASS', ID],
    ['NSE', '2019-07-09T15:30:00+05:30', 'SESSION_CLOSED', 'CLOSED'],
    ['NSE', '2019-08-12T12:00:00+05:30', 'SESSION_CLOSED', 'CLOSED'],
    ['NSE', '2018-12-31T12:00:00+05:30', 'SESSION_UNKNOWN', 'NSE'],
    ['NASDAQ', '2013-10-07T09:30:00-04:00', 'PASS', ID],
    ['24x7', '1999-12-25T00:00:00Z', 'PASS', ID],
  ])('of %s at %s: %s', (calendar, at, code, measured) => {
    expect(reason(calendar, at)).toMatchObject({ control: 'P03', code, measured })
  })

  it('a halt within the session stops trading, its record is a cause of the denial, and its end frees', () => {
    const at = '2013-10-07T12:00:00-04:00'
    expect(reason('NASDAQ', at, (made) => made.send('events', session('HALTED'), 0))).toMatchObject({
      code: 'TRADING_PHASE',
      measured: 'HALTED',
    })
    const made = stage('24x7')
    made.send('nbbo', nbbo(), NOON_US, 'ACME')
    const id = made.send('events', session('HALTED'), NOON_US)
    made.send('decisions', decision(), NOON_US)
    expect(made.emitted.at(-1)?.causes).toContain(id)
    made.send('events', session('OPEN'), NOON_US)
    expect(made.state<{ phases: unknown }>('account').phases).toEqual({})
    made.send('events', { ...session('HALTED'), instrument_id: 'OTHER.SIM' }, NOON_US)
    made.send('decisions', decision({ decision_id: 'second' }), NOON_US)
    expect(made.of<OrderCommand>('commands')).toHaveLength(1)
  })
})
