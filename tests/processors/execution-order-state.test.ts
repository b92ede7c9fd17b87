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
  reported,
  TERMINAL,
} from '../../processors/execution/order-state.ts'
import { type ExecType, ExecTypeValues } from '../../schemas/generated/index.ts'
import { follow, type Said, SENT, says, trade } from './execution-lives.ts'
import { report as reportRecord } from './execution-records.ts'

/** One life in each base state; the quantity is 100. */
const IN: Record<Base, Life> = {
  CREATED: created('c1', 100, 1_000),
  HELD: follow(created('c1', 100, 1_000), { type: 'HOLD' }),
  DENIED: follow(created('c1', 100, 1_000), { type: 'DENY', reason: 'TRADING_HALTED' }),
  PENDING_NEW: SENT,
  NEW: follow(SENT, { exec_type: 'NEW' }),
  SUSPENDED: follow(SENT, { exec_type: 'NEW', ord_status: 'SUSPENDED' }),
  PARTIALLY_FILLED: follow(SENT, { exec_type: 'NEW' }, trade(40, 1_000, 'T1')),
  FILLED: follow(SENT, trade(100, 1_000, 'T1')),
  CANCELED: follow(SENT, trade(40, 1_000, 'T1'), { exec_type: 'CANCELED' }),
  REJECTED: follow(SENT, { exec_type: 'REJECTED', text: 'NO' }),
  EXPIRED: follow(SENT, trade(40, 1_000, 'T1'), { exec_type: 'EXPIRED' }),
  DONE_FOR_DAY: follow(SENT, { exec_type: 'NEW' }, { exec_type: 'DONE_FOR_DAY' }),
  UNKNOWN: follow(SENT, { type: 'NO_ANSWER', cl_ord_id: 'c1' }),
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
