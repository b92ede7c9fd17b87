/** One engine, one run: what every side of a Kafka bench goes through alike, from an empty output topic to its check. */
import { Admin } from '@platformatic/kafka'
import { type Child, rssAnonMb } from './kafka-child.ts'
import { PARTITIONS } from './kafka-load.ts'
import { committedOutput, type Growth, watchCommitted } from './kafka-watch.ts'

export interface Ground {
  readonly broker: string
  readonly broker_pid: number | undefined
  readonly input: string
  readonly records: number
  /** `expectedOutput(records)`. */
  readonly expected: readonly string[]
  readonly in_schema: number
  readonly out_schema: number
}

export interface Side {
  readonly engine: string
  readonly guarantee: 'exactly_once' | 'at_least_once'
  readonly threads: number
  /** Starts the engine; it works from `ground.input` to `output` until it is stopped. */
  readonly start: (ground: Ground, output: string) => Child | Promise<Child>
}

export interface Measured extends Omit<Growth, 'cpu_us'> {
  readonly engine: string
  readonly guarantee: string
  readonly threads: number
  readonly records: number
  /** Processor time per record, microseconds, all threads: the engine's and the broker's. */
  readonly cpu_us_engine: number
  readonly cpu_us_broker: number | null
  readonly rss_anon_mb: number
}

let runs = 0

/** Runs `side` once and throws if its output is not exactly what must come out. */
export async function measure(side: Side, ground: Ground): Promise<Measured> {
  const { broker, broker_pid, records } = ground
  const topic = `bench.totals.${process.pid}.${++runs}`
  await createTopic(broker, topic)
  const child = await side.start(ground, topic)
  const pids = broker_pid === undefined ? [child.pid] : [child.pid, broker_pid]
  const { cpu_us, ...growth } = await watchCommitted({ broker, topic, records, pids, alive: () => child.alive() })
  const rss_anon_mb = rssAnonMb(child.pid)
  await child.stop()
  const output = await committedOutput(broker, topic, records)
  const wrong = output.findIndex((text, partition) => text !== ground.expected[partition])
  // At least once may double records, so only the other guarantee can be held to the hash.
  if (side.guarantee === 'exactly_once' && wrong >= 0) {
    throw new Error(`${side.engine} wrote ${output[wrong]} to partition ${wrong}, not ${ground.expected[wrong]}`)
  }
  await deleteTopic(broker, topic)
  const { engine, guarantee, threads } = side
  const cpu = { cpu_us_engine: cpu_us[0] as number, cpu_us_broker: cpu_us[1] ?? null }
  return { engine, guarantee, threads, records, ...growth, ...cpu, rss_anon_mb }
}

export async function createTopic(broker: string, topic: string, partitions = PARTITIONS): Promise<void> {
  // The load's times are years old: without this the broker would drop it in the middle of a run.
  const configs = [{ name: 'retention.ms', value: '-1' }]
  await admin(broker, (client) => client.createTopics({ topics: [topic], partitions, replicas: 1, configs }))
}

export async function deleteTopic(broker: string, topic: string): Promise<void> {
  await admin(broker, (client) => client.deleteTopics({ topics: [topic] }))
}

async function admin(broker: string, act: (client: Admin) => Promise<unknown>): Promise<void> {
  const client = new Admin({ clientId: 'bench', bootstrapBrokers: [broker] })
  try {
    await act(client)
  } finally {
    await client.close()
  }
}
