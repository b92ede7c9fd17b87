import { describe, expect, test } from 'vitest'
import { changesOf, pending } from '../../cli/deploy/changes.ts'
import type { Actual } from '../../cli/deploy/model.ts'
import { BOOKS, changeOf, cryptoPlan, EMPTY, only, settled, wanted, withTopic } from './deploy-world.ts'

/** What of the topics is to be made or changed, what is in the way, and what is left alone. */

const plan = await cryptoPlan()
const desired = wanted(plan)
const actual = settled(desired)

describe('topics', () => {
  test('missing where nothing ever ran', () => {
    const { applied: _, ...rest } = withTopic(actual, BOOKS, undefined)
    const change = only(desired, { ...rest, applied: undefined })
    expect(change).toMatchObject({ kind: 'topic', resource: BOOKS, action: 'create', destructive: false })
    expect(change.detail[0]).toBe("4 partitions, the broker's replication")
    expect(change.steps).toMatchObject([{ do: 'create-topic', topic: { name: BOOKS, partitions: 4 } }])
  })

  test('fewer partitions, with records: in the way', () => {
    const change = only(
      desired,
      withTopic(actual, BOOKS, { partitions: 2, end_offsets: [5, 5], start_offsets: [0, 0] }),
    )
    expect(change).toMatchObject({ action: 'replace', detail: ['partitions: 2 -> 4'], steps: [] })
    expect(change.blocked).toEqual({
      code: 'TOPIC_MISMATCH',
      reason: `${BOOKS} has 2 partitions with 10 records and is to have 4`,
      hint: 'keys would change their partition: say `partitions: 2` again, or begin anew with `aitrader reset --records`',
    })
  })

  test('more partitions, with records: in the way', () => {
    const change = only(desired, withTopic(actual, BOOKS, { partitions: 8 }))
    expect(change).toMatchObject({ detail: ['partitions: 8 -> 4'], blocked: { code: 'TOPIC_MISMATCH' }, steps: [] })
  })

  test('another number of partitions without records: made again', () => {
    const change = only(desired, withTopic(actual, BOOKS, { ...EMPTY, partitions: 8 }))
    expect(change).toMatchObject({ action: 'replace', destructive: true, steps: [{ do: 'recreate-topic' }] })
    expect(change.blocked).toBeUndefined()
  })

  test('made again beneath a running process: in the way', () => {
    const member = { client_id: 'aitrader', host: '/10.0.0.1' }
    const group = { id: 'crypto', state: 'Stable', members: [member], offsets: [] }
    const change = only(desired, { ...withTopic(actual, BOOKS, { ...EMPTY, partitions: 8 }), group })
    expect(change).toMatchObject({ blocked: { code: 'TOPOLOGY_RUNNING' }, steps: [] })
  })

  test('fewer copies than asked for: in the way', () => {
    const three = wanted(plan, { replication: 3 })
    const change = only(three, withTopic(settled(three), BOOKS, { replication: 1 }))
    expect(change).toMatchObject({ action: 'update', detail: ['replication: 1 -> 3'] })
    expect(change.blocked?.code).toBe('REPLICATION_DIFFERS')
  })

  test('copies are as they are where nothing is asked', () => {
    expect(pending(changesOf(desired, withTopic(actual, BOOKS, { replication: 2 })))).toEqual([])
  })

  test.each([
    ['cleanup.policy', 'compact', 'delete'],
    ['retention.ms', '604800000', '-1'],
    ['retention.bytes', '1073741824', '-1'],
    ['max.message.bytes', '1048588', '16777216'],
    ['min.insync.replicas', '2', '1'],
    ['compression.type', 'zstd', 'producer'],
    ['message.timestamp.type', 'LogAppendTime', 'CreateTime'],
    ['message.timestamp.before.max.ms', '86400000', '9223372036854775807'],
    ['message.timestamp.after.max.ms', '3600000', '9223372036854775807'],
    ['segment.bytes', '1073741824', '134217728'],
  ])('%s', (name, is, to) => {
    const configs = { ...desired.topics.find((topic) => topic.name === BOOKS)?.configs, [name]: is }
    const change = only(desired, withTopic(actual, BOOKS, { configs }))
    expect(change).toEqual({
      kind: 'topic',
      resource: BOOKS,
      action: 'update',
      detail: [`${name}: ${is} -> ${to}`],
      destructive: false,
      steps: [{ do: 'set-configs', topic: BOOKS, configs: { [name]: to } }],
    })
  })

  test('the state topic is not compacted', () => {
    const state = desired.topics.find(({ name }) => name === 'crypto.state')
    const configs = { ...state?.configs, 'cleanup.policy': 'delete' }
    const change = only(desired, withTopic(actual, 'crypto.state', { configs }))
    expect(change.detail).toEqual(['cleanup.policy: delete -> compact'])
  })

  test('three copies need two to be written', () => {
    const three = wanted(plan, { replication: 3 })
    expect(new Set(three.topics.map(({ configs }) => configs['min.insync.replicas']))).toEqual(new Set(['2']))
  })

  test('one with our prefix that nobody applied is shown and left alone', () => {
    const stray = { ...(actual.topics[0] as Actual['topics'][number]), name: 'crypto.scratch' }
    const changes = changesOf(desired, { ...actual, topics: [...actual.topics, stray] })
    expect(pending(changes)).toEqual([])
    const { action, detail } = changeOf(changes, 'topic', 'crypto.scratch')
    expect([action, detail]).toEqual(['none', ['not made by apply, although its name begins like ours; left alone']])
  })

  test('one that was applied and is no longer in the topology is shown and left alone', () => {
    const old = { ...(actual.topics[0] as Actual['topics'][number]), name: 'market.old.v1' }
    const applied = { ...actual.applied!, topics: { ...actual.applied!.topics, 'market.old.v1': old.id } }
    const changes = changesOf(desired, { ...actual, topics: [...actual.topics, old], applied })
    expect(changeOf(changes, 'topic', 'market.old.v1')).toMatchObject({
      action: 'none',
      detail: ['no longer in the topology; left alone'],
    })
  })

  test('deleted and created again: in the way', () => {
    const change = only(desired, withTopic(actual, 'decisions.v1', { id: 'another' }))
    expect(change.blocked).toEqual({
      code: 'TOPIC_REPLACED',
      reason:
        'decisions.v1 was deleted and created again since the last apply; its records went with it, and execution, audit-sink stood at offsets in it',
      hint: 'begin anew with `aitrader reset --records`, which makes every topic of the topology again',
    })
  })

  test('deleted while state stands at offsets in it: in the way', () => {
    const change = only(desired, withTopic(actual, BOOKS, undefined))
    expect(change).toMatchObject({ blocked: { code: 'TOPIC_REPLACED' }, destructive: true })
  })

  test('created again before anything ran: as good as new', () => {
    const change = changesOf(desired, { ...withTopic(actual, BOOKS, { id: 'another' }), stores: [] })
    expect(pending(change)).toEqual([])
  })
})

