import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createReplay, replayFormats } from '../../connectors/replay/index.ts'
import { calendars, phaseAt } from '../../processors/calendar/index.ts'
import { normalizer } from '../../processors/normalizer/index.ts'
import type { Bar, Instrument, RawFrame } from '../../schemas/generated/index.ts'
import { type Answer, Hand, port, rawFrame } from './kit.ts'

const DATA = join(process.env.AITRADER_DATA ?? join(import.meta.dirname, '../../../shared/data'), 'nse')
const no_data = existsSync(DATA) ? '' : ` (skipped: no recorded data at ${DATA}; set AITRADER_DATA)`

const params = {
  instruments: [{ instrument_id: 'YESBANK.NSE', venue: 'NSE', symbol: 'YESBANK', price_scale: 2, qty_scale: 0 }],
  unknown_symbol: 'declare',
  buffer_max: 8,
  restart_after: 3,
}
const hand = (symbol = 'YESBANK', changes: Record<string, unknown> = {}) =>
  new Hand(normalizer, `NSE:${symbol}`, { ...params, ...changes })
const bars = (answer: Answer) => port<Bar>(answer, 'bars')

/** 2019-07-09 09:15 IST. */
const OPEN_US = Date.parse('2019-07-09T09:15:00+05:30') * 1_000
const MINUTE_US = 60_000_000
/** The line of the minute `minute` after the opening, as the capture hands it in. */
function frame(line: string, minute = 0, symbol = 'YESBANK'): RawFrame {
  return rawFrame(line, {
    venue_symbol: `NSE:${symbol}`,
    venue: 'NSE',
    channel: '1m',
    receive_time_us: OPEN_US + (minute + 1) * MINUTE_US,
  })
}
const FIRST = '33300000,950000,950000,939000,948500,1730100'

describe('a line', () => {
  it('is one bar in the scale of its instrument', () => {
    expect(hand().on('frames', frame(FIRST))).toEqual({
      outputs: {
        bars: [
          {
            instrument_id: 'YESBANK.NSE',
            venue: 'NSE',
            symbol: 'YESBANK',
            interval: '1m',
            start_time_us: OPEN_US,
            end_time_us: OPEN_US + MINUTE_US,
            open_px: 9_500,
            high_px: 9_500,
            low_px: 9_390,
            close_px: 9_485,
            volume_qty: 1_730_100,
            trades: 0,
            origin: 'VENUE',
            receive_time_us: OPEN_US + MINUTE_US,
          },
        ],
      },
    })
  })

  it('of a symbol that is not declared makes an instrument with the decimals of the file, which takes no orders', () => {
    const answer = hand('ACME').on('frames', frame(FIRST, 0, 'ACME'))
    expect(port<Instrument>(answer, 'instruments')).toMatchObject([
      { instrument_id: 'ACME.NSE', price_scale: 4, qty_scale: 0, calendar: 'NSE', tradable: false, origin: 'DATA' },
    ])
    expect(bars(answer)).toMatchObject([{ open_px: 950_000 }])
  })

  it('that came already, or is older, is dropped and counted, after a restart too', () => {
    const one = hand()
    one.on('frames', frame('33360000,1,1,1,1,1'.replaceAll(',1', ',100'), 1))
    one.restart()
    expect(one.on('frames', frame('33360000,200,200,200,200,1', 1))).toEqual({ outputs: {} })
    expect(one.on('frames', frame(FIRST))).toEqual({ outputs: {} })
    expect(one.state).toMatchObject({ duplicates: 1, out_of_order: 1, bars: 1 })
  })

  it.each([
    ['FRAME_MALFORMED', ''],
    ['FRAME_MALFORMED', '33300000,1,1,1,1'],
    ['FRAME_MALFORMED', '33300000,1,1,1,1,1,1'],
    ['FRAME_MALFORMED', '33300000,100,-100,100,100,1'],
    ['FRAME_MALFORMED', '33300000,1e2,100,100,100,1'],
    ['FRAME_MALFORMED', '33300001,100,100,100,100,1'],
    ['FRAME_MALFORMED', '33360000,100,100,100,100,1'],
    ['VALUE_OUT_OF_RANGE', '33300000,200,100,100,100,1'],
    ['VALUE_OUT_OF_RANGE', '33300000,100,100,200,100,1'],
    ['VALUE_OUT_OF_RANGE', '33300000,100,200,100,300,1'],
    ['VALUE_OUT_OF_RANGE', '33300000,0,100,0,100,1'],
    ['VALUE_OUT_OF_RANGE', '33300000,100,100,100,100,0'],
    ['VALUE_OUT_OF_RANGE', '33300000,100,9007199254740992,100,100,1'],
    ['SCALE_EXCEEDED', '33300000,100,150,100,100,1'],
  ])('%s: %s', (code, line) => {
    const one = hand()
    const before = one.text()
    expect(one.on('frames', frame(line))).toMatchObject({ fault: code })
    expect(one.text()).toBe(before)
  })
})

