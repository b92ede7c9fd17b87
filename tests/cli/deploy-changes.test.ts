import { describe, expect, test } from 'vitest'
import { changesOf, pending, refuseBlocked } from '../../cli/deploy/changes.ts'
import type { Actual } from '../../cli/deploy/model.ts'
import { BOOKS, cryptoPlan, only, settled, wanted, withTopic } from './deploy-world.ts'

/** The parts of a deployment together: nothing to do, everything to do, or nothing because one part is in the way. */

const desired = wanted(await cryptoPlan())
const actual = settled(desired)

test('where everything is as wanted nothing remains', () => {
  const changes = changesOf(desired, actual)
  expect(pending(changes)).toEqual([])
  expect(changes.filter((change) => change.destructive || change.blocked !== undefined)).toEqual([])
  refuseBlocked(changes)
})

test('an empty cluster is given every topic and every schema', () => {
  const nothing: Actual = {
    cluster_id: 'cluster-a',
    topics: [],
    subjects: [],
    group: undefined,
    acls: undefined,
    stores: [],
    producers: undefined,
    lanes: undefined,
    applied: undefined,
  }
  const all = pending(changesOf(desired, nothing))
  const made = all.map(({ kind, action }) => `${kind} ${action}`)
  expect(new Set(made)).toEqual(new Set(['topic create', 'subject create']))
  expect(made).toHaveLength(desired.topics.length + desired.subjects.length)
  expect(all.some((change) => change.destructive)).toBe(false)
})

describe('the cluster', () => {
  test('is another than the one that was applied to: in the way', () => {
    const change = only(desired, { ...actual, cluster_id: 'cluster-b' })
    expect(change).toMatchObject({ kind: 'cluster', resource: 'cluster-b', action: 'replace', steps: [] })
    expect(change.blocked?.reason).toBe('this is the cluster cluster-b; what is on it was applied to cluster-a')
  })
})

test('one part that may not be applied holds back all', () => {
  const is = withTopic(withTopic(actual, BOOKS, { partitions: 2 }), 'decisions.v1', { id: 'another' })
  expect(() => refuseBlocked(changesOf(desired, is))).toThrowError(
    expect.objectContaining({
      code: 'TOPIC_MISMATCH',
      exit_code: 1,
      message: expect.stringMatching(/^nothing was changed: market\.books\.v1 .*and 1 more/),
    }),
  )
})
