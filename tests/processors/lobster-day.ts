/** The recorded LOBSTER day: its frames as the replay makes them, its events as the normalizer does, its book rows as an oracle. */
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { createReplay, replayFormats } from '../../connectors/replay/index.ts'
import { openZip } from '../../connectors/replay/zip.ts'
import { normalizer } from '../../processors/normalizer/index.ts'
import type { SourceItem } from '../../runtime/api/index.ts'
import type { Level, MarketEvent, RawFrame } from '../../schemas/generated/index.ts'
import { Hand, port } from './kit.ts'

const DATA = process.env.AITRADER_DATA ?? join(import.meta.dirname, '../../../shared/data')
const path = join(DATA, 'lobster/LOBSTER_SampleFile_AMZN_2012-06-21_5.zip')
/** The archive; `undefined` where the data folder is not there. */
export const lobsterDay = existsSync(path) ? path : undefined
/** Behind the name of a test that needs it: why it is skipped, or nothing. */
export const noLobsterDay = lobsterDay === undefined ? ` (skipped: no recorded data at ${DATA}; set AITRADER_DATA)` : ''

/** One row of the book file: best first. */
export interface Row {
  readonly bids: Level[]
  readonly asks: Level[]
}

export async function bookRows(): Promise<Row[]> {
  const { chunks } = await openZip(path, statSync(path).size, (names) =>
    names.filter((name) => name.includes('_orderbook_')).map((name) => ({ name })),
  )
  const parts: Buffer[] = []
  for (let chunk = await chunks.next(); chunk !== undefined; chunk = await chunks.next()) parts.push(chunk)
  await chunks.close()
  return Buffer.concat(parts)
    .toString('latin1')
    .trimEnd()
    .split('\n')
    .map((line) => {
      const values = line.trimEnd().split(',').map(Number)
      const row: Row = { bids: [], asks: [] }
      for (let i = 0; i < values.length; i += 4) {
        row.asks.push({ px: values[i] as number, qty: values[i + 1] as number })
        row.bids.push({ px: values[i + 2] as number, qty: values[i + 3] as number })
      }
      return row
    })
}

/** Items from `position` on, at most `count`; payloads copied. */
export async function dayItems(
  position?: SourceItem['position'],
  count = Number.POSITIVE_INFINITY,
): Promise<SourceItem[]> {
  const source = await createReplay({ files: [{ path, format: 'lobster' }], formats: replayFormats })
  await source.open(position)
  const items: SourceItem[] = []
  while (!source.done && items.length < count) {
    const item = source.take()
    if (item !== undefined) {
      const frame = item.value as RawFrame
      items.push({ ...item, value: { ...frame, payload: Buffer.from(frame.payload) } })
    } else if (!source.done) await source.ready()
  }
  await source.close()
  return items
}

/** The events of each frame, the seed's first. */
export function eventsOf(items: readonly SourceItem[]): MarketEvent[][] {
  const hand = new Hand(normalizer as never, 'NASDAQ:AMZN', {
    instruments: [],
    unknown_symbol: 'declare',
    buffer_max: 1,
    restart_after: 1,
  })
  return items.map(({ value, stream_time_us }) => {
    const answer = hand.on('frames', value, stream_time_us)
    if ('fault' in answer) throw new Error(`${answer.fault}: ${Buffer.from((value as RawFrame).payload).toString()}`)
    return port<MarketEvent>(answer, 'events')
  })
}
