import { AppError, type Json } from '../../runtime/api/index.ts'
import { canonical } from '../../runtime/state/canonical.ts'
import type { Topology } from '../../runtime/topology/types.ts'

/** One topic that gets another number of partitions. */
export interface Rescaled {
  readonly topic: string
  readonly from: number
  readonly to: number
}

/**
 * What a rescale changes: every topic whose partition count in the file differs from what ran last. AppErrors (exit 2)
 * `NOTHING_TO_RESCALE`, `RESCALE_MIXED` if the file differs in more than that, `RESCALE_MISMATCH` if the file and the
 * command name different counts, `PARTITIONS_SHRINK`, since Kafka takes no partition away.
 */
export function changeOf(ran: Topology, file: Topology, topic: string, partitions: number): Rescaled[] {
  const declared = file.topics[topic]?.partitions
  if (declared !== partitions) {
    const says = declared === undefined ? 'does not declare it' : `says ${declared}`
    throw refusal('RESCALE_MISMATCH', `the topology file ${says}: ${topic} cannot get ${partitions} partitions`, {
      hint: `set \`partitions: ${partitions}\` on ${topic} in the file, and on the topics that its stages read beside it`,
    })
  }
  const changes: Rescaled[] = []
  for (const [name, { partitions: to }] of Object.entries(file.topics)) {
    const from = ran.topics[name]?.partitions
    if (from !== undefined && from !== to) changes.push({ topic: name, from, to })
  }
  if (changes.length === 0) {
    throw refusal('NOTHING_TO_RESCALE', `${topic} has ${partitions} partitions already`, {
      hint: '`aitrader plan` shows what differs',
    })
  }
  if (plain(withPartitions(ran, changes)) !== plain(file)) {
    throw refusal('RESCALE_MIXED', 'the topology file differs from what ran last in more than partition counts', {
      hint: 'run the other changes first (`aitrader plan`, `aitrader apply`), then rescale',
    })
  }
  const shrunk = changes.find(({ from, to }) => to < from)
  if (shrunk !== undefined) {
    const { topic: name, from, to } = shrunk
    throw refusal('PARTITIONS_SHRINK', `${name} has ${from} partitions; Kafka cannot take it back to ${to}`, {
      hint: 'choose a greater number, or begin anew with `aitrader reset --records`',
    })
  }
  return changes
}

/** Without what only says how it runs. */
function plain({ kafka: _, ...topology }: Topology): string {
  return canonical(topology as unknown as Json)
}

function withPartitions(ran: Topology, changes: readonly Rescaled[]): Topology {
  const topics = { ...ran.topics }
  for (const { topic, to } of changes)
    topics[topic] = { ...(topics[topic] as Topology['topics'][string]), partitions: to }
  return { ...ran, topics }
}

function refusal(code: string, message: string, options: { hint: string }): AppError {
  return new AppError(code, message, { exit_code: 2, ...options })
}
