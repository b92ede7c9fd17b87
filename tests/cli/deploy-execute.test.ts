import { expect, test } from 'vitest'
import { changesOf } from '../../cli/deploy/changes.ts'
import type { ClusterPort } from '../../cli/deploy/cluster.ts'
import { execute, type World } from '../../cli/deploy/execute.ts'
import type { Actual, Change } from '../../cli/deploy/model.ts'
import type { Registry } from '../../connectors/registry/index.ts'
import { cryptoPlan, settled, wanted, withTopic } from './deploy-world.ts'

const desired = wanted(await cryptoPlan())
const actual = settled(desired)

/** A world that writes down what is asked of it, and refuses what it is told to. */
function recorded(refuses: (call: string) => boolean = () => false): { calls: string[]; world: World } {
  const calls: string[] = []
  const call = (what: string) => {
    if (refuses(what)) throw new Error(`refused: ${what}`)
    calls.push(what)
    return Promise.resolve()
  }
  const cluster: Partial<ClusterPort> = {
    createTopics: async (topics, validate) => call(`${validate ? 'try' : 'create'} ${topics.length} topics`),
    deleteTopics: async (names) => call(`delete ${names.join(' ')}`),
    setConfigs: async (topic, configs, validate) =>
      call(`${validate ? 'try' : 'set'} ${topic} ${Object.keys(configs).join(' ')}`),
    createAcls: async (acls) => call(`allow ${acls.length}`),
  }
  const registry: Partial<Registry> = {
    register: async (subject) => {
      await call(`register ${subject}`)
      return 1
    },
    setMode: async (subject, mode) => call(`mode ${subject} ${mode}`),
  }
  const stores = {
    rebuild: async (stage: string) => call(`rebuild ${stage}`),
    drop: async (stage: string) => call(`drop ${stage}`),
  }
  return { calls, world: { cluster: cluster as ClusterPort, registry: registry as Registry, stores } }
}

const drifted = (name: string, config: string): Actual =>
  withTopic(actual, name, {
    configs: { ...actual.topics.find((topic) => topic.name === name)?.configs, [config]: '7' },
  })

test('everything is tried before anything is changed', async () => {
  const missing = { ...drifted('market.books.v1', 'retention.ms'), stores: [], applied: undefined }
  const is = withTopic(missing, 'decisions.v1', undefined)
  const { calls, world } = recorded()
  const seen: string[] = []
  await execute(changesOf(desired, is), world, ({ resource }, number, of) => seen.push(`${number}/${of} ${resource}`))
  expect(calls).toEqual([
    'try 1 topics',
    'try market.books.v1 retention.ms',
    'set market.books.v1 retention.ms',
    'create 1 topics',
  ])
  expect(seen).toEqual(['1/2 market.books.v1', '2/2 decisions.v1'])
})

test('what the cluster would refuse is refused while nothing is changed', async () => {
  const is = { ...drifted('market.books.v1', 'segment.bytes'), subjects: [], stores: [], applied: undefined }
  const { calls, world } = recorded((call) => call.startsWith('try market'))
  await expect(execute(changesOf(desired, is), world, () => {})).rejects.toThrow('refused: try market.books.v1')
  expect(calls).toEqual([])
})

test('topics are made in one call, schemas before their mode, and what fails ends it', async () => {
  const nothing: Actual = { ...actual, topics: [], subjects: [], acls: [], stores: [], applied: undefined }
  const { calls, world } = recorded()
  await execute(changesOf(desired, nothing), world, () => {})
  expect(calls.slice(0, 2)).toEqual([`try ${desired.topics.length} topics`, `create ${desired.topics.length} topics`])
  for (const { subject } of desired.subjects) {
    expect(calls.indexOf(`register ${subject}`)).toBeGreaterThan(1)
    expect(calls.indexOf(`mode ${subject} FULL_TRANSITIVE`)).toBeGreaterThan(calls.indexOf(`register ${subject}`))
  }
  expect(calls.filter((call) => call === 'allow 1')).toHaveLength(desired.acls?.needed.length ?? 0)
  const failing = recorded((call) => call.startsWith('register market.nbbo'))
  await expect(execute(changesOf(desired, nothing), failing.world, () => {})).rejects.toThrow('market.nbbo')
  expect(failing.calls.some((call) => call.startsWith('allow'))).toBe(false)
})

test('a change that has no step is passed over', async () => {
  const { calls, world } = recorded()
  const blocked = changesOf(desired, withTopic(actual, 'market.books.v1', { partitions: 8 })) as readonly Change[]
  await execute(blocked, world, () => {})
  expect(calls).toEqual([])
})
