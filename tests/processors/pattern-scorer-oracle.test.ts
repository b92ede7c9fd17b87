import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { Atr } from '../../processors/pattern-scorer/indicators/atr.ts'
import { Ema } from '../../processors/pattern-scorer/indicators/ema.ts'
import { Rsi } from '../../processors/pattern-scorer/indicators/rsi.ts'
import { Welford } from '../../processors/pattern-scorer/indicators/welford.ts'

/** Daily prices with the indicator columns another program printed. */
const folder = resolve(process.env.AITRADER_DATA ?? resolve(import.meta.dirname, '../../../shared/data'), 'indicators')

function oracle(name: string, file: string, check: (rows: Record<string, string>[]) => void): void {
  const path = resolve(folder, file)
  if (!existsSync(path)) {
    test.skip(`${name} (skipped: no ${file}; set AITRADER_DATA to the folder of recorded data)`, () => {})
    return
  }
  test(name, () => {
    const [head = '', ...lines] = readFileSync(path, 'utf8').trim().split(/\r?\n/)
    const names = head.split(',')
    check(lines.map((line) => Object.fromEntries(line.split(',').map((cell, i) => [names[i], cell]))))
  })
}

/** The printed number is the value rounded to its digits: at most `units` of the last one away. */
function printed(value: number, text: string, units = 0.5): void {
  const digits = text.split('.')[1]?.length ?? 0
  expect(Math.abs(value - Number(text))).toBeLessThanOrEqual(units * 10 ** -digits + 1e-9)
}

oracle('EMA 14 and SMA 14 to the printed digits', 'spy_with_indicators.txt', (rows) => {
  const ema = new Ema(14)
  const sma = new Welford(14)
  let checked = 0
  for (const row of rows) {
    ema.add(Number(row.Close))
    sma.add(Number(row.Close))
    expect(ema.ready).toBe(row.EMA14 !== '')
    if (!ema.ready) continue
    // The closes are rounded to the same digits, and the averages carry that on.
    printed(ema.value, row.EMA14!, 1)
    printed(sma.mean, row.SMA14!, 1)
    checked += 1
  }
  expect(checked).toBe(rows.length - 13)
})

oracle('RSI 14 by Wilder to 1e-5 after 200 rows', 'spy_with_indicators.txt', (rows) => {
  const rsi = new Rsi(14)
  let checked = 0
  for (const [i, row] of rows.entries()) {
    rsi.add(Number(row.Close))
    expect(rsi.ready).toBe(row['RSI 14 Wilder'] !== '')
    if (i < 200) continue
    expect(Math.abs(rsi.value - Number(row['RSI 14 Wilder']))).toBeLessThanOrEqual(1e-5)
    checked += 1
  }
  expect(checked).toBe(rows.length - 200)
})

oracle('ATR 14 by Wilder to the printed digits', 'spy_atr_wilder.txt', (rows) => {
  const atr = new Atr(14)
  const column = 'Average True Range 14'
  let checked = 0
  for (const row of rows) {
    atr.add(Number(row.High), Number(row.Low), Number(row.Close))
    expect(atr.ready).toBe(row[column] !== '')
    if (!atr.ready) continue
    printed(atr.value, row[column]!)
    checked += 1
  }
  expect(checked).toBe(rows.length - 13)
})

oracle('Bollinger 20/2 from mean and deviation to 1e-4', 'spy_bollinger_bands.txt', (rows) => {
  const welford = new Welford(20)
  let checked = 0
  for (const row of rows) {
    welford.add(Number(row.Close))
    const top = Object.entries(row).find(([name]) => name.endsWith('Top'))![1]
    const bottom = Object.entries(row).find(([name]) => name.endsWith('Bottom'))![1]
    expect(welford.ready).toBe(top !== '')
    if (!welford.ready) continue
    expect(Math.abs(welford.mean - Number(row['Moving Average 20']))).toBeLessThanOrEqual(1e-4)
    expect(Math.abs(welford.mean + 2 * welford.deviation - Number(top))).toBeLessThanOrEqual(1e-4)
    expect(Math.abs(welford.mean - 2 * welford.deviation - Number(bottom))).toBeLessThanOrEqual(1e-4)
    checked += 1
  }
  expect(checked).toBe(rows.length - 19)
})
