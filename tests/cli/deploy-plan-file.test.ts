import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { changesOf } from '../../cli/deploy/changes.ts'
import type { Actual } from '../../cli/deploy/model.ts'
import { planJson, renderPlan } from '../../cli/deploy/render.ts'
import { loadPlan, preconditionsOf, refuseStale, type SavedPlan, savePlan } from '../../cli/deploy/saved-plan.ts'
import { newFolder } from './command.ts'
import { cryptoPlan, HASHES, settled, wanted, withStore, withTopic } from './deploy-world.ts'

const plan = await cryptoPlan()
const desired = wanted(plan)
const actual = settled(desired)
const BOOKS = 'market.books.v1'
/** Compaction was switched on by somebody: one thing to put right. */
const drifted = withTopic(actual, BOOKS, { configs: { ...actual.topics[3]?.configs, 'cleanup.policy': 'compact' } })

function saved(is: Actual): SavedPlan {
  const path = join(newFolder(), 'plan.json')
  const { topology } = plan
  const preconditions = preconditionsOf(desired, is)
  savePlan(path, {
    kafka: 'k:9092',
    registry: 'http://r',
    topology,
    desired,
    preconditions,
    changes: changesOf(desired, is),
  })
  return loadPlan(path)
}

describe('a saved plan', () => {
  const stale = (of: SavedPlan, is: Actual) => () => refuseStale(of, is, changesOf(desired, is))

  test('is read as it was written', () => {
    expect(saved(drifted).changes).toEqual(changesOf(desired, drifted))
  })

  test('is not stale where nothing changed', () => expect(stale(saved(drifted), drifted)).not.toThrow())

  test('is not stale by what it has done itself', () => expect(stale(saved(drifted), actual)).not.toThrow())

  test.each<[string, Actual, RegExp]>([
    ['another cluster', { ...drifted, cluster_id: 'b' }, /cluster: was cluster-a, is b/],
    [
      'another topic of the name',
      withTopic(drifted, BOOKS, { id: 'new' }),
      /topic market\.books\.v1: was id id-3, .*; is id new/,
    ],
    [
      'other partitions',
      withTopic(drifted, BOOKS, { partitions: 8 }),
      /topic market\.books\.v1: was .*; is .*partitions 8/,
    ],
    ['a topic that is gone', withTopic(drifted, BOOKS, undefined), /topic market\.books\.v1: was .*; is missing/],
    [
      'another setting',
      withTopic(drifted, BOOKS, { configs: { ...actual.topics[3]?.configs, 'cleanup.policy': 'delete,compact' } }),
      /topic market\.books\.v1: was .*; is /,
    ],
    [
      'another version of a schema',
      {
        ...drifted,
        subjects: drifted.subjects.map((one) => ({ ...one, mode: 'NONE' as const })),
      },
      /subject audit\.raw-ticks\.v1-value: was FULL_TRANSITIVE, versions 1=1; is NONE, versions 1=1/,
    ],
    [
      'a run meanwhile',
      withStore(drifted, 'nbbo', { hashes: [{ ...HASHES, code: 'x' }], tail: 2 }),
      /store nbbo: was /,
    ],
  ])('is stale by %s', (_, is, message) => {
    expect(stale(saved(drifted), is)).toThrowError(
      expect.objectContaining({ code: 'PLAN_STALE', exit_code: 1, message: expect.stringMatching(message) }),
    )
  })

  test('that is no plan, or of another version', () => {
    const path = join(newFolder(), 'plan.json')
    const refused = (code: string) => expect.objectContaining({ code, exit_code: 2 })
    expect(() => loadPlan(path)).toThrowError(refused('FILE_UNREADABLE'))
    for (const text of ['{', '[]', '{"format":"aitrader-plan/0"}']) {
      writeFileSync(path, text)
      expect(() => loadPlan(path)).toThrowError(refused('PLAN_INVALID'))
    }
    expect(() => savePlan('/nowhere/plan.json', saved(actual))).toThrowError(
      expect.objectContaining({ code: 'OUTPUT_FAILED', exit_code: 4 }),
    )
  })

  test('holds no secret', () => {
    expect(readFileSync(join(import.meta.dirname, '../../cli/deploy/saved-plan.ts'), 'utf8')).not.toMatch(/env|auth/)
    expect(Object.keys(saved(actual)).sort()).toEqual(
      ['changes', 'desired', 'format', 'kafka', 'preconditions', 'registry', 'topology'].sort(),
    )
  })
})

describe('a plan in words', () => {
  test('says only what differs', () => {
    const text = renderPlan(changesOf(desired, drifted), false).replace(/\d+ as (it is|they are)/g, 'N as they are')
    expect(text).toMatchInlineSnapshot(`
      "topics
        ~ market.books.v1
            cleanup.policy: compact -> delete
          N as they are

      schema subjects
          N as they are

      rights
          N as they are

      consumer groups
          analytics_consumers
            outside (not there yet) reads market.books.v1: ask market-data
          N as they are

      state
          normalizer: kept
          book-builder: kept
          nbbo: kept
          pattern-scorer: kept
          inference-enricher: kept
          strategy: kept
          execution: kept
          venue-simulator: kept
          audit-sink: kept

      0 to create, 1 to change, 0 to replace, 0 to delete
      "
    `)
  })

  test('an empty one', () => {
    expect(renderPlan(changesOf(desired, actual), false).trim().split('\n').at(-1)).toBe('nothing to change')
  })

  test('what is in the way, with its hint; colours only if asked for', () => {
    const is = withTopic(actual, BOOKS, { partitions: 2 })
    const text = renderPlan(changesOf(desired, is), false)
    expect(text).toContain(`-/+ ${BOOKS}\n      partitions: 2 -> 4\n      TOPIC_MISMATCH: ${BOOKS} has 2 partitions`)
    expect(text).toContain('1 in the way: nothing can be applied')
    expect(text).not.toContain('\u001b')
    expect(renderPlan(changesOf(desired, is), true)).toContain(`\u001b[31m-/+ ${BOOKS}\u001b[0m`)
  })

  test('new topics: settings told once', () => {
    const nothing: Actual = { ...actual, topics: [], applied: undefined, stores: [] }
    const lines = renderPlan(changesOf(desired, nothing), false).split('\n')
    const settings = lines.filter((line) => line.includes('settings of'))
    expect(settings.map((line) => line.slice(0, line.indexOf('=')))).toEqual([
      '    settings of the others: cleanup.policy',
      expect.stringMatching(/^ {4}settings of crypto\.journal, .*: cleanup\.policy$/),
      expect.stringMatching(/^ {4}settings of crypto\.state.*: cleanup\.policy$/),
    ])
  })

  test('as JSON: everything but the calls', () => {
    const json = planJson('crypto', 'cluster-a', changesOf(desired, drifted)) as { changes: object[] }
    expect(json).toMatchObject({ topology: 'crypto', cluster_id: 'cluster-a', empty: false, update: 1, create: 0 })
    expect(json.changes.some((change) => 'steps' in change)).toBe(false)
  })
})
