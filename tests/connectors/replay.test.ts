import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createReplay, MAX_LINE_BYTES, replayFormats } from '../../connectors/replay/index.ts'
import type { Json, Source, SourceItem } from '../../runtime/api/index.ts'
import type { RawFrame } from '../../schemas/generated/index.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'replay-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

let made = 0
function file(content: string | Uint8Array): string {
  const path = join(folder, `capture-${made++}`)
  writeFileSync(path, content)
  return path
}

function replay(...paths: string[]): Promise<Source> {
  return createReplay({ files: paths.map((path) => ({ path, format: 'binance-spot' })), formats: replayFormats })
}

/** Takes all that is left, or `count` items. Copies payloads: they are views of a read-ahead block. */
async function drain(source: Source, count = Number.POSITIVE_INFINITY): Promise<SourceItem[]> {
  const items: SourceItem[] = []
  while (!source.done && items.length < count) {
    const item = source.take()
    if (item !== undefined)
      items.push({
        ...item,
        value: { ...(item.value as RawFrame), payload: Buffer.from((item.value as RawFrame).payload) },
      })
    else if (!source.done) await source.ready()
  }
  return items
}

async function all(...paths: string[]): Promise<SourceItem[]> {
  const source = await replay(...paths)
  await source.open(undefined)
  const items = await drain(source)
  await source.close()
  return items
}

const frameOf = (item: SourceItem | undefined) => item?.value as RawFrame
const text = (item: SourceItem | undefined) => Buffer.from(frameOf(item).payload).toString()
const quote = (symbol: string, u: number) => `{"stream":"${symbol}@bookTicker","data":{"u":${u}}}`

describe('a replayed frame', () => {
  it('keeps its bytes, its 19-digit time, its address and a dense number', async () => {
    const path = file(`1723161253937085768 ${quote('btcusdt', 1)}\n1723161254036059999 {"e":"trade","s":"ETHUSDT"}\n`)
    const items = await all(path)
    expect(
      items.map(({ value }) => ({
        ...(value as RawFrame),
        payload: Buffer.from((value as RawFrame).payload).toString(),
      })),
    ).toEqual([
      {
        venue_symbol: 'BINANCE:BTCUSDT',
        venue: 'BINANCE',
        source: 'feed',
        channel: 'bookTicker',
        frame_seq: 0,
        receive_time_us: 1723161253937085,
        receive_time_ns_rest: 768,
        receive_error_us: null,
        payload: quote('btcusdt', 1),
      },
      {
        venue_symbol: 'BINANCE:ETHUSDT',
        venue: 'BINANCE',
        source: 'feed',
        channel: 'trade',
        frame_seq: 1,
        receive_time_us: 1723161254036059,
        receive_time_ns_rest: 999,
        receive_error_us: null,
        payload: '{"e":"trade","s":"ETHUSDT"}',
      },
    ])
  })

  it('has a stream time that strictly rises, whatever the receive times do', async () => {
    const times = ['1000000000000005000', '1000000000000005900', '1000000000000004000', '1000000000000009000']
    const items = await all(file(times.map((time) => `${time} ${quote('btcusdt', 1)}\n`).join('')))
    expect(items.map((item) => item.stream_time_us - 1_000_000_000_000_000)).toEqual([5, 6, 7, 9])
    expect(items.map((item) => frameOf(item).receive_time_us - 1_000_000_000_000_000)).toEqual([5, 5, 4, 9])
  })

  it('belongs to the first symbol its file names if it names none', async () => {
    const snapshot = '{"lastUpdateId":5,"bids":[],"asks":[]}'
    const items = await all(
      file(
        `1000000000000000001 ${snapshot}\n1000000000000000002 ${quote('ethusdt', 1)}\n1000000000000000003 ${quote('btcusdt', 1)}\n`,
      ),
    )
    expect(items.map((item) => [frameOf(item).venue_symbol, frameOf(item).channel])).toEqual([
      ['BINANCE:ETHUSDT', 'snapshot'],
      ['BINANCE:ETHUSDT', 'bookTicker'],
      ['BINANCE:BTCUSDT', 'bookTicker'],
    ])
    const [lonely] = await all(file(`1000000000000000001 ${snapshot}\n`))
    expect(frameOf(lonely).venue_symbol).toBe('BINANCE:?')
  })

  it('comes also from a last line without a line feed, from CRLF lines, and not from an empty line', async () => {
    const items = await all(
      file(`1000000000000001000 ${quote('btcusdt', 1)}\r\n\n1000000000000002000 ${quote('btcusdt', 2)}`),
    )
    expect(items.map(text)).toEqual([quote('btcusdt', 1), quote('btcusdt', 2)])
  })

  it('is made of a damaged line too, with the time before it', async () => {
    const items = await all(
      file(
        `1000000000000001234 ${quote('btcusdt', 1)}\nxx00 {"a":1}\n99999999999999999999 {}\n1000000000000002000 ${quote('btcusdt', 2)}\n`,
      ),
    )
    expect(items.map(text)).toEqual([
      quote('btcusdt', 1),
      'xx00 {"a":1}',
      '99999999999999999999 {}',
      quote('btcusdt', 2),
    ])
    expect(items.map((item) => [frameOf(item).receive_time_us, frameOf(item).receive_time_ns_rest])).toEqual([
      [1_000_000_000_000_001, 234],
      [1_000_000_000_000_001, 234],
      [1_000_000_000_000_001, 234],
      [1_000_000_000_000_002, 0],
    ])
    expect(frameOf(items[1]).venue_symbol).toBe('BINANCE:BTCUSDT')
  })

  it('is cut where its line is longer than the limit, and the next line is whole', async () => {
    const long = `1000000000000001000 {"stream":"btcusdt@trade","data":"${'x'.repeat(3 * MAX_LINE_BYTES)}"}`
    for (const pack of [Buffer.from, gzipSync] as const) {
      const items = await all(file(pack(`${long}\n1000000000000002000 ${quote('btcusdt', 2)}\n`)))
      expect(items.map((item) => frameOf(item).payload.length)).toEqual([
        MAX_LINE_BYTES - 20,
        quote('btcusdt', 2).length,
      ])
      expect(text(items[1])).toBe(quote('btcusdt', 2))
    }
  })
})

