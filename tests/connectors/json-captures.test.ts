import { expect, it } from 'vitest'
import { replayFormats } from '../../connectors/replay/formats.ts'

function line(format: string, text: string) {
  const out = { receive_time_us: 0, receive_time_ns_rest: 0, payload_start: 0, payload_end: 0, symbol: '', channel: '' }
  const buf = Buffer.from(text)
  const kind = replayFormats[format]?.line(buf, 0, buf.length, out)
  return { kind, ...out, payload: text.slice(out.payload_start, out.payload_end) }
}

it.each([
  ['kraken', '{"channel":"book","type":"update","data":[{"symbol":"BTC/USD"}]}', 'BTC/USD', 'book'],
  ['kraken', '{"method":"subscribe","result":{"channel":"book","depth":10,"symbol":"BTC/USD"}}', 'BTC/USD', 'book'],
  ['kraken', '{"channel":"heartbeat"}', '', 'heartbeat'],
  ['coinbase', '{"channel":"l2_data","events":[{"type":"update","product_id":"BTC-USD"}]}', 'BTC-USD', 'l2_data'],
  ['coinbase', '{"channel":"heartbeats","events":[{"heartbeat_counter":1}]}', '', 'heartbeats'],
  ['binance-usdm', '{"stream":"btcusdt@depth","data":{"e":"depthUpdate"}}', 'BTCUSDT', 'depth'],
  ['binance-usdm', '{"e":"aggTrade","E":1,"s":"BTCUSD_PERP"}', 'BTCUSD_PERP', 'aggTrade'],
  ['binance-usdm', '{"lastUpdateId":7,"bids":[],"asks":[]}', '', 'snapshot'],
])('a line of %s: %s is of %s, %s', (format, payload, symbol, channel) => {
  expect(line(format, `1696613755440295678 ${payload}`)).toMatchObject({
    kind: 'frame',
    receive_time_us: 1_696_613_755_440_295,
    receive_time_ns_rest: 678,
    symbol,
    channel,
    payload,
  })
})

it.each([
  ['okx', '{"arg":{"channel":"books","instId":"BTC-USDT"}}'],
  ['kraken', '{"method":"subscribe","result":{"channel":"book","symbol":"BTC/USD"},"success":true}'],
  ['kraken', '{"method":"pong"}'],
  ['coinbase', '{"type":"error","message":"no such product"}'],
  ['binance-spot', '{"stream":"btcusdt@trade","data":{}}'],
  ['binance-usdm', '{"stream":"btcusdt@depth","data":{}}'],
])('%s as cryptofeed records sockets: %s', (format, payload) => {
  for (const socket of ['', 'wss://venue.example/v2 <- ']) {
    expect(line(format, `${socket}1696613755.4402957: ${payload}`)).toMatchObject({
      kind: 'frame',
      receive_time_us: 1_696_613_755_440_295,
      receive_time_ns_rest: 700,
      payload,
    })
  }
  expect(line(format, 'wss://venue.example/v2 <-> 1696613755.4402957').kind).toBe('none')
})

it.each([
  ['okx', '{"op":"subscribe","args":[]}'],
  ['kraken', '{"method": "subscribe", "params": {"channel": "book"}}'],
  ['coinbase', '{"type":"unsubscribe","product_ids":["BTC-USD"],"channel":"level2"}'],
])('a request of ours among the lines of %s is no frame: %s', (format, payload) => {
  expect(line(format, `1696613755.44: ${payload}`).kind).toBe('none')
  expect(line(format, `1696613755440295678 ${payload}`).kind).toBe('none')
})

it.each(['kraken', 'coinbase', 'binance-usdm'])('a line of %s without time or frame is damaged', (format) => {
  for (const text of [
    '',
    '{}',
    '1696613755440295678',
    '1696613755440295678{}',
    '1696613755.4 {}',
    '1696613755.4:{}',
    'wss://venue.example 1696613755.4: {}',
    '1696613755440295678 x',
  ])
    expect(line(format, text).kind, text).toBe('damaged')
})
