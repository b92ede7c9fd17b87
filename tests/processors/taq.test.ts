import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createReplay, replayFormats } from '../../connectors/replay/index.ts'
import { normalizer } from '../../processors/normalizer/index.ts'
import type { Instrument, MarketEvent } from '../../schemas/generated/index.ts'
import { type Answer, Hand, port, rawFrame } from './kit.ts'

const PARAMS = { instruments: [], unknown_symbol: 'declare', buffer_max: 1, restart_after: 1 }
const hand = () => new Hand(normalizer as never, 'SIP:IBM', PARAMS)
const frame = (text: string | Uint8Array, channel: string) =>
  rawFrame(text, { venue_symbol: 'SIP:IBM', venue: 'SIP', channel })
const quotes = (answer: Answer) =>
  port<MarketEvent>(answer, 'events').map(({ instrument_id, quote }) => ({ instrument_id, ...quote }))

describe('a row of the tape', () => {
  it('of a trade is a trade of the whole tape, its conditions as written', () => {
    const answer = hand().on('frames', frame('34200070,1820000,100,D,20002020,0', 'taq-trade'))
    expect(port<Instrument>(answer, 'instruments').map(({ instrument_id, kind }) => [instrument_id, kind])).toEqual([
      ['IBM.SIP', 'EQUITY'],
    ])
    expect(
      port<MarketEvent>(answer, 'events').map(({ instrument_id, trade }) => ({ instrument_id, ...trade })),
    ).toEqual([
      {
        instrument_id: 'IBM.SIP',
        trade_id: 1,
        px: 1_820_000,
        qty: 100,
        aggressor: null,
        conditions: '20002020',
        hidden: false,
      },
    ])
  })

  it('of a quote is the quote of its exchange, once both sides came', () => {
    const one = hand()
    const on = (text: string) => quotes(one.on('frames', frame(text, 'taq-quote')))
    expect(on('1,1812400,200,0,0,P,1,0')).toEqual([])
    expect(on('1,0,0,1818000,300,Q,1,0')).toEqual([])
    const quote = { instrument_id: 'IBM.ARCA', bid_px: 1_812_400, bid_qty: 200, ask_px: 1_818_000, ask_qty: 3_000 }
    expect(on('1,0,0,1818000,3000,P,1,0')).toEqual([quote])
    one.restart()
    // The bid's row is above the ask until the ask's row comes.
    expect(on('2,1818100,100,0,0,P,1,0')).toEqual([])
    expect(on('2,0,0,1818200,50,P,1,0')).toEqual([
      { ...quote, bid_px: 1_818_100, bid_qty: 100, ask_px: 1_818_200, ask_qty: 50 },
    ])
    expect(on('3,0,0,1818300,50,P,1,1')).toEqual([])
  })

  it.each([
    ['words', 'taq-trade', 'FRAME_MALFORMED'],
    ['1,1820000,100,D,1', 'taq-trade', 'FRAME_MALFORMED'],
    ['1,0,100,D,1,0', 'taq-trade', 'VALUE_OUT_OF_RANGE'],
    ['1,1820000,0,D,1,0', 'taq-trade', 'VALUE_OUT_OF_RANGE'],
    ['1,1820000,100,V,1,0', 'taq-trade', 'VALUE_OUT_OF_RANGE'],
    ['1,1820000,100,D,1,0', 'taq-quote', 'FRAME_MALFORMED'],
    ['1,1,1,2,2,V,1,0', 'taq-quote', 'VALUE_OUT_OF_RANGE'],
    ['1'.repeat(300), 'taq-quote', 'FRAME_TOO_LONG'],
  ])('%s of %s is a fault', (text, channel, fault) => {
    const one = hand()
    const before = one.text()
    expect(one.on('frames', frame(text, channel))).toEqual({ fault, detail: {} })
    expect(one.text()).toBe(before)
  })
})

const DATA = process.env.AITRADER_DATA ?? join(import.meta.dirname, '../../../shared/data')
const files = ['trade', 'quote'].map((kind) => join(DATA, `equities/ibm_20131007_${kind}.zip`))
const missing = files.every((path) => existsSync(path))
  ? ''
  : ` (skipped: no recorded data at ${DATA}; set AITRADER_DATA)`

describe.skipIf(missing !== '')(`the recorded IBM day${missing}`, () => {
  it('is read without a fault: every trade, and the quotes of eleven exchanges', async () => {
    const source = await createReplay({
      files: files.map((path) => ({ path, format: 'taq-trade-quote' })),
      formats: replayFormats,
    })
    await source.open(undefined)
    const one = hand()
    const counts: Record<string, number> = {}
    const count = (what: string) => {
      counts[what] = (counts[what] ?? 0) + 1
    }
    let volume = 0
    while (!source.done) {
      const item = source.take()
      if (item === undefined) {
        if (!source.done) await source.ready()
        continue
      }
      const answer = one.on('frames', item.value, item.stream_time_us)
      if ('fault' in answer) count(answer.fault)
      for (const { kind, trade, quote } of port<MarketEvent>(answer, 'events')) {
        count(kind)
        volume += trade?.qty ?? 0
        if (quote !== null && quote.bid_px >= quote.ask_px) count('crossed')
      }
    }
    await source.close()
    expect({ ...counts, volume, exchanges: Object.keys((one.state as { quotes: object }).quotes).length }).toEqual({
      trade: 24_293,
      quote: 95_559,
      volume: 3_960_352,
      exchanges: 11,
    })
  })
})
