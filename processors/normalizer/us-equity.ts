/** Shares in the US as their feeds write them: prices in ten-thousandths of a dollar, whole shares. */
import type { Instrument } from '../../schemas/generated/index.ts'
import { instrumentOf, type Listing } from './listing.ts'

const PRICE_SCALE = 4
const QTY_SCALE = 0

export function usListing(venue: string, symbol: string): Listing {
  return { instrument_id: `${symbol}.${venue}`, venue, symbol, price_scale: PRICE_SCALE, qty_scale: QTY_SCALE }
}

/** Whether a declared instrument has the scales of the feeds. */
export function isUsListing({ price_scale, qty_scale }: Listing): boolean {
  return price_scale === PRICE_SCALE && qty_scale === QTY_SCALE
}

/** Tick of a cent: the rule for shares above a dollar (Regulation NMS, rule 612). */
export function usEquity(listing: Listing, known: Partial<Instrument> = {}): Instrument {
  return instrumentOf(listing, {
    kind: 'EQUITY',
    tick_size_px: 100,
    quote_currency: 'USD',
    calendar: 'NASDAQ',
    ...known,
  })
}
