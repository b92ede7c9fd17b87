/** Capture formats by name, as `--format` takes them. A venue's connector adds one entry. */
import { binanceSpotCapture } from '../binance/spot-capture.ts'
import { binanceUsdmCapture } from '../binance/usdm-capture.ts'
import { coinbaseCapture } from '../coinbase/capture.ts'
import { kiteCapture } from '../kite/capture.ts'
import { krakenCapture } from '../kraken/capture.ts'
import { lobsterCapture } from '../lobster/capture.ts'
import { itchCapture } from '../nasdaq/itch-capture.ts'
import { minuteBars } from '../nse/minute-bars.ts'
import { okxCapture } from '../okx/capture.ts'
import { taqCapture } from '../taq/capture.ts'
import { withAddressed } from './addressed.ts'
import type { ReplayFormat } from './format.ts'

export const replayFormats: Readonly<Record<string, ReplayFormat>> = {
  'binance-spot': withAddressed(binanceSpotCapture),
  'binance-usdm': withAddressed(binanceUsdmCapture),
  coinbase: withAddressed(coinbaseCapture),
  kite: kiteCapture,
  kraken: withAddressed(krakenCapture),
  itch50: itchCapture,
  lobster: lobsterCapture,
  'minute-bars': minuteBars,
  okx: withAddressed(okxCapture),
  'taq-trade-quote': taqCapture,
}
