import { describe, expect, it } from 'vitest'
import { TestDriver } from '../../runtime/api/test-driver.ts'
import { MemoryStore } from '../../runtime/log/memory-store.ts'
import { describe as describePlan } from '../../runtime/plan/describe.ts'
import { murmur2 } from '../../runtime/plan/partitioner.ts'
import { plan } from '../../runtime/plan/plan.ts'
import type { StageDeclaration } from '../../runtime/topology/types.ts'
import { doubling, Killed, runToy, ticks, toy, world } from './toy.ts'

const runners = { oracle: { query: doubling } }

describe('merging', () => {
  it('takes equal times by topic order, then producer, then sequence', async () => {
    const driver = await TestDriver.open({ topology: toy, stages: ['gather'], world })
    // Given in another order than they must be taken: sums stand before answers, answers before echoes.
    await driver.giveAll(100, [
      ['echoes', [{ k: 'a', n: 5 }]],
      ['sums', [{ k: 'a', n: 1 }]],
      ['answers', [{ k: 'a', n: 1000 }]],
    ])
    // The sum saw no answer (it comes later in topic order); the echo is released 11 us later, by the edge's delay.
    expect((await driver.read('seen')).map(({ at_us, value }) => [at_us, value])).toEqual([
      [100, { k: 'a', n: 7 * 31 + 1 }],
    ])
    expect(driver.state('gather', 'all')).toEqual({ seen: 1, hash: 218 })
    await driver.advance(110)
    expect(driver.state('gather', 'all')).toEqual({ seen: 1, hash: 218 })
    await driver.advance(111)
    expect(driver.state('gather', 'all')).toEqual({ seen: 1, hash: 218 * 17 + 5 })
  })

  it('fires timers at their stream time, before records of that time, with the id of what set them', async () => {
    const driver = await TestDriver.open({ topology: toy, stages: ['sum'], world })
    await driver.give('ticks', 10, { k: 'a', n: 4 })
    await driver.give('ticks', 60, { k: 'a', n: 1 })
    const sums = (await driver.read('sums')).filter(({ key }) => key === 'a')
    expect(sums.map(({ at_us, value, causes }) => [at_us, value, causes])).toEqual([
      [10, { k: 'a', n: 4 }, ['given:ticks:0']],
      [60, { k: 'a', n: -4 }, ['given:ticks:0']],
      [60, { k: 'a', n: 5 }, ['given:ticks:1']],
    ])
  })

  it('answers queries at their declared latency of stream time', async () => {
    const driver = await TestDriver.open({ topology: toy, stages: ['oracle'], world, runners })
    await driver.give('sums', 10, { k: 'a', n: 4 })
    await driver.advance(16)
    expect(await driver.read('answers')).toEqual([])
    await driver.advance(17)
    const answers = await driver.read('answers')
    expect(answers.map(({ at_us, value, causes }) => [at_us, value, causes])).toEqual([
      [17, { k: 'a', n: 8 }, ['given:sums:0']],
    ])
  })

  it('sends a record that does not fit, or that a processor refuses, to the dead letters and goes on', async () => {
    const driver = await TestDriver.open({ topology: toy, stages: ['sum'], world })
    await driver.give('ticks', 10, { k: 'a', n: -3 })
    await driver.give('ticks', 20, { k: 'a', n: 999_999_999 })
    await driver.give('ticks', 30, { k: 'a', n: 2 })
    const letters = await driver.read<{ code: string; origin_id: string; detail: string }>('dead')
    expect(letters.map(({ value }) => [value.code, value.origin_id, value.detail])).toEqual([
      ['NEGATIVE', 'given:ticks:0', '{"n":-3}'],
      ['VALUE_OUT_OF_RANGE', 'given:ticks:2', '{"n":1000000001}'],
    ])
    // The refused steps left no trace in the state.
    expect(driver.state('sum', 'a')).toEqual({ total: 999_999_999 })
  })
})

describe('arrival', () => {
  const gather = toy.stages.gather as StageDeclaration
  const live = {
    ...toy,
    stages: { ...toy.stages, gather: { ...gather, merge: 'arrival' as const } },
  }

  it('journals the order it took and takes it again after a crash', async () => {
    const items = ticks(60)
    const whole = await runToy({ topology: live, store: new MemoryStore(), items, step_ms: 2 })
    for (let commit = 1; commit < whole.commits; commit += 3) {
      const store = new MemoryStore()
      const options = { topology: live, store, items, step_ms: 2 }
      await expect(runToy({ ...options, kill_after_commits: commit })).rejects.toBeInstanceOf(Killed)
      const rest = await runToy(options)
      expect(rest.digests.ticks, `killed after commit ${commit}`).toEqual(whole.digests.ticks)
      expect(rest.digests.seen?.records, `killed after commit ${commit}`).toBe(whole.digests.seen?.records)
    }
  })
})

describe('planning', () => {
  it('describes the toy as in its golden plan', async () => {
    await expect(describePlan(plan(toy, world))).toMatchFileSnapshot('../golden/toy.plan.txt')
  })

  it('partitions keys as the Java client does', () => {
    // Vectors of Apache Kafka's UtilsTest.testMurmur2.
    const vectors: readonly (readonly [string, number])[] = [
      ['21', -973932308],
      ['foobar', -790332482],
      ['a-little-bit-long-string', -985981536],
      ['a-little-bit-longer-string', -1486304829],
      ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
      ['abc', 479470107],
    ]
    for (const [text, hash] of vectors) expect(murmur2(Buffer.from(text)), text).toBe(hash)
  })
})
