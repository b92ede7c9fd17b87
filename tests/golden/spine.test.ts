import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { loadTopology, ROOT } from '../../cli/compose.ts'
import { shippedWorld } from '../../cli/world.ts'
import { openEmbedded } from '../../connectors/embedded/index.ts'
import { simulatedMarket } from '../../connectors/simulated-market/index.ts'
import { MemoryStore } from '../../runtime/log/memory-store.ts'
import { SimulatedLog } from '../../runtime/log/simulated.ts'
import { describe as describePlan } from '../../runtime/plan/describe.ts'
import { plan } from '../../runtime/plan/plan.ts'
import { runSpine, type SpineResult } from '../e2e/spine.ts'
import { Killed } from '../runtime/toy.ts'

/**
 * The golden case of every processor: what each writes on its topics, and its state, for nine seconds of the simulated
 * market, whole and with a crash at every commit point. A change of any output shows in the golden file.
 */
const market = () => simulatedMarket({ seed: 1, duration_ms: 9_000 })
/** About a dozen commits for the whole run. */
const STEP_MS = 0.04

function simulated(store = new MemoryStore()) {
  return new SimulatedLog(store).connect()
}

describe('the shipped topology', () => {
  let whole: SpineResult
  beforeAll(async () => {
    whole = await runSpine({ broker: simulated(), source: market(), step_ms: STEP_MS })
  })

  it('is planned as in its golden plan', async () => {
    const topology = await loadTopology(join(ROOT, 'topology/crypto.yaml'))
    await expect(describePlan(plan(topology, await shippedWorld()))).toMatchFileSnapshot('crypto.plan.txt')
  })

  it('writes what it wrote when the golden file was made', async () => {
    const { topics, state_sha256 } = whole
    await expect(`${JSON.stringify({ topics, state_sha256 }, null, 2)}\n`).toMatchFileSnapshot('crypto.run.json')
    expect(topics['fills.global.v1']?.records).toBeGreaterThan(0)
  })

  it('writes the same with other commits, and on the embedded broker', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'aitrader-golden-'))
    const broker = await openEmbedded(dir, { topology: 'crypto' })
    try {
      for (const other of [
        await runSpine({ broker: simulated(), source: market(), step_ms: STEP_MS * 7 }),
        await runSpine({ broker, source: market(), step_ms: STEP_MS / 2 }),
      ]) {
        expect(other.topics).toEqual(whole.topics)
        expect(other.state_sha256).toBe(whole.state_sha256)
      }
    } finally {
      await broker.close()
      rmSync(dir, { recursive: true })
    }
  })

  it('ends the same after a crash at every commit point', async () => {
    expect(whole.commits).toBeGreaterThan(8)
    for (let commit = 1; commit < whole.commits; commit++) {
      const store = new MemoryStore()
      const life = { broker: simulated(store), source: market(), step_ms: STEP_MS, kill_after_commits: commit }
      await expect(runSpine(life)).rejects.toBeInstanceOf(Killed)
      const rest = await runSpine({ broker: simulated(store), source: market(), step_ms: STEP_MS })
      expect(rest.topics, `killed after commit ${commit}`).toEqual(whole.topics)
      expect(rest.state_sha256, `killed after commit ${commit}`).toBe(whole.state_sha256)
    }
  })
})
