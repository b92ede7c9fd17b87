/**
 * A real broker for tests, by the first way that this machine has: `KAFKA_BOOTSTRAP`, a container, Maven Central's jars.
 *
 * `AITRADER_KAFKA_BY` narrows the ways to one: `given`, `container` or `jars`. No way at all is an `Unavailable` that
 * says why each one failed.
 */
import { Unavailable } from './jars.ts'
import { kafkaFromContainer } from './kafka-container.ts'
import { kafkaFromJars } from './kafka-jars.ts'
import type { Kafka, KafkaOptions } from './kafka-port.ts'

/** One way to a server: the server, or an `Unavailable`. */
type Way<T> = readonly [name: string, start: () => Promise<T>]

export function startKafka(options: KafkaOptions = {}): Promise<Kafka> {
  const { own = false, properties, listeners, scram } = options
  const ways: Way<Kafka>[] = []
  if (!own && properties === undefined && listeners === undefined && scram === undefined) ways.push(['given', given])
  // Users and listeners are made by tools that the images keep to themselves.
  if (listeners === undefined && scram === undefined) ways.push(['container', () => kafkaFromContainer(properties)])
  ways.push(['jars', () => kafkaFromJars(options)])
  const only = process.env.AITRADER_KAFKA_BY
  return firstOf('Kafka', only === undefined ? ways : ways.filter(([way]) => way === only))
}

/** The server of the first way that there is. */
export async function firstOf<T>(name: string, ways: readonly Way<T>[]): Promise<T> {
  const reasons: string[] = []
  for (const [way, start] of ways) {
    try {
      return await start()
    } catch (cause) {
      if (!(cause instanceof Unavailable)) throw cause
      reasons.push(`${way}: ${cause.message}`)
    }
  }
  throw new Unavailable(`no ${name}: ${reasons.join('; ') || 'by none of the ways that are left'}`)
}

async function given(): Promise<Kafka> {
  const bootstrap = process.env.KAFKA_BOOTSTRAP
  if (bootstrap === undefined || bootstrap === '') throw new Unavailable('KAFKA_BOOTSTRAP is not set')
  const refuse = async () => {
    throw new Error('a given broker is not ours to restart: ask for one of your own')
  }
  return {
    bootstrap,
    how: 'the broker that KAFKA_BOOTSTRAP names',
    listeners: { PLAINTEXT: bootstrap },
    signal: refuse,
    kill: refuse,
    start: refuse,
    restart: refuse,
    stop: async () => {},
  }
}
