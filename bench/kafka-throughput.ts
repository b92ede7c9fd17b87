/**
 * Stateful read-process-write on Kafka beside its peers: our engine, Kafka Streams, and the bare clients.
 *
 * `node bench/kafka-throughput.ts [--records 1000000] [--repeats 3] [--sides a,b] [--broker HOST:PORT] [--port 21400]
 * [--out FILE]`. One broker, one loaded topic, one run: sides take turns, the whole round again per repetition, so that
 * ratios hold where absolute figures do not. Every side's output is compared, byte for byte, with what must come out.
 * Prints one JSON line per run to the error output and the result, medians and ratios, to the output.
 */
import { writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startChild } from './kafka-child.ts'
import type { EngineArguments } from './kafka-engine.worker.ts'
import { onGround, surroundings } from './kafka-ground.ts'
import { type Ground, type Measured, measure, type Side } from './kafka-measure.ts'
import { twin } from './peers/kafka-streams/run.mjs'

const CLIENTS = ['kafkajs', 'platformatic'] as const

/** Runs a bare client's loop in a process of its own. */
function bareClient(client: (typeof CLIENTS)[number], mode: string, ground: Ground, output: string) {
  const { broker, input, records, in_schema, out_schema } = ground
  const script = join(import.meta.dirname, 'peers/clients', `${client}.worker.ts`)
  const words = [mode, broker, input, output, records, in_schema, out_schema].map(String)
  return startChild(process.execPath, ['--disable-warning=TimeoutNegativeWarning', script, ...words])
}

function bareSide(client: (typeof CLIENTS)[number]): Side {
  return {
    engine: `bare ${client}`,
    guarantee: 'exactly_once',
    threads: 1,
    start: (ground, output) => bareClient(client, 'read-process-write', ground, output),
  }
}

function ourSide(
  client: (typeof CLIENTS)[number],
  threads: number,
  guarantee: EngineArguments['guarantee'] = 'exactly_once',
): Side {
  return {
    engine: `aitrader on ${client}`,
    guarantee,
    threads,
    start({ broker, input }, output) {
      const args: EngineArguments = {
        kafka: broker,
        name: output.replaceAll('.', '-'),
        input,
        output,
        client,
        guarantee,
        commit_ms: 100,
        commit_records: 20_000,
        threads,
      }
      const script = join(import.meta.dirname, 'kafka-engine.worker.ts')
      return startChild(process.execPath, ['--disable-warning=TimeoutNegativeWarning', script, JSON.stringify(args)])
    },
  }
}

const SIDES: Readonly<Record<string, Side>> = {
  'ours-kafkajs-1': ourSide('kafkajs', 1),
  'ours-platformatic-1': ourSide('platformatic', 1),
  'ours-platformatic-2': ourSide('platformatic', 2),
  'ours-platformatic-alo-1': ourSide('platformatic', 1, 'at_least_once'),
  'streams-eos-1': twin({ guarantee: 'exactly_once_v2', threads: 1 }),
  'streams-eos-2': twin({ guarantee: 'exactly_once_v2', threads: 2 }),
  'streams-alo-2': twin({ guarantee: 'at_least_once', threads: 2 }),
  'bare-kafkajs': bareSide('kafkajs'),
  'bare-platformatic': bareSide('platformatic'),
}

const { values } = parseArgs({
  options: {
    records: { type: 'string', default: '1000000' },
    repeats: { type: 'string', default: '3' },
    sides: { type: 'string', default: Object.keys(SIDES).join(',') },
    broker: { type: 'string' },
    port: { type: 'string', default: '21400' },
    out: { type: 'string' },
  },
})
const said = (text: string) => process.stderr.write(`${text}\n`)
const options = { broker: values.broker, port: Number(values.port), records: Number(values.records), said }
const names = values.sides.split(',')

const result = await onGround(options, async (ground) => {
  const runs: (Measured & { readonly side: string; readonly load: number })[] = []
  for (let round = 0; round < Number(values.repeats); round++) {
    for (const side of round % 2 === 0 ? names : names.toReversed()) {
      const load = Math.round(10 * (loadavg()[0] ?? 0)) / 10
      const run = { side, load, ...(await measure(SIDES[side] as Side, ground)) }
      said(JSON.stringify(run))
      runs.push(run)
    }
  }
  const median = Object.fromEntries(
    names.map((name) => [name, middle(runs.filter(({ side }) => side === name).map((run) => run.records_per_s))]),
  )
  return { ...surroundings(), records: ground.records, value_bytes: 1_024, partitions: 8, median, runs }
})
const text = `${JSON.stringify(result, null, 2)}\n`
if (values.out !== undefined) writeFileSync(values.out, text)
process.stdout.write(text)

function middle(list: readonly number[]): number {
  return list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)] as number
}
