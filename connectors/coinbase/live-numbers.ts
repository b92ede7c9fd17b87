/**
 * Watches the numbers of a Coinbase connection: each message has the number behind the one before. A hole may have held
 * anything, so the book is subscribed anew, and the venue begins it with a snapshot.
 */
import { type Fields, fieldsOf, isDecimal, isId, isTime, jsonObject } from '../feed/json.ts'
import { Resubscription } from '../feed/resubscription.ts'
import type { FeedWatch, WatchActions } from '../feed/venue.ts'

/** Messages in a row that are older than the last: the numbers began anew. As many as the normalizer takes for it. */
const RESTART_AFTER = 100
const LISTS = { l2_data: 'updates', market_trades: 'trades', ticker: 'tickers' } as const

export function watchNumbers(symbol: string, actions: WatchActions, messages: () => readonly string[]): FeedWatch {
  const again = new Resubscription([symbol], actions, messages)
  let last = -1
  let behind = 0
  return {
    connected(connection) {
      last = -1
      behind = 0
      again.connected(connection)
    },
    frame(connection, { channel }, payload) {
      const frame = jsonObject(payload)
      if (frame?.type === 'error') {
        actions.broke({ symbol, channel }, Buffer.from(payload).toString('utf8', 0, 200))
        actions.drop(connection)
        return
      }
      const number = frame?.sequence_num
      if (frame === undefined || !isId(number) || !isReadable(frame)) return
      if (number === last) return
      if (number < last && number !== 0 && ++behind < RESTART_AFTER) return
      behind = 0
      if (last !== -1 && number !== last + 1 && !again.isAwaited(symbol)) {
        actions.broke({ symbol, channel }, `${number} follows ${last}`)
        again.lost(symbol)
      }
      last = number
      if (isSnapshot(frame)) again.begun(symbol)
    },
    ended: (connection) => again.ended(connection),
    close: () => again.close(),
  }
}

function isSnapshot({ channel, events }: Fields): boolean {
  return channel === 'l2_data' && Array.isArray(events) && events.some((one) => fieldsOf(one)?.type === 'snapshot')
}

/** Whether the normalizer can take it: what it cannot read is a hole for it. */
function isReadable({ channel, events, timestamp }: Fields): boolean {
  if (typeof channel !== 'string' || !isTime(timestamp) || !Array.isArray(events)) return false
  if (!Object.hasOwn(LISTS, channel))
    return channel === 'heartbeats' || channel === 'subscriptions' || channel === 'status'
  const list = LISTS[channel as keyof typeof LISTS]
  return events.every((event) => {
    const entries = fieldsOf(event)?.[list]
    return Array.isArray(entries) && entries.every((entry) => isEntry(fieldsOf(entry)))
  })
}

function isEntry(entry: Fields | undefined): boolean {
  if (entry === undefined || (entry.time !== undefined && !isTime(entry.time))) return false
  const { price_level, new_quantity, size, price, best_bid, best_ask, best_bid_quantity, best_ask_quantity } = entry
  const all = [price_level, new_quantity, size, price, best_bid, best_ask, best_bid_quantity, best_ask_quantity]
  return all.every((one) => one === undefined || isDecimal(one))
}
