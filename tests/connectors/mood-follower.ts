import type { MoodMarketParams, TrueBook } from '../../connectors/simulated-market/moods/index.ts'
import { moodMarket } from '../../connectors/simulated-market/moods/index.ts'
import { instrumentId, MOOD_INSTRUMENTS } from '../../connectors/simulated-market/moods/instruments.ts'
import type { MoodParameters } from '../../connectors/simulated-market/moods/table.ts'
import type { PathFault } from '../../connectors/simulated-market/moods/wire-path.ts'
import { bookBuilder } from '../../processors/book-builder/index.ts'
import { normalizer } from '../../processors/normalizer/index.ts'
import type { BookUpdate, MarketEvent, RawFrame } from '../../schemas/generated/index.ts'
import { Hand, port } from '../processors/kit.ts'

/** Follows a market of a mood with the shipped processors, one by hand per symbol, and keeps what the market itself knows. */

/** Scales are the instrument's own, so that books are in its ticks and lots, as the truth is. */
const NORMALIZER_PARAMS = {
  instruments: MOOD_INSTRUMENTS.map((one) => ({
    instrument_id: instrumentId(one),
    venue: one.venue,
    symbol: one.profile.symbol,
    price_scale: one.profile.price_scale,
    qty_scale: one.profile.qty_scale,
  })),
  unknown_symbol: 'fault',
  buffer_max: 1_024,
  restart_after: 100,
}
const BOOK_PARAMS = { levels: 10, max_levels: 4_096, stale_after_ms: 2_000 }

/** Faults so frequent that seconds show all of them, but for ids that begin anew: those take ten seconds to believe. */
export const HURRIED: Partial<MoodParameters> = {
  jumps_per_hour: 600,
  halt_every_s: 8,
  halt_ms: 2_500,
  drop_ppm: 5_000,
  duplicate_ppm: 5_000,
  late_ppm: 5_000,
  truncate_ppm: 2_000,
  corrupt_ppm: 2_000,
  misread_ppm: 40_000,
  silence_every_s: 7,
  silence_ms: 1_500,
  restart_every_s: 0,
}

interface Received {
  readonly frame: RawFrame
  readonly fault: PathFault | undefined
  /** Code of the fault that the normalizer answered. */
  readonly refused: string | undefined
}

interface Lost {
  readonly instrument_id: string
  readonly channel: string
  readonly venue_time_us: number
  readonly reason: string
}

export class Followed {
  readonly received: Received[] = []
  readonly lost: Lost[] = []
  readonly events: MarketEvent[] = []
  readonly books: BookUpdate[] = []
  /** By instrument and venue time. */
  readonly truth = new Map<string, TrueBook>()
  readonly normalizers = new Map<string, Hand>()

  /** The true book after the depth message that `book` is of. */
  trueBook({ instrument_id, event_time_us }: BookUpdate): TrueBook | undefined {
    return this.truth.get(`${instrument_id}@${event_time_us}`)
  }

  eventsOf(instrument_id: string): MarketEvent[] {
    return this.events.filter((event) => event.instrument_id === instrument_id)
  }
}

export async function follow(params: Omit<MoodMarketParams, 'observer'>): Promise<Followed> {
  const followed = new Followed()
  const builders = new Map<string, Hand>()
  const source = moodMarket({
    ...params,
    observer: {
      book: (book) => followed.truth.set(`${book.instrument_id}@${book.venue_time_us}`, book),
      loss: (instrument_id, { channel, venue_time_us }, reason) =>
        followed.lost.push({ instrument_id, channel, venue_time_us, reason }),
      frame(frame, fault) {
        const { venue_symbol, receive_time_us } = frame
        const normal = hand(
          followed.normalizers,
          venue_symbol,
          () => new Hand(normalizer, venue_symbol, NORMALIZER_PARAMS),
        )
        const answer = normal.on('frames', frame, receive_time_us)
        followed.received.push({ frame, fault, refused: 'fault' in answer ? answer.fault : undefined })
        for (const event of port<MarketEvent>(answer, 'events')) {
          followed.events.push(event)
          const id = event.instrument_id
          const builder = hand(builders, id, () => new Hand(bookBuilder, id, BOOK_PARAMS))
          const answers = [...builder.advance(receive_time_us), builder.on('events', event, receive_time_us)]
          for (const one of answers) {
            if ('fault' in one) throw new Error(`${id}: ${one.fault} ${JSON.stringify(one.detail)}`)
            followed.books.push(...port<BookUpdate>(one, 'books'))
          }
        }
      },
    },
  })
  await source.open(undefined)
  while (source.take() !== undefined);
  return followed
}

function hand(hands: Map<string, Hand>, key: string, make: () => Hand): Hand {
  const known = hands.get(key)
  if (known !== undefined) return known
  const made = make()
  hands.set(key, made)
  return made
}
