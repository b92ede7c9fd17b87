import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { command } from '../../processors/execution/order-commands.ts'
import { report } from '../../processors/execution/order-reports.ts'
import {
  type Base,
  type Command,
  created,
  type Life,
  leaves,
  OPEN,
  type Outcome,
  reported,
  TERMINAL,
} from '../../processors/execution/order-state.ts'
import { type ExecType, ExecTypeValues, type ExecutionReport } from '../../schemas/generated/index.ts'
import { report as reportRecord } from './execution-records.ts'

type Said = Partial<ExecutionReport> & { readonly exec_type: ExecType }

function done(outcome: Outcome): Life {
  if (outcome.kind !== 'changed') throw new Error(`${outcome.kind}: ${JSON.stringify(outcome)}`)
  return outcome.life
}

const SENT = done(command(created('c1', 100, 1_000), { type: 'SEND' }))
let execs = 0
function says(life: Life, fields: Said): Outcome {
  return report(life, reportRecord({ cl_ord_id: 'c1', exec_id: `x${++execs}`, qty: 100, limit_px: 1_000, ...fields }))
}
function then(life: Life, ...events: readonly (Said | Command)[]): Life {
  return events.reduce((now: Life, event) => done('type' in event ? command(now, event) : says(now, event)), life)
}
const trade = (last_qty: number, last_px = 1_000, exec_id?: string): Said => {
  return { exec_type: 'TRADE', last_qty, last_px, ...(exec_id === undefined ? {} : { exec_id }) }
}
const brief = (life: Life) => `${reported(life)} ${life.cum_qty}/${leaves(life)}`

/** One life in each base state; the quantity is 100. */
const IN: Record<Base, Life> = {
  CREATED: created('c1', 100, 1_000),
  HELD: then(created('c1', 100, 1_000), { type: 'HOLD' }),
  DENIED: then(created('c1', 100, 1_000), { type: 'DENY', reason: 'TRADING_HALTED' }),
  PENDING_NEW: SENT,
  NEW: then(SENT, { exec_type: 'NEW' }),
  SUSPENDED: then(SENT, { exec_type: 'NEW', ord_status: 'SUSPENDED' }),
  PARTIALLY_FILLED: then(SENT, { exec_type: 'NEW' }, trade(40, 1_000, 'T1')),
  FILLED: then(SENT, trade(100, 1_000, 'T1')),
  CANCELED: then(SENT, trade(40, 1_000, 'T1'), { exec_type: 'CANCELED' }),
  REJECTED: then(SENT, { exec_type: 'REJECTED', text: 'NO' }),
  EXPIRED: then(SENT, trade(40, 1_000, 'T1'), { exec_type: 'EXPIRED' }),
  DONE_FOR_DAY: then(SENT, { exec_type: 'NEW' }, { exec_type: 'DONE_FOR_DAY' }),
  UNKNOWN: then(SENT, { type: 'NO_ANSWER', cl_ord_id: 'c1' }),
}

