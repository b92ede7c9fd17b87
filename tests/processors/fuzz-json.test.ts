import { describe, expect, it } from 'vitest'
import { normalizer } from '../../processors/normalizer/index.ts'
import { CASES, fuzz } from './fuzzed-decoder.ts'
import { json_decoders } from './fuzzed-json.ts'
import { Hand, rawFrame } from './kit.ts'

describe.each(json_decoders)('whatever bytes come from $name', (decoder) => {
  it(`it keeps its promises in ${CASES} cases`, () => fuzz(decoder, 20_260_101), 600_000)

  it.each([
    ['brackets, two hundred thousand deep', '['.repeat(200_000)],
    ['closed brackets, two hundred thousand deep', `${'['.repeat(200_000)}${']'.repeat(200_000)}`],
    ['objects, two hundred thousand deep', '{"data":'.repeat(200_000)],
    ['closed objects, deep', `${'{"data":'.repeat(100_000)}1${'}'.repeat(100_000)}`],
    ['a number of a million digits', `{"channel":"book","price":${'9'.repeat(1_000_000)}}`],
    ['a decimal of a million digits', `{"u":1,"s":"BTCUSDT","b":"${'1'.repeat(1_000_000)}","B":"1","a":"2","A":"1"}`],
    ['decimal places, a million', `{"u":1,"s":"BTCUSDT","b":"0.${'1'.repeat(1_000_000)}","B":"1","a":"2","A":"1"}`],
    ['a million escapes', `{"stream":"${'\\u0041'.repeat(600_000)}"`],
    ['more bytes than any message', ' '.repeat(5_000_000)],
  ])('%s are a fault', (_name, text) => {
    const { venue, symbol, price_scale, qty_scale } = decoder
    const declared = { instrument_id: 'X', venue, symbol, price_scale, qty_scale }
    for (const instruments of [[declared], []]) {
      const params = { instruments, unknown_symbol: 'declare', buffer_max: 16, restart_after: 100 }
      const hand = new Hand(normalizer, `${venue}:${symbol}`, params)
      const before = hand.text()
      expect(hand.on('frames', rawFrame(text, { venue, venue_symbol: `${venue}:${symbol}` }))).toMatchObject({
        fault: expect.stringMatching(/^[A-Z_]+$/),
      })
      expect(hand.text()).toBe(before)
    }
  })
})
