import { expect, it } from 'vitest'
import { okxCapture } from '../../connectors/okx/capture.ts'

function line(text: string) {
  const out = { receive_time_us: 0, receive_time_ns_rest: 0, payload_start: 0, payload_end: 0, symbol: '', channel: '' }
  const buf = Buffer.from(text)
  const kind = okxCapture.line(buf, 0, buf.length, out)
  return { kind, ...out, payload: text.slice(out.payload_start, out.payload_end) }
}

const payload = '{"arg":{"channel":"books","instId":"BTC-USDT"},"action":"update","data":[]}'

it.each([
  [`1652459225.5073643: ${payload}`, 1_652_459_225_507_364, 300],
  [`1652459225: ${payload}`, 1_652_459_225_000_000, 0],
  [`1652459225.1234567891: ${payload}`, 1_652_459_225_123_456, 789],
  [`wss://ws.okx.com:8443/ws/v5/public <- 1652459225.5: ${payload}`, 1_652_459_225_500_000, 0],
  [`1652459225507364300 ${payload}`, 1_652_459_225_507_364, 300],
])('%s is a frame with its time and address', (text, receive_time_us, receive_time_ns_rest) => {
  expect(line(text)).toMatchObject({
    kind: 'frame',
    receive_time_us,
    receive_time_ns_rest,
    symbol: 'BTC-USDT',
    channel: 'books',
    payload,
  })
})

it.each([
  'wss://ws.okx.com:8443/ws/v5/public <-> 1652459224.5300605',
  'wss://ws.okx.com:8443/ws/v5/public <- 1652459225.2987883: {"op":"subscribe","args":[]}',
])('%s holds no frame', (text) => expect(line(text).kind).toBe('none'))

it.each([
  '',
  payload,
  `: ${payload}`,
  `1652459225.: ${payload}`,
  `1652459225.5 ${payload}`,
  `1652459225.5:${payload}`,
  `99999999999.5: ${payload}`,
  `9999999999.5: ${payload}`,
  '1652459225.5: ',
  `wss://ws.okx.com ${payload}`,
])('%s is damaged', (text) => expect(line(text).kind).toBe('damaged'))

it('a pong is a frame of no symbol', () => {
  expect(line('1652459225.5: pong')).toMatchObject({ kind: 'frame', symbol: '', channel: '', payload: 'pong' })
})
