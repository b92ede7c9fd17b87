import { Command } from 'commander'
import { AppError } from '../../runtime/api/index.ts'
import { hintFor } from '../../runtime/topology/nearest.ts'
import type { DeadLetter } from '../../schemas/generated/index.ts'
import { parseWhole } from '../options.ts'
import { Output } from '../output.ts'
import { type PlaceOptions, placeOf, placeOptions } from '../place.ts'
import { inTopics, readRecords, type Topics, textOf } from '../reading.ts'
import type { ReplayOptions } from './dlq-replay.ts'

interface ListOptions extends PlaceOptions {
  readonly code?: string
  readonly stage?: string
  readonly json?: boolean
}

interface ShowOptions extends PlaceOptions {
  readonly topic?: string
  readonly partition: string
  readonly json?: boolean
}

/** `aitrader dlq list|show|replay`: the records that could not be processed, why, their bytes as they came, and their second chance. */
export function dlqCommand(): Command {
  const command = new Command('dlq').description(
    'records that could not be processed: read them, send them through again',
  )
  placeOptions(command.command('list'))
    .description('dead letters in the order they were written')
    .option('--code <code>', 'with this fault code only')
    .option('--stage <stage>', 'refused by this stage only')
    .option('--json', 'one JSON object per dead letter')
    .action(list)
  placeOptions(command.command('show'))
    .description('one dead letter with its raw bytes: text where they are UTF-8, else a hex dump')
    .argument('<offset>', 'its offset, as `dlq list` tells it')
    .option('--topic <topic>', 'topic of the dead letter, where the topology has several')
    .option('--partition <n>', 'partition of the dead letter', '0')
    .option('--json', 'one JSON object; bytes that are no text as base64')
    .action(show)
  placeOptions(command.command('replay'))
    .description('send dead letters through the stages that refused them again, in their order')
    .argument('[offset]', 'one dead letter, as `dlq list` tells it')
    .option('--topic <topic>', 'topic of the dead letters')
    .option('--partition <n>', 'partition of the dead letter', '0')
    .option('--stage <stage>', 'those that this stage refused')
    .option('--code <code>', 'those with this fault code')
    .option('--all', 'all of them')
    .option('--again', 'those that were sent through again before, too')
    .option('--dry-run', 'only say which')
    .option('--actor <id>', 'who orders it, a pseudonymous id', 'operator')
    .option('--timeout <duration>', 'with --kafka: how long to wait until they are taken', '10s')
    .option('--json', 'one JSON object per dead letter')
    .action(async (offset: string | undefined, options: ReplayOptions) => {
      await (await import('./dlq-replay.ts')).replayLetters(offset, options)
    })
  return command
}

async function list({ code, stage, json, ...options }: ListOptions): Promise<void> {
  await inTopics(placeOf(options), async (topics) => {
    const { stages } = topics.run.topology
    if (stage !== undefined && !Object.hasOwn(stages, stage)) {
      const hint = hintFor(stage, Object.keys(stages), 'stages')
      throw new AppError('STAGE_UNKNOWN', `the topology has no stage ${stage}`, { exit_code: 2, hint })
    }
    const out = new Output(process.stdout)
    let shown = 0
    for await (const { topic, partition, offset, stream_time_us, value } of readRecords(topics, 'DeadLetter')) {
      const letter = value as DeadLetter
      if (code !== undefined && letter.code !== code) continue
      if (stage !== undefined && letter.stage !== stage) continue
      const { origin_id, origin_topic } = letter
      const row = {
        topic,
        partition,
        offset,
        stage: letter.stage,
        code: letter.code,
        origin_id,
        origin_topic,
        detail: detailOf(letter),
        size_bytes: letter.bytes.length,
        stream_time_us,
      }
      shown++
      await out.line(json === true ? JSON.stringify(row) : lineOf(row))
    }
    await out.end()
    if (shown === 0 && json !== true) process.stdout.write('no dead letters\n')
  })
}

