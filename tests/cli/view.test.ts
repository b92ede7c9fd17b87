import { PassThrough } from 'node:stream'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createView, type Snapshot } from '../../cli/view/index.ts'
import { render, renderEnd, renderLine } from '../../cli/view/render.ts'

const busy: Snapshot = {
  elapsed_ms: 3_723_900,
  stream_time_us: 1_767_571_241_998_765,
  progress: { done: 29_700, total: 41_249 },
  source: 'replay of spot_btcusdt_20240808.gz',
  trading_state: 'ACTIVE',
  rates: [
    { label: 'frames', total: 1_234_567, per_s: 51_202.4 },
    { label: 'signals', total: 9_876, per_s: 412 },
    { label: 'orders', total: 42, per_s: 0.74 },
    { label: 'fills', total: 7, per_s: 0 },
  ],
  latency_us: {
    frame_to_signal: { p50: 41.6, p99: 180, max: 1_020 },
    frame_to_order: { p50: 4_200, p99: 18_233, max: 1_250_001 },
  },
  positions: [
    {
      account: 'demo',
      symbol: 'BTCUSDT',
      qty: '0.01200',
      avg_px: '94250.12',
      realized: '1012.40',
      unrealized: '-1.02',
      fees: '0.11',
    },
    {
      account: 'demo',
      symbol: 'SOLUSDT',
      qty: '-1250.000',
      avg_px: '138.01',
      realized: '0.00',
      unrealized: '12.5',
      fees: '3.20',
    },
  ],
  pnl_total: '1020.57 USDT',
  faults: 0,
  gaps: 3,
  note: '',
}

const idle: Snapshot = {
  elapsed_ms: 0,
  stream_time_us: null,
  progress: null,
  source: 'simulated market, seed 1',
  trading_state: 'HALTED',
  rates: [{ label: 'frames', total: 0, per_s: 0 }],
  latency_us: { frame_to_signal: null, frame_to_order: null },
  positions: [],
  pnl_total: '',
  faults: 2,
  gaps: 0,
  note: '',
}

describe('the table', () => {
  test('lines up', () => {
    expect(render(busy, 80)).toEqual([
      'AITrader  trading ACTIVE  up 1:02:03  replay of spot_btcusdt_20240808.gz',
      'stream time 2026-01-05 00:00:41.998 UTC  72 % [##############------]',
      '',
      'records      total   per s',
      'frames   1,234,567  51,202',
      'signals      9,876     412',
      'orders          42     0.7',
      'fills            7       0',
      '',
      'latency, µs        p50     p99        max',
      'frame to signal     42     180      1,020',
      'frame to order   4,200  18,233  1,250,001',
      '',
      'account  symbol     quantity    average   realized  unrealized  fees',
      'demo     BTCUSDT     0.01200  94,250.12  +1,012.40       -1.02  0.11',
      'demo     SOLUSDT  -1,250.000     138.01       0.00       +12.5  3.20',
      'P&L after fees +1,020.57 USDT',
      '',
      'faults 0  gaps 3',
    ])
  })

  test('drops columns on a narrow screen and cuts what is still too long', () => {
    expect(render(busy, 60)).toEqual([
      'AITrader  trading ACTIVE  up 1:02:03  replay of spot_btcusd…',
      'stream time 2026-01-05 00:00:41.998 UTC  72 % [############…',
      '',
      'records      total   per s',
      'frames   1,234,567  51,202',
      'signals      9,876     412',
      'orders          42     0.7',
      'fills            7       0',
      '',
      'latency, µs        p50     p99        max',
      'frame to signal     42     180      1,020',
      'frame to order   4,200  18,233  1,250,001',
      '',
      'account  symbol     quantity   realized  unrealized',
      'demo     BTCUSDT     0.01200  +1,012.40       -1.02',
      'demo     SOLUSDT  -1,250.000       0.00       +12.5',
      'P&L after fees +1,020.57 USDT',
      '',
      'faults 0  gaps 3',
    ])
  })

  test('says so while there is nothing', () => {
    expect(render(idle, 80)).toEqual([
      'AITrader  trading HALTED  up 0:00:00  simulated market, seed 1',
      'stream time waiting for the first record',
      '',
      'records  total  per s',
      'frames       0      0',
      '',
      'latency, µs      p50  p99  max',
      'frame to signal    -    -    -',
      'frame to order     -    -    -',
      '',
      'no position yet',
      '',
      'faults 2  gaps 0',
    ])
  })

  test('colours profit, loss, gaps and a halt, and nothing else about the text', () => {
    const colour = render(busy, 80, true)
    expect(colour.at(-1)).toBe('\x1b[2mfaults \x1b[0m0\x1b[2m  gaps \x1b[0m\x1b[33m3\x1b[0m')
    expect(colour.find((line) => line.includes('SOLUSDT'))).toContain('\x1b[32m')
    expect(colour.find((line) => line.includes('BTCUSDT'))).toContain('\x1b[31m')
    expect(render(idle, 80, true)[0]).toContain('\x1b[31mHALTED\x1b[0m')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: this is what colours are made of.
    expect(colour.map((line) => line.replace(/\x1b\[[0-9]*m/g, '').trimEnd())).toEqual(render(busy, 80))
  })

  test('never is wider than the screen', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 120 }), fc.constantFrom(busy, idle), (width, snapshot) => {
        for (const line of render(snapshot, width)) expect(line.length).toBeLessThanOrEqual(width)
      }),
    )
  })
})

