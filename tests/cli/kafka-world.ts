import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compose, loadTopology, ROOT } from '../../cli/compose.ts'
import { desiredOf } from '../../cli/deploy/desired.ts'
import { runPut } from '../../cli/deploy/stored-run.ts'
import { openEngine, wallClock } from '../../cli/engine.ts'
import { type LaneEnd, LaneHost, type LaneSetting } from '../../cli/run/lane-host.ts'
import { declareAll, idsOf, kafkaOf, type OpenTarget, openTarget } from '../../cli/run/target.ts'
import { type RunFile, writeRunFile } from '../../cli/run-file.ts'
import { sourceOf } from '../../cli/source.ts'
import { openEmbedded } from '../../connectors/embedded/index.ts'
import { simulatedMarket } from '../../connectors/simulated-market/index.ts'
import type { Source } from '../../runtime/api/index.ts'
import { Run } from '../../runtime/engine/run.ts'
import { planLanes } from '../../runtime/plan/lanes.ts'
import type { Topology } from '../../runtime/topology/types.ts'

/**
 * The shipped topology under a name of its own, with topics of its own, so that tests share a broker; its lanes run in
 * this process.
 */

export interface Servers {
  readonly bootstrap: string
  readonly registry: string
}

export interface World {
  readonly name: string
  readonly file: string
  readonly topology: Topology
  /** What the topics of the shipped topology are called here. */
  topic(shipped: string): string
  /** Options that name the place. */
  readonly at: readonly string[]
  readonly target: OpenTarget
  close(): Promise<void>
}

let made = 0

/** Topics and schemas as `apply` would make them; `edit` changes the topology's text beforehand. */
export async function newWorld({ bootstrap, registry }: Servers, edit = (text: string) => text): Promise<World> {
  const name = `reading${process.pid}x${++made}`
  const topic = (shipped: string) => shipped.replace(/\.v1$/, `.${name}.v1`)
  const shipped = edit(readFileSync(join(ROOT, 'topology/crypto.yaml'), 'utf8'))
  const file = join(mkdtempSync(join(tmpdir(), 'aitrader-reading-')), 'topology.yaml')
  writeFileSync(file, shipped.replace(/^name: crypto$/m, `name: ${name}`).replace(/\.v1\b/g, `.${name}.v1`))
  const topology = await loadTopology(file)
  const target = await openTarget({ kafka: bootstrap, registry }, topology)
  const { plan, hashes } = await compose(topology, null, 1)
  const wishes = { hashes, replication: 1, broker_replication: 1, principal: undefined, allow_loss: [] }
  const { subjects } = desiredOf(plan, wishes)
  await Promise.all(subjects.map(({ subject, schema, mode }) => target.registry.register(subject, schema, mode)))
  await declareAll(target.broker, plan, planLanes(plan))
  const at = ['--kafka', bootstrap, '--registry', registry, '--topology', name]
  return { name, file, topology, topic, at, target, close: () => target.close() }
}

export interface Market {
  /** Length of the simulated market, milliseconds of stream time; endless by default. */
  readonly duration_ms?: number
  readonly speed?: number
  /** A capture instead; it does not end the run. */
  readonly replay?: string
}

const SEED = 1

export interface Running {
  readonly hosts: readonly LaneHost[]
  readonly events: readonly string[]
  /** Drains every lane. */
  stop(): Promise<void>
  /** Resolves when all lanes have ended. */
  readonly ended: Promise<readonly LaneEnd[]>
}

/** Runs every lane of the world, or those named; with a `duration_ms` they end by themselves. */
export async function runLanes(world: World, market: Market, only?: readonly string[]): Promise<Running> {
  const { topology, target } = world
  const { speed = Number.POSITIVE_INFINITY } = market
  const source = () => sourceFor(market)
  const { identity } = await source()
  const composition = await compose(topology, identity, SEED)
  const { plan, hashes } = composition
  const events: string[] = []
  const setting: LaneSetting = {
    composition,
    lanes: planLanes(plan),
    kafka: { ...kafkaOf(topology), commit_interval_ms: 20 },
    broker: target.broker,
    codecs: target.codecs,
    schemaId: await idsOf(target.registry, plan),
    source,
    speed,
    once: market.duration_ms !== undefined,
    observer: () => ({}),
    log: (event, detail) => events.push(`${event} ${JSON.stringify(detail)}`),
  }
  const producer = await target.broker.producer('deployment')
  const run = { topology, source: identity, seed: SEED, hashes, producers: plan.producers }
  await producer.commit({ batches: [], puts: [runPut(run)] })
  const lanes = setting.lanes.lanes.filter(({ name }) => only === undefined || only.includes(name))
  const hosts = lanes.map((lane) => new LaneHost(lane, setting))
  return {
    hosts,
    events,
    ended: Promise.all(hosts.map(({ end }) => end)),
    stop: async () => {
      await Promise.all(hosts.map((host) => host.drain()))
    },
  }
}

async function sourceFor({ duration_ms, replay }: Market): Promise<Source> {
  if (replay !== undefined) return (await sourceOf({ replay: [replay], format: ['binance-spot'] }, SEED)).source
  // An endless one is looked at while it goes on: it need not be fast.
  return simulatedMarket({ seed: SEED, ...(duration_ms === undefined ? { frames_per_s: 100 } : { duration_ms }) })
}

/** The same market through the same topology in one process on the embedded broker: what Kafka is compared with. */
export async function runEmbedded(dir: string, { topology }: World, market: Market): Promise<void> {
  const source = await sourceFor(market)
  const broker = await openEmbedded(dir, { topology: topology.name })
  try {
    const run: RunFile = { topology, source: source.identity, seed: SEED }
    writeRunFile(dir, run)
    const engine = await openEngine(broker, await compose(topology, source.identity, SEED))
    const { commit_max_records, end_drain_ms } = topology
    await new Run({
      engine,
      feed: { name: 'feed', source },
      speed: Number.POSITIVE_INFINITY,
      once: true,
      commit_interval_ms: 100,
      commit_max_records,
      end_drain_ms,
      clock: wallClock,
      stop: { requested: false },
    }).run()
  } finally {
    await broker.close()
  }
}
