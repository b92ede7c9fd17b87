import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseSpotFrame, readSpotFrame } from '../../processors/normalizer/binance-spot/spot-json.ts'
import type { SpotMessage } from '../../processors/normalizer/binance-spot/spot-message.ts'
import { bytes, scanSpotFrame } from '../../processors/normalizer/binance-spot/spot-scanner.ts'
import { BEYOND_RANGE, BEYOND_SCALE, NOT_DECIMAL, scaledInteger } from '../../processors/normalizer/decimal.ts'
import type { Scales } from '../../processors/normalizer/listing.ts'
import type { RawFrame } from '../../schemas/generated/index.ts'
import { BTC, capture, no_capture, replayed } from './kit.ts'

const utf8 = new TextEncoder()
const SYMBOL = 'BTCUSDT'
const BTC8 = { price_scale: 8, qty_scale: 8 }

function empty(): SpotMessage {
  return { kind: 'quote', sequence: 0, event_time_us: 0, depth: null, quote: null, trade: null }
}

/** The scanner's answer; undefined where it leaves the frame to the other path. */
function scanned(payload: Uint8Array, scales: Scales): SpotMessage | undefined {
  const message = empty()
  return scanSpotFrame(payload, bytes(SYMBOL), scales, message) ? message : undefined
}

/** The JSON path's answer; a code for a frame it refuses, or that says nothing of the market. */
function parsed(payload: Uint8Array, scales: Scales): SpotMessage | string {
  const frame = parseSpotFrame(payload)
  if (frame === null) return 'SILENT'
  if ('code' in frame) return frame.code
  const message = empty()
  return readSpotFrame(frame, SYMBOL, scales, message)?.code ?? message
}

/** What exact arithmetic says. */
function exact(text: string, scale: number): number {
  const match = /^(\d+)(?:\.(\d+))?$/.exec(text)
  if (match === null) return /^-\d+(\.\d+)?$/.test(text) ? BEYOND_RANGE : NOT_DECIMAL
  const fraction = match[2] ?? ''
  if (/[1-9]/.test(fraction.slice(scale))) return BEYOND_SCALE
  const value = BigInt((match[1] ?? '') + fraction.slice(0, scale).padEnd(scale, '0'))
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? BEYOND_RANGE : Number(value)
}

const digits = (min: number, max: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: min, maxLength: max })
const decimalText = fc.oneof(
  fc.tuple(digits(1, 18), digits(0, 12)).map(([whole, fraction]) => (fraction === '' ? whole : `${whole}.${fraction}`)),
  // Around the end of the safe range, whole and as written in 8 places.
  fc.tuple(fc.bigInt({ min: -3n, max: 3n }), fc.constantFrom(0, 8)).map(([off, places]) => {
    const text = (BigInt(Number.MAX_SAFE_INTEGER) + off).toString()
    return places === 0 ? text : `${text.slice(0, -places)}.${text.slice(-places)}`
  }),
  fc.string({ unit: fc.constantFrom(...'0123456789.-+e '), maxLength: 8 }),
)

const scale = fc.oneof(fc.constantFrom(0, 8), fc.integer({ min: 0, max: 15 }))

describe('a decimal', () => {
  it('is the integer that exact arithmetic says, or the same refusal', () => {
    fc.assert(
      fc.property(decimalText, scale, (text, scale) => {
        expect(scaledInteger(text, scale)).toBe(exact(text, scale))
      }),
      { numRuns: 3_000 },
    )
  })

  it('is the same to the scanner, which refuses by not knowing the frame', () => {
    fc.assert(
      fc.property(decimalText, scale, (text, qty_scale) => {
        const frame = utf8.encode(`{"u":1,"s":"BTCUSDT","b":"1","B":"${text}","a":"2","A":"0"}`)
        const value = exact(text, qty_scale)
        expect(scanned(frame, { price_scale: 0, qty_scale })?.quote?.bid_qty).toBe(value < 0 ? undefined : value)
      }),
      { numRuns: 3_000 },
    )
  })

  it.each([
    ['61837.63000000', 2, 6_183_763],
    ['61837.63000000', 8, 6_183_763_000_000],
    ['0.00000001', 8, 1],
    ['0.000000010', 8, 1],
    ['0.000000011', 8, BEYOND_SCALE],
    ['90071992.54740991', 8, Number.MAX_SAFE_INTEGER],
    ['90071992.54740992', 8, BEYOND_RANGE],
    ['-0.1', 8, BEYOND_RANGE],
    ['1.', 8, NOT_DECIMAL],
    ['.1', 8, NOT_DECIMAL],
    ['', 8, NOT_DECIMAL],
    ['1e3', 8, NOT_DECIMAL],
    ['NaN', 8, NOT_DECIMAL],
    ['1 ', 8, NOT_DECIMAL],
  ])('%s at scale %i is %i', (text, scale, value) => expect(scaledInteger(text, scale)).toBe(value))
})

