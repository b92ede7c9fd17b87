/** Topics: missing, other partitions, copies or settings, made anew behind our back, or not ours to judge. */
import {
  type Actual,
  type ActualTopic,
  type Change,
  type Desired,
  type DesiredTopic,
  recordsIn,
  type Step,
} from './model.ts'

export function topicChanges(desired: Desired, actual: Actual): Change[] {
  const wanted = new Set(desired.topics.map((topic) => topic.name))
  return [
    ...desired.topics.map((topic) => topicChange(topic, desired, actual)),
    ...actual.topics.filter(({ name }) => !wanted.has(name)).map((topic) => strayTopic(topic, actual)),
  ]
}

function topicChange(topic: DesiredTopic, desired: Desired, actual: Actual): Change {
  const { name, partitions } = topic
  const common = { kind: 'topic' as const, resource: name, destructive: false }
  const known_id = actual.applied?.topics[name]
  const is = actual.topics.find((one) => one.name === name)
  if (is === undefined) {
    const gone = known_id === undefined ? undefined : goneTopic(topic, desired, actual, 'is gone')
    if (gone !== undefined) return { ...gone, steps: [{ do: 'create-topic', topic }] }
    const detail = [`${count(partitions, 'partition')}, ${copiesText(topic)}`]
    return { ...common, action: 'create', detail, steps: [{ do: 'create-topic', topic }] }
  }
  if (known_id !== undefined && known_id !== is.id) {
    const gone = goneTopic(topic, desired, actual, 'was deleted and created again')
    if (gone !== undefined) return gone
  }
  if (is.partitions !== partitions) return partitionsChange(topic, is, desired, actual)
  if (topic.replication !== undefined && topic.replication !== is.replication) return replicationChange(topic, is)
  return configsChange(topic, is)
}

/** A topic that recovery positions point into, and that has not got those records; undefined if nothing ever ran. */
function goneTopic(topic: DesiredTopic, desired: Desired, actual: Actual, what: string): Change | undefined {
  if (actual.stores.length === 0) return undefined
  const readers = desired.stores.filter((store) => store.inputs.includes(topic.name)).map((store) => store.stage)
  const whose = topic.internal
    ? `the runtime's own records went with it`
    : `its records went with it${readers.length === 0 ? '' : `, and ${readers.join(', ')} stood at offsets in it`}`
  return {
    kind: 'topic',
    resource: topic.name,
    action: 'replace',
    detail: [`it ${what} since the last apply; ${whose}`],
    destructive: true,
    blocked: {
      code: 'TOPIC_REPLACED',
      reason: `${topic.name} ${what} since the last apply; ${whose}`,
      hint: 'begin anew with `aitrader reset --records`, which makes every topic of the topology again',
    },
    steps: [],
  }
}

/** Keys move when the number changes, and state with them: only a topic that holds nothing may simply get another. */
function partitionsChange(topic: DesiredTopic, is: ActualTopic, desired: Desired, actual: Actual): Change {
  const { name, partitions } = topic
  const detail = [`partitions: ${is.partitions} -> ${partitions}`]
  const common = { kind: 'topic' as const, resource: name, detail }
  const records = recordsIn(is)
  if (records === 0) {
    return { ...common, action: 'replace', destructive: true, steps: [{ do: 'recreate-topic', topic }] }
  }
  // What was added behind the others takes new partitions; nobody's journal or frontiers move.
  if (is.partitions < partitions && growsBehind(name, desired, actual)) {
    const steps: Step[] = [{ do: 'add-partitions', topic: name, partitions }]
    return { ...common, action: 'update', destructive: false, steps }
  }
  return {
    ...common,
    action: 'replace',
    destructive: true,
    blocked: {
      code: 'TOPIC_MISMATCH',
      reason: `${name} has ${is.partitions} partitions with ${records} records and is to have ${partitions}`,
      hint: topic.internal
        ? 'tasks or lanes moved: add stages behind the others in the file and in lanes of their own, or begin anew with `aitrader reset --records`'
        : `keys would change their partition: say \`partitions: ${is.partitions}\` again, or begin anew with \`aitrader reset --records\``,
    },
    steps: [],
  }
}

function growsBehind(name: string, { prefix, producers, lanes }: Desired, actual: Actual): boolean {
  const [before, after] =
    name === `${prefix}journal`
      ? [actual.producers, producers]
      : name === `${prefix}frontiers`
        ? [actual.lanes, lanes]
        : [undefined, []]
  return before?.every((one, number) => after[number] === one) ?? false
}

function replicationChange(topic: DesiredTopic, is: ActualTopic): Change {
  return {
    kind: 'topic',
    resource: topic.name,
    action: 'update',
    detail: [`replication: ${is.replication} -> ${topic.replication}`],
    destructive: false,
    blocked: {
      code: 'REPLICATION_DIFFERS',
      reason: `${topic.name} has ${count(is.replication, 'copy', 'copies')} of each partition and is to have ${topic.replication}`,
      hint: 'move the copies with kafka-reassign-partitions, or leave --replication away',
    },
    steps: [],
  }
}

function configsChange(topic: DesiredTopic, is: ActualTopic): Change {
  const differing = Object.entries(topic.configs).filter(([name, value]) => is.configs[name] !== value)
  const configs = Object.fromEntries(differing)
  const detail = differing.map(([name, value]) => `${name}: ${is.configs[name] ?? '(unset)'} -> ${value}`)
  const steps: Step[] = differing.length === 0 ? [] : [{ do: 'set-configs', topic: topic.name, configs }]
  const action = differing.length === 0 ? 'none' : 'update'
  return { kind: 'topic', resource: topic.name, action, detail, destructive: false, steps }
}

/** Ours by its name or by what was applied, but not in the topology: shown and left alone. */
function strayTopic(topic: ActualTopic, actual: Actual): Change {
  const was_ours = actual.applied?.topics[topic.name] !== undefined
  const what = was_ours ? 'no longer in the topology' : 'not made by apply, although its name begins like ours'
  const detail = [`${what}; left alone`]
  return { kind: 'topic', resource: topic.name, action: 'none', detail, destructive: false, steps: [] }
}

function copiesText({ replication }: DesiredTopic): string {
  return replication === undefined ? "the broker's replication" : count(replication, 'copy', 'copies')
}

export function count(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`
}
