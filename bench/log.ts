import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { openEmbedded } from '../connectors/embedded/index.ts'
import {
  AppError,
  type Arena,
  type Broker,
  type Producer,
  type RecordType,
  type TopicSpec,
} from '../runtime/api/index.ts'
import { BatchBuilder, type Causes } from '../runtime/log/batch.ts'

/**
 * What the log costs: the main thread's share per record, and records and commits per second on the embedded broker.
 *
 * 8 topics of one partition, records of 200 bytes, an epoch every 5 ms. `saturated` fills as fast as it can with at
 * most two commits under way; `paced` offers a fixed rate and measures a commit from its call to its answer. Figures
 * hold for the machine and the disk they were taken on: compare runs made one after another.
 *
 * `node bench/log.ts [--seconds 10] [--rate 200000] [--dir DIR] [--retention]`
 */

const TOPICS = 8
const BODY_BYTES = 180 // With key, lengths and head about 200.
const EPOCH_MS = 5

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '10' },
    rate: { type: 'string', default: '200000' },
    dir: { type: 'string' },
    retention: { type: 'boolean', default: false },
  },
})
const seconds = Number(options.seconds)
const rate = Number(options.rate)
if (!(seconds > 0 && rate > 0))
  throw new AppError('USAGE', '--seconds and --rate are positive numbers', { exit_code: 2 })

/** Writes like a generated codec does: fixed fields, then bytes. */
const Row: RecordType<{ n: number }> = {
  name: 'Row',
  schema: '',
  fingerprint: '',
  encode(value, arena: Arena) {
    arena.ensure(BODY_BYTES)
    const { buf } = arena
    let pos = arena.pos
    for (let i = 0; i < BODY_BYTES; i += 4) {
      buf[pos++] = value.n & 255
      buf[pos++] = (value.n >>> 8) & 255
      buf[pos++] = i
      buf[pos++] = 0
    }
    arena.pos = pos
  },
  decode: () => ({ n: 0 }),
}

const keys = Array.from({ length: 50 }, (_, i) => `BINANCE:SYMBOL${i}`)
const causes: Causes = { length: 1, producers: ['replay/0'], seqs: [0] }
const seqs = causes.seqs as number[]
const value = { n: 0 }

const topics = Array.from(
  { length: TOPICS },
  (_, i): TopicSpec => ({
    name: `topic-${i}.v1`,
    partitions: 1,
    ...(options.retention ? { retention_bytes: 20_000_000 } : {}),
  }),
)
const makeBuilders = () => topics.map(({ name }) => new BatchBuilder(name, 0, 1))
/** Two sets: one is filled while the commit of the other is under way. */
const builders = [makeBuilders(), makeBuilders()]

let n = 0
function appendOne(set: readonly BatchBuilder[]): void {
  n++
  value.n = n
  seqs[0] = n
  const builder = set[n % TOPICS] as BatchBuilder
  builder.append(Row, value, keys[n % keys.length] as string, 'stage/0', n, 1_700_000_000_000_000 + n, causes)
}

function builderCost(): { ns_per_record: number; ns_with_crc: number } {
  const set = builders[0] as BatchBuilder[]
  const time = (work: () => void) => {
    let best = Number.POSITIVE_INFINITY
    for (let round = 0; round < 20; round++) {
      const start = process.hrtime.bigint()
      for (let i = 0; i < 100_000; i++) {
        work()
        if (i % 1_000 === 0) for (const builder of set) builder.reset()
      }
      best = Math.min(best, Number(process.hrtime.bigint() - start) / 100_000)
    }
    for (const builder of set) builder.reset()
    return Math.round(best)
  }
  let crc = 0
  const ns_per_record = time(() => appendOne(set))
  const ns_with_crc = time(() => {
    appendOne(set)
    crc = (set[n % TOPICS] as BatchBuilder).bodyCrc(crc)
  })
  return { ns_per_record, ns_with_crc }
}

function percentile(sorted: readonly number[], share: number): number {
  return Number((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(2))
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

async function load(broker: Broker, producer: Producer, records_per_epoch: number | undefined) {
  const latencies: number[] = []
  const under_way: Promise<void>[] = []
  let records = 0
  let commits = 0
  let call_ms = 0
  let epoch = 0
  let due = performance.now()
  const start = due
  const end = start + seconds * 1_000
  while (performance.now() < end) {
    const set = builders[epoch++ % 2] as BatchBuilder[]
    if (records_per_epoch === undefined) {
      const until = performance.now() + EPOCH_MS
      while (performance.now() < until) for (let i = 0; i < 100; i++) appendOne(set)
    } else {
      for (let i = 0; i < records_per_epoch; i++) appendOne(set)
      due += EPOCH_MS
      while (performance.now() < due) await turn()
    }
    // At most two commits under way.
    if (under_way.length >= 2) await under_way.shift()
    const batches = set.map((builder) => builder.batch()).filter((batch) => batch.records > 0)
    const called = performance.now()
    const done = producer.commit({ batches, puts: [] }).then(() => void latencies.push(performance.now() - called))
    call_ms += performance.now() - called
    under_way.push(done)
    for (const builder of set) {
      records += builder.records
      builder.reset()
    }
    commits++
    if (options.retention && commits % 200 === 0) void broker.trim(0, new Map())
    await turn()
  }
  await Promise.all(under_way)
  const elapsed_s = (performance.now() - start) / 1_000
  latencies.sort((a, b) => a - b)
  return {
    records_per_s: Math.round(records / elapsed_s),
    commits_per_s: Math.round(commits / elapsed_s),
    commit_ms: { p50: percentile(latencies, 0.5), p99: percentile(latencies, 0.99), max: percentile(latencies, 1) },
    main_thread_ms_per_commit_call: Number((call_ms / commits).toFixed(3)),
  }
}

const rssAnonKb = () => Number(/RssAnon:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? 0)

const dir = mkdtempSync(join(options.dir ?? tmpdir(), 'aitrader-bench-log-'))
try {
  const builder = builderCost()
  const broker = await openEmbedded(dir, { topology: 'bench' })
  await broker.declare(topics)
  const producer = await broker.producer('bench')
  const paced = await load(broker, producer, Math.round((rate * EPOCH_MS) / 1_000))
  const rss_anon_after_paced_kb = rssAnonKb()
  const saturated = await load(broker, producer, undefined)
  const rss_anon_after_saturated_kb = rssAnonKb()
  const log_bytes = statSync(join(dir, 'log.mdb')).size
  await broker.close()
  const start = performance.now()
  const again = await openEmbedded(dir, { topology: 'bench' })
  const reopen_ms = Math.round(performance.now() - start)
  await again.close()
  const machine = { cores: availableParallelism(), node: process.version }
  const report = {
    machine,
    builder,
    paced: { rate, ...paced },
    saturated,
    reopen_ms,
    log_bytes,
    rss_anon_after_paced_kb,
    rss_anon_after_saturated_kb,
  }
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`)
} finally {
  rmSync(dir, { recursive: true, force: true })
}
