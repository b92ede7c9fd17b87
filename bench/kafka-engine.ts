/**
 * Our engine as a process of a Kafka bench: loads its ticks through its own source if told to, then runs the lanes of
 * the stage `totals` until its input is closed.
 *
 * `node bench/kafka-engine.ts '{"kafka", "name", "input", "output", "client", "commit_ms", "commit_records", "records"}'`, where
 * `records` are the ticks to load first. Says `loaded` and `running` on its output.
 */
import { LaneHost, type LaneSetting } from '../cli/run/lane-host.ts'
import { declareAll, parseBootstrap } from '../cli/run/target.ts'
import { openKafka } from '../connectors/kafka/index.ts'
import type { Source, SourceItem } from '../runtime/api/index.ts'
import { schemaId } from '../schemas/framing.ts'
import { tickOf } from './kafka-load.ts'
import { type BenchTopology, planBench } from './kafka-topology.ts'

export interface EngineArguments extends BenchTopology {
  readonly kafka: string
  readonly records: number
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
const { plan, lanes, hashes } = planBench(args)
const { client, commit_ms, commit_records } = args
const broker = await openKafka({ bootstrap: parseBootstrap(args.kafka), client, topology: args.name })
await declareAll(broker, plan, lanes)
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
  once: true,
  observer: () => ({}),
  log: (event, detail) => process.stderr.write(`${event} ${JSON.stringify(detail)}\n`),
}
for (const lane of lanes.lanes.filter(({ sources }) => sources.length > 0)) {
  const end = await new LaneHost(lane, setting).end
  if (end.kind === 'failed') throw end.error
}
console.log('loaded')
const hosts = lanes.lanes
  .filter(({ sources }) => sources.length === 0)
  .map((lane) => new LaneHost(lane, { ...setting, once: false }))
for (const host of hosts) {
  void host.end.then((end) => {
    if (end.kind !== 'failed') return
    console.error(end.error)
    process.exit(1)
  })
}
console.log('running')
for await (const _ of process.stdin);
await Promise.all(hosts.map((host) => host.drain()))
await broker.close()
process.exit(0)
