import { describe, expect, it } from 'vitest'
import type { Command } from '../../processors/execution/order-state.ts'
import { brief, follow, type Said, SENT, says, trade } from './execution-lives.ts'

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
      life = follow(life, event)
      seen.push(brief(life))
    }
    expect(seen).toEqual(steps.map(([, expected]) => expected))
  })

  const LOST = follow(SENT, { type: 'NO_ANSWER', cl_ord_id: 'c1' })

  it('reads a status that claims more fills than came as no proof', () => {
    const claim: Said = { exec_type: 'ORDER_STATUS', ord_status: 'CANCELED', cum_qty: 30 }
    expect(says(LOST, claim)).toEqual({ kind: 'same' })
    const proven = follow(LOST, trade(30), { exec_type: 'CANCELED' })
    expect(brief(proven)).toBe('CANCELED 30/0')
  })
})
