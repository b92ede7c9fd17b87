import type { Reader } from '../../runtime/api/index.ts'
import { type ForeignTopic, foreignTopics } from '../../runtime/engine/foreign.ts'
import { type Plan, plan } from '../../runtime/plan/plan.ts'
import type { Topology } from '../../runtime/topology/types.ts'
import { schemaId } from '../../schemas/framing.ts'
import { compose } from '../compose.ts'
import type { Directory } from '../reading.ts'
import type { RunFile } from '../run-file.ts'
import { shippedWorld } from '../world.ts'
import { desiredOf } from './desired.ts'
import { type Actual, type ActualTopic, type Change, type Desired, recordsIn } from './model.ts'
import { storedStores } from './stored-stores.ts'
import { storeChanges } from './stores.ts'
import { count } from './topics.ts'

/**
 * What an edit of a topology means for a data directory: its topics, and what becomes of each stage's state. Nothing is
 * changed; `aitrader up` on the directory does what is said here, or refuses to.
 *
 * A directory is one generation: it is taken over as a whole, by a build that can read every snapshot and behind which
 * there is nothing to run again, or begun anew from the source with `--rebuild`, which sets the old one aside.
 */
export async function directoryChanges(
  { run, reader }: Directory,
  topology: Topology,
  allow_loss: readonly string[],
): Promise<Change[]> {
  const now = await compose(topology, run.source, run.seed)
  const before = await plannedBefore(run)
  const options = {
    hashes: now.hashes,
    replication: undefined,
    broker_replication: 1,
    principal: undefined,
    allow_loss,
  }
  const desired = desiredOf(now.plan, options)
  const producers = before?.plan.producers ?? now.plan.producers
  const known = { producers, hashes: before?.hashes ?? now.hashes }
  const stores = await storedStores(reader, reader.codecs, known, now.plan, before?.plan)
  const topics = topicsIn(reader)
  const nothing = { subjects: [], group: undefined, acls: undefined, applied: undefined, lanes: undefined }
  const actual: Actual = { cluster_id: '', topics, stores, producers, ...nothing }
  const foreign = await foreignTopics(
    now.plan.topics,
    reader,
    (fingerprint) => schemaId({ fingerprint }),
    reader.codecs,
  )
  const topic_changes = [
    ...generationChanges(producers, now.plan.producers),
    ...topicChanges(desired, actual, {
      foreign: new Map(foreign.map((one) => [one.topic.name, one])),
      before: run.topology,
      now: now.plan,
    }),
  ]
  const store_changes = storeChanges(desired, actual)
  const anew =
    topic_changes.some(({ blocked }) => blocked !== undefined) ||
    store_changes.some(({ impact }) => impact === 'rebuilt' || impact === 'lost')
  return [...topic_changes, ...store_changes.map((change) => forDirectory(change, anew))]
}

/** What ran, as this build would plan it; undefined if it had a processor or record that this build has not. */
async function plannedBefore({ topology, source, seed }: RunFile) {
  try {
    plan(topology, await shippedWorld())
    const { plan: planned, hashes } = await compose(topology, source, seed)
    return { plan: planned as Plan, hashes }
  } catch {
    return undefined
  }
}

function topicsIn(reader: Reader): ActualTopic[] {
  return reader.topics().map(({ name, partitions }) => {
    const ends = Array.from({ length: partitions }, (_, partition) => reader.partition(name, partition))
    return {
      name,
      id: name,
      partitions,
      replication: 1,
      configs: {},
      start_offsets: ends.map(({ start_offset }) => start_offset),
      end_offsets: ends.map(({ end_offset }) => end_offset),
    }
  })
}

interface Since {
  readonly foreign: ReadonlyMap<string, ForeignTopic>
  readonly before: Topology
  readonly now: Plan
}

