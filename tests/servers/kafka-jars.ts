/** A broker of one process from the jars, in KRaft mode, with a log directory of its own. */
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePorts, Held } from './held.ts'
import { findJava, jarsOf } from './jars.ts'
import type { Kafka, KafkaOptions } from './kafka.ts'

const execute = promisify(execFile)
const LOGGING = `-Dlog4j2.configurationFile=${join(import.meta.dirname, 'log4j2.properties')}`

/** Small, quick to group and to elect, nothing created by accident. */
const DEFAULTS = {
  'process.roles': 'broker,controller',
  'node.id': '1',
  'auto.create.topics.enable': 'false',
  'background.threads': '2',
  // A killed broker may come back only after its old session has ended.
  'broker.heartbeat.interval.ms': '500',
  'broker.session.timeout.ms': '4000',
  'group.initial.rebalance.delay.ms': '0',
  'group.min.session.timeout.ms': '1000',
  'log.cleaner.dedupe.buffer.size': '8388608',
  'log.retention.bytes': '1073741824',
  'log.segment.bytes': '67108864',
  'num.io.threads': '4',
  'num.network.threads': '2',
  'offsets.topic.num.partitions': '4',
  'offsets.topic.replication.factor': '1',
  'share.coordinator.state.topic.min.isr': '1',
  'share.coordinator.state.topic.num.partitions': '1',
  'share.coordinator.state.topic.replication.factor': '1',
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': '1000',
  'transaction.state.log.min.isr': '1',
  'transaction.state.log.num.partitions': '4',
  'transaction.state.log.replication.factor': '1',
}

export async function kafkaFromJars({
  properties,
  listeners = {},
  scram = [],
  xmx = '512m',
}: KafkaOptions): Promise<Kafka> {
  const java = await findJava(17)
  const libs = join(await jarsOf('kafka-pom.xml'), '*')
  const folder = mkdtempSync(join(tmpdir(), 'aitrader-kafka-'))
  const named = ['PLAINTEXT', ...Object.keys(listeners)]
  const [controller, ...ports] = await freePorts(1 + named.length)
  const addresses = named.map((name, i) => `${name}://127.0.0.1:${ports[i]}`)
  const config = join(folder, 'server.properties')
  const lines = {
    ...DEFAULTS,
    'advertised.listeners': addresses.join(','),
    'controller.listener.names': 'CONTROLLER',
    'controller.quorum.voters': `1@127.0.0.1:${controller}`,
    'inter.broker.listener.name': 'PLAINTEXT',
    listeners: [...addresses, `CONTROLLER://127.0.0.1:${controller}`].join(','),
    'listener.security.protocol.map': Object.entries({ CONTROLLER: 'PLAINTEXT', PLAINTEXT: 'PLAINTEXT', ...listeners })
      .map((entry) => entry.join(':'))
      .join(','),
    'log.dirs': join(folder, 'data'),
    ...properties,
  }
  mkdirSync(join(folder, 'data'))
  writeFileSync(
    config,
    `${Object.entries(lines)
      .map((line) => line.join('='))
      .join('\n')}\n`,
  )
  const cluster_id = randomBytes(16).toString('base64url')
  const users = scram.flatMap((user) => ['--add-scram', user])
  const format = ['kafka.tools.StorageTool', 'format', '-t', cluster_id, '-c', config, ...users]
  const held = new Held({
    command: java,
    args: [`-Xmx${xmx}`, '-Xms128m', '-XX:+UseG1GC', LOGGING, '-cp', libs, 'kafka.Kafka', config],
    cwd: folder,
    folder,
    ready: 'Kafka Server started',
  })
  try {
    await execute(java, ['-XX:TieredStopAtLevel=1', LOGGING, '-cp', libs, ...format])
    await held.start()
  } catch (cause) {
    await held.stop()
    throw cause
  }
  return {
    how: "a broker from Maven Central's jars",
    bootstrap: `127.0.0.1:${ports[0]}`,
    listeners: Object.fromEntries(named.map((name, i) => [name, `127.0.0.1:${ports[i]}`])),
    signal: (signal) => void process.kill(held.pid, signal),
    kill: (signal = 'SIGKILL') => held.kill(signal),
    start: () => held.start(),
    async restart(signal = 'SIGTERM') {
      await held.kill(signal)
      await held.start()
    },
    stop: () => held.stop(),
  }
}
