import { describe, expect, test } from 'vitest'
import { changesOf, pending } from '../../cli/deploy/changes.ts'
import { BOOKS, changeOf, cryptoPlan, only, settled, wanted } from './deploy-world.ts'

/** What becomes of the offsets of our group, and of those of readers outside. */

const desired = wanted(await cryptoPlan())
const actual = settled(desired)

describe('the consumer group', () => {
  test('missing: the first run makes it', () => {
    const changes = changesOf(desired, { ...actual, group: undefined })
    expect(pending(changes)).toEqual([])
    expect(changeOf(changes, 'group', 'crypto').detail).toEqual(['the first run makes it'])
  })

  test('members that are not ours: in the way', () => {
    const members = [
      { client_id: 'aitrader-1', host: '/10.0.0.1' },
      { client_id: 'rdkafka', host: '/10.0.0.2' },
    ]
    const change = only(desired, { ...actual, group: { id: 'crypto', state: 'Stable', members, offsets: [] } })
    expect(change.blocked?.reason).toBe('the consumer group crypto has members that are not ours: rdkafka at 10.0.0.2')
  })

  test('offsets beyond the end', () => {
    const offsets = [
      { topic: BOOKS, partition: 0, offset: 100 },
      { topic: BOOKS, partition: 1, offset: 101 },
    ]
    const change = only(desired, { ...actual, group: { id: 'crypto', state: 'Empty', members: [], offsets } })
    expect(change.detail).toEqual([`${BOOKS}/1: 101 -> 100 (its end)`])
    expect(change.steps).toEqual([
      { do: 'set-offsets', group: 'crypto', offsets: [{ topic: BOOKS, partition: 1, offset: 100 }] },
    ])
  })
})

describe('groups of readers outside', () => {
  const group = (id: string, offsets: { topic: string; partition: number; offset: number }[]) => {
    return { id, state: 'Stable', members: [{ client_id: 'study', host: '/10.0.0.3' }], offsets }
  }

  test('that nothing concerns are as they are, there or not', () => {
    const changes = changesOf(desired, { ...actual, outside_groups: [group('strategy_consumers', [])] })
    expect(pending(changes)).toEqual([])
    for (const id of ['strategy_consumers', 'audit_consumers', 'analytics_consumers']) {
      expect(changeOf(changes, 'group', id)).toMatchObject({ action: 'none', detail: [], steps: [] })
    }
  })

  test('are named where a topic that they read changes, with whom to ask', () => {
    const topics = actual.topics.map((topic) => (topic.name === BOOKS ? { ...topic, configs: {} } : topic))
    const changes = changesOf(desired, { ...actual, topics, outside_groups: [group('analytics_consumers', [])] })
    expect(changeOf(changes, 'group', 'analytics_consumers').detail).toEqual([
      `outside (1 member) reads ${BOOKS}: ask market-data`,
    ])
    expect(changeOf(changes, 'group', 'audit_consumers').detail).toEqual([])
  })

  test('keep their offsets, also beyond the end', () => {
    const offsets = [{ topic: BOOKS, partition: 1, offset: 101 }]
    const changes = changesOf(desired, { ...actual, outside_groups: [group('analytics_consumers', offsets)] })
    expect(changeOf(changes, 'group', 'analytics_consumers')).toMatchObject({
      action: 'none',
      detail: [`${BOOKS}/1: 101 is beyond its end 100, and market-data must set it`],
      steps: [],
    })
  })
})
