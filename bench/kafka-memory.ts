/**
 * Memory of one process that runs the whole shipped topology on Kafka at full rate, for a long time.
 *
 * `node bench/kafka-memory.ts [--minutes 30] [--client kafkajs] [--capture FILE] [--broker HOST:PORT] [--port 21400]
 * [--out FILE]`. A sample every ten seconds: anonymous memory of the process, the live heap, buffers outside it, frames
 * so far. Flat means that the last third is not above the middle third: a leak grows with what has passed, and the first
 * third still warms up. The simulated market by default; a Binance spot capture is looped.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { compose, loadTopology, ROOT } from '../cli/compose.ts'
import { LaneHost } from '../cli/run/lane-host.ts'
import { Retention } from '../cli/run/retention.ts'
import { declareAll, kafkaOf, parseBootstrap } from '../cli/run/target.ts'
import { openKafka } from '../connectors/kafka/index.ts'
import { simulatedMarket } from '../connectors/simulated-market/index.ts'
import type { FrontierType } from '../runtime/engine/frontiers.ts'
import { Marks } from '../runtime/engine/marks.ts'
import { planLanes } from '../runtime/plan/lanes.ts'
import type { KafkaDeclaration } from '../runtime/topology/types.ts'
import { schemaId } from '../schemas/framing.ts'
import { FrontierMark } from '../schemas/generated/index.ts'
import { openBroker } from './kafka-broker.ts'
import { rssAnonMb, startChild } from './kafka-child.ts'
import { surroundings } from './kafka-ground.ts'
import { LoopSource } from './loop-source.ts'

const EVERY_MS = 10_000
const MB = 2 ** 20

interface Child {
  readonly kafka: string
  readonly client: KafkaDeclaration['client']
  readonly minutes: number
  readonly capture: string | undefined
}

interface Sample {
  readonly at_s: number
  readonly frames: number
  readonly rss_anon_mb: number
  readonly heap_used_mb: number
  readonly buffers_mb: number
}

/** Runs all lanes for the time and writes the samples as one JSON line. */
async function run({ kafka, client, minutes, capture }: Child): Promise<void> {
  const source = () => (capture === undefined ? simulatedMarket({ seed: 1 }) : new LoopSource(capture))
  const topology = await loadTopology(join(ROOT, 'topology/crypto.yaml'))
  const composition = await compose(topology, source().identity, 1)
  const { plan } = composition
  const lanes = planLanes(plan)
  const broker = await openKafka({ bootstrap: parseBootstrap(kafka), client, topology: topology.name })
  await declareAll(broker, plan, lanes)
  let frames = 0
  const failed = (error: unknown) => {
    console.error(error)
    process.exit(1)
  }
  for (const lane of lanes.lanes) {
    const host = new LaneHost(lane, {
      ...{ composition, lanes, broker, kafka: { ...kafkaOf(topology), client } },
      codecs: { prepare: () => undefined, get: (_id, reader) => (buf, pos, end) => reader.decode(buf, pos, end) },
      schemaId: (fingerprint) => schemaId({ fingerprint }),
      source: async () => source(),
      speed: Number.POSITIVE_INFINITY,
      once: false,
      observer: () => ({
        emitted: ({ topic }) => {
          if (topic.record.name === 'RawFrame') frames++
        },
      }),
      log: (event, detail) => process.stderr.write(`${event} ${JSON.stringify(detail)}\n`),
    })
    void host.end.then((end) => end.kind === 'failed' && failed(end.error))
  }
  const numbers = lanes.lanes.map(({ number }) => number)
  const names = new Set(lanes.lanes.map(({ name }) => name))
  const marks = new Marks(broker, FrontierMark as FrontierType, numbers)
  const retention = new Retention(broker, plan, lanes, marks, failed)
  const samples: Sample[] = []
  const began = performance.now()
  for (let number = 1; number <= (minutes * 60_000) / EVERY_MS; number++) {
    while (performance.now() - began < number * EVERY_MS) {
      await wait(250)
      marks.pump()
      retention.tick(names)
    }
    const { heapUsed, external } = process.memoryUsage()
    const sample = {
      at_s: Math.round((performance.now() - began) / 1_000),
      frames,
      rss_anon_mb: rssAnonMb(process.pid),
      heap_used_mb: Math.round(heapUsed / MB),
      buffers_mb: Math.round(external / MB),
    }
    process.stderr.write(`${JSON.stringify(sample)}\n`)
    samples.push(sample)
  }
  process.stdout.write(`${JSON.stringify(samples)}\n`)
  process.exit(0)
}

/** Median and greatest of a part of the run, MB. */
function part(samples: readonly Sample[]) {
  const sorted = samples.map(({ rss_anon_mb }) => rss_anon_mb).toSorted((a, b) => a - b)
  return { rss_anon_mb_median: sorted[sorted.length >> 1], rss_anon_mb_max: sorted.at(-1) }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '30' },
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
  try {
    const { client, capture } = values
    const minutes = Number(values.minutes)
    const child = { kafka: broker.address, client: client as Child['client'], minutes, capture }
    const words = ['--disable-warning=TimeoutNegativeWarning', import.meta.filename, '--child', JSON.stringify(child)]
    const samples = JSON.parse(await startChild(process.execPath, words).ended) as Sample[]
    const third = Math.floor(samples.length / 3)
    const data = capture === undefined ? 'simulated market' : 'recorded Binance spot capture, looped'
    const last = samples.at(-1)
    const result = {
      ...surroundings(),
      ...{
        data,
        client,
        minutes,
        frames: last?.frames,
        frames_per_s: Math.round((last?.frames ?? 0) / (last?.at_s ?? 1)),
      },
      thirds: [samples.slice(0, third), samples.slice(third, 2 * third), samples.slice(2 * third)].map(part),
      samples,
    }
    const text = `${JSON.stringify(result, null, 2)}\n`
    if (values.out !== undefined) writeFileSync(values.out, text)
    process.stdout.write(text)
  } finally {
    await broker.close()
  }
}

await main()
