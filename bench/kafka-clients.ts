/**
 * What our adapters cost beside the clients whose connections they use: transactional produce and committed consume.
 *
 * `node bench/kafka-clients.ts [--records 500000] [--repeats 3] [--broker HOST:PORT] [--port 21400] [--out FILE]`. Per
 * repetition and client, adapter and bare client take turns with a topic each; then both read the adapter's topic, each
 * in a process of its own. Prints one JSON line per figure to the error output; the result, with the adapters' shares
 * of their bare clients, to the output. Read-process-write is in kafka-throughput.ts.
 */
import { writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { schemaId } from '../schemas/framing.ts'
import { openBroker } from './kafka-broker.ts'
import { startChild } from './kafka-child.ts'
import { surroundings } from './kafka-ground.ts'
import { createTopic, deleteTopic } from './kafka-measure.ts'
import { Tick, TickTotal } from './peers/kafka-streams/schemas/generated/index.ts'

const CLIENTS = ['kafkajs', 'platformatic'] as const
type Client = (typeof CLIENTS)[number]

interface Figure {
  readonly client: Client
  readonly side: 'adapter' | 'bare'
  readonly mode: string
  readonly records_per_s: number
  readonly cpu_us: number
  readonly load: number
}

const { values } = parseArgs({
  options: {
    records: { type: 'string', default: '500000' },
    repeats: { type: 'string', default: '3' },
    broker: { type: 'string' },
    port: { type: 'string', default: '21400' },
    out: { type: 'string' },
  },
})

const broker = await openBroker(values.broker, Number(values.port))
const figures: Figure[] = []

async function figure(client: Client, side: Figure['side'], mode: string, topic: string): Promise<void> {
  const script = side === 'adapter' ? 'kafka-adapter.worker.ts' : `peers/clients/${client}.worker.ts`
  const ids = [schemaId(Tick), schemaId(TickTotal)].map(String)
  const words = [mode, broker.address, topic, topic, values.records, ...ids]
  const child = startChild(process.execPath, [
    '--disable-warning=TimeoutNegativeWarning',
    join(import.meta.dirname, script),
    ...(side === 'adapter' ? [client, ...words] : words),
  ])
  const load = Math.round(10 * (loadavg()[0] ?? 0)) / 10
  const measured = JSON.parse(await child.ended) as Pick<Figure, 'records_per_s' | 'cpu_us'>
  figures.push({ client, side, mode, ...measured, load })
  process.stderr.write(`${JSON.stringify(figures.at(-1))}\n`)
}

try {
  for (let round = 0; round < Number(values.repeats); round++) {
    for (const client of CLIENTS) {
      const topics: Record<string, string> = {}
      const sides = round % 2 === 0 ? (['adapter', 'bare'] as const) : (['bare', 'adapter'] as const)
      for (const side of sides) {
        topics[side] = `bench.${process.pid}.${round}.${client}.${side}`
        await createTopic(broker.address, topics[side])
        await figure(client, side, 'produce', topics[side])
      }
      for (const side of sides) await figure(client, side, 'consume', topics.adapter as string)
      await figure(client, 'bare', 'produce-idempotent', topics.bare as string)
      for (const topic of Object.values(topics)) await deleteTopic(broker.address, topic)
    }
  }
} finally {
  await broker.close()
}

const share = Object.fromEntries(
  CLIENTS.map((client) => {
    const of = (side: string, mode: string) =>
      middle(figures.filter((one) => one.client === client && one.side === side && one.mode === mode))
    const ratio = (mode: string) => Math.round((100 * of('adapter', mode)) / of('bare', mode)) / 100
    return [client, { produce: ratio('produce'), consume: ratio('consume') }]
  }),
)
const text = `${JSON.stringify({ ...surroundings(), records: Number(values.records), adapter_of_bare: share, figures }, null, 2)}\n`
if (values.out !== undefined) writeFileSync(values.out, text)
process.stdout.write(text)

function middle(list: readonly Figure[]): number {
  const rates = list.map(({ records_per_s }) => records_per_s).sort((a, b) => a - b)
  return rates[Math.floor(rates.length / 2)] as number
}