test('the line says what matters', () => {
  expect(renderLine(busy)).toBe(
    '1:02:03  72 %  frames 1,234,567 (51,202/s)  signals 9,876 (412/s)  orders 42 (0.7/s)  fills 7  signal p99 180 µs  order p99 18,233 µs  P&L +1,020.57 USDT  faults 0  gaps 3',
  )
  expect(renderLine(idle)).toBe('0:00:00  frames 0  faults 2  gaps 0  trading HALTED')
})

/** A terminal that remembers; `screen` plays its control sequences back. */
class Terminal extends PassThrough {
  columns = 80
  rows = 24
  readonly written: string[] = []
  override write(text: string): boolean {
    this.written.push(text)
    return true
  }

  screen(): string[] {
    const lines: string[] = ['']
    let row = 0
    let column = 0
    // biome-ignore lint/suspicious/noControlCharactersInRegex: this is what a terminal is told.
    for (const [token] of this.written.join('').matchAll(/\x1b\[\??[0-9]*[A-Za-z]|\n|\r|[^\x1b\n\r]+/g)) {
      const line = lines[row]!
      if (token === '\n') {
        row += 1
        column = 0
        lines[row] ??= ''
      } else if (token === '\r') column = 0
      else if (/A$/.test(token) && token.startsWith('\x1b')) row -= Number(token.slice(2, -1))
      else if (token === '\x1b[K') lines[row] = line.slice(0, column)
      else if (token === '\x1b[J') lines.splice(row, lines.length, line.slice(0, column))
      else if (token === '\x1b[2J') lines.fill('')
      else if (token === '\x1b[H') row = column = 0
      else if (!token.startsWith('\x1b')) {
        lines[row] = line.slice(0, column) + token + line.slice(column + token.length)
        column += token.length
      }
      expect(row).toBeGreaterThanOrEqual(0)
    }
    return lines
  }
}

describe('the view', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  const terminal = (rows = 24) => Object.assign(new Terminal(), { rows })
  const asStream = (stream: Terminal) => stream as unknown as NodeJS.WriteStream

  test('redraws in place five times a second, hides the cursor and gives it back', () => {
    const stream = terminal()
    let looks = 0
    const view = createView(asStream(stream), { tty: true, json: false, colour: false }, () => {
      looks += 1
      return { ...busy, elapsed_ms: looks * 1_000 }
    })
    view.start()
    vi.advanceTimersByTime(1_000)
    expect(looks).toBe(6)
    view.stop()
    view.stop()
    vi.advanceTimersByTime(5_000)
    expect(looks).toBe(7)
    expect(stream.screen()).toEqual([...render({ ...busy, elapsed_ms: 7_000 }, 80), ''])
    expect(stream.written[0]).toBe('\x1b[?25l')
    expect(stream.written.at(-1)).toBe('\x1b[?25h')
    expect(stream.listenerCount('resize')).toBe(0)
  })

  test('leaves nothing of a picture that was higher', () => {
    const stream = terminal()
    let snapshot = busy
    const view = createView(asStream(stream), { tty: true, json: false, colour: false }, () => snapshot)
    view.start()
    snapshot = idle
    view.stop()
    expect(stream.screen()).toEqual([...render(idle, 80), ''])
  })

  test('fits a low screen and starts anew after a resize', () => {
    const stream = terminal(8)
    const view = createView(asStream(stream), { tty: true, json: false, colour: false }, () => busy)
    view.start()
    expect(stream.screen()).toEqual([...render(busy, 80).slice(0, 6), '…', ''])
    stream.columns = 50
    stream.rows = 40
    stream.emit('resize')
    vi.advanceTimersByTime(200)
    expect(stream.screen()).toEqual([...render(busy, 50), ''])
    view.stop()
  })

  test('passes over pictures that the terminal has no time for', () => {
    const stream = terminal()
    const view = createView(asStream(stream), { tty: true, json: false, colour: false }, () => busy)
    view.start()
    const written = stream.written.length
    Object.defineProperty(stream, 'writableNeedDrain', { value: true })
    vi.advanceTimersByTime(2_000)
    expect(stream.written.length).toBe(written)
    view.stop()
    expect(stream.written.at(-1)).toBe('\x1b[?25h')
  })

  test.each([
    { tty: false, json: false },
    { tty: true, json: true },
  ])('writes a line every few seconds and a last one: %o', (options) => {
    const stream = terminal()
    const view = createView(asStream(stream), options, () => busy)
    view.start()
    vi.advanceTimersByTime(7_000)
    view.stop()
    view.stop()
    expect(stream.written).toEqual(Array(3).fill(`${renderLine(busy)}\n`))
  })

  test('has no colours where NO_COLOR is set', () => {
    vi.stubEnv('NO_COLOR', '1')
    const stream = terminal()
    const view = createView(asStream(stream), { tty: true, json: false }, () => busy)
    view.start()
    view.stop()
    expect(stream.written.join('')).not.toContain('\x1b[2m')
    vi.unstubAllEnvs()
  })
})

