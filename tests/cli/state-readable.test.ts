import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { stateCommand } from '../../cli/commands/state.ts'
import { loadTopology } from '../../cli/compose.ts'
import { newFolder } from './command.ts'
import { inProcess } from './in-process.ts'
import { recordsOf, runTo } from './partial-run.ts'

const folder = newFolder()
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const OVERLAY = `topics:
  recent.v1: { record: Nbbo, key: symbol, partitions: 1, description: The last quote of an hour. }
stages:
  recent:
    use: window
    description: The last quote of an hour.
    from: { in: market.nbbo.v1 }
    to: { out: recent.v1 }
    faults_to: dead-letter.v1
    params: { kind: session, gap_ms: 3600000, aggregate: { quotes: { op: count } }, set: {} }
external_readers:
  studies: { topics: [recent.v1], owner: research, description: Studies. }
`

test('state shows the records that a window keeps, in text and json, as `topic` shows them', async () => {
  const overlay = join(folder, 'recent.yaml')
  writeFileSync(overlay, OVERLAY)
  const topology = await loadTopology('topology/crypto.yaml', [overlay])
  const dir = join(folder, 'run')
  await runTo({ dir, seed: 1, frames: 400, change: () => topology })
  const quotes = await recordsOf(dir, 'market.nbbo.v1')
  expect(quotes.length).toBeGreaterThan(3)
  const of = quotes.filter(({ key }) => key === 'BTCUSDT')

  const json = await inProcess(stateCommand(), 'recent', '--data', dir, '--json', '--key', 'BTCUSDT')
  const { windows } = JSON.parse(json.stdout).state
  expect(windows).toHaveLength(1)
  expect(windows[0].last).toEqual(of.at(-1)?.value)
  expect(windows[0].aggregate).toEqual({ quotes: String(of.length) })

  const text = await inProcess(stateCommand(), 'recent', '--data', dir)
  expect(text.stdout).toContain(`"symbol": "BTCUSDT"`)
})
