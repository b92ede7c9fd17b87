import type { Json } from './record.ts'

/** One record from outside, stamped by its source. */
export interface SourceItem {
  /** The record to write, of the source topic's type. */
  readonly value: unknown
  /** Stream time, microseconds: strictly greater than the item before (a source bumps equal times by 1). */
  readonly stream_time_us: number
  /** Where the source stands after this item; handed to `open` when the run is resumed. Small and plain. */
  readonly position: Json
}

/**
 * What brings bytes in: a replay, a live feed, the simulated market.
 *
 * `take` hands out the next item without waiting, or `undefined`; then `ready` tells when to ask again and `done`
 * whether there is nothing more. A source keeps a bounded number of items ahead.
 */
export interface Source {
  /** Kind and parameters that fix what the source says (`{kind: 'replay', ...}`); part of the configuration's hash. */
  readonly identity: Json
  /** Opens at `position` (what the last committed item carried), or at the beginning. */
  open(position: Json | undefined): Promise<void>
  take(): SourceItem | undefined
  /** Resolves when `take` may have something or `done` may have changed. */
  ready(): Promise<void>
  readonly done: boolean
  close(): Promise<void>
  /**
   * Of a live source: stream time up to which nothing more comes that `take` has not handed out, microseconds. What is
   * due by then happens although the source is silent; every later item is stamped above it.
   */
  passed_us?(): number
  /** How far it is, in a unit of its own (bytes of its files); undefined where there is no end. For the eye only. */
  progress?(): { readonly done: number; readonly total: number } | undefined
}
