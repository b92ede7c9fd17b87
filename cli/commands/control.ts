import { Command } from 'commander'
import type { Control } from '../../schemas/generated/index.ts'
import { giveControl } from '../control-now.ts'
import { checkActor, checkScope, knownScopes } from '../control-record.ts'
import { isListening } from '../control-socket.ts'
import { type Directory, openDirectory, readRecords, topicsOf } from '../reading.ts'

interface GiveOptions {
  readonly data: string
  readonly scope: string
  readonly actor: string
  readonly reason: string
  readonly cancelOpen?: boolean
  readonly json?: boolean
}

/**
 * `aitrader control kill|resume|show`: halts and resumes trading of the firm, an account, a strategy or a symbol, and
 * tells what is in force. An order is durable when the command ends; it reaches the process that runs the directory,
 * or the directory itself while nobody runs it.
 */
export function controlCommand(): Command {
  const command = new Command('control').description('halt and resume trading')
  const give = (name: string, description: string) =>
    command
      .command(name)
      .description(description)
      .requiredOption('--data <dir>', 'the data directory')
      .option('--scope <scope>', 'firm, account:ID, strategy:NAME or symbol:SYMBOL', 'firm')
      .option('--actor <id>', 'who orders it, a pseudonymous id', 'operator')
      .option('--reason <text>', 'why, for the record', '')
      .option('--json', 'one JSON object')
  give('kill', 'let no order of the scope leave any more, and cancel its open orders')
    .option('--cancel-open', 'cancel the open orders of the scope (what it does anyway)')
    .option('--no-cancel-open', 'leave open orders where they are')
    .action((options: GiveOptions) => order(options, 'HALTED', options.cancelOpen ?? true))
  give('resume', 'let orders of the scope leave again').action((options: GiveOptions) =>
    order(options, 'ACTIVE', false),
  )
  command
    .command('show')
    .description('what is in force per scope, and whether a process runs the directory')
    .requiredOption('--data <dir>', 'the data directory')
    .option('--json', 'one JSON object')
    .action(show)
  return command
}

async function order(options: GiveOptions, trading_state: 'HALTED' | 'ACTIVE', cancel_open: boolean): Promise<void> {
  const { data, scope, actor, reason } = options
  checkActor(actor, reason)
  const directory = await openDirectory(data)
  try {
    checkScope(scope, await scopesOf(directory))
  } finally {
    await directory.reader.close()
  }
  const control: Control = { scope, trading_state, cancel_open, actor, reason }
  const by = await giveControl(data, directory.run, control)
  if (options.json === true) process.stdout.write(`${JSON.stringify({ ...control, by })}\n`)
  else {
    const what = trading_state === 'HALTED' ? `halted${cancel_open ? ', open orders are cancelled' : ''}` : 'resumed'
    const how =
      by === 'process' ? 'the running process took it' : 'nobody runs the directory: it holds from the next start on'
    process.stdout.write(`${scope}: trading ${what} (${how})\n`)
  }
}

async function scopesOf(directory: Directory): Promise<string[]> {
  const symbols = new Set<string>()
  for await (const { value } of readRecords(topicsOf(directory), 'Instrument'))
    symbols.add((value as { symbol: string }).symbol)
  return knownScopes(directory.run.topology, symbols)
}

interface InForce extends Omit<Control, 'cancel_open'> {
  readonly cancel_open: boolean
  readonly offset: number
  readonly stream_time_us: number
}

async function show({ data, json }: { data: string; json?: boolean }): Promise<void> {
  const directory = await openDirectory(data)
  const scopes = new Map<string, InForce>()
  try {
    for await (const { value, offset, stream_time_us } of readRecords(topicsOf(directory), 'Control')) {
      const control = value as Control
      const before = scopes.get(control.scope)
      const trading_state = control.trading_state ?? before?.trading_state ?? 'ACTIVE'
      scopes.set(control.scope, { ...control, trading_state, offset, stream_time_us })
    }
  } finally {
    await directory.reader.close()
  }
  const running = await isListening(data)
  if (json === true) {
    process.stdout.write(`${JSON.stringify({ running, scopes: [...scopes.values()] })}\n`)
    return
  }
  process.stdout.write(running ? 'a process runs this directory\n' : 'no process runs this directory\n')
  if (scopes.size === 0) process.stdout.write('trading is ACTIVE everywhere: no order was ever given\n')
  const width = Math.max(0, ...[...scopes.keys()].map((scope) => scope.length))
  for (const { scope, trading_state, actor, reason, stream_time_us } of scopes.values()) {
    const since = new Date(stream_time_us / 1000).toISOString()
    process.stdout.write(
      `${scope.padEnd(width)}  ${trading_state}  since ${since} by ${actor}${reason === '' ? '' : `: ${reason}`}\n`,
    )
  }
}
