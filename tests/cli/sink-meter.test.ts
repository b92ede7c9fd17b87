/** What sinks tell operators: how far they are, and that they failed. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { loadTopology } from '../../cli/compose.ts'
import { expose } from '../../cli/exposition.ts'
import { METRICS, type MetricSpec } from '../../cli/metric-list.ts'
import type { Directory, Topics } from '../../cli/reading.ts'
import { sinksBeside } from '../../cli/sink/beside.ts'
import { carry } from '../../cli/sink/carry.ts'
import { SinkMeter } from '../../cli/sink/meter.ts'
import { newFolder } from './command.ts'

const TOPIC = 'control.v1'
const topology = await loadTopology('topology/crypto.yaml')

/** A topic of one partition with records `start` to `end` - 1; `read` of it ends before the last `unread`. */
function topicsWith(start: number, end: number, unread = 0): Topics {
  return {
    run: { topology, source: null, seed: 1 },
    extent: async () => ({ start_offsets: [start], end_offsets: [end] }),
    async *read(_topic: string, from = 0) {
      for (let offset = Math.max(start, from); offset < end - unread; offset++) {
        yield { topic: TOPIC, partition: 0, offset, stream_time_us: offset, id: `c:${offset}`, key: 'k', value: {} }
      }
    },
  } as unknown as Topics
}

function carrying(folder: string, topics: Topics, meter: SinkMeter, numbered = true) {
  const sink = { use: 'file', topics: [TOPIC], params: { folder, records_per_file: 100 }, description: undefined }
  return carry(topics, sink, { once: true, signal: new AbortController().signal, numbered, meter })
}

const said = async (meter: SinkMeter) =>
  Object.fromEntries((await meter.samples()).map(({ name, value }) => [name.replace('aitrader_sink_', ''), value]))

it('a sink says what it carried, over all times that it began, and what is left', async () => {
  const folder = join(newFolder(), 'sink')
  const meter = new SinkMeter('kept')
  expect(await said(meter)).toEqual({ failed: 0 })
  // Retention took the first five: they are nothing to be carried.
  await carrying(folder, topicsWith(5, 20, 3), meter)
  expect(await said(meter)).toEqual({ failed: 0, records_total: 12, pending_records: 0, behind_records: 3 })
  await carrying(folder, topicsWith(5, 30), meter)
  expect(await said(meter)).toEqual({ failed: 0, records_total: 25, pending_records: 0, behind_records: 0 })
})

it('records that wait for the disk are pending, and behind', async () => {
  const meter = new SinkMeter('kept')
  const seen: unknown[] = []
  const topics = topicsWith(0, 10)
  const { read } = topics
  topics.read = async function* (...args) {
    for await (const record of read(...args)) {
      yield record
      if (record.offset === 6) seen.push(await said(meter))
    }
  }
  await carrying(join(newFolder(), 'sink'), topics, meter)
  expect(seen).toEqual([{ failed: 0, records_total: 7, pending_records: 7, behind_records: 10 }])
})

it('what is behind is not said where only reading would tell', async () => {
  const meter = new SinkMeter('kept')
  await carrying(join(newFolder(), 'sink'), topicsWith(0, 10), meter, false)
  expect(await said(meter)).toEqual({ failed: 0, records_total: 10, pending_records: 0 })
})

it('a sink of a run that failed says so, and the others stand', async () => {
  const file = join(newFolder(), 'file')
  writeFileSync(file, 'no folder')
  const params = { folder: file, records_per_file: 10 }
  const sinks = { bad: { use: 'file', topics: [TOPIC], params, description: undefined } }
  const directory = { run: { topology: { ...topology, sinks }, source: null, seed: 1 } } as unknown as Directory
  const failed = Promise.withResolvers<string>()
  const beside = sinksBeside(directory, (sink) => failed.resolve(sink))
  expect(await failed.promise).toBe('bad')
  expect(expose(await beside.samples())).toContain('aitrader_sink_failed{sink="bad"} 1\n')
  expect(() => beside.check()).toThrow('making')
})

it('everything that is listed of sinks is said, with the labels that are listed', async () => {
  const meter = new SinkMeter('kept')
  await carrying(join(newFolder(), 'sink'), topicsWith(0, 1), meter)
  const samples = await meter.samples()
  const listed = Object.entries<MetricSpec>(METRICS).filter(([name]) => name.startsWith('aitrader_sink_'))
  expect(new Set(samples.map(({ name }) => name))).toEqual(new Set(listed.map(([name]) => name)))
  for (const { name, labels } of samples) expect([name, Object.keys(labels)]).toEqual([name, METRICS[name].labels])
})