describe('several files', () => {
  const line = (time: number, symbol: string) => `${1_000_000_000_000_000_000n + BigInt(time)} ${quote(symbol, time)}\n`
  const a = () => file([100, 2_000, 2_001, 9_000].map((time) => line(time, 'aaa')).join(''))
  const b = () => file(gzipSync([50, 2_000, 5_000].map((time) => line(time, 'bbb')).join('')))

  it('are merged by receive time to the nanosecond, ties by their order', async () => {
    const order = (items: SourceItem[]) =>
      items.map(
        (item) => `${frameOf(item).channel === '' ? '' : text(item).slice(11, 14)}${/"u":(\d+)/.exec(text(item))?.[1]}`,
      )
    const [first, second] = [a(), b()]
    expect(order(await all(first, second))).toEqual([
      'bbb50',
      'aaa100',
      'aaa2000',
      'bbb2000',
      'aaa2001',
      'bbb5000',
      'aaa9000',
    ])
    expect(order(await all(second, first))).toEqual([
      'bbb50',
      'aaa100',
      'bbb2000',
      'aaa2000',
      'aaa2001',
      'bbb5000',
      'aaa9000',
    ])
  })

  it('go on exactly where they were, from every position', async () => {
    const paths = [
      a(),
      b(),
      file(`1000000000000000060 ${quote('ccc', 1)}\nbroken\n\n1000000000000003000 {"lastUpdateId":1}\n`),
    ]
    const whole = await all(...paths)
    expect(whole.length).toBe(10)
    for (let taken = 1; taken <= whole.length; taken++) {
      const position = JSON.parse(JSON.stringify(whole[taken - 1]?.position)) as Json
      const source = await replay(...paths)
      await source.open(position)
      expect(await drain(source)).toEqual(whole.slice(taken))
      expect(source.done).toBe(true)
      await source.close()
    }
  })

  it('have an identity of content and order, not of path', async () => {
    const content = line(1, 'aaa')
    const [one, same, other] = [file(content), file(content), file(line(2, 'aaa'))]
    expect((await replay(one)).identity).toEqual((await replay(same)).identity)
    expect((await replay(one)).identity).not.toEqual((await replay(other)).identity)
    expect((await replay(one, other)).identity).not.toEqual((await replay(other, one)).identity)
    expect(JSON.stringify((await replay(one)).identity)).not.toContain('capture-')
  })
})