describe('the journal', () => {
  const journal = 'crypto.journal'

  test('grows where producers were added behind the others', () => {
    const producers = desired.producers.slice(0, -1)
    const change = only(desired, { ...withTopic(actual, journal, { partitions: producers.length }), producers })
    expect(change).toMatchObject({
      action: 'update',
      destructive: false,
      steps: [{ do: 'add-partitions', topic: journal, partitions: desired.producers.length }],
    })
  })

  test('and the frontiers, where lanes were', () => {
    const lanes = desired.lanes.slice(0, -1)
    const change = only(desired, { ...withTopic(actual, 'crypto.frontiers', { partitions: lanes.length }), lanes })
    expect(change.steps).toEqual([
      { do: 'add-partitions', topic: 'crypto.frontiers', partitions: desired.lanes.length },
    ])
    const joined = [...lanes.slice(0, -1), `${lanes.at(-1)} another/0`]
    const moved = only(desired, {
      ...withTopic(actual, 'crypto.frontiers', { partitions: lanes.length }),
      lanes: joined,
    })
    expect(moved.blocked).toMatchObject({ code: 'TOPIC_MISMATCH' })
  })

  test('is in the way where producers moved', () => {
    const producers = desired.producers.slice(1)
    const change = only(desired, { ...withTopic(actual, journal, { partitions: producers.length }), producers })
    expect(change.blocked).toMatchObject({ code: 'TOPIC_MISMATCH' })
  })
})