function topicChanges({ topics }: Desired, { topics: found }: Actual, since: Since): Change[] {
  const declared = topics.filter(({ internal }) => !internal)
  return declared.map(({ name, partitions }): Change => {
    const common = { kind: 'topic' as const, resource: name, destructive: false, steps: [] }
    const is = found.find((one) => one.name === name)
    if (is === undefined) return { ...common, action: 'create', detail: [count(partitions, 'partition')] }
    const written = since.foreign.get(name)
    if (written?.unreadable !== undefined) {
      const blocked = { code: 'SCHEMA_CHANGED', reason: `${name}: ${written.unreadable}`, hint: ANEW }
      return { ...common, action: 'replace', detail: ['another schema'], blocked }
    }
    if (is.partitions !== partitions) {
      const reason = `${name} has ${count(is.partitions, 'partition')}, and keys would move among ${partitions}`
      const blocked = { code: 'TOPIC_MISMATCH', reason, hint: `a directory is one generation: ${ANEW}` }
      return { ...common, action: 'replace', detail: [`${is.partitions} -> ${partitions} partitions`], blocked }
    }
    const detail = written === undefined ? [] : ['records of another schema are there, and are read as ours']
    return keyChange(name, is, since, detail) ?? { ...common, action: 'none', detail }
  })
}

/** Records that are there keep the keys that they have. Whoever reads them keeps state by these. */
function keyChange(name: string, is: ActualTopic, { before, now }: Since, more: readonly string[]): Change | undefined {
  const key = now.topology.topics[name]?.key
  const was = before.topics[name]?.key
  if (was === undefined || was === key || recordsIn(is) === 0) return undefined
  const detail = [`key: ${was} -> ${key}`, ...more]
  const common = { kind: 'topic' as const, resource: name, destructive: false, steps: [] }
  const readers = now.stages.filter((stage) =>
    now.tasks.some((task) => task.stage === stage && task.inputs.some(({ topic }) => topic.name === name)),
  )
  if (readers.length === 0) {
    return { ...common, action: 'update', detail: [...detail, 'records that are there keep their keys'] }
  }
  const blocked = {
    code: 'INPUTS_CHANGED',
    reason: `the records of ${name} have the key ${was}, and ${readers.join(', ')} would read them with those of the key ${key}`,
    hint: `a directory is one generation: ${ANEW}`,
  }
  return { ...common, action: 'replace', detail, blocked }
}

/** The journal has a partition per producer: with other stages, tasks or sources it is another one. */
function generationChanges(before: readonly string[], now: readonly string[]): Change[] {
  const added = now.filter((one) => !before.includes(one)).map((one) => `+${one}`)
  const gone = before.filter((one) => !now.includes(one)).map((one) => `-${one}`)
  const moved = now.some((one, number) => before[number] !== one)
  if (added.length + gone.length === 0 && !moved) return []
  const what = [...added, ...gone].join(', ') || 'another order'
  const blocked = {
    code: 'TASKS_CHANGED',
    reason: `the journal has a place for each task and source, and they are others now: ${what}`,
    hint: `a directory is one generation: ${ANEW}`,
  }
  return [
    { kind: 'cluster', resource: 'tasks', action: 'replace', detail: [what], destructive: false, blocked, steps: [] },
  ]
}

const ANEW = '`aitrader up --rebuild` computes all of it anew from the source and sets the old directory aside'

/** There is no `apply` for a directory: if a part of it cannot be taken over, all of it is begun anew. */
function forDirectory(change: Change, anew: boolean): Change {
  const { impact, blocked, detail } = change
  if (blocked !== undefined) return { ...change, blocked: { ...blocked, hint: ANEW }, steps: [] }
  if (impact === 'rebuilt') return { ...change, detail: [...detail.slice(0, 1), ANEW], steps: [] }
  if (!anew || (impact !== 'kept' && impact !== 'migrated')) return { ...change, steps: [] }
  return { ...change, action: 'replace', impact: 'rebuilt', detail: ['with the rest of the directory'], steps: [] }
}
