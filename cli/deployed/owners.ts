import { describeGroup } from '../../connectors/kafka/admin.ts'
import type { Deployed } from './open.ts'

/** The process that a lane is given to. */
export interface Owner {
  readonly client_id: string
  readonly host: string
  readonly member_id: string
}

/** Which process runs each lane, by the lane's name, as the group has it now; lanes that nobody runs are not there. */
export async function ownersOf({ broker, plan }: Pick<Deployed, 'broker' | 'plan'>): Promise<Map<string, Owner>> {
  const group = await describeGroup(broker.cluster, plan.topology.name)
  const owners = new Map<string, Owner>()
  for (const { assignment, client_id, host, member_id } of group?.members ?? []) {
    for (const lane of lanesOf(assignment)) owners.set(lane, { client_id, host: host.replace(/^\//, ''), member_id })
  }
  return owners
}

/** The process that runs the sources, which takes operators' orders. */
export async function sourceOwner(deployed: Pick<Deployed, 'broker' | 'plan' | 'lanes'>): Promise<Owner | undefined> {
  const lane = deployed.lanes.lanes.find(({ sources }) => sources.length > 0)
  return (await ownersOf(deployed)).get(lane?.name ?? '')
}

/** The lanes of an assignment as our members write it; none of anything else. */
function lanesOf(assignment: Buffer): string[] {
  try {
    const { lanes } = JSON.parse(assignment.toString('utf8')) as { lanes?: unknown }
    return Array.isArray(lanes) ? lanes.filter((lane) => typeof lane === 'string') : []
  } catch {
    return []
  }
}