test('a note stands below everything else', () => {
  expect(render({ ...idle, note: 'stopping' }, 80).at(-1)).toBe('stopping')
  expect(render(idle, 80).at(-1)).toMatch(/^faults/)
})

describe('the end in words', () => {
  const none = { p50: 0, p99: 0, max: 0 }
  const summary = {
    ...{ frames: 41_249, events: 41_250, books: 3_452, signals: 246, predictions: 245, decisions: 605 },
    ...{ orders: 14, fills: 12, faults: 1, gaps: 0 },
    duration_ms: 2_197,
    latency_us: { frame_to_signal: { p50: 32.5, p99: 2_805.8, max: 4_272.1 }, frame_to_order: none },
    state_sha256: 'abc',
  }

  test('counts, measured latencies, positions, profit, and where to look', () => {
    expect(renderEnd(summary, busy.positions, busy.pnl_total, 'data').split('\n')).toEqual([
      '41,249 frames in 2.2 s: 41,250 events, 3,452 books, 246 signals, 245 predictions, 605 decisions',
      '14 orders, 12 fills, 1 faults, 0 gaps',
      'frame to signal: p50 33 µs, p99 2,806 µs, max 4,272 µs',
      'demo BTCUSDT 0.01200 at 94,250.12: realized +1,012.40, unrealized -1.02, fees 0.11',
      'demo SOLUSDT -1,250.000 at 138.01: realized 0.00, unrealized +12.5, fees 3.20',
      'P&L after fees +1,020.57 USDT',
      'state abc',
      'everything is in data: `aitrader topic list --data data`',
      '',
    ])
  })

  test('says nothing of positions where there is none', () => {
    expect(renderEnd(summary, [], '', 'data')).not.toMatch(/realized|P&L/)
  })
})