function lineOf(row: {
  offset: number
  stage: string
  code: string
  origin_id: string
  detail: unknown
  size_bytes: number
}): string {
  const { offset, stage, code, origin_id, detail, size_bytes } = row
  return `${offset}  ${stage}  ${code}  ${origin_id}  ${size_bytes} bytes  ${JSON.stringify(detail)}`
}

async function show(text: string, options: ShowOptions): Promise<void> {
  const offset = parseWhole(text, 'OFFSET')
  const partition = parseWhole(options.partition, '--partition')
  await inTopics(placeOf(options), async (topics) => {
    const topic = topicOf(topics, options.topic)
    for await (const record of topics.read(topic, offset, partition)) {
      if (record.offset !== offset) break
      const letter = record.value as DeadLetter
      process.stdout.write(options.json === true ? `${jsonOfLetter(record, letter)}\n` : pageOf(record, letter))
      return
    }
    const { start_offsets, end_offsets } = await topics.extent(topic)
    const [start, end] = [start_offsets[partition] ?? 0, end_offsets[partition] ?? 0]
    throw new AppError('OFFSET_UNKNOWN', `${topic}/${partition} has no record ${offset}`, {
      exit_code: 2,
      hint: end > start ? `it holds ${start} to ${end - 1}` : 'it is empty: no dead letters',
    })
  })
}

function topicOf({ run }: Pick<Topics, 'run'>, wanted: string | undefined): string {
  const names = Object.entries(run.topology.topics).flatMap(([name, { record }]) =>
    record === 'DeadLetter' ? [name] : [],
  )
  const name = wanted ?? (names.length === 1 ? names[0] : undefined)
  if (name !== undefined && names.includes(name)) return name
  throw new AppError(
    'TOPIC_UNKNOWN',
    wanted === undefined ? 'the topology has not one topic of dead letters' : `${wanted} holds no dead letters`,
    {
      exit_code: 2,
      hint: names.length === 0 ? 'its stages declare no faults_to' : `name one with --topic: ${names.join(', ')}`,
    },
  )
}

interface Place {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly stream_time_us: number
  readonly id: string
}

function jsonOfLetter({ topic, partition, offset, stream_time_us, id }: Place, letter: DeadLetter): string {
  const { bytes, ...rest } = letter
  return JSON.stringify({
    ...{ topic, partition, offset, stream_time_us, id },
    ...rest,
    detail: detailOf(letter),
    size_bytes: bytes.length,
    bytes: textOf(bytes),
  })
}

function pageOf({ topic, partition, offset, stream_time_us }: Place, letter: DeadLetter): string {
  const rows = [
    ['where', `${topic}/${partition}@${offset}`],
    ['time', new Date(stream_time_us / 1000).toISOString()],
    ['refused by', letter.stage],
    ['code', letter.code],
    ['detail', JSON.stringify(detailOf(letter))],
    ['origin', `${letter.origin_id} on ${letter.origin_topic}/${letter.origin_partition}`],
    ['bytes', `${letter.bytes.length} of a ${letter.record}`],
  ]
  const head = rows.map(([name, value]) => `${name?.padEnd(10)}  ${value}\n`).join('')
  return `${head}\n${bodyOf(letter.bytes)}`
}

/** The bytes as text if a terminal can show all of it, else as a hex dump of 16 a line. */
function bodyOf(bytes: Uint8Array): string {
  const text = textOf(bytes)
  if (typeof text === 'string' && !UNPRINTABLE.test(text)) return `${text}\n`
  const lines: string[] = []
  for (let at = 0; at < bytes.length; at += 16) {
    const row = bytes.subarray(at, at + 16)
    const hex = Array.from(row, (byte) => byte.toString(16).padStart(2, '0')).join(' ')
    const shown = Array.from(row, (byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '.')).join('')
    lines.push(`${at.toString(16).padStart(8, '0')}  ${hex.padEnd(47)}  ${shown}\n`)
  }
  return lines.join('')
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters must not reach a terminal.
const UNPRINTABLE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/

/** The values that justify the code; the text itself if it is not JSON. */
function detailOf({ detail }: DeadLetter): unknown {
  try {
    return JSON.parse(detail)
  } catch {
    return detail
  }
}
