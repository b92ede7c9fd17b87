import { Command, CommanderError } from 'commander'
import { AppError } from '../runtime/api/index.ts'
import { COMMANDS } from './command-list.ts'

/**
 * The composition root: parses the command line, loads only what the chosen command needs, and turns every error into
 * one clear message and an exit code (0 ok, 1 findings, 2 wrong use, 3 data or state damaged, 4 outside world).
 */

async function main(argv: readonly string[]): Promise<void> {
  const program = new Command('aitrader')
    .description('one declarative dataflow, from raw market bytes to audited orders')
    .exitOverride()
  const [first = '', second = ''] = argv
  const chosen = first === 'help' ? second : first
  for (const [name, { says, load }] of Object.entries(COMMANDS)) {
    if (name === chosen) program.addCommand(await load())
    // Enough for the list of all, and for the nearest name to one that there is not.
    else if (!Object.hasOwn(COMMANDS, chosen)) program.command(name).description(says)
  }
  for (const command of everyCommand(program)) command.exitOverride()
  await program.parseAsync([...argv], { from: 'user' })
}

function everyCommand(command: Command): Command[] {
  return [command, ...command.commands.flatMap((sub) => everyCommand(sub))]
}

function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  if (error instanceof AppError) {
    process.stderr.write(`aitrader: ${error.message} (${error.code})\n`)
    if (error.hint !== undefined) process.stderr.write(`  ${error.hint}\n`)
    return error.exit_code
  }
  process.stderr.write(`aitrader: ${error instanceof Error ? error.stack : String(error)}\n`)
  return 3
}

// A reader that has seen enough (`| head`) is no failure. Output that nobody keeps is one, and the end of the command.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  const hint = 'make room where the output goes, or send it elsewhere'
  const failed = new AppError('OUTPUT_FAILED', `writing the output: ${error.message}`, { exit_code: 4, hint })
  process.exit(report(failed))
})

try {
  await main(process.argv.slice(2))
} catch (error) {
  process.exitCode = report(error)
}
