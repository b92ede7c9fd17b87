/**
 * Our engine as a process of a Kafka bench: runs the lanes of the stage `totals` in worker threads, as `aitrader run`
 * does, until its input is closed. The threads share the lanes evenly; there is no group.
 *
 * `node bench/kafka-engine.worker.ts '{"kafka", "name", "input", "output", "client", "commit_ms", "commit_records",
 * "threads"}'` says `running` on its output.
 */
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { LaneHost, type LaneSetting } from '../cli/run/lane-host.ts'
import { declareAll, parseBootstrap } from '../cli/run/target.ts'
import { openKafka } from '../connectors/kafka/index.ts'
import { schemaId } from '../schemas/framing.ts'
import { type BenchTopology, planBench } from './kafka-topology.ts'

export interface EngineArguments extends BenchTopology {
  readonly guarantee: 'exactly_once' | 'at_least_once'
  readonly kafka: string
  readonly threads: number
}

const args = JSON.parse(process.argv[2] as string) as EngineArguments
const part = isMainThread ? undefined : (workerData as number)
const { plan, lanes, hashes } = planBench(args)
const { client, commit_ms, commit_records } = args
const broker = await openKafka({
  bootstrap: parseBootstrap(args.kafka),
  client,
  topology: args.name,
  guarantee: args.guarantee,
})
if (part === undefined) await declareAll(broker, plan, lanes)
else await broker.refresh()
const setting: LaneSetting = {
  composition: { plan, hashes, manifest: '', runners: {} },
  lanes,
  kafka: { client, commit_interval_ms: commit_ms, commit_max_records: commit_records, compression: 'none' },
  broker,
  codecs: {
    prepare: () => undefined,
    get: (_id, reader) => (buf, pos, end) => reader.decode(buf, pos, end),
  },
  schemaId: (fingerprint) => schemaId({ fingerprint }),
  source: undefined,
  speed: Number.POSITIVE_INFINITY,
  once: false,
  observer: () => ({}),
  log: (event, detail) => process.stderr.write(`${event} ${JSON.stringify(detail)}\n`),
}

/** Runs the lanes of one thread until told to stop. */
async function runPart(number: number, stopped: Promise<unknown>): Promise<void> {
  const own = lanes.lanes.filter((lane) => lane.number % args.threads === number)
  const hosts = own.map((lane) => new LaneHost(lane, setting))
  const failed = Promise.all(
    hosts.map(async ({ end }) => {
      const ended = await end
      if (ended.kind === 'failed') throw ended.error
    }),
  )
  await Promise.race([stopped, failed])
  await Promise.all(hosts.map((host) => host.drain()))
  await broker.close()
}

if (part !== undefined) {
  await runPart(part, new Promise((resolve) => parentPort?.once('message', resolve)))
  parentPort?.close()
} else {
  await broker.close()
  const threads = Array.from({ length: args.threads }, (_, number) => {
    const thread = new Worker(import.meta.filename, { workerData: number, argv: process.argv.slice(2) })
    thread.on('error', (cause) => {
      console.error(cause)
      process.exit(1)
    })
    return thread
  })
  console.log('running')
  for await (const _ of process.stdin);
  const ends = threads.map((thread) => new Promise((resolve) => thread.once('exit', resolve)))
  for (const thread of threads) thread.postMessage('stop')
  await Promise.all(ends)
  process.exit(0)
}
