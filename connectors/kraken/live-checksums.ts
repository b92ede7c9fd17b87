/**
 * Watches the checksums of Kraken books. The venue numbers nothing: a missing message is seen by the checksum of a later
 * one, over the ten best levels of each side as the venue wrote them. The book is then subscribed anew.
 *
 * The books kept here are texts, and have nothing to do with the dataflow's own.
 */
import { crc32 } from 'node:zlib'
import { type Fields, fieldsOf, isDecimal, isId, isTime, textOf } from '../feed/json.ts'
import { Resubscription } from '../feed/resubscription.ts'
import type { FeedWatch, WatchActions } from '../feed/venue.ts'

const CHANNEL = 'book'
const CHECKED_LEVELS = 10

/** Levels of a side, best first. */
type Side = { readonly px: string; readonly qty: string }[]

export function watchChecksums(
  symbols: readonly string[],
  depth: number,
  actions: WatchActions,
  messages: (symbol: string) => readonly string[],
): FeedWatch {
  const books = new Map(symbols.map((symbol) => [symbol, { bids: [] as Side, asks: [] as Side }]))
  const again = new Resubscription(symbols, actions, messages)
  return {
    connected: (connection) => again.connected(connection),
    frame(connection, { symbol, channel }, payload) {
      if (channel !== CHANNEL) return
      const frame = numbersAsTexts(payload)
      if (frame?.success === false) {
        actions.broke({ symbol, channel }, Buffer.from(payload).toString('utf8', 0, 200))
        actions.drop(connection)
        return
      }
      const book = books.get(symbol)
      const change = changeOf(frame)
      if (book === undefined || change === undefined) return
      if (change.snapshot) {
        book.bids.length = 0
        book.asks.length = 0
      } else if (again.isAwaited(symbol)) return
      apply(book.bids, change.bids, 1, depth)
      apply(book.asks, change.asks, -1, depth)
      if (checksumOf(book.bids, book.asks) === change.checksum) {
        if (change.snapshot) again.begun(symbol)
      } else if (!again.isAwaited(symbol)) {
        actions.broke({ symbol, channel }, 'the checksum is another')
        again.lost(symbol)
      }
    },
    ended: (connection) => again.ended(connection),
    close: () => again.close(),
  }
}

interface Change {
  readonly snapshot: boolean
  readonly bids: Side
  readonly asks: Side
  readonly checksum: number
}

/** Trailing zeros count for the checksum, so the numbers' own texts are kept. */
function numbersAsTexts(payload: Uint8Array): Fields | undefined {
  const keep = (key: string, value: unknown, context?: { readonly source?: string }): unknown =>
    (key === 'price' || key === 'qty') && typeof value === 'number' ? context?.source : value
  try {
    return fieldsOf(JSON.parse(textOf(payload), keep as (key: string, value: unknown) => unknown))
  } catch {
    return undefined
  }
}

function changeOf(frame: Fields | undefined): Change | undefined {
  const { type, data } = frame ?? {}
  const [first, ...more] = Array.isArray(data) ? data : []
  const { bids, asks, checksum, timestamp } = fieldsOf(first) ?? {}
  if ((type !== 'snapshot' && type !== 'update') || more.length > 0 || !isId(checksum)) return undefined
  if (timestamp !== undefined && !isTime(timestamp)) return undefined
  return isSide(bids) && isSide(asks) ? { snapshot: type === 'snapshot', bids, asks, checksum } : undefined
}

function isSide(side: unknown): side is { price: string; qty: string }[] & Side {
  if (!Array.isArray(side)) return false
  for (const [at, level] of side.entries()) {
    const { price, qty } = fieldsOf(level) ?? {}
    if (!isDecimal(price) || !isDecimal(qty)) return false
    side[at] = { px: price, qty }
  }
  return true
}

/** Takes the whole message, then cuts to the subscribed depth, as the venue does. `sign` 1 for bids. */
function apply(side: Side, changes: Side, sign: 1 | -1, depth: number): void {
  for (const change of changes) {
    const px = Number(change.px)
    let at = 0
    while (at < side.length && sign * (Number(side[at]!.px) - px) > 0) at++
    const held = at < side.length && Number(side[at]!.px) === px
    if (Number(change.qty) === 0) {
      if (held) side.splice(at, 1)
    } else side.splice(at, held ? 1 : 0, change)
  }
  side.length = Math.min(side.length, depth)
}

function checksumOf(bids: Side, asks: Side): number {
  let text = ''
  for (const side of [asks, bids]) {
    for (const { px, qty } of side.slice(0, CHECKED_LEVELS)) text += digitsOf(px) + digitsOf(qty)
  }
  return crc32(text)
}

/** `0.00100000` is `100000`. */
function digitsOf(text: string): string {
  return text.replace('.', '').replace(/^0+/, '')
}
