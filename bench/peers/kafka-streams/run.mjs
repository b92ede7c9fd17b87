/**
 * The Java twin: stateful read-process-write in Kafka Streams, on the same input as every other side.
 *
 * `node bench/peers/kafka-streams/run.mjs [--records 1000000] [--threads 1,2] [--guarantees exactly_once_v2]
 * [--store memory] [--commit 100] [--set name=value]... [--broker HOST:PORT] [--port 21400]` prints one JSON line per
 * run. Without a broker it starts one. Its settings are the fastest of those that were tried (see README.md).
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { twinClassPath } from '../../kafka-broker.ts'
import { startChild } from '../../kafka-child.ts'
import { onGround } from '../../kafka-ground.ts'
import { measure } from '../../kafka-measure.ts'

const JAVA = ['-Xms512m', '-Xmx1g', '-Dorg.apache.avro.specific.use_custom_coders=true']
/** What makes the twin faster than its defaults on 1 KB records; a `--set` of the same name wins. */
const TUNED = {
  'producer.batch.size': '262144',
  'producer.linger.ms': '20',
  'consumer.max.poll.records': '5000',
  'consumer.max.partition.fetch.bytes': '1048576',
}

/**
 * The twin as a side of a bench.
 * @param {{ guarantee: 'exactly_once_v2' | 'at_least_once', threads: number, commit_ms?: number, store?: string, set?: Readonly<Record<string, string>>, java?: readonly string[] }} options
 * @returns {import('../../kafka-measure.ts').Side}
 */
export function twin({ guarantee, threads, commit_ms = 100, store = 'memory', set = {}, java = JAVA }) {
  return {
    engine: `kafka-streams (${store})`,
    guarantee: guarantee === 'at_least_once' ? 'at_least_once' : 'exactly_once',
    threads,
    start(ground, output) {
      const state_dir = mkdtempSync(join(tmpdir(), 'aitrader-bench-twin-'))
      process.once('exit', () => rmSync(state_dir, { recursive: true, force: true }))
      const settings = {
        broker: ground.broker,
        application: output,
        in: ground.input,
        out: output,
        in_schema: ground.in_schema,
        out_schema: ground.out_schema,
        guarantee,
        threads,
        commit_ms,
        store,
        state_dir,
      }
      for (const [name, value] of Object.entries({ ...TUNED, ...set })) settings[`streams.${name}`] = value
      const words = Object.entries(settings).map(([name, value]) => `${name}=${value}`)
      return startChild('java', [...java, '-cp', twinClassPath(), 'Twin', ...words])
    },
  }
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      records: { type: 'string', default: '1000000' },
      threads: { type: 'string', default: '1,2' },
      guarantees: { type: 'string', default: 'exactly_once_v2' },
      store: { type: 'string', default: 'memory' },
      commit: { type: 'string', default: '100' },
      set: { type: 'string', multiple: true, default: [] },
      java: { type: 'string', multiple: true, default: JAVA },
      broker: { type: 'string' },
      port: { type: 'string', default: '21400' },
    },
  })
  const set = Object.fromEntries(values.set.map((word) => word.split(/=(.*)/s).slice(0, 2)))
  const said = (/** @type {string} */ text) => process.stderr.write(`${text}\n`)
  const options = { broker: values.broker, port: Number(values.port), records: Number(values.records), said }
  await onGround(options, async (ground) => {
    for (const guarantee of values.guarantees.split(',')) {
      for (const threads of values.threads.split(',').map(Number)) {
        for (const store of values.store.split(',')) {
          const side = twin({ guarantee, threads, commit_ms: Number(values.commit), store, set, java: values.java })
          process.stdout.write(`${JSON.stringify(await measure(side, ground))}\n`)
        }
      }
    }
  })
}
