import { describe, expect, test } from 'vitest'
import { changesOf, pending, refuseBlocked } from '../../cli/deploy/changes.ts'
import type { Acl, Actual, ActualStore, Change, Desired } from '../../cli/deploy/model.ts'
import { changeOf, cryptoPlan, HASHES, PRINCIPAL, settled, wanted, withStore, withTopic } from './deploy-world.ts'

const plan = await cryptoPlan()
const desired = wanted(plan)
const actual = settled(desired)
const BOOKS = 'market.books.v1'
const EMPTY = { start_offsets: [7, 0, 0, 0], end_offsets: [7, 0, 0, 0] }

/** The only thing that remains to be done, or is in the way. */
function only(of: Desired, is: Actual): Change {
  const all = pending(changesOf(of, is))
  expect(all.map(({ kind, resource }) => `${kind} ${resource}`)).toHaveLength(1)
  return all[0] as Change
}

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

describe('subjects', () => {
  const subject = `${BOOKS}-value`
  const schema = desired.subjects.find((one) => one.subject === subject)?.schema as string
  const with_subject = (change: Partial<Actual['subjects'][number]>): Actual => ({
    ...actual,
    subjects: actual.subjects.map((one) => (one.subject === subject ? { ...one, ...change } : one)),
  })
  const fields = (edit: (all: Record<string, unknown>[]) => Record<string, unknown>[]) => {
    const json = JSON.parse(schema) as { fields: Record<string, unknown>[] }
    return JSON.stringify({ ...json, fields: edit(json.fields) })
  }
  const older = (text: string) => with_subject({ versions: [{ version: 3, id: 77, schema: text }] })

  test('missing', () => {
    const subjects = actual.subjects.filter((one) => one.subject !== subject)
    const change = only(desired, { ...actual, subjects, applied: undefined })
    expect(change).toMatchObject({ action: 'create', detail: ['BookUpdate, FULL_TRANSITIVE'] })
    expect(change.steps).toEqual([
      { do: 'register', subject, schema, mode: 'FULL_TRANSITIVE' },
      { do: 'set-mode', subject, mode: 'FULL_TRANSITIVE' },
    ])
  })

  test('deleted since the last apply', () => {
    const subjects = actual.subjects.filter((one) => one.subject !== subject)
    const id = actual.applied?.subjects[subject]
    const change = only(desired, { ...actual, subjects })
    expect(change.detail).toEqual(['BookUpdate, FULL_TRANSITIVE', `schema ${id} was deleted since the last apply`])
    expect(change.action).toBe('create')
  })

  test('changed, compatibly: a field with a default', () => {
    const change = only(desired, older(fields((all) => [...all, { name: 'old', type: 'int', default: 0 }])))
    expect(change).toMatchObject({ action: 'update', detail: ['version 3 -> a new one: -old'], destructive: false })
    expect(change.steps).toEqual([{ do: 'register', subject, schema, mode: 'FULL_TRANSITIVE' }])
  })

  test('docs do not count', () => {
    const is = older(fields((all) => all.map((field) => ({ ...field, doc: 'other words' }))))
    expect(pending(changesOf(desired, is))).toEqual([])
  })

  test('incompatible: names the field and its readers, and what would have been wrong', () => {
    const is = older(fields((all) => all.map((one) => (one.name === 'sequence' ? { ...one, type: 'string' } : one))))
    const change = only(desired, is)
    const readers = 'nbbo, pattern-scorer, venue-simulator, audit-sink, analytics_consumers'
    expect(change.detail).toEqual([
      `sequence was string and is read as long (${readers} could not read what version 3 wrote)`,
      `sequence was long and is read as string (${readers}, still on version 3, could not read what is written now)`,
    ])
    expect(change).toMatchObject({ steps: [], blocked: { code: 'SCHEMA_INCOMPATIBLE' } })
  })

  test('checked against every version, not only the last', () => {
    const first = fields((all) => all.map((one) => (one.name === 'sequence' ? { ...one, type: 'string' } : one)))
    const last = fields((all) => [...all, { name: 'old', type: 'int', default: 0 }])
    const is = with_subject({
      versions: [
        { version: 1, id: 70, schema: first },
        { version: 2, id: 71, schema: last },
      ],
    })
    expect(only(desired, is).blocked?.code).toBe('SCHEMA_INCOMPATIBLE')
  })

  test('records that a stage reads must stay readable whatever the mode', () => {
    const none: Desired = {
      ...desired,
      subjects: desired.subjects.map((one) => (one.subject === subject ? { ...one, mode: 'NONE' } : one)),
    }
    const is = older(fields((all) => all.map((one) => (one.name === 'sequence' ? { ...one, type: 'string' } : one))))
    const subjects = is.subjects.map((one) => (one.subject === subject ? { ...one, mode: 'NONE' as const } : one))
    expect(only(none, { ...is, subjects }).blocked?.code).toBe('SCHEMA_INCOMPATIBLE')
    const empty = withTopic({ ...is, subjects }, BOOKS, EMPTY)
    expect(only(none, empty)).toMatchObject({ action: 'update', steps: [{ do: 'register' }] })
  })

  test('another mode', () => {
    const change = only(desired, with_subject({ mode: 'BACKWARD' }))
    expect(change).toMatchObject({ detail: ['compatibility: BACKWARD -> FULL_TRANSITIVE'] })
    expect(change.steps).toEqual([{ do: 'set-mode', subject, mode: 'FULL_TRANSITIVE' }])
  })

  test("the registry's default mode is not enough, even where it is the same", () => {
    const change = only(desired, with_subject({ own: false }))
    expect(change.detail).toEqual(["compatibility: FULL_TRANSITIVE (the registry's default) -> FULL_TRANSITIVE"])
  })

  test('a newer version than ours is registered', () => {
    const newer = fields((all) => [...all, { name: 'later', type: 'int', default: 0 }])
    const is = with_subject({
      versions: [
        { version: 1, id: 1, schema },
        { version: 2, id: 2, schema: newer },
      ],
    })
    const changes = changesOf(desired, is)
    expect(pending(changes)).toEqual([])
    expect(changeOf(changes, 'subject', subject).detail).toEqual(['version 1 of 2: newer ones are registered'])
  })
})

