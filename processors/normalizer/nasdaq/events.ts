/** MarketEvents of Nasdaq's formats. Both stamp their messages, and a replayed frame's receive time is that stamp. */
import type {
  BookOrder,
  Depth,
  Instrument,
  MarketEvent,
  RawFrame,
  Session,
  Trade,
} from '../../../schemas/generated/index.ts'
import { messageEvent } from '../events.ts'
import type { Listing } from '../listing.ts'

/** Events of one message, in the order they are made. */
export class Events {
  readonly made: MarketEvent[] = []
  /** What the message says of the instrument itself. */
  listed: Partial<Instrument> = {}
  #listing: Listing
  #sequence: number
  #frame: RawFrame

  constructor(listing: Listing, sequence: number, frame: RawFrame) {
    this.#listing = listing
    this.#sequence = sequence
    this.#frame = frame
  }

  order(order: BookOrder): void {
    this.made.push({ ...this.#bare('order'), order })
  }

  /** From here on every order is told: a book begins. */
  clear(): void {
    const none = { order_id: '', new_order_id: '', side: 'BUY', px: 0, qty: 0, match_id: 0, printable: true } as const
    this.order({ ...none, action: 'CLEAR' })
  }

  trade(trade: Trade): void {
    this.made.push({ ...this.#bare('trade'), trade })
  }

  session(phase: Session['phase'], reason: string): void {
    this.made.push({ ...this.#bare('session'), session: { phase, reason } })
  }

  snapshot(depth: Depth): void {
    this.made.push({ ...this.#bare('depth'), depth })
  }

  #bare(kind: MarketEvent['kind']): MarketEvent {
    const message = {
      kind,
      sequence: this.#sequence,
      event_time_us: this.#frame.receive_time_us,
      depth: null,
      quote: null,
      trade: null,
    }
    return messageEvent(this.#listing, message, this.#frame)
  }
}

export function opposite(side: 'BUY' | 'SELL'): 'BUY' | 'SELL' {
  return side === 'BUY' ? 'SELL' : 'BUY'
}
