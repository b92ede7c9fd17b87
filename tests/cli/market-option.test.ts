import { expect, test } from 'vitest'
import { loadTopology } from '../../cli/compose.ts'
import { type SourceOptions, sourceOf } from '../../cli/source.ts'
import { AppError } from '../../runtime/api/index.ts'

const none = { replay: [], format: [] }

test('--market is the simulated market in a mood, at the venues that the topology declares', async () => {
  const plain = (await loadTopology('topology/crypto.yaml')).instruments
  const both = await loadTopology('topology/crypto.yaml', ['topology/overlays/two-venues.yaml'])
  // The overlay repeats the list and must not drift from it.
  expect(both.instruments.slice(0, plain.length)).toEqual(plain)
  const open = (listed: typeof plain, seed: number) => sourceOf({ ...none, market: 'crash' }, seed, listed)
  expect(await open(plain, 1)).toMatchObject({
    label: 'simulated market, crash, seed 1',
    name: 'simulated-crash',
    speed: '1x',
    source: { identity: { kind: 'simulated-market', mood: 'crash', seed: 1, venues: ['BINANCE'] } },
  })
  expect(await open(both.instruments, 7)).toMatchObject({
    name: 'simulated-crash-7',
    source: { identity: { mood: 'crash', seed: 7, venues: ['BINANCE', 'OKX'] } },
  })
})

test('without it the market is the one it always was', async () => {
  const { source, name } = await sourceOf(none, 1)
  expect({ name, identity: source.identity }).toEqual({
    name: 'simulated',
    identity: { kind: 'simulated-market', version: 1, seed: 1, frames_per_s: 400 },
  })
})

test.each<[Partial<SourceOptions>, string, string]>([
  [{ market: 'brokn' }, 'there is no market brokn', 'did you mean `broken`?'],
  [{ market: 'x' }, 'there is no market x', 'moods: `calm`, `volatile`, `crash`, `broken`'],
  [
    { market: 'calm', replay: ['a'], format: ['binance-spot'] },
    '--market goes with the simulated market only',
    'leave out --feed, --replay and --format',
  ],
  [
    { market: 'calm', feed: [{ name: 'binance' }] },
    '--market goes with the simulated market only',
    'leave out --feed, --replay and --format',
  ],
])('%j is refused', async (options, message, hint) => {
  const refusal = await sourceOf({ ...none, ...options }, 1).catch((error: unknown) => error)
  expect(refusal).toBeInstanceOf(AppError)
  expect(refusal).toMatchObject({ code: 'BAD_OPTION', exit_code: 2, message, hint })
})