describe('rights', () => {
  const read: Acl = {
    resource: 'topic',
    pattern: 'literal',
    name: BOOKS,
    principal: PRINCIPAL,
    host: '*',
    operation: 'Read',
    permission: 'allow',
  }
  const without = (acl: Acl) => (actual.acls ?? []).filter((one) => one.name !== acl.name || one.operation !== 'Read')

  test('missing', () => {
    const change = only(desired, { ...actual, acls: without(read) })
    expect(change).toEqual({
      kind: 'acl',
      resource: `allow ${PRINCIPAL} Read on topic ${BOOKS}`,
      action: 'create',
      detail: [],
      destructive: false,
      steps: [{ do: 'create-acl', acl: read }],
    })
  })

  test.each([
    ['all operations', { ...read, operation: 'All' }],
    ['everybody', { ...read, principal: 'User:*' }],
    ['a prefix', { ...read, pattern: 'prefixed' as const, name: 'market.' }],
    ['every topic', { ...read, name: '*' }],
  ])('covered by a rule for %s', (_, acl) => {
    expect(pending(changesOf(desired, { ...actual, acls: [...without(read), acl] }))).toEqual([])
  })

  test.each([
    ['another principal', { ...read, principal: 'User:other' }],
    ['one host', { ...read, host: '10.0.0.1' }],
    ['another topic', { ...read, name: 'market.books.v2' }],
  ])('not covered by a rule for %s', (_, acl) => {
    const change = changesOf(desired, { ...actual, acls: [...without(read), acl] })
    expect(pending(change).map(({ action }) => action)).toEqual(['create'])
  })

  test('more than needed', () => {
    const extra: Acl = { ...read, operation: 'Alter' }
    const change = only(desired, { ...actual, acls: [...(actual.acls ?? []), extra] })
    expect(change).toMatchObject({ action: 'delete', destructive: true, steps: [{ do: 'delete-acl', acl: extra }] })
  })

  test('rights of others, and of ours elsewhere, are left alone', () => {
    const others: Acl[] = [
      { ...read, principal: 'User:dashboard' },
      { ...read, name: 'billing.v1', operation: 'Alter' },
    ]
    expect(pending(changesOf(desired, { ...actual, acls: [...(actual.acls ?? []), ...others] }))).toEqual([])
  })

  test('denied: in the way', () => {
    const denial: Acl = { ...read, permission: 'deny', principal: 'User:*', operation: 'All' }
    const changes = changesOf(desired, { ...actual, acls: [...(actual.acls ?? []), denial] })
    const denied = changes.filter((change) => change.blocked?.code === 'ACL_DENIED')
    expect(denied.map(({ resource }) => resource)).toEqual(
      ['Read', 'Write', 'Delete', 'DescribeConfigs'].map((name) => `allow ${PRINCIPAL} ${name} on topic ${BOOKS}`),
    )
  })

  test('a cluster without an authorizer is not checked', () => {
    const changes = changesOf(desired, { ...actual, acls: undefined })
    expect(pending(changes)).toEqual([])
    expect(changeOf(changes, 'acl', PRINCIPAL).detail).toEqual([
      'not checked: the cluster has no authorizer, or does not tell this user',
    ])
  })
})

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

