import { expect, it } from 'vitest'
import { CASES, type FuzzedDecoder, fuzz } from './fuzzed-decoder.ts'
import { hostileBytes } from './hostile-frames.ts'
import { itch } from './itch.ts'
import { framed, full, INDEX, INFY, ltp, TIME_S } from './kite-packets.ts'

const ITCH = { channel: 'itch50' }
/** References that no damaged message is likely to have. */
const REFERENCE = 0x7777_1234_0000_0000n
const itch50: FuzzedDecoder = {
  name: 'itch50',
  venue: 'NASDAQ',
  symbol: 'ACME',
  price_scale: 4,
  qty_scale: 0,
  hostile: hostileBytes([...Object.values(itch).map((make) => make()), itch.deleted(2), itch.add(2, 'S', 50)]).map(
    (payload) => ({ payload, fields: ITCH }),
  ),
  good: (round) => {
    const ref = REFERENCE + BigInt(round)
    return [itch.add(ref), itch.executed(ref, 40), itch.deleted(ref), itch.trade(), itch.action('T')].map(
      (payload) => ({
        payload,
        fields: ITCH,
      }),
    )
  },
  tells: [
    'order ADD 100000x100',
    'order EXECUTE 100000x40',
    'trade 100000x40',
    'order DELETE 100000x60',
    'trade 100100x30',
    'session OPEN',
  ],
  meets: [
    ...['order', 'trade', 'session', 'FRAME_MALFORMED', 'FRAME_UNKNOWN', 'SYMBOL_MISMATCH', 'VALUE_OUT_OF_RANGE'],
    ...['LENGTH_WRONG', 'ORDER_UNKNOWN', 'ORDER_KNOWN', 'ORDER_EXCEEDED'],
  ],
}

const kite: FuzzedDecoder = {
  name: 'kite',
  venue: 'KITE',
  symbol: String(INFY),
  price_scale: 2,
  qty_scale: 0,
  hostile: hostileBytes([
    framed(full()),
    framed(full({ time_s: TIME_S + 1, volume: 1_010 })),
    framed(full(), ltp(INFY, 1), full({ token: 0x103 })),
    framed(ltp(INDEX, 3)),
    Uint8Array.of(0),
    new TextEncoder().encode('{"type":"order"}'),
  ]).map((payload) => ({ payload })),
  good: (round) => [{ payload: framed(full({ time_s: TIME_S + round, volume: 1_000 + round * 5 })) }],
  tells: ['trade 157370x5', 'snapshot 157340x5 | 157370x172', 'quote 157340x5 157370x172'],
  meets: ['session', 'trade', 'depth', 'quote', 'gap', 'FRAME_MALFORMED', 'VALUE_OUT_OF_RANGE'],
}

it.each([itch50, kite])(
  `whatever bytes come, $name keeps its promises in ${CASES} cases`,
  (decoder) => {
    fuzz(decoder, 20_260_102)
    expect.hasAssertions()
  },
  600_000,
)
