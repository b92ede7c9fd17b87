/**
 * The broker that a Kafka bench runs on: one started here from Maven Central's jars, or one that is there already.
 *
 * Jars and the compiled Java twin lie in a cache folder (`AITRADER_CACHE`, else `~/.cache/aitrader`), made on first
 * use. A broker of ours has its data in a new folder, which goes when it is closed. Needs Java 17 and Maven.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createConnection } from 'node:net'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'

const TWIN = join(import.meta.dirname, 'peers/kafka-streams')
const HEAP_MB = 512
const JAVA = 'java'

export interface RunningBroker {
  /** `host:port`. */
  readonly address: string
  /** Undefined for a broker that somebody else runs. */
  readonly pid: number | undefined
  close(): Promise<void>
}

/** The class path of broker and Streams; fetched once per content of `pom.xml`. */
export function jars(): string {
  const folder = cached('jars', [join(TWIN, 'pom.xml')], (target) => {
    call('mvn', '-q', '-f', join(TWIN, 'pom.xml'), 'dependency:copy-dependencies', `-DoutputDirectory=${target}`)
  })
  return join(folder, '*')
}

/** The class path of the compiled twin and its libraries; compiled once per content of its sources. */
export function twinClassPath(): string {
  const schemas = ['tick.avsc', 'tick-total.avsc'].map((name) => join(TWIN, 'schemas', name))
  const sources = ['GenerateRecords.java', 'AvroSerde.java', 'Twin.java'].map((name) => join(TWIN, name))
  const libraries = jars()
  const folder = cached('twin', [join(TWIN, 'pom.xml'), ...schemas, ...sources], (target) => {
    const made = `${target}.src`
    call(JAVA, '-cp', libraries, sources[0] as string, made, ...schemas)
    const records = readdirSync(made, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.java'))
    const all = [...records.map((name) => join(made, name)), ...sources.slice(1)]
    call('javac', '-d', target, '-cp', libraries, ...all)
    rmSync(made, { recursive: true })
  })
  return `${folder}:${libraries}`
}

/** Runs a tool of the machine to its end; what it complains of is shown. */
export function call(command: string, ...args: readonly string[]): string {
  return execFileSync(command, args, { stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' })
}

/** A folder of the cache named for what it is made from, so that a change makes another; made whole or not at all. */
function cached(name: string, from: readonly string[], make: (target: string) => void): string {
  const root = process.env.AITRADER_CACHE ?? join(homedir(), '.cache/aitrader')
  const hash = createHash('sha256')
  for (const path of from) hash.update(readFileSync(path))
  const folder = join(root, `bench-kafka-${name}-${hash.digest('hex').slice(0, 12)}`)
  if (existsSync(folder)) return folder
  mkdirSync(root, { recursive: true })
  const target = mkdtempSync(`${folder}.`)
  make(target)
  renameSync(target, folder)
  return folder
}

/** Starts a broker on `port` (its controller on the next one) and resolves when it takes connections. */
export async function startBroker(port: number): Promise<RunningBroker> {
  const dir = mkdtempSync(join(tmpdir(), 'aitrader-bench-kafka-'))
  const path = join(dir, 'server.properties')
  writeFileSync(path, properties(port, join(dir, 'data')))
  writeFileSync(join(dir, 'log4j2.properties'), LOGGING)
  const logging = `-Dlog4j2.configurationFile=${join(dir, 'log4j2.properties')}`
  const id = randomUUID().replaceAll('-', '').slice(0, 22)
  call(JAVA, logging, '-cp', jars(), 'kafka.tools.StorageTool', 'format', '--standalone', '-t', id, '-c', path)
  const out = openSync(join(dir, 'broker.log'), 'w')
  const heap = [`-Xms${HEAP_MB}m`, `-Xmx${HEAP_MB}m`, '-XX:+UseG1GC']
  const child = spawn(JAVA, [...heap, logging, '-cp', jars(), 'kafka.Kafka', path], { stdio: ['ignore', out, out] })
  const end = () => child.kill('SIGKILL')
  process.once('exit', end)
  await accepting(child, port, join(dir, 'broker.log'))
  return {
    address: `127.0.0.1:${port}`,
    pid: child.pid,
    async close() {
      process.off('exit', end)
      const closed = new Promise((resolve) => child.once('close', resolve))
      child.kill('SIGTERM')
      await closed
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

/** The broker at `given`, or one of our own on `port`. */
export async function openBroker(given: string | undefined, port: number): Promise<RunningBroker> {
  if (given === undefined) return startBroker(port)
  return { address: given, pid: undefined, close: async () => {} }
}

async function accepting(child: ChildProcess, port: number, log: string): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the broker ended with ${child.exitCode}: see ${log}`)
    const open = await new Promise<boolean>((resolve) => {
      const socket = createConnection({ port, host: '127.0.0.1' })
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
      socket.once('connect', () => socket.destroy())
    })
    if (open) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

function properties(port: number, data: string): string {
  return `process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:${port + 1}
listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${port + 1}
advertised.listeners=PLAINTEXT://127.0.0.1:${port}
controller.listener.names=CONTROLLER
log.dirs=${data}
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=8
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=8
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
log.segment.bytes=134217728
`
}

const LOGGING = `rootLogger.level=WARN
rootLogger.appenderRef.stdout.ref=STDOUT
appender.stdout.type=Console
appender.stdout.name=STDOUT
appender.stdout.layout.type=PatternLayout
appender.stdout.layout.pattern=[%d] %p %m (%c)%n
`
