import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { easternMidnight } from '../../connectors/replay/eastern-time.ts'
import { createReplay, replayFormats } from '../../connectors/replay/index.ts'
import type { Json, SourceItem } from '../../runtime/api/index.ts'
import type { RawFrame } from '../../schemas/generated/index.ts'
import { bytesOf, itch, OPEN_NS } from '../processors/itch.ts'
import { type ZipEntry, zipOf } from './zip.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'replay-archives-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

function file(name: string, content: Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

async function items(
  path: string,
  format: string,
  position?: Json,
  count = Number.POSITIVE_INFINITY,
): Promise<SourceItem[]> {
  const source = await createReplay({ files: [{ path, format }], formats: replayFormats })
  const items: SourceItem[] = []
  try {
    await source.open(position)
    while (!source.done && items.length < count) {
      const item = source.take()
      if (item !== undefined) {
        const frame = item.value as RawFrame
        items.push({ ...item, value: { ...frame, payload: Buffer.from(frame.payload) } })
      } else if (!source.done) await source.ready()
    }
  } finally {
    await source.close()
  }
  return items
}

const refusal = (error: unknown) => ({ ...(error as { code: string; exit_code: number }) })
const code = (promise: Promise<unknown>) =>
  promise.then(
    () => 'none',
    (error) => refusal(error).code,
  )
const told = (all: readonly SourceItem[]) =>
  all.map(({ value }) => {
    const { venue_symbol, channel, receive_time_us, receive_time_ns_rest, payload } = value as RawFrame
    return [venue_symbol, channel, receive_time_us, receive_time_ns_rest, Buffer.from(payload).toString('latin1')]
  })

const NAME = 'AMZN_2012-06-21_34200000_57600000'
const MESSAGES = '34200.017459617,5,0,1,2238200,-1\n34200.5,1,7,21,2238100,1\n34201.632812671996,3,7,21,2238100,1\n'
const BOOK = '2239500,100,2231800,100\n2239500,100,2238100,21\n'
const day = (...more: readonly ZipEntry[]) =>
  zipOf(
    { name: `${NAME}_orderbook_1.csv`, content: BOOK },
    { name: `${NAME}_message_1.csv`, content: MESSAGES },
    { name: 'ReadMe.txt', content: 'words', stored: true },
    ...more,
  )
/** 2012-06-21 00:00 in New York: 04:00 UTC. */
const MIDNIGHT = 1_340_251_200_000_000

describe('a LOBSTER archive', () => {
  it('is its first book row, then its messages, at their time in New York', async () => {
    const at = MIDNIGHT + 34_200_000_000
    expect(told(await items(file('day.zip', day()), 'lobster'))).toEqual([
      ['NASDAQ:AMZN', 'lobster-book', at, 0, '2239500,100,2231800,100'],
      ['NASDAQ:AMZN', 'lobster-message', at + 17_459, 617, '34200.017459617,5,0,1,2238200,-1'],
      ['NASDAQ:AMZN', 'lobster-message', at + 500_000, 0, '34200.5,1,7,21,2238100,1'],
      ['NASDAQ:AMZN', 'lobster-message', at + 1_632_812, 672, '34201.632812671996,3,7,21,2238100,1'],
    ])
  })

  it('goes on at every place where it was left', async () => {
    const path = file('resumed.zip', day())
    const whole = await items(path, 'lobster')
    for (const [at, { position }] of whole.entries())
      expect(await items(path, 'lobster', position)).toEqual(whole.slice(at + 1))
  })

  it('may be a message file by itself, without a seed', async () => {
    const path = file(`${NAME}_message_1.csv`, Buffer.from(MESSAGES))
    expect((await items(path, 'lobster')).map(({ value }) => (value as RawFrame).channel)).toEqual(
      Array(3).fill('lobster-message'),
    )
  })

  it.each([
    ['without a message file', zipOf({ name: 'other.csv', content: MESSAGES }), 'NOT_A_CAPTURE'],
    [
      'with two days',
      day({ name: 'MSFT_2012-06-21_34200000_57600000_message_1.csv', content: MESSAGES }),
      'NOT_A_CAPTURE',
    ],
    [
      'of a day that does not exist',
      zipOf({ name: 'AMZN_2012-02-30_0_1_message_1.csv', content: MESSAGES }),
      'NOT_A_CAPTURE',
    ],
    ['of other lines', zipOf({ name: `${NAME}_message_1.csv`, content: 'words\n' }), 'NOT_A_CAPTURE'],
    ['without entries', zipOf(), 'NOT_A_CAPTURE'],
    ['with a wrong checksum', zipOf({ name: `${NAME}_message_1.csv`, content: MESSAGES, checksum: 1 }), 'DAMAGED_ZIP'],
    ['that is cut', day().subarray(0, 300), 'DAMAGED_ZIP'],
  ])('%s is refused', async (what, bytes, expected) => {
    const found = await code(items(file(`${what.replaceAll(' ', '-')}.zip`, bytes), 'lobster'))
    expect(found).toBe(expected)
  })

  it('delivers what is before a damaged place', async () => {
    const content = MESSAGES.repeat(20_000)
    const path = file('damaged.zip', zipOf({ name: `${NAME}_message_1.csv`, content, checksum: 1 }))
    const source = await createReplay({ files: [{ path, format: 'lobster' }], formats: replayFormats })
    await source.open(undefined)
    let frames = 0
    let failure: unknown
    while (!source.done && failure === undefined) {
      if (source.take() !== undefined) frames++
      else if (!source.done) await source.ready().catch((error) => (failure = error))
    }
    await source.close()
    expect(refusal(failure)).toMatchObject({ code: 'DAMAGED_ZIP', exit_code: 3 })
    expect(frames).toBeGreaterThan(50_000)
  })
})

/** Messages as Nasdaq's files hold them. */
const framed = (...messages: readonly Uint8Array[]) =>
  Buffer.concat(messages.flatMap((message) => [bytesOf(['u16', message.length]), message]))
/** A message whose time is so many nanoseconds behind midnight. */
function timed(ns: number): Uint8Array {
  const message = Buffer.from(itch.system('Q'))
  message.writeUIntBE(ns, 5, 6)
  return message
}
const ITCH_DAY = framed(
  itch.system('O'),
  itch.directory(),
  itch.add(),
  itch.executed(),
  new Uint8Array(0),
  itch.system('C'),
)

describe('an ITCH day', () => {
  it.each(['01302019.NASDAQ_ITCH50', 'S013019-v50.txt.gz', '20190130.itch'])('is its messages: %s', async (name) => {
    const path = file(name, name.endsWith('gz') ? gzipSync(ITCH_DAY) : ITCH_DAY)
    const all = await items(path, 'itch50')
    // 2019-01-30 00:00 in New York: 05:00 UTC.
    const at = 1_548_824_400_000_000 + Math.floor(OPEN_NS / 1_000)
    expect(told(all)).toEqual(
      [
        ['NASDAQ:*', itch.system('O')] as const,
        ['NASDAQ:ACME', itch.directory()] as const,
        ['NASDAQ:ACME', itch.add()] as const,
        ['NASDAQ:ACME', itch.executed()] as const,
        ['NASDAQ:*', itch.system('C')] as const,
      ].map(([symbol, bytes]) => [symbol, 'itch50', at, 123, bytes.toString('latin1')]),
    )
    for (const [i, { position }] of all.entries())
      expect(await items(path, 'itch50', position)).toEqual(all.slice(i + 1))
  })

  it('passes on an unknown locate code, a record without a time and one that is cut, without their symbol', async () => {
    const short = Buffer.from('A')
    const path = file(
      '01302019.odd',
      Buffer.concat([framed(itch.system('O'), itch.add(), short), framed(itch.add()).subarray(0, 20)]),
    )
    const all = await items(path, 'itch50')
    expect(all.map(({ value }) => (value as RawFrame).venue_symbol)).toEqual([
      'NASDAQ:*',
      'NASDAQ:?',
      'NASDAQ:*',
      'NASDAQ:*',
    ])
    expect(all.map(({ value }) => (value as RawFrame).channel)).toEqual(['itch50', 'itch50', '', ''])
  })

  it.each<[rule: string, kept: Uint8Array, broken: Uint8Array]>([
    ['a time is within its day', timed(86_399_999_999_999), timed(86_400_000_000_000)],
    ['a message has a head of eleven bytes', Buffer.alloc(11, 'A'), Buffer.alloc(10, 'A')],
  ])('holds to the rule that %s', async (rule, kept, broken) => {
    const path = file(`01302019.${rule.replaceAll(' ', '-')}`, framed(itch.system('O'), kept, broken))
    // What breaks it has no channel of its own, and ends as a fault.
    expect((await items(path, 'itch50')).map(({ value }) => (value as RawFrame).channel)).toEqual([
      'itch50',
      'itch50',
      '',
    ])
  })

  it('knows a stock by the locate code of its directory message, and of no other', async () => {
    const other = Buffer.from(itch.add())
    other.writeUInt16BE(8, 1)
    const path = file(
      '01302019.locate',
      framed(itch.directory('ACME', 7), itch.directory('NEXT', 8), itch.add(), other),
    )
    expect((await items(path, 'itch50')).map(({ value }) => (value as RawFrame).venue_symbol)).toEqual([
      'NASDAQ:ACME',
      'NASDAQ:NEXT',
      'NASDAQ:ACME',
      'NASDAQ:NEXT',
    ])
  })

  it('is refused where its name holds no day, or it does not begin with a message', async () => {
    expect(await code(items(file('itch.gz', gzipSync(ITCH_DAY)), 'itch50'))).toBe('NOT_A_CAPTURE')
    expect(await code(items(file('01302019.text', Buffer.from('words and words\n')), 'itch50'))).toBe('NOT_A_CAPTURE')
  })
})

describe('midnight in New York', () => {
  it.each([
    [2012, 6, 21, 4],
    [2013, 10, 7, 4],
    [2019, 1, 30, 5],
    [2024, 3, 9, 5],
    [2024, 3, 11, 4],
    [2024, 11, 1, 4],
    [2024, 11, 4, 5],
    [2006, 3, 31, 5],
    [2006, 4, 3, 4],
    [2006, 10, 27, 4],
    [2006, 10, 30, 5],
  ])('of %d-%d-%d is %d hours behind UTC', (year, month, at, hours) => {
    const utc_us = Date.UTC(year, month - 1, at) * 1_000
    expect(easternMidnight(year, month, at)).toBe(utc_us + hours * 3_600_000_000)
    // The system's own tables say the same.
    const hour = new Intl.DateTimeFormat('en-GB', { timeZone: 'America/New_York', hour: 'numeric' })
    expect(hour.format((utc_us + hours * 3_600_000_000) / 1_000)).toBe('00')
  })

  it('is none of a day that does not exist', () => {
    expect(easternMidnight(2024, 2, 30)).toBeUndefined()
    expect(easternMidnight(1980, 1, 1)).toBeUndefined()
  })
})
