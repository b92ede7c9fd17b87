/** Decoders by venue, as frames and keys name it. A venue's decoder adds one entry. */
import { binanceSpot } from './binance-spot/index.ts'
import { kite } from './kite/index.ts'
import { minuteBars } from './minute-bars/index.ts'
import { okx } from './okx/index.ts'
import type { AnyDecoder } from './venue.ts'

export const venues: readonly AnyDecoder[] = [binanceSpot, kite, minuteBars, okx]
