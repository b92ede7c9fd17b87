import { AppError } from '../../runtime/api/index.ts'
import type { Order } from '../../runtime/engine/run.ts'
import { plan } from '../../runtime/plan/plan.ts'
import { checkActor } from '../control-record.ts'
import { type Chosen, chooseLetters } from '../dlq/replay.ts'
import { parseDuration, parseWhole } from '../options.ts'
import { Output } from '../output.ts'
import { type Place, type PlaceOptions, placeOf } from '../place.ts'
import { openTopics, type Topics } from '../reading.ts'
import { shippedWorld } from '../world.ts'

export interface ReplayOptions extends PlaceOptions {
  readonly topic?: string
  readonly partition: string
  readonly stage?: string
  readonly code?: string
  readonly all?: boolean
  readonly again?: boolean
  readonly dryRun?: boolean
  readonly actor: string
  readonly timeout: string
  readonly json?: boolean
}

/** `aitrader dlq replay`: sends dead letters through the stages that refused them again. Exit 1 if one is left out. */
export async function replayLetters(text: string | undefined, options: ReplayOptions): Promise<void> {
  const { topic, stage, code, actor, json } = options
  checkActor(actor, '')
  const offset = text === undefined ? undefined : parseWhole(text, 'OFFSET')
  if (offset === undefined && stage === undefined && code === undefined && options.all !== true) {
    throw new AppError('BAD_OPTION', 'nothing says which dead letters', {
      exit_code: 2,
      hint: 'give an OFFSET of `dlq list`, --stage, --code, or --all',
    })
  }
  const partition = parseWhole(options.partition, '--partition')
  const timeout_ms = parseDuration(options.timeout, '--timeout')
  const place = placeOf(options)
  const topics = await openTopics(place)
  let chosen: Chosen[]
  try {
    requireSource(topics)
    const planned = plan(topics.run.topology, await shippedWorld())
    const choice = { offset, partition, topic, stage, code, again: options.again === true }
    chosen = await chooseLetters(topics, planned, choice, actor)
  } finally {
    await topics.close()
  }
  const orders = chosen.flatMap(({ order }) => (order === undefined ? [] : [order]))
  if (options.dryRun !== true && orders.length > 0) await give(place, topics, orders, timeout_ms)
  const out = new Output(process.stdout)
  for (const one of chosen) await out.line(json === true ? rowOf(one) : lineOf(one))
  if (json !== true) {
    await out.line(
      `${orders.length} of ${chosen.length} ${options.dryRun === true ? 'would be ' : ''}sent through again`,
    )
  }
  await out.end()
  if (orders.length < chosen.length || chosen.length === 0) process.exitCode = 1
}

function requireSource({ run }: Topics): void {
  if (run.topology.sources.redelivery !== undefined) return
  throw new AppError('NO_REDELIVERY', `the topology ${run.topology.name} has no source named redelivery`, {
    exit_code: 2,
    hint: 'add `redelivery: { to: TOPIC }` under `sources`, with a topic of Redelivery, and run it once',
  })
}

async function give(place: Place, { run }: Topics, orders: readonly Order[], timeout_ms: number): Promise<void> {
  if (place.kind === 'directory') {
    const { giveOrders } = await import('../control-now.ts')
    await giveOrders(place.dir, run, orders)
    return
  }
  const { openDeployed } = await import('../deployed/open.ts')
  const { giveDeployedOrders } = await import('../deployed/give-orders.ts')
  const { REDELIVERIES } = await import('../run/requests.ts')
  const deployed = await openDeployed(place)
  try {
    const values = orders.map(({ value }) => value)
    await giveDeployedOrders(deployed, REDELIVERIES, values, timeout_ms)
  } finally {
    await deployed.close()
  }
}

function rowOf({ letter_id, topic, partition, offset, letter, left_out }: Chosen): string {
  const { stage, code, origin_id, origin_topic } = letter
  const sent = left_out === undefined
  return JSON.stringify({ topic, partition, offset, letter_id, stage, code, origin_id, origin_topic, sent, left_out })
}

function lineOf({ offset, letter, left_out }: Chosen): string {
  const { stage, code, origin_id } = letter
  return `${offset}  ${stage}  ${code}  ${origin_id}${left_out === undefined ? '' : `  left out: ${left_out}`}`
}
