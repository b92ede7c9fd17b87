import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { binanceSpotCapture } from '../../connectors/binance/spot-capture.ts'

function line(text: string) {
  const out = { receive_time_us: 0, receive_time_ns_rest: 0, payload_start: 0, payload_end: 0, symbol: '', channel: '' }
  const buf = Buffer.from(text)
  const kind = binanceSpotCapture.line(buf, 0, buf.length, out)
  return { kind, ...out }
}

describe('the address of a frame', () => {
  it.each([
    ['{"stream":"btcusdt@depth@100ms","data":{}}', 'BTCUSDT', 'depth@100ms'],
    ['{"stream": "btcusdt@trade", "data": {}}', 'BTCUSDT', 'trade'],
    ['{"stream":"1000satsusdt@bookTicker","data":{"s":"OTHER"}}', '1000SATSUSDT', 'bookTicker'],
    ['{"stream":"币安人生usdt@trade","data":{}}', '币安人生USDT', 'trade'],
    ['{"stream":"!ticker@arr","data":[]}', '', 'arr'],
    ['{"stream":"btcusdt","data":{}}', '', 'btcusdt'],
    ['{"stream":"","data":{}}', '', ''],
    ['{"stream":"a\\"b@trade","data":{}}', '', ''],
    [`{"stream":"${'x'.repeat(80)}@trade","data":{}}`, '', ''],
    ['{"stream":"btcusdt@trade', '', ''],
    ['{"stream":7}', '', ''],
    ['{"e":"trade","E":1,"s":"ethusdt"}', 'ETHUSDT', 'trade'],
    ['{"u":1,"s":"ETHUSDT","b":"1"}', 'ETHUSDT', ''],
    ['{"u":1,"s": "ETHUSDT"}', 'ETHUSDT', ''],
    ['{"data":{"s":"ETHUSDT","e":"trade"},"stream":"ethusdt@trade"}', 'ETHUSDT', 'trade'],
    ['{"lastUpdateId":1,"bids":[],"asks":[]}', '', 'snapshot'],
    ['[]', '', ''],
    ['{', '', ''],
  ])('%s', (payload, symbol, channel) => {
    expect(line(`1723161253937085768 ${payload}`)).toMatchObject({ kind: 'frame', symbol, channel, payload_start: 20 })
  })
})

describe('the time of a line', () => {
  it.each([
    '',
    ' {}',
    '{}',
    '1723161253937085768',
    '1723161253937085768{}',
    '1723161253937085768 x',
    '1723161253937085768  {}',
    '12345678901234567890 {}',
    '9999999999999999999 {}',
    '4102444800000001000 {}',
    '-1 {}',
    '1e18 {}',
    '١٢٣٤٥ {}',
  ])('cannot be read in "%s"', (text) => expect(line(text).kind).toBe('damaged'))

  it('is exact for every number of nanoseconds up to the year 2100', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1_000n, max: 4_102_444_800_000_000_999n }), (ns) => {
        const read = line(`${ns} {}`)
        expect([read.kind, BigInt(read.receive_time_us) * 1_000n + BigInt(read.receive_time_ns_rest)]).toEqual([
          'frame',
          ns,
        ])
      }),
    )
  })

  it('is found in any bytes without an exception', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const out = {
          receive_time_us: 0,
          receive_time_ns_rest: 0,
          payload_start: 0,
          payload_end: 0,
          symbol: '',
          channel: '',
        }
        for (const prefix of ['', '1723161253937085768 {', '1723161253937085768 {"stream":"']) {
          const buf = Buffer.concat([Buffer.from(prefix), bytes])
          expect(['frame', 'damaged']).toContain(binanceSpotCapture.line(buf, 0, buf.length, out))
        }
      }),
    )
  })
})
