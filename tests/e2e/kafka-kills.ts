import { expect } from 'vitest'
import type { Summary } from '../../cli/summary.ts'
import { aitrader } from './command.ts'
import type { Captured } from './kafka-captures.ts'
import { countAll } from './kafka-count.ts'
import { resultsOf, runs, type Site } from './kafka-site.ts'
import type { Storm } from './kafka-storm.ts'
import { results } from './whole-run.ts'

/** What must hold on Kafka after a storm of kills. */

/** Every producer's numbers from 0 on, each exactly once; answers the number of records. */
export async function expectEveryIndexOnce(site: Site, whole: Summary): Promise<number> {
  const written = await countAll(site)
  expect(written.filter(({ missing, doubled }) => missing + doubled > 0)).toEqual([])
  const records = written.reduce((sum, one) => sum + one.records, 0)
  expect(records).toBe(recordsOf(whole))
  return records
}

/** One more run of everything: it has nothing left to do, and says what is there. */
export async function expectUndisturbed(site: Site, { captures }: Captured, whole: Summary): Promise<void> {
  expect(resultsOf(await runs(site, captures, ['--json']).ended)).toEqual(results(whole))
}

/** Every order, fill and decision can be walked back to its frames. */
export async function expectTraced({ kafka, registry, file }: Site): Promise<void> {
  const at = ['--kafka', kafka, '--registry', registry, '--topology', file]
  const { code, stdout, stderr } = await aitrader(['audit', 'trace', '--all', ...at]).ended
  expect({ code, last: stdout.trimEnd().split('\n').at(-1), stderr }).toMatchObject({
    code: 0,
    last: expect.stringMatching(/^[1-9][0-9]* traced, 0 not ok$/),
  })
}

function recordsOf({ topics }: Summary): number {
  return Object.values(topics).reduce((sum, { records }) => sum + records, 0)
}

/** Median and worst, milliseconds; undefined of nothing. */
function spread(ascending: readonly number[]) {
  if (ascending.length === 0) return undefined
  const at = (share: number) => Math.round(ascending[Math.floor((ascending.length - 1) * share)] as number)
  return { lanes: ascending.length, median_ms: at(0.5), p95_ms: at(0.95), worst_ms: at(1) }
}

/** Figures of a storm, for people and for the results. */
export function figures({ kills, took_ms, recoveries_ms, takeovers_ms }: Storm, records: number) {
  return {
    kills,
    records,
    took_s: Math.round(took_ms / 1000),
    restarted_at_once: spread(recoveries_ms),
    taken_over_by_others: spread(takeovers_ms),
  }
}
