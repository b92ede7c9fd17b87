/** A broker of one process from the jars, in KRaft mode, with a log directory of its own. */
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { DEFAULTS } from './broker-defaults.ts'
import { freePorts, Held } from './held.ts'
import { findJava, kafkaJars } from './jars.ts'
import type { Kafka, KafkaOptions } from './kafka-port.ts'

const execute = promisify(execFile)
const LOGGING = `-Dlog4j2.configurationFile=${join(import.meta.dirname, 'log4j2.properties')}`

/**
 * What such a broker costs is its first minute: making topics (a forced write per partition) and its own compilation. So
 * code is compiled quickly rather than well, and the shared broker's log is in memory where there is room. One that is
 * to be killed has a disk, as in life.
 */
const JVM = ['-Xms128m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', LOGGING]
const MEMORY = '/dev/shm'
const MEMORY_BYTES = 4 * 1024 ** 3

export async function kafkaFromJars({
  own = false,
  properties,
  listeners = {},
  scram = [],
  xmx = '512m',
}: KafkaOptions): Promise<Kafka> {
  const java = await findJava(17)
  const libs = join(await kafkaJars(), '*')
  const folder = mkdtempSync(join(own ? tmpdir() : roomy(), 'aitrader-kafka-'))
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
  // In one word, since an id may begin with a dash.
  const format = ['kafka.tools.StorageTool', 'format', `--cluster-id=${cluster_id}`, '-c', config, ...users]
  const held = new Held({
    command: java,
    args: [`-Xmx${xmx}`, ...JVM, '-cp', libs, 'kafka.Kafka', config],
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

/** The memory's folder if it holds what a run of tests writes; else the one for temporary files. */
function roomy(): string {
  try {
    const { bavail, bsize } = statfsSync(MEMORY)
    return bavail * bsize >= MEMORY_BYTES ? MEMORY : tmpdir()
  } catch {
    return tmpdir()
  }
}
