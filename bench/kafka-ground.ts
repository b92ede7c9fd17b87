/** The ground that all sides of one Kafka bench stand on: one broker, one loaded topic, one expected output. */
import { cpus, release, totalmem } from 'node:os'
import { buildId } from '../cli/compose.ts'
import { schemaId } from '../schemas/framing.ts'
import { call, openBroker } from './kafka-broker.ts'
import { expectedOutput, load } from './kafka-load.ts'
import { createTopic, type Ground } from './kafka-measure.ts'
import { Tick, TickTotal } from './peers/kafka-streams/schemas/generated/index.ts'

export interface GroundOptions {
  /** `host:port` of a broker that is there; else one of our own is started on `port`. */
  readonly broker: string | undefined
  readonly port: number
  readonly records: number
  readonly said: (text: string) => void
}

/** Makes the ground, hands it to `work`, and takes it away again. */
export async function onGround<T>(options: GroundOptions, work: (ground: Ground) => Promise<T>): Promise<T> {
  const { records, said } = options
  const broker = await openBroker(options.broker, options.port)
  try {
    const input = `bench.ticks.${process.pid}`
    await createTopic(broker.address, input)
    const [in_schema, out_schema] = [schemaId(Tick), schemaId(TickTotal)]
    const rate = await load(broker.address, input, records, in_schema)
    said(`${records} records loaded at ${rate} a second`)
    const expected = expectedOutput(records)
    const { address, pid } = broker
    return await work({ broker: address, broker_pid: pid, input, records, expected, in_schema, out_schema })
  } finally {
    await broker.close()
  }
}

/** Machine and versions, as every result names them. */
export function surroundings() {
  const java = call('java', '--version').split('\n')[0]
  return {
    machine: {
      cpu: cpus()[0]?.model ?? '',
      cores: cpus().length,
      memory_gb: Math.round(totalmem() / 2 ** 30),
      kernel: release(),
    },
    versions: { node: process.version, aitrader: buildId().build, java, kafka: '4.3.1' },
  }
}
