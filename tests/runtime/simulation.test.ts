import { describe, expect, it } from 'vitest'
import type { CommandRunner, QueryRunner, Resolution } from '../../runtime/api/effect.ts'
import { AppError, RetriableError } from '../../runtime/api/fault.ts'
import type { Json } from '../../runtime/api/record.ts'
import { seededFaults } from '../../runtime/log/fault-plan.ts'
import { MemoryStore } from '../../runtime/log/memory-store.ts'
import { acting, Killed, runToy, type ToyResult, ticks, toy } from './toy.ts'

/**
 * Whole lives of the runtime from one seed each: crashes, refused commits, lost answers and requests, slow commits,
 * slow and failing effects, bursts that delay frontiers. Whatever happens, the topics and the state must end as in an
 * undisturbed run. A seed that ever failed stays in `KEPT`.
 */
const SEEDS = 200
const KEPT: readonly number[] = []

/** mulberry32: small, seeded, good enough to choose misfortunes. */
function random(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000
  }
}

/** A model that answers late, in bursts, and sometimes only at the second or third attempt. */
function moodyModel(draw: () => number): QueryRunner {
  let refusals = 0
  return {
    identity: { name: 'moody', version: '1', sha256: '' },
    run(requests) {
      const answers = requests.map((request) => (request as { n: number }).n * 2)
      const mood = draw()
      if (mood < 0.2 && refusals < 2) {
        refusals++
        throw new RetriableError('BUSY', 'not now')
      }
      refusals = 0
      if (mood < 0.5) return answers
      return new Promise((resolve) => setImmediate(() => resolve(answers)))
    },
  }
}

/** Lives until one ends well; a life ends by a kill, a lost answer, or the end of the items. */
async function untilDone(
  seed: number,
  store: MemoryStore,
  items: ReturnType<typeof ticks>,
  topology = toy,
  command?: CommandRunner,
): Promise<{ result: ToyResult; lives: number }> {
  const draw = random(seed)
  for (let lives = 1; lives < 50; lives++) {
    try {
      const result = await runToy({
        topology,
        store,
        items,
        query: moodyModel(draw),
        ...(command === undefined ? {} : { command }),
        burst: 1 + Math.floor(draw() * 20),
        step_ms: draw() * 6,
        faults: seededFaults(Math.floor(draw() * 1e9), {
          not_written: 0.1,
          answer_lost: 0.04,
          request_lost: 0.04,
          slow: 0.2,
        }),
        ...(draw() < 0.8 ? { kill_after_commits: 1 + Math.floor(draw() * 15) } : {}),
      })
      return { result, lives }
    } catch (error) {
      const expected = error instanceof Killed || (error instanceof AppError && error.code === 'COMMIT_UNKNOWN')
      if (!expected) throw error
    }
  }
  throw new Error(`seed ${seed}: fifty lives were not enough`)
}

describe('simulation', () => {
  it(`ends as undisturbed for each of ${SEEDS} seeds`, async () => {
    const items = ticks(80)
    const whole = await runToy({ store: new MemoryStore(), items })
    let lives = 0
    for (const seed of [...KEPT, ...Array.from({ length: SEEDS }, (_, i) => i + 1)]) {
      const run = await untilDone(seed, new MemoryStore(), items)
      expect(run.result.digests, `seed ${seed}`).toEqual(whole.digests)
      expect(run.result.state, `seed ${seed}`).toBe(whole.state)
      lives += run.lives
    }
    expect(lives).toBeGreaterThan(2 * SEEDS)
  })

  it('acts outside exactly once per intent, whatever happens', async () => {
    const items = ticks(40)
    const calm = new Broker(() => 1)
    const whole = await runToy({ topology: acting, store: new MemoryStore(), items, command: calm })
    expect(calm.acts.size).toBeGreaterThan(40)
    for (let seed = 1; seed <= 20; seed++) {
      const broker = new Broker(random(seed * 7919))
      const { result } = await untilDone(seed, new MemoryStore(), items, acting, broker)
      expect(result.digests, `seed ${seed}`).toEqual(whole.digests)
      expect(result.state, `seed ${seed}`).toBe(whole.state)
      expect([...broker.acts.keys()].sort(), `seed ${seed}`).toEqual([...calm.acts.keys()].sort())
      expect(
        [...broker.acts.values()].every((count) => count === 1),
        `seed ${seed}`,
      ).toBe(true)
    }
  })

  it('says UNKNOWN when even asking does not tell', async () => {
    const items = ticks(12)
    const mute: CommandRunner = {
      identity: { name: 'mute', version: '1', sha256: '' },
      act: () => Promise.reject(new RetriableError('TIMEOUT', 'no answer')),
      resolve: () => ({ kind: 'unknown' }),
    }
    const { digests } = await runToy({ topology: acting, store: new MemoryStore(), items, command: mute })
    const { digests: calm } = await runToy({
      topology: acting,
      store: new MemoryStore(),
      items,
      command: new Broker(() => 1),
    })
    expect(digests.done?.records).toBe(calm.done?.records)
    expect(digests.done?.sha256).not.toBe(calm.done?.sha256)
  })
})

/** Something outside that remembers what it did, as a venue does: it outlives every life of the runtime. */
class Broker implements CommandRunner {
  readonly identity = { name: 'broker', version: '1', sha256: '' }
  readonly acts = new Map<string, number>()
  private readonly losses = new Map<string, number>()
  private readonly results = new Map<string, Json>()
  private readonly draw: () => number

  constructor(draw: () => number) {
    this.draw = draw
  }

  async act(id: string, request: Json): Promise<Json> {
    const mood = this.draw()
    // The request is lost on the way, or the answer on the way back: the caller cannot tell which.
    // Never more than twice in a row, which is what the declared retries bear.
    const losses = this.losses.get(id) ?? 0
    if (mood < 0.1 && losses < 2) {
      this.losses.set(id, losses + 1)
      throw new RetriableError('TIMEOUT', 'no answer')
    }
    this.acts.set(id, (this.acts.get(id) ?? 0) + 1)
    const result = (request as { n: number }).n + 1
    this.results.set(id, result)
    if (mood < 0.2) throw new RetriableError('TIMEOUT', 'no answer')
    return result
  }

  resolve(id: string): Resolution {
    const value = this.results.get(id)
    return value === undefined ? { kind: 'never-arrived' } : { kind: 'done', value }
  }
}
