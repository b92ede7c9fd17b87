/** A simulated venue at noon with one instrument; stream time is our clock, venue times are `OFFSET_US` ahead of it. */
import { venueSimulator } from '../../processors/venue-simulator/index.ts'
import type { BookUpdate, ExecutionReport, MarketEvent, Nbbo, OrderCommand } from '../../schemas/generated/index.ts'
import { bookUpdate, command, ID, instrument, NOON_US, nbbo, tradeEvent } from './execution-records.ts'
import { Stage } from './execution-stage.ts'

export const MS = 1_000
/** No jitter, 10 ms there, 5 ms back. */
const PLAIN = { entry_latency_us: 10 * MS, entry_jitter_us: 0, report_latency_us: 5 * MS, report_jitter_us: 0 }
/** Our receive clock runs this much behind the venue's, as in the recorded file. */
export const OFFSET_US = 1_270_000

export class Venue {
  readonly stage: Stage
  sequence = 0
  trades = 0

  constructor(params: Record<string, unknown> = {}) {
    this.stage = new Stage(venueSimulator, { ...PLAIN, ...params })
    this.stage.send('instruments', instrument(), 0, ID)
    this.book(0)
  }

  /** A book received `at_ms` after noon, of venue time `venue_ms` after the venue's noon (by default the same). */
  book(at_ms: number, fields: Parameters<typeof bookUpdate>[0] = {}, venue_ms = at_ms): BookUpdate {
    const event_time_us = NOON_US + OFFSET_US + venue_ms * MS
    const update = bookUpdate({ sequence: ++this.sequence, event_time_us, ...fields })
    this.stage.send('books', update, NOON_US + at_ms * MS)
    return update
  }

  command(at_ms: number, fields: Partial<OrderCommand> = {}): string {
    const event_time_us = NOON_US + OFFSET_US + at_ms * MS
    return this.stage.send('commands', command({ event_time_us, ...fields }), NOON_US + at_ms * MS)
  }

  trade(at_ms: number, px: number, qty: number, venue_ms = at_ms): MarketEvent {
    const event = tradeEvent(
      { trade_id: ++this.trades, px, qty, aggressor: 'SELL', conditions: '', hidden: false },
      NOON_US + OFFSET_US + venue_ms * MS,
    )
    this.stage.send('events', event, NOON_US + at_ms * MS)
    return event
  }

  quote(at_ms: number, fields: Partial<Nbbo>): void {
    const at_us = NOON_US + at_ms * MS
    this.stage.send('nbbo', nbbo({ sequence: ++this.sequence, receive_time_us: at_us, ...fields }), at_us, 'ACME')
  }

  /** `EXEC_TYPE ord_status last_qty@last_px cum/leaves` of every report after letting time pass. */
  said(until_ms = 60_000): string[] {
    return this.reports(until_ms).map(brief)
  }

  reports(until_ms = 60_000): ExecutionReport[] {
    this.stage.advance(NOON_US + until_ms * MS)
    return this.stage.of<ExecutionReport>('executions')
  }
}

export function brief(report: ExecutionReport): string {
  const { exec_type, ord_status, last_qty, last_px, cum_qty, leaves_qty, text } = report
  const fill = last_qty === 0 ? '' : ` ${last_qty}@${last_px}`
  return `${exec_type} ${ord_status}${fill} ${cum_qty}/${leaves_qty}${text === '' ? '' : ` ${text}`}`
}
