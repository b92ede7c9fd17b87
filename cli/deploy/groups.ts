/** The consumer group: a mirror of the journal's positions for other tools, and the place where members meet. */
import type { Actual, ActualGroup, Change, Desired, Offset } from './model.ts'
import { count } from './topics.ts'

/** What the client ids of our processes begin with. */
const CLIENT_PREFIX = 'aitrader'

export function groupChanges(desired: Desired, actual: Actual): Change[] {
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
