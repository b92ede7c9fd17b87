import { Command } from 'commander'
import { parseWhole } from '../options.ts'
import { Output } from '../output.ts'
import { jsonOf, openDirectory, readTopic, type TopicRecord } from '../reading.ts'

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
  const { reader, run } = await openDirectory(data)
  const digests = await reader.digests()
  const rows = Object.entries(run.topology.topics).map(([topic, { record, partitions }]) => {
    const all = Array.from({ length: partitions }, (_, partition) => reader.partition(topic, partition))
    const start_offsets = all.map((info) => info.start_offset)
    const end_offsets = all.map((info) => info.end_offset)
    return {
      topic,
      record,
      partitions,
      records: digests[topic]?.records ?? 0,
      start_offsets,
      end_offsets,
      sha256: digests[topic]?.sha256,
    }
  })
  const width = Math.max(...rows.map(({ topic }) => topic.length))
  for (const row of rows) {
    const line = json
      ? JSON.stringify(row)
      : `${row.topic.padEnd(width)} ${row.record.padEnd(16)} ${String(row.records).padStart(10)}`
    process.stdout.write(`${line}\n`)
  }
  await reader.close()
}

async function read(
  topic: string,
  options: { data: string; from: string; limit?: string; json?: boolean },
): Promise<void> {
  const from = parseWhole(options.from, '--from')
  const limit = options.limit === undefined ? Number.POSITIVE_INFINITY : parseWhole(options.limit, '--limit')
  const directory = await openDirectory(options.data)
  const out = new Output(process.stdout)
  let count = 0
  try {
    for await (const record of readTopic(directory, topic, from)) {
      if (count++ >= limit) break
      await out.line(options.json === true ? jsonOf(record) : lineOf(record))
    }
    await out.end()
  } finally {
    await directory.reader.close()
  }
}

function lineOf({ partition, offset, stream_time_us, id, key, value }: TopicRecord): string {
  return `${partition}@${offset} ${new Date(stream_time_us / 1000).toISOString()} ${id} ${key} ${jsonOf(value)}`
}
