/**
 * From a frame to a durable order on Kafka: the shipped topology, every lane in one process, open loop.
 *
 * `node bench/kafka-latency.ts [--commits 100,10] [--offered 2000] [--seconds 60] [--repeats 3] [--client kafkajs]
 * [--broker HOST:PORT] [--port 21400] [--out FILE]`. Records pass from lane to lane through Kafka, so each hop costs
 * the wait for its lane's next commit and the round trips of commit and fetch. Frames and signals are durable after
 * the first hop (the lane `market`, which the source shares), decisions and orders after the second (`trading`).
 * Latencies count from when a frame was due (stream time tied to the wall clock by the paced source), whether or not
 * the path keeps up, to the commit of what it led to. The model's declared latency is waited for like in any run.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { compose, loadTopology, ROOT } from '../cli/compose.ts'
import { LaneHost } from '../cli/run/lane-host.ts'
import { declareAll, kafkaOf, parseBootstrap } from '../cli/run/target.ts'
import { openKafka } from '../connectors/kafka/index.ts'
import { simulatedMarket } from '../connectors/simulated-market/index.ts'
import type { Source } from '../runtime/api/index.ts'
import type { Envelope } from '../runtime/engine/envelope.ts'
import type { Observer } from '../runtime/engine/options.ts'
import { planLanes } from '../runtime/plan/lanes.ts'
import type { KafkaDeclaration, Topology } from '../runtime/topology/types.ts'
import { schemaId } from '../schemas/framing.ts'
import { openBroker } from './kafka-broker.ts'
import { startChild } from './kafka-child.ts'
import { surroundings } from './kafka-ground.ts'
import { LoopSource } from './loop-source.ts'

const WARMUP_S = 10
/** Records of the path, in its order. */
const PATH = ['RawFrame', 'PatternSignal', 'Decision', 'OrderCommand'] as const

interface Child {
  readonly kafka: string
  readonly name: string
  readonly client: KafkaDeclaration['client']
  readonly commit_ms: number
  readonly offered: number
  readonly seconds: number
  readonly capture: string | undefined
}

interface LatencyMs {
  readonly count: number
  readonly p50: number
  readonly p99: number
  readonly max: number
}

/** Milliseconds from when stream time was due to the commit of the records stamped with it, per kind of record. */
class HopMeasure {
  readonly #at = new Map<string, number[]>(PATH.map((name) => [name, []]))
  /** Wall time less stream time, milliseconds; known with the first frame. */
  #offset_ms = Number.NaN
  readonly commits = new Map<string, number[]>()