describe.skipIf(no_data !== '')(`recorded days${no_data}`, () => {
  /** Every bar of the files, by symbol, and the faults. */
  async function decoded(paths: readonly string[]): Promise<{ bars: Bar[]; faults: unknown[] }> {
    const source = await createReplay({
      files: paths.map((path) => ({ path, format: 'minute-bars' })),
      formats: replayFormats,
    })
    await source.open(undefined)
    const hands = new Map<string, Hand>()
    const out: { bars: Bar[]; faults: unknown[] } = { bars: [], faults: [] }
    while (!source.done) {
      const item = source.take()
      if (item === undefined) {
        if (!source.done) await source.ready()
        continue
      }
      const frame = item.value as RawFrame
      const key = frame.venue_symbol
      const one = hands.get(key) ?? hand(key.slice(4))
      hands.set(key, one)
      const answer = one.on('frames', frame, item.stream_time_us)
      if ('fault' in answer) out.faults.push(answer)
      out.bars.push(...bars(answer))
    }
    await source.close()
    return out
  }

  it('are read whole: every line is a bar, minutes ascend, gaps are where nothing traded', async () => {
    const paths = readdirSync(DATA).map((name) => join(DATA, name))
    const made = await decoded(paths)
    expect(made.faults).toEqual([])
    const days = new Map<string, Bar[]>()
    for (const bar of made.bars) {
      const day = `${bar.symbol} ${new Date(bar.start_time_us / 1_000 + 19_800_000).toISOString().slice(0, 10)}`
      days.set(day, [...(days.get(day) ?? []), bar])
    }
    // Lines of each file, counted by another program; minutes of the session that have no bar.
    const session_minutes = 375
    expect(
      [...days].sort().map(([day, list]) => {
        const within = list.filter(({ start_time_us }) => phaseAt(calendars.NSE as never, start_time_us) === 'OPEN')
        return [day, list.length, session_minutes - within.length]
      }),
    ).toEqual([
      ['JUNIORBEES 2019-01-01', 217, 158],
      ['JUNIORBEES 2019-01-02', 201, 174],
      ['JUNIORBEES 2019-01-03', 188, 187],
      ['JUNIORBEES 2019-01-04', 177, 198],
      ['YESBANK 2019-07-09', 377, 0],
      ['YESBANK 2019-07-10', 376, 0],
      ['YESBANK 2019-07-11', 377, 0],
    ])
    for (const list of days.values()) {
      const starts = list.map(({ start_time_us }) => start_time_us)
      expect(starts).toEqual([...new Set(starts)].sort((a, b) => a - b))
    }
    const first = made.bars.find(({ symbol }) => symbol === 'YESBANK')
    expect(first).toMatchObject({ start_time_us: OPEN_US, open_px: 9_500, close_px: 9_485, volume_qty: 1_730_100 })
  })

  it('a file that does not say which day it holds is refused', async () => {
    const source = createReplay({
      files: [{ path: import.meta.filename, format: 'minute-bars' }],
      formats: replayFormats,
    }).then((replay) => replay.open(undefined))
    await expect(source).rejects.toMatchObject({ code: 'NOT_A_CAPTURE', exit_code: 2 })
  })
})
