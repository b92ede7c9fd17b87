/**
 * Watches the chain of OKX books: `prevSeqId` is the `seqId` before. Where it breaks, the book is subscribed anew, and the
 * venue begins it with a snapshot.
 *
 * The rule is the normalizer's. Books are renewed now and then, which heals what only the normalizer found fault with.
 */

import { type Fields, fieldsOf, isId, isLevels, jsonObject } from '../feed/json.ts'
import { Resubscription } from '../feed/resubscription.ts'
import type { FeedWatch, WatchActions } from '../feed/venue.ts'

const CHANNEL = 'books'
/** Changes in a row that are older than the last: the ids began anew. As many as the normalizer takes for it. */
const RESTART_AFTER = 100

export function watchBooks(symbols: readonly string[], actions: WatchActions): FeedWatch {
  const books = new Map(symbols.map((symbol) => [symbol, { id: -1, behind: 0 }]))
  const again = new Resubscription(symbols, actions, (instId) =>
    ['unsubscribe', 'subscribe'].map((op) => JSON.stringify({ op, args: [{ channel: CHANNEL, instId }] })),
  )
  return {
    connected(connection) {
      for (const book of books.values()) book.id = -1
      again.connected(connection)
    },
    frame(connection, { symbol, channel }, payload) {
      // The answer to a subscription that was refused stands without its place in a book.
      if (channel === '' && jsonObject(payload)?.event === 'error') {
        actions.broke({ symbol, channel }, Buffer.from(payload).toString('utf8', 0, 200))
        actions.drop(connection)
        return
      }
      const book = books.get(symbol)
      if (book === undefined || channel !== CHANNEL) return
      const change = changeOf(jsonObject(payload))
      if (change === undefined) return
      const { snapshot, previous, id } = change
      if (snapshot) {
        book.id = id
        book.behind = 0
        again.begun(symbol)
      } else if (book.id === -1 || again.isAwaited(symbol)) return
      else if (previous === book.id) {
        book.id = id
        book.behind = 0
      } else if (id > book.id || ++book.behind >= RESTART_AFTER) {
        actions.broke({ symbol, channel }, `${previous} is not ${book.id}`)
        book.id = -1
        again.lost(symbol)
      }
    },
    ended: (connection) => again.ended(connection),
    close: () => again.close(),
  }
}

function changeOf(frame: Fields | undefined): { snapshot: boolean; previous: number; id: number } | undefined {
  const { action, data } = frame ?? {}
  const [first, ...more] = Array.isArray(data) ? data : []
  const { seqId: id, prevSeqId, bids, asks } = fieldsOf(first) ?? {}
  if ((action !== 'snapshot' && action !== 'update') || more.length > 0 || !isId(id)) return undefined
  const previous = prevSeqId === -1 ? -1 : isId(prevSeqId) ? prevSeqId : undefined
  if (previous === undefined || !isLevels(bids) || !isLevels(asks)) return undefined
  return { snapshot: action === 'snapshot', previous, id }
}
