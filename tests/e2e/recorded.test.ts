import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openEmbedded } from '../../connectors/embedded/index.ts'
import { createReplay, replayFormats } from '../../connectors/replay/index.ts'
import { BookUpdate, Instrument, MarketEvent } from '../../schemas/generated/index.ts'
import { captureLines, FORMAT, type Oracle, onRecordedFile, oracleOf } from './capture.ts'
import { aitrader, summaryOf, upArgs } from './command.ts'
import { recordsOf, results, type Seen, type Whole, wholeRun } from './whole-run.ts'

const NO_SCALES = { price_scale: Number.NaN, qty_scale: Number.NaN }

/**
 * The recorded Binance file through the whole shipped topology: what the file itself proves, and equal results on
 * every broker and at every speed.
 */
onRecordedFile('the recorded Binance file', (file) => {
  const dir = mkdtempSync(join(tmpdir(), 'aitrader-recorded-'))
  const replay = () => createReplay({ files: [{ path: file, format: FORMAT }], formats: replayFormats })
  let paced: ReturnType<typeof aitrader>
  let whole: Whole
  let oracle: Oracle
  let events: Seen<MarketEvent>[]
  let books: Seen<BookUpdate>[]

  beforeAll(async () => {
    // Seven seconds of mostly waiting, beside everything else here.
    paced = aitrader(upArgs(join(dir, 'paced'), [file], FORMAT, '--speed', '50x'))
    whole = await wholeRun(await replay())
    const instruments = await recordsOf(whole.broker, 'reference.instruments.v1', Instrument)
    const { price_scale, qty_scale } = instruments.find(({ value }) => value.symbol === 'BTCUSDT')?.value ?? NO_SCALES
    oracle = oracleOf(captureLines(file), price_scale, qty_scale)
    events = await recordsOf(whole.broker, 'market.events.v1', MarketEvent)
    books = await recordsOf(whole.broker, 'market.books.v1', BookUpdate)
  })
  afterAll(() => {
    paced.kill()
    rmSync(dir, { recursive: true, force: true })
  })

  it('is read without a gap and without a fault', () => {
    const { frames, gaps, faults } = whole.summary
    expect({ frames, gaps, faults }).toEqual({ frames: oracle.frames, gaps: 0, faults: 0 })
    expect(events.filter(({ value }) => value.kind === 'gap')).toEqual([])
  })

  it('gives every trade as it was printed', () => {
    const trades = events.flatMap(({ value: { kind, trade, event_time_us } }) =>
      kind === 'trade' && trade !== null
        ? [{ trade_id: trade.trade_id, px: trade.px, qty: trade.qty, time_us: event_time_us }]
        : [],
    )
    expect(oracle.trades).toHaveLength(9_757)
    expect(trades).toEqual(oracle.trades)
  })

  it('gives a book that is never crossed while it is LIVE', () => {
    const live = books.filter(({ value }) => value.quality === 'LIVE')
    expect(live.length).toBeGreaterThan(3_400)
    const crossed = live.filter(
      ({ value: { bid_px, ask_px } }) => bid_px === null || ask_px === null || bid_px >= ask_px,
    )
    expect(crossed).toEqual([])
  })

  it("gives the venue's own top of book wherever a ticker has the id of a depth update", () => {
    const live = new Map(books.flatMap(({ value }) => (value.quality === 'LIVE' ? [[value.sequence, value]] : [])))
    const tops = oracle.depth_ids.flatMap((id) => {
      const top = oracle.tickers.get(id)
      return top === undefined ? [] : [{ id, ...top }]
    })
    expect(tops).toHaveLength(564)
    const ours = tops.map(({ id }) => {
      const book = live.get(id)
      return { id, bid_px: book?.bid_px, bid_qty: book?.bid_qty, ask_px: book?.ask_px, ask_qty: book?.ask_qty }
    })
    expect(ours).toEqual(tops)
  })

  it('makes orders and fills', () => {
    expect(whole.summary.orders).toBeGreaterThan(0)
    expect(whole.summary.fills).toBeGreaterThan(0)
  })

  it('gives the same a second time, on the embedded broker', async () => {
    const broker = await openEmbedded(join(dir, 'embedded'), { topology: 'crypto' })
    try {
      const again = await wholeRun(await replay(), broker)
      expect(results(again.summary)).toEqual(results(whole.summary))
    } finally {
      await broker.close()
    }
  })

  it('gives the same by the real command at 50 times real time', async () => {
    const summary = summaryOf(await paced.ended)
    expect(results(summary)).toEqual(results(whole.summary))
    // 365 s of data: it was paced indeed.
    expect(summary.duration_ms).toBeGreaterThan(7_000)
  })
})
