import type { Reader } from '../../runtime/api/index.ts'
import { BookUpdate, Fill, MarketEvent, OrderCommand } from '../../schemas/generated/index.ts'
import { recordsOf, type Seen } from './whole-run.ts'

/** What the market data of a run prove about its fills, found again from the topics alone. */

/** A datum that a fill may rest on. */
export interface Evidence {
  /** Microseconds of the venue's clock; of a quote, which has none, the least it can be. */
  readonly venue_time_us: number
  readonly stream_time_us: number
  /** Quantity by price that it displays to a taker of that side; of a trade, what was printed. */
  readonly levels: ReadonlyMap<number, number>
}

export class Market {
  private readonly data = new Map<number, { buy: Evidence; sell: Evidence }[]>()
  private readonly clock: { stream_time_us: number; venue_time_us: number }[] = []

  static async of(reader: Reader): Promise<Market> {
    const market = new Market()
    const books = await recordsOf(reader, 'market.books.v1', BookUpdate)
    const events = await recordsOf(reader, 'market.events.v1', MarketEvent)
    for (const book of books) if (book.value.quality === 'LIVE') market.addBook(book)
    for (const event of events) market.addEvent(event, books)
    return market
  }

  /** The greatest venue time that had reached us by a stream time. */
  venueTimeKnownAt(stream_time_us: number): number {
    let known_us = 0
    for (const at of this.clock) {
      if (at.stream_time_us > stream_time_us) break
      known_us = at.venue_time_us
    }
    return known_us
  }

  /** What had come by `stream_time_us` under a venue sequence, for a taker of `side`. */
  evidence(sequence: number, side: 'BUY' | 'SELL', stream_time_us: number): Evidence[] {
    const found = (this.data.get(sequence) ?? []).map(({ buy, sell }) => (side === 'BUY' ? buy : sell))
    return found.filter((one) => one.stream_time_us <= stream_time_us)
  }

  private addBook({ value, stream_time_us }: Seen<BookUpdate>): void {
    const venue_time_us = value.event_time_us
    const levels = (side: BookUpdate['bids']) => new Map(side.map(({ px, qty }) => [px, qty]))
    const of = { venue_time_us, stream_time_us }
    this.add(value.sequence, {
      buy: { ...of, levels: levels(value.asks) },
      sell: { ...of, levels: levels(value.bids) },
    })
  }

  private addEvent({ value, stream_time_us }: Seen<MarketEvent>, books: readonly Seen<BookUpdate>[]): void {
    const { quote, trade, sequence, event_time_us } = value
    if (event_time_us > 0) this.tell(stream_time_us, event_time_us)
    if (trade !== null) {
      const one = { venue_time_us: event_time_us, stream_time_us, levels: new Map([[trade.px, trade.qty]]) }
      this.add(sequence, { buy: one, sell: one })
    } else if (quote !== null) {
      // It is not older than the last book that the venue numbered before it.
      const venue_time_us = lastBefore(books, sequence)
      const of = { venue_time_us, stream_time_us }
      const buy = { ...of, levels: new Map([[quote.ask_px, quote.ask_qty]]) }
      this.add(sequence, { buy, sell: { ...of, levels: new Map([[quote.bid_px, quote.bid_qty]]) } })
    }
  }

  private tell(stream_time_us: number, venue_time_us: number): void {
    const last_us = this.clock.at(-1)?.venue_time_us ?? 0
    this.clock.push({ stream_time_us, venue_time_us: Math.max(last_us, venue_time_us) })
  }

  private add(sequence: number, one: { buy: Evidence; sell: Evidence }): void {
    this.data.set(sequence, [...(this.data.get(sequence) ?? []), one])
  }
}

/** Venue time of the last book with at most this sequence, by bisection: books are in order of sequence. */
function lastBefore(books: readonly Seen<BookUpdate>[], sequence: number): number {
  let low = 0
  let high = books.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((books[middle]?.value.sequence ?? 0) <= sequence) low = middle + 1
    else high = middle
  }
  return books[low - 1]?.value.event_time_us ?? 0
}

/** Every fill with the command that it fills. */
export async function fillsOf(reader: Reader): Promise<{ fill: Seen<Fill>; order: Seen<OrderCommand> }[]> {
  const commands = await recordsOf(reader, 'orders.gateway.v1', OrderCommand)
  const orders = new Map(commands.map((command) => [command.value.cl_ord_id, command]))
  return (await recordsOf(reader, 'fills.global.v1', Fill)).map((fill) => {
    const order = orders.get(fill.value.cl_ord_id)
    if (order === undefined) throw new Error(`fill ${fill.id} has no order`)
    return { fill, order }
  })
}
