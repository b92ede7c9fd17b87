import { Command, CommanderError } from 'commander'
import { AppError } from '../runtime/api/index.ts'

/**
 * The composition root: parses the command line, loads only what the chosen command needs, and turns every error into
 * one clear message and an exit code (0 ok, 1 findings, 2 wrong use, 3 data or state damaged, 4 outside world).
 */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  up: async () => (await import('./commands/up.ts')).upCommand(),
  run: async () => (await import('./commands/run.ts')).runCommand(),
  capture: async () => (await import('./commands/capture.ts')).captureCommand(),
  lint: async () => (await import('./commands/lint.ts')).lintCommand(),
  plan: async () => (await import('./commands/plan.ts')).planCommand(),
  apply: async () => (await import('./commands/apply.ts')).applyCommand(),
  rescale: async () => (await import('./commands/rescale.ts')).rescaleCommand(),
  reset: async () => (await import('./commands/reset.ts')).resetCommand(),
  test: async () => (await import('./commands/test.ts')).testCommand(),
  graph: async () => (await import('./commands/graph.ts')).graphCommand(),
  topic: async () => (await import('./commands/topic.ts')).topicCommand(),
  state: async () => (await import('./commands/state.ts')).stateCommand(),
  audit: async () => (await import('./commands/audit.ts')).auditCommand(),
  control: async () => (await import('./commands/control.ts')).controlCommand(),
  lag: async () => (await import('./commands/lag.ts')).lagCommand(),
  txn: async () => (await import('./commands/txn.ts')).txnCommand(),
  dlq: async () => (await import('./commands/dlq.ts')).dlqCommand(),
  new: async () => (await import('./commands/new.ts')).newCommand(),
  bench: async () => (await import('./commands/bench.ts')).benchCommand(),
  generate: async () => (await import('./commands/generate.ts')).generateCommand(),
}

async function main(argv: readonly string[]): Promise<void> {
  const program = new Command('aitrader')
    .description('one declarative dataflow, from raw market bytes to audited orders')
    .exitOverride()
  const chosen = argv[0] ?? ''
  const load = COMMANDS[chosen]
  for (const [name, command] of Object.entries(COMMANDS)) {
    if (load === undefined || name === chosen) program.addCommand(await command())
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
