/**
 * The topology of the Kafka benches: one stage of 8 partitions that reads ticks, which others write, as they come, and
 * writes totals; and the world in which it is checked and planned. It is a topology like those of users, under names of its own for each run, so that
 * runs share nothing but the broker.
 */
import type { Hashes } from '../runtime/engine/journal.ts'
import { type LanePlan, planLanes } from '../runtime/plan/lanes.ts'
import { type Plan, plan } from '../runtime/plan/plan.ts'
import { lint } from '../runtime/topology/lint.ts'
import type { World } from '../runtime/topology/world.ts'
import { records as shippedRecords } from '../schemas/generated/index.ts'
import { PARTITIONS } from './kafka-load.ts'
import { totals } from './kafka-totals.ts'
import { records, schemasHash } from './peers/kafka-streams/schemas/generated/index.ts'

export interface BenchTopology {
  readonly name: string
  /** Topic of the ticks, which is there already. */
  readonly input: string
  /** Topic that the totals go to. */
  readonly output: string
  readonly client: 'kafkajs' | 'platformatic'
  readonly commit_ms: number
  /** Records after which a commit is made even earlier. */
  readonly commit_records: number
}

export interface BenchPlan {
  readonly plan: Plan
  readonly lanes: LanePlan
  readonly hashes: Hashes
}

const world: World = {
  processors: { totals },
  records: { ...shippedRecords, ...records },
  sources: {},
}

export function planBench({ name, input, output, client, commit_ms, commit_records }: BenchTopology): BenchPlan {
  const text = `
name: ${name}
description: Running figures beside each tick.
owner: bench
kafka: { client: ${client}, commit_interval_ms: ${commit_ms}, commit_max_records: ${commit_records} }
sources: {}
topics:
  ${input}: { record: Tick, key: instrument_id, partitions: ${PARTITIONS}, external: true }
  ${output}: { record: TickTotal, key: instrument_id, partitions: ${PARTITIONS} }
stages:
  totals:
    use: totals
    from: { ticks: ${input} }
    to: { totals: ${output} }
    merge: arrival
`
  const { topology, findings } = lint(text, 'bench', world)
  if (topology === undefined) throw new Error(JSON.stringify(findings, null, 2))
  const planned = plan(topology, world)
  const hashes = { code: 'bench', config: name, schemas: schemasHash, models: '' }
  return { plan: planned, lanes: planLanes(planned), hashes }
}