describe('bad use', () => {
  const good = `1000000000000001000 ${quote('btcusdt', 1)}\n`

  it.each([
    ['a missing file', () => replay(join(folder, 'nowhere')), 'FILE_UNREADABLE', 2],
    ['a folder', () => replay(folder), 'FILE_UNREADABLE', 2],
    [
      'an unknown format',
      () => createReplay({ files: [{ path: file(good), format: 'binance' }], formats: replayFormats }),
      'FORMAT_UNKNOWN',
      2,
    ],
    [
      'a format by the name of an object member',
      () => createReplay({ files: [{ path: file(good), format: 'toString' }], formats: replayFormats }),
      'FORMAT_UNKNOWN',
      2,
    ],
    ['an empty file', () => all(file('')), 'NOT_A_CAPTURE', 2],
    ['another kind of file', () => all(file('ts,px,qty\n1,2,3\n')), 'NOT_A_CAPTURE', 2],
    ['another kind of file, packed', () => all(file(gzipSync('ts,px,qty\n1,2,3\n'))), 'NOT_A_CAPTURE', 2],
    ['JSON lines without time', () => all(file('{"a":1}\n')), 'NOT_A_CAPTURE', 2],
    ['a number that is no time', () => all(file('17 {}\n0 {}\n')), 'NOT_A_CAPTURE', 2],
    [
      'a stored position of something else',
      async () => (await replay(file(good))).open({ seed: 1 }),
      'POSITION_MALFORMED',
      2,
    ],
  ])('%s is refused with a code and a hint', async (_name, act, code, exit_code) => {
    await expect(act()).rejects.toMatchObject({ name: 'AppError', code, exit_code, hint: expect.stringMatching(/./) })
  })

  it('a file that changed is not gone on with', async () => {
    const [item] = await all(file(good))
    const other = await replay(file(good.replace('"u":1', '"u":2')))
    await expect(other.open(item?.position)).rejects.toMatchObject({ code: 'SOURCE_CHANGED', exit_code: 2 })
    const fewer = await replay(file(good))
    const position = { ...(item?.position as object), lines: [2] } as Json
    await expect(fewer.open(position)).rejects.toMatchObject({ code: 'SOURCE_CHANGED' })
  })

  it('damaged gzip data delivers what is before the place, then says so, every time', async () => {
    const lines = Array.from(
      { length: 20_000 },
      (_, i) => `${1_000_000_000_000_000_000n + BigInt(i * 7_919)} ${quote('btcusdt', (i * 7_919) % 1_000_003)}\n`,
    )
    const packed = gzipSync(lines.join(''))
    const flipped = Buffer.from(packed)
    flipped.fill(0xff, packed.length - 5_000, packed.length - 4_990)
    for (const [content, code] of [
      [packed.subarray(0, packed.length / 2), 'TRUNCATED_GZIP'],
      [packed.subarray(0, packed.length - 4), 'TRUNCATED_GZIP'],
      [flipped, 'DAMAGED_GZIP'],
    ] as const) {
      const source = await replay(file(content))
      await source.open(undefined)
      const taken: SourceItem[] = []
      const failure = await (async () => {
        for (;;) {
          const item = source.take()
          if (item === undefined) await source.ready()
          else taken.push({ ...item, value: text(item) })
        }
      })().catch((error: unknown) => error)
      expect(failure).toMatchObject({ code, exit_code: 3 })
      expect(source.done).toBe(false)
      await expect(source.ready()).rejects.toMatchObject({ code })
      expect(source.take()).toBeUndefined()
      expect(taken.length).toBeGreaterThan(5_000)
      expect(taken.map(({ value }) => value)).toEqual(lines.slice(0, taken.length).map((one) => one.slice(20, -1)))
      await source.close()
    }
  })
})