describe('rows of the state machine', () => {
  /** Per ExecType: base state -> what it becomes; `-` says nothing new, absent is impossible. */
  const ROWS: Partial<Record<ExecType, Partial<Record<Base, string>>>> = {
    PENDING_NEW: {
      PENDING_NEW: 'PENDING_NEW',
      UNKNOWN: '-',
      NEW: '-',
      SUSPENDED: '-',
      PARTIALLY_FILLED: '-',
      DONE_FOR_DAY: '-',
      FILLED: '-',
      CANCELED: '-',
      EXPIRED: '-',
    },
    NEW: {
      PENDING_NEW: 'NEW',
      UNKNOWN: 'NEW',
      NEW: '-',
      SUSPENDED: '-',
      PARTIALLY_FILLED: '-',
      DONE_FOR_DAY: '-',
      FILLED: '-',
      CANCELED: '-',
      EXPIRED: '-',
    },
    REJECTED: { PENDING_NEW: 'REJECTED', UNKNOWN: 'REJECTED', NEW: 'REJECTED', REJECTED: '-' },
    TRIGGERED: { SUSPENDED: 'NEW' },
    TRADE: {
      PENDING_NEW: 'PARTIALLY_FILLED',
      NEW: 'PARTIALLY_FILLED',
      SUSPENDED: 'PARTIALLY_FILLED',
      PARTIALLY_FILLED: 'PARTIALLY_FILLED',
      UNKNOWN: 'PARTIALLY_FILLED',
      DONE_FOR_DAY: 'DONE_FOR_DAY',
      CANCELED: 'CANCELED',
      EXPIRED: 'EXPIRED',
    },
    PENDING_CANCEL: {
      PENDING_NEW: 'PENDING_CANCEL',
      NEW: 'PENDING_CANCEL',
      SUSPENDED: 'PENDING_CANCEL',
      PARTIALLY_FILLED: 'PENDING_CANCEL',
      DONE_FOR_DAY: 'PENDING_CANCEL',
      UNKNOWN: 'PENDING_CANCEL',
      FILLED: '-',
      CANCELED: '-',
      EXPIRED: '-',
    },
    PENDING_REPLACE: {
      PENDING_NEW: 'PENDING_REPLACE',
      NEW: 'PENDING_REPLACE',
      SUSPENDED: 'PENDING_REPLACE',
      PARTIALLY_FILLED: 'PENDING_REPLACE',
      DONE_FOR_DAY: 'PENDING_REPLACE',
      UNKNOWN: 'PENDING_REPLACE',
      FILLED: '-',
      CANCELED: '-',
      EXPIRED: '-',
    },
    CANCELED: {
      PENDING_NEW: 'CANCELED',
      NEW: 'CANCELED',
      SUSPENDED: 'CANCELED',
      PARTIALLY_FILLED: 'CANCELED',
      DONE_FOR_DAY: 'CANCELED',
      UNKNOWN: 'CANCELED',
      CANCELED: '-',
    },
    REPLACED: {},
    CANCEL_REJECT: { DENIED: '-', FILLED: '-', CANCELED: '-', REJECTED: '-', EXPIRED: '-' },
    EXPIRED: {
      PENDING_NEW: 'EXPIRED',
      NEW: 'EXPIRED',
      SUSPENDED: 'EXPIRED',
      PARTIALLY_FILLED: 'EXPIRED',
      DONE_FOR_DAY: 'EXPIRED',
      UNKNOWN: 'EXPIRED',
      EXPIRED: '-',
    },
    DONE_FOR_DAY: {
      PENDING_NEW: 'DONE_FOR_DAY',
      NEW: 'DONE_FOR_DAY',
      SUSPENDED: 'DONE_FOR_DAY',
      PARTIALLY_FILLED: 'DONE_FOR_DAY',
      DONE_FOR_DAY: 'DONE_FOR_DAY',
      UNKNOWN: 'DONE_FOR_DAY',
      FILLED: '-',
      CANCELED: '-',
      EXPIRED: '-',
    },
    // Only fields change.
    RESTATED: Object.fromEntries([...OPEN, ...TERMINAL].map((base) => [base, base])),
    // T1 is an execution of the states that have one; elsewhere there is nothing to correct.
    TRADE_CORRECT: {
      PARTIALLY_FILLED: 'PARTIALLY_FILLED',
      FILLED: 'PARTIALLY_FILLED',
      CANCELED: 'CANCELED',
      EXPIRED: 'EXPIRED',
    },
    TRADE_CANCEL: { PARTIALLY_FILLED: 'NEW', FILLED: 'NEW', CANCELED: 'CANCELED', EXPIRED: 'EXPIRED' },
    ORDER_STATUS: {
      ...Object.fromEntries([...OPEN, ...TERMINAL].map((base) => [base, '-'])),
      UNKNOWN: 'NEW',
    },
  }

  it.each(ExecTypeValues)('%s', (exec_type) => {
    const is_trade = exec_type === 'TRADE' || exec_type === 'TRADE_CORRECT'
    const fields: Said = {
      exec_type,
      exec_ref_id: 'T1',
      ...(is_trade ? { last_qty: 20, last_px: 1_000 } : {}),
    }
    const seen = Object.fromEntries(
      Object.entries(IN).flatMap(([base, life]) => {
        const outcome = says(life, fields)
        if (outcome.kind === 'impossible') return []
        return [[base, outcome.kind === 'same' ? '-' : reported(outcome.life)]]
      }),
    )
    expect(seen).toEqual(ROWS[exec_type])
  })

  it.each<[Command['type'], Partial<Record<Base, string>>]>([
    ['DENY', { CREATED: 'DENIED', HELD: 'DENIED' }],
    ['HOLD', { CREATED: 'HELD' }],
    ['APPROVE', { HELD: 'PENDING_NEW' }],
    ['APPROVAL_EXPIRED', { HELD: 'DENIED' }],
    ['SEND', { CREATED: 'PENDING_NEW' }],
    ['SEND_CANCEL', Object.fromEntries([...OPEN].map((base) => [base, 'PENDING_CANCEL']))],
    ['SEND_REPLACE', Object.fromEntries([...OPEN].map((base) => [base, 'PENDING_REPLACE']))],
    ['NO_ANSWER', { PENDING_NEW: 'UNKNOWN' }],
  ])('%s', (type, row) => {
    const event = { type, reason: 'R', cl_ord_id: 'c1', qty: 100, limit_px: 1_000 } as Command
    const seen = Object.fromEntries(
      Object.entries(IN).flatMap(([base, life]) => {
        const outcome = command(life, event)
        return outcome.kind === 'changed' ? [[base, reported(outcome.life)]] : []
      }),
    )
    expect(seen).toEqual(row)
  })

  it('refuses a trade on a finished, denied or rejected order and one beyond the quantity', () => {
    expect(says(IN.FILLED, trade(1))).toMatchObject({ kind: 'impossible', code: 'EVENT_IMPOSSIBLE' })
    expect(says(IN.REJECTED, trade(1))).toMatchObject({ kind: 'impossible', code: 'EVENT_IMPOSSIBLE' })
    expect(says(IN.NEW, trade(101))).toMatchObject({ kind: 'impossible', code: 'OVERFILL' })
    expect(says(IN.NEW, trade(100))).toMatchObject({ kind: 'changed' })
    expect(says(IN.NEW, trade(0))).toMatchObject({ kind: 'impossible', code: 'TRADE_INVALID' })
    const bust: Said = { exec_type: 'TRADE_CANCEL', exec_ref_id: 'T9' }
    expect(says(IN.NEW, bust)).toMatchObject({ kind: 'impossible', code: 'EXEC_REF_UNKNOWN' })
  })
})

