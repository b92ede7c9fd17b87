/**
 * Our engine as a process of a Kafka bench: loads its ticks through a source of its own, then runs the lanes of the
 * stage `totals` in worker threads, as `aitrader run` does, until its input is closed.
 *
 * `node bench/kafka-engine.worker.ts '{"kafka", "name", "input", "output", "client", "commit_ms", "commit_records", "records",
 * "threads"}'`, where `records` are the ticks to load first. Says `loaded` and `running` on its output.
 */
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { LaneHost, type LaneSetting } from '../cli/run/lane-host.ts'
import { declareAll, parseBootstrap } from '../cli/run/target.ts'
import { openKafka } from '../connectors/kafka/index.ts'
import type { Source, SourceItem } from '../runtime/api/index.ts'
import type { PlannedLane } from '../runtime/plan/lanes.ts'
import { schemaId } from '../schemas/framing.ts'
import { tickOf } from './kafka-load.ts'
import { type BenchTopology, planBench } from './kafka-topology.ts'

export interface EngineArguments extends BenchTopology {
  readonly kafka: string
  readonly records: number
  readonly threads: number
}

/** Ticks `[0, records)` as a source. */
class TickSource implements Source {
  readonly identity: string
  readonly #records: number
  #next = 0

  constructor(records: number) {
    this.#records = records
    this.identity = `${records} ticks`
  }

  get done(): boolean {
    return this.#next >= this.#records
  }

  async open(position: unknown): Promise<void> {
    this.#next = typeof position === 'number' ? position : 0
  }

  take(): SourceItem | undefined {
    if (this.done) return undefined
    const value = tickOf(this.#next++)
    return { value, stream_time_us: value.receive_time_us, position: this.#next }
  }

  async ready(): Promise<void> {}
  async close(): Promise<void> {}
}

const args = JSON.parse(process.argv[2] as string) as EngineArguments
const part = isMainThread ? undefined : (workerData as number)
const { plan, lanes, hashes } = planBench(args)
const { client, commit_ms, commit_records } = args
const broker = await openKafka({ bootstrap: parseBootstrap(args.kafka), client, topology: args.name })
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
  source: async () => new TickSource(args.records),
  speed: Number.POSITIVE_INFINITY,
  once: part === undefined,
  observer: () => ({}),
  log: (event, detail) => process.stderr.write(`${event} ${JSON.stringify(detail)}\n`),
}

/** Runs the lanes of one thread until told to stop. */
async function runPart(number: number, stopped: Promise<unknown>): Promise<void> {
  const own = lanes.lanes.filter((lane) => lane.sources.length === 0 && lane.number % args.threads === number)
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
  const source = lanes.lanes.find(({ sources }) => sources.length > 0) as PlannedLane
  const end = await new LaneHost(source, setting).end
  if (end.kind === 'failed') throw end.error
  await broker.close()
  console.log('loaded')
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
