import { describe, expect, it } from 'vitest'
import { bookBuilder } from '../../processors/book-builder/index.ts'
import { nbbo } from '../../processors/nbbo/index.ts'
import type { NormalizerState } from '../../processors/normalizer/binance-spot/state.ts'
import { normalizer } from '../../processors/normalizer/index.ts'
import type { BookUpdate, MarketEvent, Nbbo, Quote, RawFrame } from '../../schemas/generated/index.ts'
import { BTC, capture, Hand, no_capture, port, replayed } from './kit.ts'

/** The recorded file through normalizer, book builder and nbbo, by hand; `restart_every` frames their states are restored. */
async function recorded(instruments: (typeof BTC)[], restart_every = Number.POSITIVE_INFINITY) {
  const params = { instruments, unknown_symbol: 'declare', buffer_max: 1_024, restart_after: 100 }
  const scales = instruments.length > 0 ? instruments : [{ ...BTC, price_scale: 8, qty_scale: 8 }]
  const normal = new Hand(normalizer, 'BINANCE:BTCUSDT', params)
  const builder = new Hand(bookBuilder, BTC.instrument_id, { levels: 10, max_levels: 4_096, stale_after_ms: 2_000 })
  const best = new Hand(nbbo, 'BTCUSDT', { stale_after_ms: 2_000 }, scales)
  const events: MarketEvent[] = []
  const books: BookUpdate[] = []
  const markets: Nbbo[] = []
  const faults: unknown[] = []
  for (const [i, { value, stream_time_us }] of (await replayed(capture ?? '')).entries()) {
    if (i % restart_every === restart_every - 1) for (const hand of [normal, builder, best]) hand.restart()
    for (const answer of [...builder.advance(stream_time_us), ...best.advance(stream_time_us)])
      expect(answer).toEqual({ outputs: {} })
    const decoded = normal.on('frames', value as RawFrame, stream_time_us)
    if ('fault' in decoded) faults.push(decoded)
    for (const event of port<MarketEvent>(decoded, 'events')) {
      events.push(event)
      const built = builder.on('events', event, stream_time_us)
      const quoted = best.on('events', event, stream_time_us)
      if ('fault' in built || 'fault' in quoted) faults.push(built, quoted)
      markets.push(...port<Nbbo>(quoted, 'nbbo'))
      for (const book of port<BookUpdate>(built, 'books')) {
        books.push(book)
        const made = best.on('books', book, stream_time_us)
        if ('fault' in made) faults.push(made)
        markets.push(...port<Nbbo>(made, 'nbbo'))
      }
    }
  }
  return {
    events,
    books,
    markets,
    faults,
    state: normal.state as NormalizerState,
    texts: [normal.text(), builder.text(), best.text()],
  }
}

describe.skipIf(capture === undefined)(`the recorded Binance file${no_capture}`, () => {
  it('has no gap and no fault, 9,757 trades, and a book that equals bookTicker wherever the ids are equal', async () => {
    const { events, books, markets, faults, state } = await recorded([BTC])
    expect(faults).toEqual([])
    expect(state).toMatchObject({
      frames: 41_249,
      gaps: 0,
      duplicates: 0,
      out_of_order: 0,
      depth_discarded: 2,
      phase: 'LIVE',
    })
    const kinds = Map.groupBy(events, ({ kind }) => kind)
    expect([...kinds].map(([kind, list]) => [kind, list.length]).sort()).toEqual([
      ['depth', 3_450],
      ['quote', 28_040],
      ['status', 2],
      ['trade', 9_757],
    ])

    const quotes = new Map<number, Quote | null>(kinds.get('quote')?.map(({ sequence, quote }) => [sequence, quote]))
    const live = books.filter(({ quality }) => quality === 'LIVE')
    expect(live.length).toBe(3_449)
    expect(new Set(books.map(({ quality }) => quality))).toEqual(new Set(['SNAPSHOT', 'LIVE']))
    expect(live.filter(({ bid_px, ask_px }) => bid_px === null || ask_px === null || bid_px >= ask_px)).toEqual([])
    const pairs = live.filter(({ sequence }) => quotes.has(sequence))
    expect(pairs.length).toBe(564)
    for (const { sequence, bid_px, bid_qty, ask_px, ask_qty } of pairs)
      expect({ bid_px, bid_qty, ask_px, ask_qty }).toEqual(quotes.get(sequence))

    // Every quote changes the market, so each is a new Nbbo with its prices.
    const by_quote = markets.filter(({ basis }) => basis === 'QUOTE')
    expect(by_quote.length).toBe(28_040)
    for (const { sequence, bid_px, bid_qty, ask_px, ask_qty } of by_quote)
      expect({ bid_px, bid_qty, ask_px, ask_qty }).toEqual(quotes.get(sequence))
    expect(new Set(markets.slice(10).map(({ quality }) => quality))).toEqual(new Set(['LIVE']))
  })

  it('says the same of an undeclared symbol, in its own 8 decimals', async () => {
    const declared = await recorded([BTC])
    const { faults, state, books } = await recorded([])
    expect([faults, state.gaps, state.listing?.price_scale, state.listing?.qty_scale]).toEqual([[], 0, 8, 8])
    expect(books.map(({ bid_px }) => (bid_px ?? 0) / 1_000_000)).toEqual(
      declared.books.map(({ bid_px }) => bid_px ?? 0),
    )
    expect(books.map(({ bids }) => bids.map(({ qty }) => qty))).toEqual(
      declared.books.map(({ bids }) => bids.map(({ qty }) => qty)),
    )
  })

  it('comes out the same when every state is restored every 97 frames', async () => {
    const through = await recorded([BTC])
    const restarted = await recorded([BTC], 97)
    expect(restarted.texts).toEqual(through.texts)
    expect(restarted.books).toEqual(through.books)
    expect(restarted.markets).toEqual(through.markets)
  })
})
