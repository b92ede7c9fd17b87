/** What the simulated venue knows of one instrument. Plain data, never changed in place, bounded by its parameters. */
import type { ExecutionReport, OrderCommand } from '../../schemas/generated/index.ts'

export type Command = Pick<
  OrderCommand,
  | 'command'
  | 'cl_ord_id'
  | 'orig_cl_ord_id'
  | 'account'
  | 'venue'
  | 'symbol'
  | 'side'
  | 'order_type'
  | 'time_in_force'
  | 'qty'
  | 'limit_px'
>

/** A command on its way to the venue, or at the venue and waiting for market data of its time. */
export interface Arrival {
  /** Number of the command on this instrument: order of arrival. */
  readonly n: number
  readonly command: Command
  /** Venue clock: it is not there before. Microseconds. */
  readonly arrival_us: number
  /** Id of the command's record. */
  readonly cause: string
}

export interface VenueOrder extends Arrival {
  readonly order_id: string
  /** Every ClOrdID it had, the active one last. */
  readonly ids: readonly string[]
  /** Stream time of its acceptance, microseconds. */
  readonly accepted_us: number
  readonly cum_qty: number
  /** Rests in the book; false until it has met the first market data of its time. */
  readonly resting: boolean
  /** Draws made for it so far. */
  readonly events: number
}

/** Reports on their way back. */
export interface Outgoing {
  readonly n: number
  readonly reports: readonly ExecutionReport[]
  /** The execution that is taken back when this goes out; null for ordinary reports. */
  readonly bust: ExecutionReport | null
  /** Ids of the command and of the quote it rests on; the record that set them off is added by the timer. */
  readonly causes: readonly string[]
}

/** Quantity of one price level that was taken, by the datum that displayed it. */
export interface Taken {
  readonly side: 'BID' | 'ASK'
  readonly px: number
  readonly sequence: number
  readonly qty: number
}

export interface VenueState {
  /** Greatest venue time seen on this instrument, microseconds. */
  readonly venue_time_us: number
  /** The last book: greatest sequence, its quality, and the greatest venue time of a book so far. */
  readonly book: { readonly sequence: number; readonly quality: string; readonly time_us: number } | null
  readonly last_trade_id: number
  readonly entering: readonly Arrival[]
  /** Cancels and replacements at the venue that wait for market data of their time. */
  readonly requests: readonly Arrival[]
  readonly orders: readonly VenueOrder[]
  readonly outgoing: readonly Outgoing[]
  readonly taken: readonly Taken[]
  /** The last ClOrdIDs: one that comes twice is refused. */
  readonly recent_ids: readonly string[]
  /** Counters: commands, orders, executions, outgoing groups. */
  readonly commands: number
  readonly order_count: number
  readonly exec_count: number
  readonly groups: number
  /** Stream times at which the last command arrives and the last report leaves: sessions keep their order. */
  readonly last_entry_us: number
  /** Venue time of the last arrival: a later command does not arrive before it. */
  readonly last_arrival_us: number
  readonly last_report_us: number
}

/** A copy that one step may write to; its arrays are replaced, never changed. */
export type Draft = { -readonly [K in keyof VenueState]: VenueState[K] }

export const RECENT_IDS_MAX = 64

export function initialState(): VenueState {
  return {
    venue_time_us: 0,
    book: null,
    last_trade_id: 0,
    entering: [],
    requests: [],
    orders: [],
    outgoing: [],
    taken: [],
    recent_ids: [],
    commands: 0,
    order_count: 0,
    exec_count: 0,
    groups: 0,
    last_entry_us: 0,
    last_arrival_us: 0,
    last_report_us: 0,
  }
}
