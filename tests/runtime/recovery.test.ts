import { describe, expect, it } from 'vitest'
import { MemoryStore } from '../../runtime/log/memory-store.ts'
import { Killed, runToy, ticks } from './toy.ts'

describe('recovery', () => {
  it('gives equal results whatever the epochs', async () => {
    const items = ticks(200)
    const fine = await runToy({ store: new MemoryStore(), items, step_ms: 5 })
    const coarse = await runToy({ store: new MemoryStore(), items, step_ms: 0.01 })
    const bursts = await runToy({ store: new MemoryStore(), items, burst: 7 })
    expect(fine.commits).toBeGreaterThan(100)
    expect(coarse.commits).toBeLessThan(10)
    for (const other of [coarse, bursts]) {
      expect(other.digests).toEqual(fine.digests)
      expect(other.state).toBe(fine.state)
    }
    expect(fine.digests.ticks?.records).toBe(200)
    expect(fine.digests.dead?.records).toBe(18)
  })

  it('adds nothing when run again on a finished directory', async () => {
    const items = ticks(40)
    const store = new MemoryStore()
    const first = await runToy({ store, items })
    const again = await runToy({ store, items })
    expect(again.digests).toEqual(first.digests)
    expect(again.state).toBe(first.state)
  })

  it('goes on as if nothing had happened after a crash at every commit point', async () => {
    const items = ticks(60)
    const whole = await runToy({ store: new MemoryStore(), items, step_ms: 2 })
    for (let commit = 1; commit < whole.commits; commit++) {
      const store = new MemoryStore()
      await expect(runToy({ store, items, step_ms: 2, kill_after_commits: commit })).rejects.toBeInstanceOf(Killed)
      const rest = await runToy({ store, items, step_ms: 3 })
      expect(rest.digests, `killed after commit ${commit}`).toEqual(whole.digests)
      expect(rest.state, `killed after commit ${commit}`).toBe(whole.state)
    }
  })
})
