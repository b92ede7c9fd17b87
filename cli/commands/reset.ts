import { Command } from 'commander'
import { loadTopology } from '../compose.ts'
import { confirm } from '../deploy/confirm.ts'
import { goalOf } from '../deploy/deployment.ts'
import { openKafkaSite } from '../deploy/kafka-site.ts'
import { isDestructive, makeReset, planReset, stepText } from '../deploy/reset.ts'
import { topologyOptions } from '../topology-file.ts'

interface ResetOptions {
  readonly kafka: string
  readonly topology: string
  readonly overlay: readonly string[]
  readonly stages?: string
  readonly records?: boolean
  readonly dryRun?: boolean
  readonly yes?: boolean
  readonly json?: boolean
}

/** `aitrader reset`: a topology back to its beginning, or the state of single stages computed again. */
export function resetCommand(): Command {
  return topologyOptions(
    new Command('reset')
      .description('take a topology on Kafka back to its beginning: offsets, state, internal topics')
      .requiredOption('--kafka <addresses>', 'brokers to begin with: HOST:PORT, several with commas'),
    'whose',
  )
    .option('--stages <names>', 'only the state of these stages, computed again from their inputs')
    .option('--records', "make the topology's topics again too: their records go")
    .option('--dry-run', 'show what would be done and do nothing')
    .option('--yes', 'do not ask before something is deleted')
    .option('--json', 'one JSON object per step')
    .action(reset)
}

async function reset(options: ResetOptions): Promise<void> {
  const topology = await loadTopology(options.topology, options.overlay)
  const site = await openKafkaSite(options.kafka, topology, undefined)
  try {
    const wishes = { topology, replication: undefined, principal: undefined, allow_loss: [] }
    const goal = {
      ...(await goalOf(wishes, site)),
      stages: options.stages?.split(',').map((name) => name.trim()),
      records: options.records ?? false,
    }
    const steps = await planReset(goal, site)
    if (options.dryRun === true) {
      for (const step of steps) write(options, stepText(step), { ...step, done: false })
      return
    }
    const destructive = steps.filter(isDestructive).length
    if (destructive > 0 && options.yes !== true) {
      for (const step of steps) process.stderr.write(`${stepText(step)}\n`)
      await confirm(destructive)
    }
    await makeReset(goal, steps, site, (step) => write(options, stepText(step), { ...step, done: true }))
  } finally {
    await site.close()
  }
}

function write({ json }: ResetOptions, text: string, step: object): void {
  process.stdout.write(`${json === true ? JSON.stringify(step) : text}\n`)
}
