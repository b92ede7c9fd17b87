import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bookBuilder } from '../../processors/book-builder/index.ts'
import { normalizer } from '../../processors/normalizer/index.ts'
import { Arena } from '../../runtime/api/index.ts'
import { BookUpdate, Instrument, MarketEvent } from '../../schemas/generated/index.ts'
import { hostile } from './hostile-frames.ts'
import { Hand, port, rawFrame } from './kit.ts'
import { venue_frames } from './venue-frames.ts'

const CASES = process.env.AITRADER_FULL === undefined ? 10_000 : 100_000
/** After so many frames another session begins, so that the first frames of one are met too. */
const SESSION = 200

const arena = new Arena()
function written<T>(
  type: { encode(value: T, arena: Arena): void; decode(buf: Buffer, pos: number, end: number): T },
  value: T,
) {
  arena.reset()
  type.encode(value, arena)
  expect(type.decode(arena.buf, 0, arena.pos)).toEqual(value)
}

describe.each(venue_frames)('whatever bytes come from $venue', ({ venue, symbol, frames }) => {
  const key = `${venue}:${symbol}`
  const declared = { instrument_id: `${symbol}.${venue}`, venue, symbol, price_scale: 2, qty_scale: 4 }
  const params = { instruments: [declared], unknown_symbol: 'declare', buffer_max: 16, restart_after: 3 }
  const books = { levels: 5, max_levels: 20, stale_after_ms: 1_000 }

  it(`the answer is records, or a coded fault that changes nothing; ${CASES} cases`, () => {
    const codes = new Set(Object.keys(normalizer.faults))
    const book_codes = new Set(Object.keys(bookBuilder.faults))
    const met = new Map<string, number>()
    const count = (what: string) => met.set(what, (met.get(what) ?? 0) + 1)
    let hands: Hand[] = []
    let builder = new Hand(bookBuilder, declared.instrument_id, books)
    let cases = 0
    const begin = () => {
      hands = [params, { ...params, instruments: [] }].map((one) => new Hand(normalizer, key, one))
      builder = new Hand(bookBuilder, declared.instrument_id, books)
    }
    fc.assert(
      fc.property(hostile(frames), (bytes) => {
        if (cases++ % SESSION === 0) begin()
        for (const [at, hand] of hands.entries()) {
          const before = hand.text()
          const answer = hand.on('frames', rawFrame(bytes, { venue, venue_symbol: key }))
          if ('fault' in answer) {
            expect(codes).toContain(answer.fault)
            expect(hand.text()).toBe(before)
            count(answer.fault)
            continue
          }
          for (const one of port<Instrument>(answer, 'instruments')) written(Instrument, one)
          for (const event of port<MarketEvent>(answer, 'events')) {
            written(MarketEvent, event)
            count(event.kind)
            if (at !== 0) continue
            // What a decoder passes on is fit for a book.
            const book = builder.on('events', event)
            if ('fault' in book) expect(book_codes).toContain(book.fault)
            for (const one of port<BookUpdate>(book, 'books')) written(BookUpdate, one)
          }
          // What is kept does not grow with what comes.
          expect(hand.text().length).toBeLessThan(40_000)
          if (cases % 97 === 0) {
            const text = hand.text()
            hand.restart()
            expect(hand.text()).toBe(text)
          }
        }
      }),
      { numRuns: CASES, seed: 20_260_101 },
    )
    for (const what of ['depth', 'trade', 'quote', 'status', 'gap', 'FRAME_MALFORMED', 'FRAME_UNKNOWN'])
      expect(met.get(what) ?? 0, what).toBeGreaterThan(CASES / 1_000)
    for (const what of ['SYMBOL_MISMATCH', 'SCALE_EXCEEDED', 'VALUE_OUT_OF_RANGE', 'QUOTE_CROSSED'])
      expect(met.get(what) ?? 0, what).toBeGreaterThan(0)
  }, 600_000)

  it.each([
    ['brackets, a million deep', '['.repeat(1_000_000)],
    ['objects, a million deep', '{"data":'.repeat(400_000)],
    ['closed objects, deep', `${'{"data":'.repeat(100_000)}1${'}'.repeat(100_000)}`],
    ['a number of a million digits', `{"channel":"book","price":${'9'.repeat(1_000_000)}}`],
    ['more bytes than any message', ' '.repeat(5_000_000)],
  ])('%s are a fault', (_name, text) => {
    expect(new Hand(normalizer, key, params).on('frames', rawFrame(text, { venue, venue_symbol: key }))).toMatchObject({
      fault: expect.stringMatching(/^[A-Z_]+$/),
    })
  })
})