/** Scenario groups of the FIX order state change matrices; each line is an event and what is reported after it. */
describe('golden scenarios', () => {
  const cancel: Command = { type: 'SEND_CANCEL', cl_ord_id: 'c2' }
  const replace = (qty: number, limit_px = 1_000): Command => ({ type: 'SEND_REPLACE', cl_ord_id: 'c2', qty, limit_px })
  const accepted: Said = { exec_type: 'NEW' }
  const canceled: Said = { exec_type: 'CANCELED', cl_ord_id: 'c2', orig_cl_ord_id: 'c1' }
  const refused: Said = { exec_type: 'CANCEL_REJECT', cl_ord_id: 'c2', orig_cl_ord_id: 'c1' }
  const replaced = (qty: number): Said => ({ exec_type: 'REPLACED', cl_ord_id: 'c2', orig_cl_ord_id: 'c1', qty })

  it.each<[string, readonly (readonly [Said | Command, string])[]]>([
    [
      'A.1 filled in parts',
      [
        [accepted, 'NEW 0/100'],
        [trade(20), 'PARTIALLY_FILLED 20/80'],
        [trade(30), 'PARTIALLY_FILLED 50/50'],
        [trade(50), 'FILLED 100/0'],
      ],
    ],
    [
      'A.2 done for the day after a part',
      [
        [accepted, 'NEW 0/100'],
        [trade(20), 'PARTIALLY_FILLED 20/80'],
        [{ exec_type: 'DONE_FOR_DAY' }, 'DONE_FOR_DAY 20/80'],
      ],
    ],
    ['A.3 rejected', [[{ exec_type: 'REJECTED', text: 'NO' }, 'REJECTED 0/0']]],
    [
      'B.1.a cancel before any fill',
      [
        [accepted, 'NEW 0/100'],
        [cancel, 'PENDING_CANCEL 0/100'],
        [canceled, 'CANCELED 0/0'],
      ],
    ],
    [
      'B.1.b fill while the cancel is pending, cancel wins the rest',
      [
        [accepted, 'NEW 0/100'],
        [trade(20), 'PARTIALLY_FILLED 20/80'],
        [cancel, 'PENDING_CANCEL 20/80'],
        [trade(30), 'PENDING_CANCEL 50/50'],
        [canceled, 'CANCELED 50/0'],
      ],
    ],
    [
      'B.1.c the cancel crosses the last fill: PENDING_CANCEL stands above FILLED',
      [
        [accepted, 'NEW 0/100'],
        [trade(20), 'PARTIALLY_FILLED 20/80'],
        [cancel, 'PENDING_CANCEL 20/80'],
        [trade(80), 'PENDING_CANCEL 100/0'],
        [refused, 'FILLED 100/0'],
      ],
    ],
    [
      'B.1.d cancel refused',
      [
        [accepted, 'NEW 0/100'],
        [cancel, 'PENDING_CANCEL 0/100'],
        [refused, 'NEW 0/100'],
        [trade(100), 'FILLED 100/0'],
      ],
    ],
    [
      'B.1.f cancel of an order that was not acknowledged',
      [
        [cancel, 'PENDING_CANCEL 0/100'],
        [canceled, 'CANCELED 0/0'],
      ],
    ],
    [
      'C.1 a larger quantity',
      [
        [accepted, 'NEW 0/100'],
        [replace(110), 'PENDING_REPLACE 0/100'],
        [replaced(110), 'NEW 0/110'],
        [trade(110), 'FILLED 110/0'],
      ],
    ],
    [
      'C.2 a fill while the replacement is pending carries the old quantity',
      [
        [accepted, 'NEW 0/100'],
        [replace(150), 'PENDING_REPLACE 0/100'],
        [trade(60), 'PENDING_REPLACE 60/40'],
        [replaced(150), 'PARTIALLY_FILLED 60/90'],
      ],
    ],
    [
      'C.3 filled before the replacement, which is refused',
      [
        [accepted, 'NEW 0/100'],
        [replace(110), 'PENDING_REPLACE 0/100'],
        [trade(100), 'PENDING_REPLACE 100/0'],
        [refused, 'FILLED 100/0'],
      ],
    ],
    [
      'D.1 replacement refused',
      [
        [accepted, 'NEW 0/100'],
        [replace(90), 'PENDING_REPLACE 0/100'],
        [refused, 'NEW 0/100'],
      ],
    ],
    [
      'D.11 replaced by exactly what is filled',
      [
        [accepted, 'NEW 0/100'],
        [trade(70), 'PARTIALLY_FILLED 70/30'],
        [replace(70), 'PENDING_REPLACE 70/30'],
        [replaced(70), 'FILLED 70/0'],
      ],
    ],
    [
      'D.13 replaced by less than what is filled',
      [
        [accepted, 'NEW 0/100'],
        [trade(70), 'PARTIALLY_FILLED 70/30'],
        [replace(60), 'PENDING_REPLACE 70/30'],
        [replaced(60), 'FILLED 70/0'],
      ],
    ],
    [
      'E cancel and replacement both pending: the cancel wins, the other is refused after the end',
      [
        [accepted, 'NEW 0/100'],
        [replace(110), 'PENDING_REPLACE 0/100'],
        [{ type: 'SEND_CANCEL', cl_ord_id: 'c3' }, 'PENDING_CANCEL 0/100'],
        [{ ...canceled, cl_ord_id: 'c3' }, 'CANCELED 0/0'],
      ],
    ],
    [
      'H.1 an execution is busted while open',
      [
        [accepted, 'NEW 0/100'],
        [trade(40, 1_000, 'T1'), 'PARTIALLY_FILLED 40/60'],
        [{ exec_type: 'TRADE_CANCEL', exec_ref_id: 'T1' }, 'NEW 0/100'],
      ],
    ],
    [
      'H.2 the last execution is corrected down, then that correction is busted',
      [
        [trade(60, 1_000, 'T1'), 'PARTIALLY_FILLED 60/40'],
        [trade(40, 1_000, 'T2'), 'FILLED 100/0'],
        [
          { exec_type: 'TRADE_CORRECT', exec_ref_id: 'T2', exec_id: 'T3', last_qty: 30, last_px: 990 },
          'PARTIALLY_FILLED 90/10',
        ],
        [{ exec_type: 'TRADE_CANCEL', exec_ref_id: 'T3' }, 'PARTIALLY_FILLED 60/40'],
      ],
    ],
    [
      'H.3 a bust after the order ended does not bring it back',
      [
        [trade(100, 1_000, 'T1'), 'FILLED 100/0'],
        [{ exec_type: 'TRADE_CANCEL', exec_ref_id: 'T1', ord_status: 'CANCELED' }, 'CANCELED 0/0'],
      ],
    ],
    [
      'H.4 a bust that says the order is over ends it before the last fill, which comes late',
      [
        [trade(40, 1_000, 'T1'), 'PARTIALLY_FILLED 40/60'],
        [{ exec_type: 'TRADE_CANCEL', exec_ref_id: 'T1', ord_status: 'CANCELED' }, 'CANCELED 0/0'],
        [trade(60, 1_000, 'T2'), 'CANCELED 60/0'],
      ],
    ],
    [
      'I expired with a late fill that completes it',
      [
        [accepted, 'NEW 0/100'],
        [{ exec_type: 'EXPIRED' }, 'EXPIRED 0/0'],
        [trade(60), 'EXPIRED 60/0'],
        [trade(40), 'FILLED 100/0'],
      ],
    ],
    [
      'K suspended, triggered, filled',
      [
        [{ exec_type: 'NEW', ord_status: 'SUSPENDED' }, 'SUSPENDED 0/100'],
        [{ exec_type: 'TRIGGERED' }, 'NEW 0/100'],
        [trade(100), 'FILLED 100/0'],
      ],
    ],
    ['updates out of order: the fill comes before the acknowledgement', [[trade(40), 'PARTIALLY_FILLED 40/60']]],
    [
      'no answer, then the venue proves that it lives',
      [
        [{ type: 'NO_ANSWER', cl_ord_id: 'c1' }, 'UNKNOWN 0/100'],
        [{ exec_type: 'ORDER_STATUS', ord_status: 'NEW' }, 'NEW 0/100'],
      ],
    ],
    [
      'no answer, then a fill proves it',
      [
        [{ type: 'NO_ANSWER', cl_ord_id: 'c1' }, 'UNKNOWN 0/100'],
        [trade(100), 'FILLED 100/0'],
      ],
    ],
    [
      'not found needs two independent proofs',
      [
        [{ type: 'NO_ANSWER', cl_ord_id: 'c1' }, 'UNKNOWN 0/100'],
        [{ exec_type: 'ORDER_STATUS', text: 'NOT_FOUND', exec_id: 'S1' }, 'UNKNOWN 0/100'],
        [{ exec_type: 'ORDER_STATUS', text: 'NOT_FOUND', exec_id: 'S1' }, 'UNKNOWN 0/100'],
        [{ exec_type: 'ORDER_STATUS', text: 'NOT_FOUND', exec_id: 'S2' }, 'REJECTED 0/0'],
      ],
    ],
    [
      'a cancel that is not answered stays pending and may be asked again',
      [
        [accepted, 'NEW 0/100'],
        [cancel, 'PENDING_CANCEL 0/100'],
        [{ type: 'NO_ANSWER', cl_ord_id: 'c2' }, 'PENDING_CANCEL 0/100'],
        [{ type: 'SEND_CANCEL', cl_ord_id: 'c3' }, 'PENDING_CANCEL 0/100'],
        [{ ...canceled, cl_ord_id: 'c3' }, 'CANCELED 0/0'],
      ],
    ],
  ])('%s', (_name, steps) => {
    let life = SENT
    const seen: string[] = []
    for (const [event] of steps) {
      life = then(life, event)
      seen.push(brief(life))
    }
    expect(seen).toEqual(steps.map(([, expected]) => expected))
  })

  it('reads a status that claims more fills than came as no proof', () => {
    const claim: Said = { exec_type: 'ORDER_STATUS', ord_status: 'CANCELED', cum_qty: 30 }
    expect(says(IN.UNKNOWN, claim)).toEqual({ kind: 'same' })
    const proven = then(IN.UNKNOWN, trade(30), { exec_type: 'CANCELED' })
    expect(brief(proven)).toBe('CANCELED 30/0')
  })
})

