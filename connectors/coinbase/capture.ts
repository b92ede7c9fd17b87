/** Captures of Coinbase Advanced Trade streams. */
import { timedJsonCapture } from '../replay/timed-json.ts'

export const coinbaseCapture = timedJsonCapture({
  venue: 'COINBASE',
  example: '1675974770714964855 {"channel":"l2_data","timestamp":"...","sequence_num":0,"events":[...]}',
  symbol_field: 'product_id',
  channel_field: 'channel',
  request: /^\{\s*"type":\s*"(un)?subscribe"/,
})
