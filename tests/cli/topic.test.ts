import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { aitrader, newFolder } from './command.ts'
import { runTo } from './partial-run.ts'

const folder = newFolder()
const dir = join(folder, 'data')
beforeAll(() => runTo({ dir, seed: 1, frames: 500 }))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const rowsOf = (stdout: string) =>
  stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Record<string, unknown>)

test('list names every declared topic, and no internal one', async () => {
  const { code, stdout } = await aitrader('topic', 'list', '--data', dir, '--json')
  expect(code).toBe(0)
  const rows = rowsOf(stdout)
  expect(rows.map(({ topic }) => topic)).toContain('market.books.v1')
  expect(rows.map(({ topic }) => topic)).not.toContain('aitrader.journal')
  const frames = rows.find(({ topic }) => topic === 'audit.raw-ticks.v1')
  expect(frames).toMatchObject({ record: 'RawFrame', partitions: 4, records: 500, start_offsets: [0, 0, 0, 0] })
  expect(frames?.sha256).toMatch(/^[0-9a-f]{64}$/)
})

test('read gives all records, or those from an offset up to a limit', async () => {
  const all = rowsOf((await aitrader('topic', 'read', 'audit.raw-ticks.v1', '--data', dir, '--json')).stdout)
  expect(all).toHaveLength(500)
  expect(Object.keys(all[0] as object)).toEqual([
    'topic',
    'partition',
    'offset',
    'stream_time_us',
    'id',
    'key',
    'value',
  ])
  const some = ['topic', 'read', 'audit.raw-ticks.v1', '--data', dir, '--json', '--from', '3', '--limit', '5']
  const from3 = all.filter(({ offset }) => (offset as number) >= 3)
  expect(rowsOf((await aitrader(...some)).stdout)).toEqual(from3.slice(0, 5))
})

test('an unknown topic is refused with the nearest name', async () => {
  const ended = await aitrader('topic', 'read', 'market.book.v1', '--data', dir)
  expect(ended).toMatchObject({ code: 2, stdout: '' })
  expect(ended.stderr).toBe(
    'aitrader: the topology has no topic market.book.v1 (TOPIC_UNKNOWN)\n  did you mean `market.books.v1`?\n',
  )
})
