/**
 * Live orders of Kraken's WebSocket v2: `level3` of the declared symbols on the venue's connection for it, `trade` and
 * `ticker` on the public one.
 *
 * Books have ten prices a side, for the reason of `live.ts`: every order of them is verified at every message. The venue
 * wants a token for `level3`, which it gives for a signed request; one is fetched for every connection, and again before
 * it is used after ten of the fifteen minutes for which it is good. It is allowed 200 symbols per connection, and 200
 * points a second, of which a book of ten prices costs 5.
 */
import { AppError } from '../../runtime/api/index.ts'
import { captureAddress } from '../feed/address.ts'
import { fieldsOf, jsonObject } from '../feed/json.ts'
import type { FeedAddress, FeedVenue, TokenPlan } from '../feed/venue.ts'
import { krakenCapture } from './capture.ts'
import { KRAKEN_CONNECTIONS, KRAKEN_SILENCE_MS, message, quotesAndTrades } from './live.ts'
import { watchChecksums } from './live-checksums.ts'
import { ordersChannel } from './live-orders.ts'
import type { KrakenSigner } from './signature.ts'

const BOOK_LEVELS = 10
const SYMBOLS_MAX = 200
/** 100 of the 200 points of a second. */
const SYMBOLS_PER_MESSAGE = 20
const TOKEN = '{{token}}'
const TOKEN_PATH = '/0/private/GetWebSocketsToken'

export function krakenLevel3Live({ symbols, url, rest_url }: FeedAddress, sign: KrakenSigner): FeedVenue {
  if (symbols.length > SYMBOLS_MAX) {
    throw new AppError('TOO_MANY_STREAMS', `${symbols.length} symbols are more than one connection may carry`, {
      exit_code: 2,
      hint: `declare at most ${SYMBOLS_MAX} instruments of this venue`,
    })
  }
  const orders = (method: string, symbol: readonly string[]) =>
    message(method, { channel: 'level3', symbol, depth: BOOK_LEVELS, token: TOKEN })
  const parts = Array.from({ length: Math.ceil(symbols.length / SYMBOLS_PER_MESSAGE) }, (_, at) =>
    symbols.slice(at * SYMBOLS_PER_MESSAGE, (at + 1) * SYMBOLS_PER_MESSAGE),
  )
  return {
    name: 'kraken-level3',
    format: 'kraken',
    venue: 'KRAKEN',
    symbols,
    connections: KRAKEN_CONNECTIONS,
    messages: { count: 2, per_ms: 1_000 },
    lifetime_ms: undefined,
    silence_ms: KRAKEN_SILENCE_MS,
    lines: [
      {
        url: `${url ?? 'wss://ws-l3.kraken.com'}/v2`,
        subscriptions: parts.map((part) => orders('subscribe', part)),
        token: tokenPlan(rest_url ?? 'https://api.kraken.com', sign),
        address: captureAddress(krakenCapture),
        watch: (actions) =>
          watchChecksums(symbols, ordersChannel(BOOK_LEVELS), actions, (symbol) =>
            ['unsubscribe', 'subscribe'].map((method) => orders(method, [symbol])),
          ),
      },
      {
        url: `${url ?? 'wss://ws.kraken.com'}/v2`,
        subscriptions: quotesAndTrades(symbols),
        address: captureAddress(krakenCapture),
        watch: () => ({ connected() {}, frame() {}, ended() {}, close() {} }),
      },
    ],
  }
}

function tokenPlan(rest_url: string, sign: KrakenSigner): TokenPlan {
  return {
    placeholder: TOKEN,
    lifetime_ms: 600_000,
    request(now_us) {
      // Always growing: by the wall clock, so that the next process goes on above this one.
      const body = `nonce=${now_us}`
      return { url: rest_url + TOKEN_PATH, headers: sign(TOKEN_PATH, String(now_us), body), body }
    },
    read(body) {
      const answer = jsonObject(body)
      const token = fieldsOf(answer?.result)?.token
      if (typeof token === 'string' && /^[\w+/=-]{8,512}$/.test(token)) return { token }
      const errors = Array.isArray(answer?.error) ? answer.error : []
      // The venue's own words of a known form; anything else might repeat what it was sent.
      const said = errors.filter((error) => typeof error === 'string' && /^[EW][A-Za-z]+:[A-Za-z ]{1,60}$/.test(error))
      return { refusal: said.length > 0 ? said.join(', ') : 'the answer holds none' }
    },
  }
}
