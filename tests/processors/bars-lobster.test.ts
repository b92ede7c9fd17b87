import { expect, test } from 'vitest'
import { loadTopology } from '../../cli/compose.ts'
import { bars } from '../../processors/bars/index.ts'
import type { Bar, RawFrame } from '../../schemas/generated/index.ts'
import { Hand, port } from './kit.ts'
import { dayItems, eventsOf, lobsterDay, noLobsterDay } from './lobster-day.ts'

/** Bars of the recorded day, as `topology/equities.yaml` makes them, against the executions of its message file. */

/** Executions of displayed orders, of hidden ones, and crosses. */
const EXECUTIONS = new Set(['4', '5', '6'])
const DAY_US = 86_400_000_000

test.skipIf(lobsterDay === undefined)(`each executed share counts once in every interval${noLobsterDay}`, async () => {
  const { stages } = await loadTopology('topology/equities.yaml')
  const { params } = stages.bars!
  const day = { instrument_id: 'AMZN.NASDAQ', venue: 'NASDAQ', symbol: 'AMZN', price_scale: 4, qty_scale: 0 }
  const hand = new Hand(bars, day.instrument_id, { clock: 'stream', grace_ms: 0, ...params }, [
    { ...day, calendar: 'NASDAQ' },
  ])
  const items = await dayItems()
  const made: Bar[] = []
  for (const [at, events] of eventsOf(items).entries()) {
    const { stream_time_us } = items[at]!
    for (const answer of hand.advance(stream_time_us)) made.push(...port<Bar>(answer, 'bars'))
    for (const event of events) made.push(...port<Bar>(hand.on('events', event, stream_time_us), 'bars'))
  }
  for (const answer of hand.advance(items.at(-1)!.stream_time_us + DAY_US)) made.push(...port<Bar>(answer, 'bars'))

  const executions = items
    .map(({ value }) =>
      Buffer.from((value as RawFrame).payload)
        .toString()
        .split(','),
    )
    .filter(([, type = ''], row) => (items[row]!.value as RawFrame).channel !== 'lobster-book' && EXECUTIONS.has(type))
    .map((columns) => ({ qty: Number(columns[3]), px: Number(columns[4]) }))
  const prices = executions.map(({ px }) => px)
  const volume = executions.reduce((sum, { qty }) => sum + qty, 0)
  const sums = [...Map.groupBy(made, ({ interval }) => interval)].map(([interval, list]) => ({
    interval,
    volume: list.reduce((sum, { volume_qty }) => sum + volume_qty, 0),
    trades: list.reduce((sum, { trades }) => sum + trades, 0),
    high: Math.max(...list.map(({ high_px }) => high_px)),
    low: Math.min(...list.map(({ low_px }) => low_px)),
  }))
  const whole = { volume, trades: executions.length, high: Math.max(...prices), low: Math.min(...prices) }
  expect(whole).toEqual({ volume: 810_755, trades: 11_419, high: 2_260_300, low: 2_205_100 })
  expect(sums.sort((a, b) => a.interval.localeCompare(b.interval))).toEqual(
    ['1d', '1m', '1s', '5m'].map((interval) => ({ interval, ...whole })),
  )
  expect(made.filter(({ interval }) => interval === '1d')).toHaveLength(1)
})
