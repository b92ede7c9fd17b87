/** Captures of OKX v5 public streams. */
import { timedJsonCapture } from '../replay/timed-json.ts'

export const okxCapture = timedJsonCapture({
  venue: 'OKX',
  example: '1652459225.5065: {"arg":{"channel":"books","instId":"BTC-USDT"},...} or 1652459225506500000 {"arg":...}',
  symbol_field: 'instId',
  channel_field: 'channel',
  request: /^\{\s*"op":/,
  texts: true,
})
