/**
 * The consumer group: a mirror of the journal's positions for other tools, and the place where members meet. Groups of
 * readers outside are shown, so that who is asked before a topic changes can be seen; their offsets are theirs.
 */
import type { Actual, ActualGroup, Change, Desired, Offset, OutsideGroup } from './model.ts'
import { count } from './topics.ts'

/** What the client ids of our processes begin with. */
const CLIENT_PREFIX = 'aitrader'

/** `changing` are the topics that the plan changes: whoever reads them is named, with whom to ask. */
export function groupChanges(desired: Desired, actual: Actual, changing: ReadonlySet<string>): Change[] {
  const outside = desired.outside_groups ?? []
  return [...ownGroup(desired, actual), ...outside.map((group) => outsideGroup(group, actual, changing))]
}

function outsideGroup(
  { id, reader, owner, topics }: OutsideGroup,
  actual: Actual,
  changing: ReadonlySet<string>,
): Change {
  const group = actual.outside_groups?.find((one) => one.id === id)
  const touched = topics.filter((topic) => changing.has(topic))
  const named = reader === id ? '' : `${reader} `
  const there = group === undefined ? 'not there yet' : count(group.members.length, 'member')
  const beyond = group === undefined ? [] : offsetsBeyondEnd(group, actual)
  const detail = [
    ...(touched.length === 0 ? [] : [`${named}outside (${there}) reads ${touched.join(', ')}: ask ${owner}`]),
    ...beyond.map(({ topic, partition, offset, end }) => {
      return `${topic}/${partition}: ${offset} is beyond its end ${end}, and ${owner} must set it`
    }),
  ]
  return { kind: 'group', resource: id, action: 'none', detail, destructive: false, steps: [] }
}

function ownGroup(desired: Desired, actual: Actual): Change[] {
  const { group } = actual
  const common = { kind: 'group' as const, resource: desired.group, destructive: false }
  if (group === undefined) return [{ ...common, action: 'none', detail: ['the first run makes it'], steps: [] }]

  const foreign = group.members.filter(({ client_id }) => !client_id.startsWith(CLIENT_PREFIX))
  if (foreign.length > 0) {
    const who = foreign.map(({ client_id, host }) => `${client_id} at ${host.replace(/^\//, '')}`).join(', ')
    return [
      {
        ...common,
        action: 'update',
        detail: [`foreign ${count(foreign.length, 'member')}: ${who}`],
        blocked: {
          code: 'GROUP_FOREIGN',
          reason: `the consumer group ${group.id} has members that are not ours: ${who}`,
          hint: 'they would get partitions that nobody then processes: give them another group.id',
        },
        steps: [],
      },
    ]
  }
  const beyond = offsetsBeyondEnd(group, actual)
  if (beyond.length === 0) return [{ ...common, action: 'none', detail: [], steps: [] }]
  const offsets = beyond.map(({ topic, partition, end }): Offset => ({ topic, partition, offset: end }))
  const detail = beyond.map(
    ({ topic, partition, offset, end }) => `${topic}/${partition}: ${offset} -> ${end} (its end)`,
  )
  return [{ ...common, action: 'update', detail, steps: [{ do: 'set-offsets', group: group.id, offsets }] }]
}

function offsetsBeyondEnd(group: ActualGroup, actual: Actual): (Offset & { readonly end: number })[] {
  return group.offsets.flatMap((one) => {
    const end = actual.topics.find(({ name }) => name === one.topic)?.end_offsets[one.partition]
    return end === undefined || one.offset <= end ? [] : [{ ...one, end }]
  })
}
