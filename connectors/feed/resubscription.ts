/**
 * Subscribes single books anew, at venues that begin a subscription with a snapshot: after a break, where a snapshot did
 * not come, and now and then, so that a book which went wrong unnoticed is wrong no longer than that.
 */
import type { WatchActions } from './venue.ts'

/** A snapshot that did not come by then is asked for again; then after twice as long, up to the bound. */
const AGAIN_MS = 5_000
const AGAIN_MAX_MS = 300_000
const RENEW_MS = 900_000
/**
 * What renewing one book more adds to the time of all: two requests each, so 200 in an hour however many there are. The
 * strictest of the venues, OKX, takes 480, and repairs need some of them.
 */
const RENEW_EACH_MS = 36_000

export class Resubscription {
  readonly #actions: WatchActions
  /** The messages that end a book's subscription and begin it. */
  readonly #messages: (symbol: string) => readonly string[]
  /** Books that wait for their snapshot, and how long they wait for the next one asked for. */
  readonly #awaited = new Map<string, number>()
  /** Books of this connection whose first snapshot is still to come. */
  readonly #fresh = new Set<string>()
  readonly #timers = new Map<string, () => void>()
  readonly #symbols: readonly string[]
  #connection = -1

  constructor(symbols: readonly string[], actions: WatchActions, messages: (symbol: string) => readonly string[]) {
    this.#symbols = symbols
    this.#actions = actions
    this.#messages = messages
  }

  /** A new connection begins every book by itself. */
  connected(connection: number): void {
    this.#connection = connection
    for (const symbol of this.#symbols) {
      this.#awaited.set(symbol, AGAIN_MS)
      this.#fresh.add(symbol)
      // The venue's limit may hold a long list of subscriptions back; the connection takes its time, too.
      this.#after(symbol, 3 * AGAIN_MS)
    }
  }

  ended(connection: number): void {
    if (connection !== this.#connection) return
    this.close()
  }

  /** Changes of a book count for nothing until its snapshot comes. */
  isAwaited(symbol: string): boolean {
    return this.#awaited.has(symbol)
  }

  /** The book's snapshot came. */
  begun(symbol: string): void {
    this.#awaited.delete(symbol)
    const { length } = this.#symbols
    const renew_ms = Math.max(RENEW_MS, length * RENEW_EACH_MS)
    // Those that begin together are renewed one after another: a venue's limit is one of bursts, too.
    const at = this.#fresh.delete(symbol) ? (this.#symbols.indexOf(symbol) + 1) / length : 1
    this.#after(symbol, renew_ms * at)
  }

  /** The book cannot be gone on with. */
  lost(symbol: string): void {
    if (this.#awaited.has(symbol)) return
    this.#ask(symbol)
  }

  close(): void {
    for (const cancel of this.#timers.values()) cancel()
    this.#timers.clear()
  }

  #ask(symbol: string): void {
    const wait_ms = this.#awaited.get(symbol) ?? AGAIN_MS
    this.#awaited.set(symbol, Math.min(2 * wait_ms, AGAIN_MAX_MS))
    this.#actions.resubscribed()
    for (const text of this.#messages(symbol)) this.#actions.send(this.#connection, text)
    this.#after(symbol, wait_ms)
  }

  #after(symbol: string, delay_ms: number): void {
    this.#timers.get(symbol)?.()
    this.#timers.set(
      symbol,
      this.#actions.after(delay_ms, () => {
        this.#timers.delete(symbol)
        this.#ask(symbol)
      }),
    )
  }
}
