/** Captures of Binance futures, USD-M and COIN-M: lines of `receive_time_ns {raw JSON}`, addressed as those of spot. */
import type { ReplayFormat } from '../replay/format.ts'
import { binanceSpotCapture } from './spot-capture.ts'

export const binanceUsdmCapture: ReplayFormat = {
  ...binanceSpotCapture,
  venue: 'BINANCE_USDM',
  example: '1723161254087891268 {"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","pu":...}}',
}
