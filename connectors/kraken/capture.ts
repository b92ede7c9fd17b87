/** Captures of Kraken's WebSocket v2. An answer begins like its request, but has no `params`. */
import { timedJsonCapture } from '../replay/timed-json.ts'

export const krakenCapture = timedJsonCapture({
  venue: 'KRAKEN',
  example: '1696613755440295000 {"channel":"book","type":"update","data":[{"symbol":"BTC/USD",...}]}',
  symbol_field: 'symbol',
  channel_field: 'channel',
  request: /^\{\s*"method":\s*"\w+",\s*"params":/,
})
