/**
 * Watches the checksums of Kraken books, by level or by order. The venue numbers nothing: a missing message is seen by
 * the checksum of a later one. The book is then subscribed anew. A subscription that is refused ends its connection: it
 * is tried again, slower and slower.
 *
 * The books kept here are texts, and have nothing to do with the dataflow's own.
 */
import { type Fields, fieldsOf, isId, isTime, textOf } from '../feed/json.ts'
import { Resubscription } from '../feed/resubscription.ts'
import type { FeedWatch, WatchActions } from '../feed/venue.ts'

export interface CheckedBook {
  /**
   * Takes a message as a whole; whether its checksum is then right. Undefined, and nothing changed, for one that the
   * normalizer cannot read either.
   */
  take(data: Fields, snapshot: boolean): boolean | undefined
}

export interface CheckedChannel {
  readonly name: string
  /** Fields whose numbers are wanted as they are written: trailing zeros count for the checksum. */
  readonly numbers: readonly string[]
  book(): CheckedBook
}

export function watchChecksums(
  symbols: readonly string[],
  channel: CheckedChannel,
  actions: WatchActions,
  messages: (symbol: string) => readonly string[],
): FeedWatch {
  const books = new Map(symbols.map((symbol) => [symbol, channel.book()]))
  const again = new Resubscription(symbols, actions, messages)
  return {
    connected: (connection) => again.connected(connection),
    frame(connection, { symbol, channel: name }, payload) {
      // A refusal names the symbol where it is one's fault, and never the channel.
      if (name !== channel.name && name !== '') return
      const frame = numbersAsTexts(payload, channel.numbers)
      if (frame?.success === false) {
        actions.broke({ symbol, channel: name }, Buffer.from(payload).toString('utf8', 0, 200))
        actions.drop(connection)
        return
      }
      const book = books.get(symbol)
      const change = changeOf(frame)
      if (book === undefined || change === undefined || name === '') return
      if (!change.snapshot && again.isAwaited(symbol)) return
      const right = book.take(change.data, change.snapshot)
      if (right === undefined) return
      if (right) {
        if (change.snapshot) again.begun(symbol)
      } else if (!again.isAwaited(symbol)) {
        actions.broke({ symbol, channel: name }, 'the checksum is another')
        again.lost(symbol)
      }
    },
    ended: (connection) => again.ended(connection),
    close: () => again.close(),
  }
}

function numbersAsTexts(payload: Uint8Array, numbers: readonly string[]): Fields | undefined {
  const keep = (key: string, value: unknown, context?: { readonly source?: string }): unknown =>
    typeof value === 'number' && numbers.includes(key) ? context?.source : value
  try {
    return fieldsOf(JSON.parse(textOf(payload), keep as (key: string, value: unknown) => unknown))
  } catch {
    return undefined
  }
}

function changeOf(frame: Fields | undefined): { snapshot: boolean; data: Fields } | undefined {
  const { type, data: all } = frame ?? {}
  const [first, ...more] = Array.isArray(all) ? all : []
  const data = fieldsOf(first)
  if ((type !== 'snapshot' && type !== 'update') || more.length > 0 || !isId(data?.checksum)) return undefined
  if (data.timestamp !== undefined && !isTime(data.timestamp)) return undefined
  return { snapshot: type === 'snapshot', data }
}

/** `0.00100000` is `100000`. */
export function digitsOf(text: string): string {
  return text.replace('.', '').replace(/^0+/, '')
}