describe('laws', () => {
  const exec_id = fc.integer({ min: 1, max: 8 }).map((n) => `E${n}`)
  const anyReport = fc.record({
    exec_type: fc.constantFrom(...ExecTypeValues),
    exec_id,
    exec_ref_id: fc.option(exec_id),
    ord_status: fc.constantFrom('NEW', 'PARTIALLY_FILLED', 'CANCELED', 'SUSPENDED', 'EXPIRED', 'REJECTED'),
    cl_ord_id: fc.constantFrom('c1', 'c2', 'c3'),
    qty: fc.integer({ min: 1, max: 150 }),
    last_qty: fc.integer({ min: -1, max: 60 }),
    last_px: fc.integer({ min: 0, max: 9_007_199_254_740_991 }),
    cum_qty: fc.integer({ min: 0, max: 100 }),
    text: fc.constantFrom('', 'NOT_FOUND'),
  })
  const anyCommand: fc.Arbitrary<Command> = fc.oneof(
    fc.constantFrom<Command>({ type: 'SEND_CANCEL', cl_ord_id: 'c2' }, { type: 'NO_ANSWER', cl_ord_id: 'c1' }),
    fc
      .integer({ min: 1, max: 150 })
      .map((qty): Command => ({ type: 'SEND_REPLACE', cl_ord_id: 'c3', qty, limit_px: 990 })),
  )

  it('hold over any sequence of reports and commands, possible or not', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(anyReport, anyReport, anyCommand), { maxLength: 30 }), (events) => {
        let life = SENT
        for (const event of events) {
          const before = life
          const said = 'type' in event ? undefined : (event as Said)
          const outcome = said === undefined ? command(life, event as Command) : report(life, reportRecord(said))
          if (outcome.kind !== 'changed') continue
          life = outcome.life
          const live = life.executions.filter((one) => one.live)
          expect(life.cum_qty).toBe(live.reduce((sum, one) => sum + one.qty, 0))
          expect(life.cum_notional).toBe(live.reduce((sum, one) => sum + BigInt(one.px) * BigInt(one.qty), 0n))
          expect(life.cum_qty).toBeLessThanOrEqual(life.qty)
          expect(leaves(life)).toBe(OPEN.has(life.base) ? life.qty - life.cum_qty : 0)
          const refs = life.executions.flatMap((one) => one.refs)
          expect(new Set(refs).size).toBe(refs.length)
          // What happened to the position is what happened to the sum.
          const moved = outcome.effects.reduce((sum, effect) => sum + effect.sign * effect.qty, 0)
          expect(life.cum_qty - before.cum_qty).toBe(moved)
          const amends = said?.exec_type === 'TRADE_CANCEL' || said?.exec_type === 'TRADE_CORRECT'
          if (!amends) expect(life.cum_qty).toBeGreaterThanOrEqual(before.cum_qty)
          if (TERMINAL.has(before.base) && !amends) {
            expect(TERMINAL.has(life.base)).toBe(true)
            if (said?.exec_type !== 'TRADE') expect(life.base).toBe(before.base)
          }
          // A replacement takes effect only when acknowledged (a restatement is the venue's own change).
          const acknowledged = said?.exec_type === 'REPLACED' || said?.exec_type === 'RESTATED'
          if (!acknowledged) expect([life.qty, life.limit_px]).toEqual([before.qty, before.limit_px])
          // The same report again changes nothing.
          if (said !== undefined && said.exec_type !== 'ORDER_STATUS') {
            expect(report(life, reportRecord(said)).kind).toBe('same')
          }
        }
      }),
      { numRuns: 2_000 },
    )
  })
})