  /** What watches one lane. */
  lane(name: string): Observer {
    let commit = 0
    let waiting: { record: string; commit: number; stream_ms: number }[] = []
    const begun: number[] = []
    const durations: number[] = []
    this.commits.set(name, durations)
    return {
      emitted: ({ topic, stream_time_us, arrived_ms }: Envelope) => {
        const record = topic.record.name
        if (record === 'RawFrame' && Number.isNaN(this.#offset_ms))
          this.#offset_ms = arrived_ms - stream_time_us / 1_000
        if (this.#at.has(record)) waiting.push({ record, commit: commit + 1, stream_ms: stream_time_us / 1_000 })
      },
      committing: (number) => {
        commit = number
        begun.push(performance.now())
      },
      durable: (number) => {
        const now_ms = performance.now()
        durations.push(now_ms - (begun.shift() as number))
        for (const one of waiting) {
          if (one.commit <= number) this.#at.get(one.record)?.push(now_ms - this.#offset_ms - one.stream_ms)
        }
        waiting = waiting.filter((one) => one.commit > number)
      },
    }
  }

  reset(): void {
    for (const list of this.#at.values()) list.length = 0
    for (const list of this.commits.values()) list.length = 0
  }

  result() {
    return {
      durable_ms: Object.fromEntries([...this.#at].map(([name, list]) => [name, percentiles(list)])),
      commit_took_ms: Object.fromEntries([...this.commits].map(([name, list]) => [name, percentiles(list)])),
    }
  }
}

function percentiles(list: readonly number[]): LatencyMs {
  const sorted = list.toSorted((a, b) => a - b)
  const at = (share: number) =>
    Math.round(10 * (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0)) / 10
  return { count: sorted.length, p50: at(0.5), p99: at(0.99), max: at(1) }
}

/** The shipped topology with triggers so low that orders are frequent, everything kept, on the given commits. */
function eager(shipped: Topology, { name, client, commit_ms }: Child): Topology {
  const trigger = { enter: 0.02, rearm: 0.01, full: 2, cooldown_ms: 50 }
  const often: Readonly<Record<string, object>> = {
    'pattern-scorer': {
      bar_ms: 20,
      breakout: trigger,
      momentum: trigger,
      book_pressure: trigger,
      volume_surge: trigger,
    },
    strategy: { score_threshold: 0.01, min_edge_bps: 0, taker_fee_bps: 0, cooldown_ms: 20, signal_edge_bps: 100 },
    execution: { max_messages_per_second: 10_000, max_messages_per_minute: 100_000, duplicate_window_ms: 0 },
  }
  const stages = Object.fromEntries(
    Object.entries(shipped.stages).map(([stage, declared]) => [
      stage,
      { ...declared, params: { ...declared.params, ...often[declared.use] } },
    ]),
  ) as Topology['stages']
  const topics = Object.fromEntries(
    Object.entries(shipped.topics).map(([topic, declared]) => [
      topic,
      { ...declared, retention_us: undefined, retention_bytes: undefined },
    ]),
  )
  return { ...shipped, name, stages, topics, kafka: { ...kafkaOf(shipped), client, commit_interval_ms: commit_ms } }
}

/** One run: all lanes of the topology in this process, for a time; its result as one JSON line. */
async function run(args: Child): Promise<void> {
  const { kafka, client, offered, seconds, capture, name } = args
  const interval_us = 1_000_000 / offered
  const source = (): Source =>
    capture === undefined ? simulatedMarket({ seed: 1, frames_per_s: offered }) : new LoopSource(capture, interval_us)
  const topology = eager(await loadTopology(join(ROOT, 'topology/crypto.yaml')), args)
  const composition = await compose(topology, source().identity, 1)
  const lanes = planLanes(composition.plan)
  // A prefix for topics, so that runs on one broker share none.
  const broker = await openKafka({
    bootstrap: parseBootstrap(kafka),
    client,
    topology: topology.name,
    prefix: `${name}.`,
  })
  await declareAll(broker, composition.plan, lanes)
  const measure = new HopMeasure()
  const hosts = lanes.lanes.map(
    (lane) =>
      new LaneHost(lane, {
        composition,
        lanes,
        kafka: kafkaOf(topology),
        broker,
        codecs: {
          prepare: () => undefined,
          get: (_id, reader) => (buf, pos, end) => reader.decode(buf, pos, end),
        },
        schemaId: (fingerprint) => schemaId({ fingerprint }),
        source: async () => source(),
        speed: 1,
        once: false,
        observer: ({ name }) => measure.lane(name),
        log: (event, detail) => process.stderr.write(`${event} ${JSON.stringify(detail)}\n`),
      }),
  )
  for (const host of hosts) {
    void host.end.then((end) => {
      if (end.kind !== 'failed') return
      console.error(end.error)
      process.exit(1)
    })
  }
  await wait(WARMUP_S)
  measure.reset()
  const cpu = process.cpuUsage()
  await wait(seconds)
  const { user, system } = process.cpuUsage(cpu)
  const result = { ...measure.result(), cores: Math.round((user + system) / seconds / 10_000) / 100 }
  process.stdout.write(`${JSON.stringify(result)}\n`)
  process.exit(0)
}

function wait(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1_000))
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      commits: { type: 'string', default: '100,10' },
      offered: { type: 'string', default: '2000' },
      seconds: { type: 'string', default: '60' },
      repeats: { type: 'string', default: '3' },
      client: { type: 'string', default: 'kafkajs' },
      capture: { type: 'string' },
      broker: { type: 'string' },
      port: { type: 'string', default: '21400' },
      out: { type: 'string' },
      child: { type: 'string' },
    },
  })
  if (values.child !== undefined) return run(JSON.parse(values.child) as Child)
  const broker = await openBroker(values.broker, Number(values.port))
  const runs: object[] = []
  try {
    for (let round = 0; round < Number(values.repeats); round++) {
      for (const commit_ms of values.commits.split(',').map(Number)) {
        const child: Child = {
          kafka: broker.address,
          name: `latency-${process.pid}-${runs.length}`,
          client: values.client as Child['client'],
          commit_ms,
          offered: Number(values.offered),
          seconds: Number(values.seconds),
          capture: values.capture,
        }
        const words = [
          '--disable-warning=TimeoutNegativeWarning',
          import.meta.filename,
          '--child',
          JSON.stringify(child),
        ]
        const { client, offered, seconds } = child
        const measured = JSON.parse(await startChild(process.execPath, words).ended) as object
        const run = { client, commit_interval_ms: commit_ms, offered_per_s: offered, seconds, ...measured }
        process.stderr.write(`${JSON.stringify(run)}\n`)
        runs.push(run)
      }
    }
  } finally {
    await broker.close()
  }
  const data = values.capture === undefined ? 'simulated market' : 'recorded Binance spot capture, looped'
  const text = `${JSON.stringify({ ...surroundings(), data, runs }, null, 2)}\n`
  if (values.out !== undefined) writeFileSync(values.out, text)
  process.stdout.write(text)
}

await main()
