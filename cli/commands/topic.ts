import { Command } from 'commander'
import { parseWhole } from '../options.ts'
import { Output } from '../output.ts'
import { type PlaceOptions, placeOf, placeOptions } from '../place.ts'
import { inTopics, jsonOf } from '../reading.ts'
import type { TopicRecord } from '../topic-record.ts'

interface ReadOptions extends PlaceOptions {
  readonly from: string
  readonly limit?: string
  readonly follow?: boolean
  readonly json?: boolean
}

/** `aitrader topic list|read`: what is on the topics of a data directory or of a topology on Kafka, durable records only. */
export function topicCommand(): Command {
  const command = new Command('topic').description('read the topics of a data directory, or of a topology on Kafka')
  placeOptions(command.command('list'))
    .description('topics with their record, partitions, offsets and digest')
    .option('--json', 'one JSON object per topic')
    .action(list)
  placeOptions(command.command('read <topic>'))
    .description('records of a topic, partition by partition; everything there is, then ends')
    .option('--from <n>', 'first offset, in every partition', '0')
    .option('--limit <n>', 'records at most')
    .option('--follow', 'go on with what comes; from Kafka, once every writer of the partition has passed its time')
    .option('--json', 'one JSON object per record')
    .action(read)
  return command
}

async function list(options: PlaceOptions & { json?: boolean }): Promise<void> {
  await inTopics(placeOf(options), async ({ run, extent }) => {
    const { topics } = run.topology
    const width = Math.max(...Object.keys(topics).map((topic) => topic.length))
    for (const [topic, { record, partitions }] of Object.entries(topics)) {
      const { records, start_offsets, end_offsets, sha256 } = await extent(topic)
      const line =
        options.json === true
          ? JSON.stringify({ topic, record, partitions, records, start_offsets, end_offsets, sha256 })
          : `${topic.padEnd(width)} ${record.padEnd(16)} ${String(records).padStart(10)}`
      process.stdout.write(`${line}\n`)
    }
  })
}

async function read(topic: string, options: ReadOptions): Promise<void> {
  const from = parseWhole(options.from, '--from')
  const limit = options.limit === undefined ? Number.POSITIVE_INFINITY : parseWhole(options.limit, '--limit')
  const follow = options.follow === true
  await inTopics(placeOf(options), async (topics) => {
    const out = new Output(process.stdout)
    let left = limit
    if (left === 0) return
    for await (const record of follow ? topics.follow(topic, from) : topics.read(topic, from)) {
      await out.line(options.json === true ? jsonOf(record) : lineOf(record))
      if (follow) await out.end()
      if (--left === 0) break
    }
    await out.end()
  })
}

function lineOf({ partition, offset, stream_time_us, id, key, value }: TopicRecord): string {
  return `${partition}@${offset} ${new Date(stream_time_us / 1000).toISOString()} ${id} ${key} ${jsonOf(value)}`
}
