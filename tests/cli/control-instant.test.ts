import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { compose, loadTopology, ROOT } from '../../cli/compose.ts'
import { openEngine, wallClock } from '../../cli/engine.ts'
import { writeRunFile } from '../../cli/run-file.ts'
import { openEmbedded } from '../../connectors/embedded/index.ts'
import { simulatedMarket } from '../../connectors/simulated-market/index.ts'
import type { Source, SourceItem } from '../../runtime/api/index.ts'
import { Run } from '../../runtime/engine/run.ts'
import type { Control } from '../../schemas/generated/index.ts'
import { newFolder } from './command.ts'
import { recordsOf } from './partial-run.ts'

const folder = newFolder()
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const halt: Control = { scope: 'firm', trading_state: 'HALTED', cancel_open: true, actor: 'desk-7', reason: '' }

/** Orders given while a source has nothing take the instants of frames that come later and were earlier. */
test('a frame whose instant a control record has taken gets the next one', async () => {
  const dir = join(folder, 'data')
  const topology = await loadTopology(join(ROOT, 'topology/crypto.yaml'))
  const market = simulatedMarket({ seed: 1 })
  const broker = await openEmbedded(dir, { topology: topology.name })
  writeRunFile(dir, { topology, source: market.identity, seed: 1 })
  const engine = await openEngine(broker, await compose(topology, market.identity, 1))
  const stop = { requested: false }
  await market.open(undefined)
  const [first, second, third] = [market.take(), market.take(), market.take()] as [SourceItem, SourceItem, SourceItem]
  const { stream_time_us } = first
  const items = [
    first,
    { ...second, stream_time_us: stream_time_us + 1 },
    { ...third, stream_time_us: stream_time_us + 2 },
  ]
  let given: Promise<unknown> | undefined
  let taken = false
  const source: Source = {
    identity: market.identity,
    done: false,
    open: async () => {},
    take: () => (items.length === 2 && !taken ? undefined : items.shift()),
    async ready() {
      if (items.length === 0) stop.requested = true
      else {
        given ??= Promise.all([run.control(halt), run.control({ ...halt, trading_state: 'ACTIVE' })])
        await given
        taken = true
      }
    },
    close: () => market.close(),
  }
  const { commit_interval_ms, commit_max_records, end_drain_ms } = topology
  const more = { commit_interval_ms, commit_max_records, end_drain_ms, clock: wallClock, stop }
  const run = new Run({ engine, feed: { name: 'feed', source }, speed: Number.POSITIVE_INFINITY, once: false, ...more })
  await run.run()
  await broker.close()

  const times = async (topic: string) =>
    (await recordsOf(dir, topic)).map((record) => record.stream_time_us - stream_time_us)
  expect(await times('control.v1')).toEqual([1, 2])
  expect((await times('audit.raw-ticks.v1')).sort((a, b) => a - b)).toEqual([0, 3, 4])
})