describe('state', () => {
  const OTHER = { ...HASHES, code: 'c2' }
  const of = (is: Actual, stage = 'nbbo', want = desired) => changeOf(changesOf(want, is), 'store', stage)

  test('kept: the same build', () => {
    expect(of(actual)).toEqual({
      kind: 'store',
      resource: 'nbbo',
      action: 'none',
      detail: [],
      destructive: false,
      impact: 'kept',
      steps: [],
    })
    expect(of(withStore(actual, 'nbbo', { tail: 12 })).impact).toBe('kept')
  })

  test('new: nothing of the stage is there', () => {
    const stores = actual.stores.filter(({ stage }) => stage !== 'nbbo')
    expect(of({ ...actual, stores })).toMatchObject({
      action: 'none',
      impact: 'new',
      detail: ['it begins with the 1000 records that its inputs hold'],
    })
  })

  test('migrated: another build takes over the last snapshot', () => {
    expect(of(withStore(actual, 'nbbo', { hashes: [OTHER] }))).toMatchObject({
      action: 'none',
      impact: 'migrated',
      detail: ['code changed; the last snapshot is taken over'],
    })
  })

  test('rebuilt: another build, and a tail behind the snapshot', () => {
    const hashes = [OTHER, { ...HASHES, config: 'f2' }]
    const change = of(withStore(actual, 'nbbo', { hashes, tail: 3 }))
    expect(change).toMatchObject({ action: 'replace', impact: 'rebuilt', destructive: false })
    expect(change.detail).toEqual([
      'code, config changed behind the last snapshot (3 entries of its journal)',
      '1000 records of reference.instruments.v1, market.events.v1, market.books.v1, redeliveries.v1 are read again, about a second',
    ])
    expect(change.steps).toEqual([{ do: 'rebuild-store', stage: 'nbbo' }])
  })

  test('rebuilt: a snapshot that this build cannot read', () => {
    const change = of(withStore(actual, 'nbbo', { unreadable: 'its snapshot has no field `quotes`' }))
    expect(change).toMatchObject({ impact: 'rebuilt', steps: [{ do: 'rebuild-store' }] })
    expect(change.detail[0]).toBe('its snapshot has no field `quotes`')
  })

  test('rebuilt: other inputs, though the snapshot could be read', () => {
    const channels = desired.stores.find(({ stage }) => stage === 'nbbo')?.channels ?? []
    const change = of(withStore(actual, 'nbbo', { channels: [...channels.slice(1), 'old.v1 (2 partitions, keyed)'] }))
    expect(change.detail[0]).toBe(`its inputs changed: +${channels[0]}, -old.v1 (2 partitions, keyed)`)
    expect(change.impact).toBe('rebuilt')
    const order = of(withStore(actual, 'nbbo', { channels: [...channels].reverse() }))
    expect(order.detail[0]).toBe('its inputs changed: another order')
  })

  test('in the way: it reads what a stage writes that the last run did not have', () => {
    const producers = desired.producers.filter((name) => !name.startsWith('pattern-scorer/'))
    const change = of({ ...actual, producers }, 'strategy')
    expect(change.blocked).toMatchObject({
      code: 'STAGE_TOO_LATE',
      reason:
        'strategy reads what the new pattern-scorer will write from the beginning, and has passed those stream times',
    })
  })

  test('the time is estimated', () => {
    const end_offsets = [9_000_000, 0, 0, 0]
    const is = withTopic(withStore(actual, 'nbbo', { hashes: [OTHER], tail: 1 }), BOOKS, { end_offsets })
    expect(of(is).detail[1]).toContain('9000600 records')
    expect(of(is).detail[1]).toContain('about 4 min')
  })

  test('lost: retention has dropped what it was made of', () => {
    const start_offsets = [0, 40, 0, 0]
    const is = withTopic(withStore(actual, 'nbbo', { hashes: [OTHER], tail: 3 }), BOOKS, { start_offsets })
    const change = of(is)
    expect(change).toMatchObject({ action: 'delete', impact: 'lost', destructive: true, steps: [] })
    expect(change.blocked).toMatchObject({ code: 'STATE_LOST' })
    expect(change.blocked?.hint).toContain('--allow-loss nbbo')
    expect(of(is, 'nbbo', wanted(plan, { allow_loss: ['nbbo'] }))).toMatchObject({
      impact: 'lost',
      steps: [{ do: 'drop-store', stage: 'nbbo' }],
    })
  })

  test('lost: answers of the outside cannot be asked for again', () => {
    const is = withStore(actual, 'inference-enricher', { hashes: [OTHER], tail: 3 })
    expect(of(is, 'inference-enricher').detail).toEqual([
      'code changed behind the last snapshot (3 entries of its journal); what answered it cannot be asked again',
    ])
  })

  test('lost: the stage is no longer in the topology', () => {
    const gone: ActualStore = { stage: 'old-stage', hashes: [HASHES], tail: 0, unreadable: undefined, channels: [] }
    const change = only(desired, { ...actual, stores: [...actual.stores, gone] })
    expect(change).toMatchObject({ resource: 'old-stage', impact: 'lost', blocked: { code: 'STATE_LOST' } })
  })
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
