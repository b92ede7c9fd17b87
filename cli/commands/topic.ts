import { Command } from 'commander'
import { parseWhole } from '../options.ts'
import { Output } from '../output.ts'
import { inDirectory, jsonOf, readTopic, type TopicRecord } from '../reading.ts'

/** `aitrader topic list|read`: what is on the topics of a data directory, durable records only. */
export function topicCommand(): Command {
  const command = new Command('topic').description('read the topics of a data directory')
  command
    .command('list')
    .description('topics with their record, partitions, offsets and digest')
    .requiredOption('--data <dir>', 'the data directory')
    .option('--json', 'one JSON object per topic')
    .action(list)
  command
    .command('read <topic>')
    .description('records of a topic, partition by partition; everything there is, then ends')
    .requiredOption('--data <dir>', 'the data directory')
    .option('--from <n>', 'first offset, in every partition', '0')
    .option('--limit <n>', 'records at most')
    .option('--json', 'one JSON object per record')
    .action(read)
  return command
}

async function list({ data, json }: { data: string; json?: boolean }): Promise<void> {
  await inDirectory(data, async ({ reader, run }) => {
    const digests = await reader.digests()
    const { topics } = run.topology
    const width = Math.max(...Object.keys(topics).map((topic) => topic.length))
    for (const [topic, { record, partitions }] of Object.entries(topics)) {
      const all = Array.from({ length: partitions }, (_, partition) => reader.partition(topic, partition))
      const start_offsets = all.map((info) => info.start_offset)
      const end_offsets = all.map((info) => info.end_offset)
      const { records, sha256 } = digests[topic] ?? { records: 0, sha256: undefined }
      const line = json
        ? JSON.stringify({ topic, record, partitions, records, start_offsets, end_offsets, sha256 })
        : `${topic.padEnd(width)} ${record.padEnd(16)} ${String(records).padStart(10)}`
      process.stdout.write(`${line}\n`)
    }
  })
}

async function read(
  topic: string,
  options: { data: string; from: string; limit?: string; json?: boolean },
): Promise<void> {
  const from = parseWhole(options.from, '--from')
  const limit = options.limit === undefined ? Number.POSITIVE_INFINITY : parseWhole(options.limit, '--limit')
  await inDirectory(options.data, async (directory) => {
    const out = new Output(process.stdout)
    let count = 0
    for await (const record of readTopic(directory, topic, from)) {
      if (count++ >= limit) break
      await out.line(options.json === true ? jsonOf(record) : lineOf(record))
    }
    await out.end()
  })
}

function lineOf({ partition, offset, stream_time_us, id, key, value }: TopicRecord): string {
  return `${partition}@${offset} ${new Date(stream_time_us / 1000).toISOString()} ${id} ${key} ${jsonOf(value)}`
}
