import { Command } from 'commander'
import { AppError } from '../../runtime/api/index.ts'
import { exportTrail } from '../audit/export.ts'
import { objectIds } from '../audit/objects.ts'
import { replayDirectory } from '../audit/replay.ts'
import { Ticker } from '../audit/ticker.ts'
import { Tracer } from '../audit/trace.ts'
import { treeOf } from '../audit/tree.ts'
import { verifyExport } from '../audit/verify-export.ts'
import { verifyTopics } from '../audit/verify-topics.ts'
import { Output } from '../output.ts'
import { type PlaceOptions, placeOf, placeOptions, placeText } from '../place.ts'
import { inReading, type Sight } from '../reading.ts'

/** `aitrader audit`: where results came from, and whether anything was changed since. Exit 3 if something does not hold. */
export function auditCommand(): Command {
  const command = new Command('audit').description('trace results to raw frames, replay decisions, prove the trail')
  placeOptions(command.command('trace [id]'))
    .description('walk from a fill, order or decision back to raw frames and check every link')
    .option('--all', 'all fills, orders and decisions')
    .option('--json', 'one JSON object per result')
    .action(trace)
  placeOptions(command.command('replay'))
    .description('run the decision path again from raw frames and recorded effects and compare every output')
    .option('--json', 'print the result as JSON')
    .action(replay)
  placeOptions(command.command('export <file>'))
    .description('write the audit trail into one file that can be verified anywhere')
    .option('--json', 'print the result as JSON')
    .action(writeExport)
  placeOptions(command.command('verify [file]'))
    .description('check an exported trail, or the trail of a run and all topics under it')
    .option('--json', 'print the result as JSON')
    .action(verify)
  return command
}

interface AuditOptions extends PlaceOptions {
  readonly all?: boolean
  readonly json?: boolean
}

const TRAIL: Sight = { kind: 'trail' }

async function trace(id: string | undefined, options: AuditOptions): Promise<void> {
  const { all, json } = options
  if ((id === undefined) === (all !== true))
    throw wrongUse('trace takes an id or --all', 'aitrader audit trace execution/0:4 --data DIR')
  const place = placeOf(options)
  await inReading(place, TRAIL, async ({ reader, run }) => {
    const ticker = new Ticker('audit trace')
    const tracer = await Tracer.open(reader, run.topology, (records) => ticker.at(() => `${records} records indexed`))
    if (id !== undefined && !(await tracer.knows(id))) {
      ticker.end()
      throw new AppError('UNKNOWN_ID', `no record has the id ${id}`, {
        exit_code: 2,
        hint: `ids look like execution/0:4; list them with \`aitrader topic read fills.global.v1 ${placeText(place)}\``,
      })
    }
    const ids = id === undefined ? await objectIds(reader, run.topology, tracer) : [id]
    const out = new Output(process.stdout)
    let bad = 0
    for (const [index, next] of ids.entries()) {
      ticker.at(() => `${index} of ${ids.length}`)
      const traced = await tracer.trace(next)
      if (!traced.ok) bad++
      ticker.end()
      if (json !== true && all === true) await out.line(summaryOf(traced))
      else await out.line(json === true ? JSON.stringify(traced) : treeOf(traced))
    }
    if (json !== true && all === true) await out.line(`${ids.length} traced, ${bad} not ok`)
    await out.end()
    if (bad > 0) process.exitCode = 3
  })
}

function summaryOf({ kind, id, chain, frames, ok, reason }: Awaited<ReturnType<Tracer['trace']>>): string {
  const result = ok ? 'ok' : `NOT OK  ${reason}`
  return `${kind.padEnd(8)} ${id.padEnd(20)} ${String(chain.length).padStart(6)} records ${String(frames.length).padStart(5)} frames  ${result}`
}

async function replay({ json, ...options }: AuditOptions): Promise<void> {
  await inReading(placeOf(options), TRAIL, async ({ reader, run }) => {
    const ticker = new Ticker('audit replay')
    let from_us: number | undefined
    const result = await replayDirectory(reader, run, (at_us, end_us) => {
      from_us ??= at_us
      const share = (at_us - from_us) / Math.max(1, end_us - from_us)
      ticker.at(() => `${Math.floor(share * 100)} %`)
    })
    ticker.end()
    const { compared, different, first_difference, range, changed, stopped } = result
    if (changed.length > 0)
      process.stderr.write(`the ${changed.join(', ')} of this build differ from those that wrote the records\n`)
    if (json === true) process.stdout.write(`${JSON.stringify(result)}\n`)
    else {
      const span = `${new Date(range.from_us / 1000).toISOString()} to ${new Date(range.to_us / 1000).toISOString()}`
      process.stdout.write(`${compared} records compared, ${different} different, ${span}\n`)
      if (first_difference !== null) {
        const { topic, partition, offset, id, what } = first_difference
        process.stdout.write(`first difference: ${what} of ${id} at ${topic}/${partition}@${offset}\n`)
      }
      if (stopped !== undefined) process.stdout.write(`it stopped early: ${stopped}\n`)
    }
    if (different > 0) process.exitCode = 3
  })
}

async function writeExport(file: string, { json, ...options }: AuditOptions): Promise<void> {
  await inReading(placeOf(options), TRAIL, async ({ reader, run }) => {
    const ticker = new Ticker('audit export')
    const result = await exportTrail(reader, run.topology, file, (records) => ticker.at(() => `${records} events`))
    ticker.end()
    process.stdout.write(
      json === true
        ? `${JSON.stringify(result)}\n`
        : `${result.records} audit events in ${file}\nhead ${result.head}\n`,
    )
  })
}

async function verify(file: string | undefined, { json, ...options }: AuditOptions): Promise<void> {
  const elsewhere = options.data !== undefined || options.kafka !== undefined || options.registry !== undefined
  if ((file === undefined) !== elsewhere)
    throw wrongUse(
      'verify takes a file, --data or --kafka',
      'aitrader audit verify FILE, or aitrader audit verify --data DIR',
    )
  const ticker = new Ticker('audit verify')
  const progress = (records: number, of: number) => ticker.at(() => `${records} of ${of} events`)
  const print = (result: Awaited<ReturnType<typeof verifyExport>>) => {
    ticker.end()
    const { records, head, ok, first_bad } = result
    if (json === true) process.stdout.write(`${JSON.stringify(result)}\n`)
    else if (ok) process.stdout.write(`ok, ${records} audit events\nhead ${head}\n`)
    else {
      const place =
        first_bad?.partition === null
          ? ''
          : ` at ${first_bad?.topic === undefined ? '' : `${first_bad.topic}/`}${first_bad?.partition}@${first_bad?.offset}`
      process.stdout.write(`NOT OK after ${records} sound audit events${place}: ${first_bad?.reason}\n`)
    }
    if (!ok) process.exitCode = 3
  }
  if (file !== undefined) print(await verifyExport(file, progress))
  else
    await inReading(placeOf(options), TRAIL, async ({ reader, run }) =>
      print(await verifyTopics(reader, run.topology, progress)),
    )
}

function wrongUse(message: string, hint: string): AppError {
  return new AppError('BAD_OPTION', message, { exit_code: 2, hint })
}
