import { describe, expect, it } from 'vitest'
import { venueSimulator } from '../../processors/venue-simulator/index.ts'
import type { BookUpdate, ExecutionReport, MarketEvent, Nbbo, OrderCommand } from '../../schemas/generated/index.ts'
import { bookUpdate, command, ID, instrument, NOON_US, nbbo, tradeEvent } from './execution-records.ts'
import { Stage } from './execution-stage.ts'

const MS = 1_000
/** No jitter, 10 ms there, 5 ms back. */
const PLAIN = { entry_latency_us: 10 * MS, entry_jitter_us: 0, report_latency_us: 5 * MS, report_jitter_us: 0 }
/** Our receive clock runs this much behind the venue's, as in the recorded file. */
const OFFSET_US = 1_270_000

/** A venue at noon: stream time is ours, venue times are `OFFSET_US` ahead of it. */
class Venue {
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
      { trade_id: ++this.trades, px, qty, aggressor: 'SELL' },
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

function brief(report: ExecutionReport): string {
  const { exec_type, ord_status, last_qty, last_px, cum_qty, leaves_qty, text } = report
  const fill = last_qty === 0 ? '' : ` ${last_qty}@${last_px}`
  return `${exec_type} ${ord_status}${fill} ${cum_qty}/${leaves_qty}${text === '' ? '' : ` ${text}`}`
}

describe('an immediate order', () => {
  it('walks the displayed levels of the first book of its time and loses the rest', () => {
    const venue = new Venue()
    venue.command(100, { qty: 900, limit_px: 10_010 })
    venue.book(200, {
      a: [
        [10_005, 400],
        [10_010, 300],
        [10_015, 900],
      ],
    })
    expect(venue.said()).toEqual([
      'NEW NEW 0/900',
      'TRADE PARTIALLY_FILLED 400@10005 400/500',
      'TRADE PARTIALLY_FILLED 300@10010 700/200',
      'CANCELED CANCELED 700/0 NOTHING_LEFT_TO_TAKE',
    ])
  })
})
