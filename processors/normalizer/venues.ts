/** Decoders by venue, as frames and keys name it. A venue's decoder adds one entry. */
import { binanceSpot } from './binance-spot/index.ts'
import type { AnyDecoder } from './venue.ts'

export const venues: readonly AnyDecoder[] = [binanceSpot]
