import { Command } from 'commander'
import { createPartitions, deleteRecords, describeGroup, describeTopics } from '../../connectors/kafka/admin.ts'
import { namesOf } from '../../connectors/kafka/names.ts'
import { AppError } from '../../runtime/api/index.ts'
import { FRONTIERS, type FrontierType } from '../../runtime/engine/frontiers.ts'
import { JOURNAL } from '../../runtime/engine/journal.ts'
import { lastMark } from '../../runtime/engine/lane-recovery.ts'
import { firstMarks, rekey } from '../../runtime/engine/rekey.ts'
import { FrontierMark } from '../../schemas/generated/index.ts'
import { loadTopology } from '../compose.ts'
import { readRun, runPut, type StoredRun } from '../deploy/stored-run.ts'
import { parseWhole } from '../options.ts'
import { changeOf, type Rescaled } from '../rescale/change.ts'
import { drain } from '../rescale/drain.ts'
import type { LaneSetting } from '../run/lane-host.ts'
import { type SettingData, settingOf } from '../run/setting.ts'
import { declareAll, type OpenTarget, openTarget, type Target } from '../run/target.ts'
import { topologyOptions } from '../topology-file.ts'

interface RescaleOptions extends Target {
  readonly partitions: string
  readonly topology: string
  readonly overlay: readonly string[]
  readonly dryRun?: boolean
  readonly json?: boolean
}

/** `aitrader rescale`: another number of partitions for a topic and for the stages that are divided by it. */
export function rescaleCommand(): Command {
  return topologyOptions(
    new Command('rescale')
      .description('give topics more partitions: drain, divide the state anew, go on in a new generation')
      .argument('<topic>', 'a topic whose count was raised in the topology file')
      .requiredOption('--partitions <n>', 'how many it gets')
      .requiredOption('--kafka <address>', 'brokers to begin with, HOST:PORT')
      .requiredOption('--registry <url>', 'schema registry, http://HOST:PORT/apis/ccompat/v7'),
    'the file with the new counts',
  )
    .option('--dry-run', 'show what would be done and do nothing')
    .option('--json', 'print what was done as one JSON line')
    .action(rescale)
}

async function rescale(topic: string, options: RescaleOptions): Promise<void> {
  const file = await loadTopology(options.topology, options.overlay)
  const target = await openTarget(options, file)
  const say = (text: string) => process.stderr.write(`${text}\n`)
  try {
    const ran = await readRun(target.broker)
    if (ran === undefined) {
      throw new AppError('NOTHING_TO_RESCALE', `${file.name} has not run on this cluster`, {
        exit_code: 2,
        hint: '`aitrader apply` creates its topics with the counts of the file',
      })
    }
    const changes = changeOf(ran.topology, file, topic, parseWhole(options.partitions, '--partitions', 1))
    for (const { topic: name, from, to } of changes) say(`${name}: ${from} -> ${to} partitions`)
    if (options.dryRun === true) return
    await refuseRunning(target, file.name)
    say('draining: every stage reads what was written, and takes a snapshot')
    const before = await settingFor(target, options, ran, ran.topology)
    await drain(before, ran.source)
    say('dividing the state anew')
    const moved = await move(target, options, ran, file, before, changes)
    say(`${moved} keys of state have another task now; start the processes again`)
    if (options.json === true) process.stdout.write(`${JSON.stringify({ topics: changes, moved })}\n`)
  } finally {
    await target.close()
  }
}

/** An AppError `STILL_RUNNING` (exit 2) while a process is a member of the group. */
async function refuseRunning({ broker }: OpenTarget, group_id: string): Promise<void> {
  const members = (await describeGroup(broker.cluster, group_id))?.members ?? []
  if (members.length === 0) return
  throw new AppError(
    'STILL_RUNNING',
    `${members.length} process${members.length === 1 ? '' : 'es'} of this topology run`,
    {
      exit_code: 2,
      hint: `stop them first: ${members.map(({ client_id, host }) => `${client_id} on ${host}`).join(', ')}`,
    },
  )
}

function settingFor(
  target: OpenTarget,
  { kafka, registry }: Target,
  { source, seed }: StoredRun,
  topology: StoredRun['topology'],
): Promise<LaneSetting> {
  const data: SettingData = {
    target: { kafka, registry },
    topology,
    source,
    seed,
    open: undefined,
    speed: Number.POSITIVE_INFINITY,
    once: true,
  }
  return settingOf(data, target, { observer: () => ({}), log: () => {} })
}

/**
 * Adds partitions, empties journals and marks, which are numbered anew and which snapshots have made needless, and
 * commits the divided state with the new run in one transaction. Each step may be made again after a crash: until the
 * transaction is there, the old state is.
 */
async function move(
  target: OpenTarget,
  options: Target,
  ran: StoredRun,
  file: StoredRun['topology'],
  before: LaneSetting,
  changes: readonly Rescaled[],
): Promise<number> {
  const { broker } = target
  const after = await settingFor(target, options, ran, file)
  const old_plan = before.composition.plan
  const new_plan = after.composition.plan
  const { topic: kafkaName } = namesOf(file.name)
  const rekeyed = await rekey(old_plan, new_plan, broker)
  const frontier_us = Math.max(rekeyed.frontier_us, await drainedTo(target, before, rekeyed.frontier_us))
  const tasks = old_plan.tasks.map(({ producer }) => ({ topic: kafkaName(JOURNAL), partition: producer, offset: -1 }))
  const marks = before.lanes.lanes.map(({ number }) => ({ topic: kafkaName(FRONTIERS), partition: number, offset: -1 }))
  await deleteRecords(broker.cluster, [...tasks, ...marks])
  await grow(target, [
    ...changes.map(({ topic, to }) => ({ topic, partitions: to })),
    { topic: kafkaName(JOURNAL), partitions: new_plan.producers.length },
    { topic: kafkaName(FRONTIERS), partitions: after.lanes.lanes.length },
  ])
  await declareAll(broker, new_plan, after.lanes)
  const type = FrontierMark as FrontierType
  const producer = await broker.producer('rescale')
  await producer.commit({
    batches: firstMarks(after.lanes, type, after.schemaId(type.fingerprint), frontier_us),
    puts: [
      ...rekeyed.puts,
      runPut({ ...ran, topology: file, hashes: after.composition.hashes, producers: new_plan.producers }),
    ],
  })
  return rekeyed.moved
}

/** Stream time that every lane had passed when it was drained: later than what its tasks did last, if it was silent. */
async function drainedTo({ broker }: OpenTarget, { lanes }: LaneSetting, from_us: number): Promise<number> {
  await broker.refresh()
  let frontier_us = 0
  for (const lane of lanes.lanes) {
    const mark = FrontierMark as FrontierType
    frontier_us = Math.max(frontier_us, await lastMark(broker, { lane, plan: lanes, mark }, from_us))
  }
  return frontier_us
}

async function grow(
  { broker }: OpenTarget,
  wanted: readonly { readonly topic: string; readonly partitions: number }[],
): Promise<void> {
  const found = await describeTopics(
    broker.cluster,
    wanted.map(({ topic }) => topic),
  )
  const short = wanted.filter(({ topic, partitions }) => {
    const there = found.find((one) => one.topic === topic)
    return there !== undefined && there.partitions.length < partitions
  })
  if (short.length > 0) await createPartitions(broker.cluster, short)
}
