import { Command } from 'commander'
import type { Control } from '../../schemas/generated/index.ts'
import { checkActor, checkScope, knownScopes } from '../control-record.ts'
import { parseDuration } from '../options.ts'
import { type DirectoryPlace, type KafkaPlace, type PlaceOptions, placeOf, placeOptions } from '../place.ts'
import { openDirectory, openTopics, readRecords, type Topics, topicsOf, topicsOfDeployed } from '../reading.ts'

interface GiveOptions extends PlaceOptions {
  readonly scope: string
  readonly actor: string
  readonly reason: string
  readonly timeout: string
  readonly cancelOpen?: boolean
  readonly json?: boolean
}

/**
 * `aitrader control kill|resume|show`: halts and resumes trading of the firm, an account, a strategy or a symbol, and
 * tells what is in force. An order is durable when the command ends; it reaches the process that runs the directory,
 * or the directory itself while nobody runs it. On Kafka it reaches the process that runs the sources, wherever that is.
 */
export function controlCommand(): Command {
  const command = new Command('control').description('halt and resume trading')
  const give = (name: string, description: string) =>
    placeOptions(command.command(name))
      .description(description)
      .option('--scope <scope>', 'firm, account:ID, strategy:NAME or symbol:SYMBOL', 'firm')
      .option('--actor <id>', 'who orders it, a pseudonymous id', 'operator')
      .option('--reason <text>', 'why, for the record', '')
      .option('--timeout <duration>', 'with --kafka: how long to wait until it is in force', '10s')
      .option('--json', 'one JSON object')
  give('kill', 'let no order of the scope leave any more, and cancel its open orders')
    .option('--cancel-open', 'cancel the open orders of the scope (what it does anyway)')
    .option('--no-cancel-open', 'leave open orders where they are')
    .action((options: GiveOptions) => order(options, 'HALTED', options.cancelOpen ?? true))
  give('resume', 'let orders of the scope leave again').action((options: GiveOptions) =>
    order(options, 'ACTIVE', false),
  )
  placeOptions(command.command('show'))
    .description('what is in force per scope, and whether a process runs it')
    .option('--json', 'one JSON object')
    .action(show)
  return command
}

async function order(options: GiveOptions, trading_state: 'HALTED' | 'ACTIVE', cancel_open: boolean): Promise<void> {
  const { scope, actor, reason } = options
  checkActor(actor, reason)
  const control: Control = { scope, trading_state, cancel_open, actor, reason }
  const place = placeOf(options)
  const timeout_ms = parseDuration(options.timeout, '--timeout')
  const given =
    place.kind === 'directory' ? await giveHere(place, control) : await giveThere(place, control, timeout_ms)
  if (options.json === true) process.stdout.write(`${JSON.stringify({ ...control, ...given })}\n`)
  else {
    const what = trading_state === 'HALTED' ? `halted${cancel_open ? ', open orders are cancelled' : ''}` : 'resumed'
    const how =
      given.by === 'process'
        ? 'the running process took it'
        : 'nobody runs the directory: it holds from the next start on'
    process.stdout.write(`${scope}: trading ${what} (${how})\n`)
  }
}

interface Given {
  readonly by: 'process' | 'directory'
  /** On Kafka: the record that the order became, and since when it is in force. */
  readonly id?: string
  readonly stream_time_us?: number
}

async function giveHere({ dir }: DirectoryPlace, control: Control): Promise<Given> {
  const { giveOrders } = await import('../control-now.ts')
  const directory = await openDirectory(dir)
  try {
    await refuseUnknownScope(topicsOf(directory), control.scope)
  } finally {
    await directory.reader.close()
  }
  const order = { source: 'control', value: control, position: null }
  return { by: await giveOrders(dir, directory.run, [order]) }
}

async function giveThere(place: KafkaPlace, control: Control, timeout_ms: number): Promise<Given> {
  const { openDeployed } = await import('../deployed/open.ts')
  const { giveDeployedOrders } = await import('../deployed/give-orders.ts')
  const { REQUESTS } = await import('../run/requests.ts')
  const deployed = await openDeployed(place)
  try {
    await refuseUnknownScope(await topicsOfDeployed(deployed), control.scope)
    const { id, stream_time_us } = await giveDeployedOrders(deployed, REQUESTS, [control], timeout_ms)
    return { by: 'process', id, stream_time_us }
  } finally {
    await deployed.close()
  }
}

async function refuseUnknownScope(topics: Topics, scope: string): Promise<void> {
  const symbols = new Set<string>()
  for await (const { value } of readRecords(topics, 'Instrument')) symbols.add((value as { symbol: string }).symbol)
  checkScope(scope, knownScopes(topics.run.topology, symbols))
}

interface InForce extends Omit<Control, 'cancel_open'> {
  readonly cancel_open: boolean
  readonly offset: number
  readonly stream_time_us: number
}

async function show({ json, ...options }: PlaceOptions & { json?: boolean }): Promise<void> {
  const place = placeOf(options)
  const scopes = new Map<string, InForce>()
  const topics = await openTopics(place)
  let running: boolean
  try {
    for await (const { value, offset, stream_time_us } of readRecords(topics, 'Control')) {
      const control = value as Control
      const before = scopes.get(control.scope)
      const trading_state = control.trading_state ?? before?.trading_state ?? 'ACTIVE'
      scopes.set(control.scope, { ...control, trading_state, offset, stream_time_us })
    }
    running = await topics.running()
  } finally {
    await topics.close()
  }
  if (json === true) {
    process.stdout.write(`${JSON.stringify({ running, scopes: [...scopes.values()] })}\n`)
    return
  }
  const what = place.kind === 'directory' ? 'this directory' : 'the sources'
  process.stdout.write(running ? `a process runs ${what}\n` : `no process runs ${what}\n`)
  if (scopes.size === 0) process.stdout.write('trading is ACTIVE everywhere: no order was ever given\n')
  const width = Math.max(0, ...[...scopes.keys()].map((scope) => scope.length))
  for (const { scope, trading_state, actor, reason, stream_time_us } of scopes.values()) {
    const since = new Date(stream_time_us / 1000).toISOString()
    process.stdout.write(
      `${scope.padEnd(width)}  ${trading_state}  since ${since} by ${actor}${reason === '' ? '' : `: ${reason}`}\n`,
    )
  }
}
