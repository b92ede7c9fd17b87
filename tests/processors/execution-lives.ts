/** Leads orders through their lives in tests of the state machine. */
import { command } from '../../processors/execution/order-commands.ts'
import { report } from '../../processors/execution/order-reports.ts'
import {
  type Command,
  created,
  type Life,
  leaves,
  type Outcome,
  reported,
} from '../../processors/execution/order-state.ts'
import type { ExecType, ExecutionReport } from '../../schemas/generated/index.ts'
import { report as reportRecord } from './execution-records.ts'

export type Said = Partial<ExecutionReport> & { readonly exec_type: ExecType }

function done(outcome: Outcome): Life {
  if (outcome.kind !== 'changed') throw new Error(`${outcome.kind}: ${JSON.stringify(outcome)}`)
  return outcome.life
}

export const SENT = done(command(created('c1', 100, 1_000), { type: 'SEND' }))
let execs = 0
export function says(life: Life, fields: Said): Outcome {
  return report(life, reportRecord({ cl_ord_id: 'c1', exec_id: `x${++execs}`, qty: 100, limit_px: 1_000, ...fields }))
}
export function follow(life: Life, ...events: readonly (Said | Command)[]): Life {
  return events.reduce((now: Life, event) => done('type' in event ? command(now, event) : says(now, event)), life)
}
export const trade = (last_qty: number, last_px = 1_000, exec_id?: string): Said => {
  return { exec_type: 'TRADE', last_qty, last_px, ...(exec_id === undefined ? {} : { exec_id }) }
}
export const brief = (life: Life) => `${reported(life)} ${life.cum_qty}/${leaves(life)}`