const px = fc
  .tuple(fc.integer({ min: 1, max: 99_999 }), digits(8, 8))
  .map(([whole, fraction]) => `${whole}.${fraction}`)
const qty = fc
  .tuple(fc.integer({ min: 0, max: 9_999 }), digits(8, 8))
  .map(([whole, fraction]) => `${whole}.${fraction}`)
const id = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })
const side = fc.array(fc.tuple(px, qty), { maxLength: 5 })
const wrap = fc.constantFrom(
  (frame: string) => frame,
  (frame: string) => `{"stream":"btcusdt@x","data":${frame}}`,
)
const usual = fc.oneof(
  fc.tuple(id, px, qty, px, qty).map(([u, b, B, a, A]) => JSON.stringify({ u, s: SYMBOL, b, B, a, A })),
  fc
    .tuple(id, id, px, qty, id, fc.boolean(), fc.boolean())
    .map(([E, t, p, q, T, m, old]) =>
      JSON.stringify({ e: 'trade', E, s: SYMBOL, t, p, q, ...(old ? { b: 7, a: 8 } : {}), T, m, M: true }),
    ),
  fc
    .tuple(id, id, id, side, side)
    .map(([E, U, u, b, a]) => JSON.stringify({ e: 'depthUpdate', E, s: SYMBOL, U, u, b, a })),
)
/** One byte of a frame gone, doubled or changed. */
const bent = fc
  .tuple(
    usual,
    wrap,
    fc.nat(),
    fc.constantFrom('', '0', '9', '"', '.', ' ', '-', '\\', '}', '\u00e9'),
    fc.integer({ min: 0, max: 2 }),
  )
  .map(([frame, wrapped, at, by, drop]) => {
    const text = wrapped(frame)
    const place = at % text.length
    return text.slice(0, place) + by + text.slice(place + drop)
  })

describe('the scanner', () => {
  it('reads what the JSON path reads, to the same message', () => {
    fc.assert(
      fc.property(usual, wrap, (frame, wrapped) => {
        const payload = utf8.encode(wrapped(frame))
        const message = parsed(payload, BTC8)
        const fast = scanned(payload, BTC8)
        if (typeof message === 'string') expect(fast).toBeUndefined()
        else expect(fast).toEqual(message)
      }),
      { numRuns: 2_000 },
    )
  })

  it('never reads what the JSON path reads otherwise or refuses', () => {
    fc.assert(
      fc.property(bent, (frame) => {
        const payload = utf8.encode(frame)
        const fast = scanned(payload, BTC8)
        if (fast !== undefined) expect(parsed(payload, BTC8)).toEqual(fast)
      }),
      { numRuns: 5_000 },
    )
  })

  it.skipIf(capture === undefined)(
    `reads every stream frame of the recorded file as the JSON path does${no_capture}`,
    async () => {
      let frames = 0
      for (const { value } of await replayed(capture ?? '')) {
        const { payload } = value as RawFrame
        const fast = scanned(payload, BTC)
        if (fast === undefined) expect(parsed(payload, BTC)).toMatchObject({ kind: 'depth', depth: { snapshot: true } })
        else if (frames++ % 5 === 0) expect(fast).toEqual(parsed(payload, BTC))
      }
      expect(frames).toBe(41_248)
    },
  )
})
