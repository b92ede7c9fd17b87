/** Decoders by venue, as frames and keys name it. A venue's decoder adds one entry. */
import { binanceSpot } from './binance-spot/index.ts'
import { binanceUsdm } from './binance-usdm/index.ts'
import { coinbase } from './coinbase/index.ts'
import { kite } from './kite/index.ts'
import { kraken } from './kraken/index.ts'
import { minuteBars } from './minute-bars/index.ts'
import { nasdaq } from './nasdaq/index.ts'
import { okx } from './okx/index.ts'
import { sip } from './sip/index.ts'
import type { AnyDecoder } from './venue.ts'

export const venues: readonly AnyDecoder[] = [
  binanceSpot,
  binanceUsdm,
  nasdaq,
  kite,
  minuteBars,
  okx,
  kraken,
  coinbase,
  sip,
]
