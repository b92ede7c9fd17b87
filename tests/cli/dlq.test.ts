import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { aitrader, captureLines, newFolder } from './command.ts'

/** The dead letters of a replay with two bad lines: listed, filtered, and shown byte by byte. */

const folder = newFolder()
const dir = join(folder, 'data')
const TEXT = '{"stream":"btcusdt@trade","data":{"e":"trade","x":}}'
const BINARY = Buffer.from([
  0x7b, 0xff, 0xfe, 0x00, 0x1b, 0x5b, 0x33, 0x31, 0x6d, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48,
])

beforeAll(async () => {
  const lines = await captureLines(7, 100)
  const at_ns = `${Number((lines.at(-1) as string).slice(0, 16)) + 5}`
  const file = join(folder, 'capture.txt')
  writeFileSync(
    file,
    Buffer.concat([Buffer.from(`${lines.join('')}${at_ns}000 ${TEXT}\n${at_ns}001 `), BINARY, Buffer.from('\n')]),
  )
  const run = await aitrader('up', '--once', '--data', dir, '--replay', file, '--format', 'binance-spot')
  expect(run.code, run.stderr).toBe(0)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const rowsOf = (stdout: string) =>
  stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Record<string, unknown>)

test('list tells what was refused, by whom and why', async () => {
  const { code, stdout, stderr } = await aitrader('dlq', 'list', '--data', dir, '--json')
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const rows = rowsOf(stdout)
  expect(rows).toHaveLength(2)
  expect(rows[0]).toMatchObject({
    offset: 0,
    stage: 'normalizer',
    origin_topic: 'audit.raw-ticks.v1',
    origin_id: expect.stringMatching(/^feed:\d+$/),
    size_bytes: TEXT.length,
    detail: expect.any(Object),
  })
  const code_of_first = rows[0]?.code as string
  const filtered = await aitrader(
    'dlq',
    'list',
    '--data',
    dir,
    '--json',
    '--code',
    code_of_first,
    '--stage',
    'normalizer',
  )
  expect(filtered.stdout).toContain(stdout.split('\n')[0])
  expect((await aitrader('dlq', 'list', '--data', dir, '--json', '--stage', 'nbbo')).stdout).toBe('')
  expect((await aitrader('dlq', 'list', '--data', dir, '--code', 'NO_SUCH')).stdout).toBe('no dead letters\n')
})

test('show prints text as text', async () => {
  const { code, stdout } = await aitrader('dlq', 'show', '0', '--data', dir)
  expect(code).toBe(0)
  expect(stdout).toMatch(/^where {7}dead-letter\.v1\/0@0\ntime {8}2026-01-05T/)
  expect(stdout).toContain(`bytes       ${TEXT.length} of a RawFrame\n\n${TEXT}\n`)
})

test('show prints other bytes in hex, and sends no control character to a terminal', async () => {
  const { stdout } = await aitrader('dlq', 'show', '1', '--data', dir)
  const first = '00000000  7b ff fe 00 1b 5b 33 31 6d 41 42 43 44 45 46 47  {....[31mABCDEFG'
  expect(stdout.endsWith(`\n${first}\n00000010  48${' '.repeat(47)}H\n`)).toBe(true)
  const { stdout: json } = await aitrader('dlq', 'show', '1', '--data', dir, '--json')
  expect(rowsOf(json)[0]).toMatchObject({ offset: 1, record: 'RawFrame', bytes: { base64: BINARY.toString('base64') } })
})

test.each([
  [['show', '2'], 'OFFSET_UNKNOWN', 'it holds 0 to 1'],
  [['show', 'x'], 'BAD_OPTION', 'write 0 to'],
  [['show', '0', '--topic', 'market.books.v1'], 'TOPIC_UNKNOWN', 'dead-letter.v1'],
  [['list', '--stage', 'normaliser'], 'STAGE_UNKNOWN', 'did you mean `normalizer`?'],
])('refuses %j', async (args, code, hint) => {
  const ended = await aitrader('dlq', ...args, '--data', dir)
  expect(ended).toMatchObject({ code: 2, stdout: '' })
  expect(ended.stderr).toContain(`(${code})\n`)
  expect(ended.stderr).toContain(hint)
})
