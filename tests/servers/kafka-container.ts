/**
 * A broker in a container: `AITRADER_KAFKA_IMAGE` (pulled if it is not there), else an image that the Docker engine has:
 * the public one, or the one that tests/images/ builds. Both take the same variables.
 */
import { DEFAULTS } from './broker-defaults.ts'
import { answeringEngine, ask, HOLDER, killContainer, LABEL, localImage, sweep } from './docker.ts'
import { freePorts } from './held.ts'
import type { Kafka } from './kafka-port.ts'

const IMAGES = ['apache/kafka:4.3.1', 'aitrader-kafka:local']
const INSIDE = 9092

export async function kafkaFromContainer(extra: Readonly<Record<string, string>> = {}): Promise<Kafka> {
  const image = await chooseImage()
  await sweep()
  // Its reaper is an image of its own, which may not be there: the label and `sweep` do instead.
  process.env.TESTCONTAINERS_RYUK_DISABLED = 'true'
  // Takes half a second to load, for those who use it.
  const { GenericContainer, getContainerRuntimeClient, Wait } = await import('testcontainers')
  const { host } = (await getContainerRuntimeClient()).info.containerRuntime
  // What clients are told to connect to must be known before the start.
  const [port] = await freePorts(1)
  const bootstrap = `${host}:${port}`
  const container = await new GenericContainer(image)
    .withExposedPorts({ container: INSIDE, host: port! })
    .withEnvironment(environment(bootstrap, extra))
    .withLabels({ [LABEL]: HOLDER })
    .withWaitStrategy(Wait.forLogMessage(/Kafka Server started/))
    .withStartupTimeout(180_000)
    .start()
  const id = container.getId()
  return {
    bootstrap,
    how: `a container of ${image}`,
    listeners: { PLAINTEXT: bootstrap },
    signal: (signal) => void ask('POST', `/containers/${id}/kill?signal=${signal}`),
    kill: (signal = 'SIGKILL') => killContainer(id, signal),
    start: () => container.restart(),
    async restart(signal = 'SIGTERM') {
      await killContainer(id, signal)
      await container.restart()
    },
    async stop() {
      await container.stop({ timeout: 1, removeVolumes: true })
    },
  }
}

async function chooseImage(): Promise<string> {
  const given = process.env.AITRADER_KAFKA_IMAGE
  if (given === undefined || given === '') return localImage(IMAGES)
  await answeringEngine()
  return given
}

/**
 * `EXTERNAL` is for the tests, on the host's port; the broker itself must not need that port, or its transactions would
 * wait for a coordinator that it cannot reach.
 */
function environment(bootstrap: string, extra: Readonly<Record<string, string>>): Record<string, string> {
  const properties = {
    ...DEFAULTS,
    'advertised.listeners': `EXTERNAL://${bootstrap},INTERNAL://127.0.0.1:9094`,
    'controller.listener.names': 'CONTROLLER',
    'controller.quorum.voters': '1@127.0.0.1:9093',
    'inter.broker.listener.name': 'INTERNAL',
    listeners: `EXTERNAL://:${INSIDE},INTERNAL://127.0.0.1:9094,CONTROLLER://127.0.0.1:9093`,
    'listener.security.protocol.map': 'EXTERNAL:PLAINTEXT,INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT',
    ...extra,
  }
  return Object.fromEntries(Object.entries(properties).map(([name, value]) => [variableOf(name), value]))
}

/** How the images spell a property as a variable. */
function variableOf(property: string): string {
  const spelled = property.replaceAll('_', '__').replaceAll('-', '___').replaceAll('.', '_')
  return `KAFKA_${spelled.toUpperCase()}`
}
