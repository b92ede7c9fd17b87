import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { normalizer } from '../../processors/normalizer/index.ts'
import { Arena } from '../../runtime/api/index.ts'
import { MarketEvent } from '../../schemas/generated/index.ts'
import { BTC, Hand, port, rawFrame, wire } from './kit.ts'

const seeds = [
  wire.depth(7, 9, [['100.00000000', '0.00000000']], [['101.00000000', '1.50000000']]),
  wire.snapshot(6, [['99.00000000', '1.00000000']], [['102.00000000', '1.00000000']]),
  wire.quote(8),
  wire.trade(9),
].map((text) => new TextEncoder().encode(text))

/** A valid frame with some bytes changed, put in, cut out or repeated. */
const mutated = fc
  .tuple(
    fc.constantFrom(...seeds),
    fc.array(
      fc.tuple(fc.nat(), fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 255 }), fc.nat({ max: 40 })),
      { minLength: 1, maxLength: 6 },
    ),
  )
  .map(([seed, edits]) => {
    let bytes = [...seed]
    for (const [place, kind, byte, length] of edits) {
      const at = bytes.length === 0 ? 0 : place % bytes.length
      if (kind === 0) bytes[at] = byte
      else if (kind === 1) bytes.splice(at, 0, byte)
      else if (kind === 2) bytes.splice(at, length)
      else if (kind === 3) bytes[at] = 0x30 + (byte % 10)
      else bytes = [...bytes.slice(0, at), ...bytes.slice(at, at + length), ...bytes.slice(at)]
    }
    return Uint8Array.from(bytes)
  })

/** JSON of the right words with any values. */
const value: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(
    'depthUpdate',
    'trade',
    'BTCUSDT',
    '1.00000000',
    '-1',
    '1e99',
    '',
    null,
    true,
    [],
    {},
    -0,
    1e308,
    2 ** 53,
    -1,
    0.5,
  ),
  fc.integer(),
  fc.array(fc.tuple(fc.constantFrom('1.0', '2', 3, null), fc.constantFrom('1.0', '0', {}))),
)
const misworded = fc
  .dictionary(
    fc.constantFrom(
      'e',
      'E',
      's',
      'U',
      'u',
      'b',
      'a',
      'B',
      'A',
      't',
      'p',
      'q',
      'T',
      'm',
      'lastUpdateId',
      'bids',
      'asks',
      '__proto__',
    ),
    value,
  )
  .chain((data) => fc.constantFrom(data, { stream: 'btcusdt@trade', data }, { stream: 7, data }, [data]))
  .map((frame) => new TextEncoder().encode(JSON.stringify(frame)))

const hostile = fc.oneof(mutated, misworded, fc.uint8Array({ maxLength: 300 }))

describe('whatever bytes come', () => {
  it('the answer is events that can be written, or a coded fault that changes nothing; never an exception', () => {
    const codes = new Set(Object.keys(normalizer.faults))
    const met = new Set<string>()
    const arena = new Arena()
    const normal = new Hand(normalizer, 'BINANCE:BTCUSDT', {
      instruments: [BTC],
      unknown_symbol: 'declare',
      buffer_max: 16,
      restart_after: 100,
    })
    const unlisted = new Hand(normalizer, 'BINANCE:BTCUSDT', {
      instruments: [],
      unknown_symbol: 'declare',
      buffer_max: 16,
      restart_after: 100,
    })
    fc.assert(
      fc.property(hostile, (bytes) => {
        for (const hand of [normal, unlisted]) {
          const before = hand.text()
          const answer = hand.on('frames', rawFrame(bytes))
          if ('fault' in answer) {
            expect(codes).toContain(answer.fault)
            expect(hand.text()).toBe(before)
            met.add(answer.fault)
            continue
          }
          for (const event of port<MarketEvent>(answer, 'events')) {
            arena.reset()
            MarketEvent.encode(event, arena)
            expect(MarketEvent.decode(arena.buf, 0, arena.pos)).toEqual(event)
          }
          // What is kept does not grow with what comes.
          expect(hand.text().length).toBeLessThan(20_000)
        }
      }),
      { numRuns: 8_000, seed: 20_240_808 },
    )
    expect([...met].sort()).toEqual(
      expect.arrayContaining([
        'FRAME_MALFORMED',
        'FRAME_UNKNOWN',
        'SCALE_EXCEEDED',
        'SYMBOL_MISMATCH',
        'VALUE_OUT_OF_RANGE',
      ]),
    )
  })

  it.each([
    ['brackets, a million deep', '['.repeat(1_000_000)],
    ['closed brackets, a million deep', `${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}`],
    ['objects, a million deep', '{"data":'.repeat(400_000)],
    ['digits, a million', `{"u":${'9'.repeat(1_000_000)}`],
    ['a decimal of a million digits', wire.quote(1, '1'.repeat(1_000_000))],
    ['decimal places, a million', wire.quote(1, `0.${'1'.repeat(1_000_000)}`)],
    ['a million escapes', `{"stream":"${'\\u0041'.repeat(600_000)}"`],
  ])('%s are a fault', (_name, text) => {
    for (const instruments of [[BTC], []]) {
      const normal = new Hand(normalizer, 'BINANCE:BTCUSDT', {
        instruments,
        unknown_symbol: 'declare',
        buffer_max: 16,
        restart_after: 100,
      })
      expect(normal.on('frames', rawFrame(text))).toMatchObject({ fault: expect.stringMatching(/^[A-Z_]+$/) })
    }
  })
})
