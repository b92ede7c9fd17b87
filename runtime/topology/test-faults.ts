import { type Json, RetriableError } from '../api/index.ts'
import type { Clock } from '../engine/clock.ts'
import type { Runner } from '../engine/options.ts'
import { seededFaults, uniform } from '../log/fault-plan.ts'
import { MemoryStore } from '../log/memory-store.ts'
import { SimulatedLog } from '../log/simulated.ts'
import { lanesOf, playInLanes } from './test-lanes.ts'
import { Crash, engineOptions, type Ground, playWhole } from './test-run.ts'
import { readWritten } from './test-script.ts'
import type { Topology } from './types.ts'

/**
 * The simulated broker and processes in which much goes wrong, as `seed` chooses: about every other commit is refused, or
 * its answer or request lost, or late, which ends a process now and then; effects answer late, and fail as often as their
 * stage's `retries` make good.
 *
 * Of an odd seed everything is one process: commits hold one to three instants, and it also dies in the middle of one,
 * starts anew on what is durable and is given again what was not. Of an even one every lane is a process of its own, as
 * on Kafka: they hear of each other's commits late, and partition by partition in whatever order.
 *
 * None of it may change a record: that is what a test with it shows.
 */
export function faultyGround(seed: number): Ground {
  const shares = { not_written: 0.2, answer_lost: 0.15, request_lost: 0.15, slow: 0.1 }
  return async (script, options) => {
    const log = new SimulatedLog(new MemoryStore(), { faults: seededFaults(seed, shares) })
    const { runners, ...base } = engineOptions(script, options)
    const made = { ...base, runners: unreliable(runners, script.topology, seed), broker: log.connect() }
    if (seed % 2 === 0) {
      const { world } = options
      await playInLanes(script, { ...made, world, clock: hasty(), signal: AbortSignal.timeout(LIMIT_MS) })
      return readWritten(log.connect(), script, lanesOf(script, world).plan)
    }
    const commit_every = 1 + Math.floor(uniform(seed, 0, COMMITS) * 3)
    const engine = await playWhole(script, made, { commit_every, between: crashes(seed) })
    return readWritten(log.connect(), script, engine.plan)
  }
}

/** Longer than any test that ends. */
const LIMIT_MS = 60_000

/** Time that passes as soon as everybody waits: one seed, one run. */
function hasty(): Clock {
  let now_ms = 0
  return {
    now_ms: () => now_ms,
    wait: (duration_ms) => {
      const until_ms = now_ms + duration_ms
      return new Promise((resolve) => {
        setImmediate(() => {
          now_ms = Math.max(now_ms, until_ms)
          resolve()
        })
      })
    },
  }
}

/** What is drawn by one seed must not be drawn alike. */
const COMMITS = 2
const CRASHES = 3
const ANSWERS = 4
const FAILURES = 5

const CRASH_SHARE = 0.1

/** Counts through all lives, so that a life does not die where the one before did. */
function crashes(seed: number): () => void {
  let number = 0
  return () => {
    if (uniform(seed, number++, CRASHES) < CRASH_SHARE) throw new Crash('the process was told to die')
  }
}

/** The greatest number of turns of the event loop until an answer. */
const MOST_TURNS = 4

function unreliable(runners: Readonly<Record<string, Runner>>, topology: Topology, seed: number) {
  const made = Object.entries(runners).map(([stage, runner]): [string, Runner] => {
    if (!('query' in runner)) return [stage, runner]
    const { query } = runner
    const retries = topology.stages[stage]?.effect?.retries ?? 0
    // By what is asked: two batches under way must not use up each other's retries.
    const failures = new Map<string, number>()
    let number = 0
    const run = async (requests: readonly Json[]) => {
      const turns = Math.floor(uniform(seed, number++, ANSWERS) * (MOST_TURNS + 1))
      for (let turn = 0; turn < turns; turn++) await null
      // A failure of its own comes first: it says why.
      const answers = await query.run(requests)
      const asked = JSON.stringify(requests)
      const left = failures.get(asked) ?? Math.floor(uniform(seed, number, FAILURES) * (retries + 1))
      failures.set(asked, Math.max(0, left - 1))
      if (left > 0) throw new RetriableError('EFFECT_AWAY', 'the effect was told to fail')
      return answers
    }
    return [stage, { query: { ...query, run } }]
  })
  return Object.fromEntries(made)
}
