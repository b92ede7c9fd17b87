/** Capture formats by name, as `--format` takes them. A venue's connector adds one entry. */
import { binanceSpotCapture } from '../binance/spot-capture.ts'
import { kiteCapture } from '../kite/capture.ts'
import { lobsterCapture } from '../lobster/capture.ts'
import { minuteBars } from '../nse/minute-bars.ts'
import { okxCapture } from '../okx/capture.ts'
import type { ReplayFormat } from './format.ts'

export const replayFormats: Readonly<Record<string, ReplayFormat>> = {
  'binance-spot': binanceSpotCapture,
  kite: kiteCapture,
  lobster: lobsterCapture,
  'minute-bars': minuteBars,
  okx: okxCapture,
}
