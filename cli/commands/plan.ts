import { Command } from 'commander'
import { AppError } from '../../runtime/api/index.ts'
import { pending } from '../deploy/changes.ts'
import { compare, goalOf } from '../deploy/deployment.ts'
import { directoryChanges } from '../deploy/directory-plan.ts'
import {
  type AddressOptions,
  addressesOf,
  addressOptions,
  type WishOptions,
  wishesFrom,
  wishOptions,
} from '../deploy/options.ts'
import { planJson, renderPlan } from '../deploy/render.ts'
import { preconditionsOf, savePlan } from '../deploy/saved-plan.ts'
import { openSite } from '../deploy/site.ts'
import { openDirectory } from '../reading.ts'
import { wantsColour } from '../topology-file.ts'

interface PlanOptions extends AddressOptions, WishOptions {
  readonly data?: string
  readonly json?: boolean
  readonly out?: string
  readonly detailedExitcode?: boolean
}

/** `aitrader plan`: everything that applying a topology would change, at once; nothing is changed. */
export function planCommand(): Command {
  const command = new Command('plan').description(
    'show what applying a topology would change: topics, schemas, rights, and what becomes of each state',
  )
  return wishOptions(addressOptions(command))
    .option('--data <dir>', 'instead of --kafka: what the topology means for this data directory of `aitrader up`')
    .option('--json', 'print the plan as one JSON object')
    .option('--out <file>', 'save the plan for `aitrader apply FILE`')
    .option('--detailed-exitcode', 'exit 1 if anything remains to be changed')
    .action(plan)
}

async function plan(options: PlanOptions): Promise<void> {
  if (options.data !== undefined) return planDirectory(options.data, options)
  const addresses = addressesOf(options)
  const wishes = await wishesFrom(options)
  const site = await openSite(addresses, wishes.topology)
  try {
    const { desired, actual, changes } = await compare(await goalOf(wishes, site), site)
    if (options.json === true) {
      process.stdout.write(`${JSON.stringify(planJson(desired.topology, actual.cluster_id, changes))}\n`)
    } else process.stdout.write(renderPlan(changes, wantsColour(process.stdout)))
    if (options.out !== undefined) {
      savePlan(options.out, {
        ...addresses,
        topology: wishes.topology,
        desired,
        preconditions: preconditionsOf(desired, actual),
        changes,
      })
    }
    if (options.detailedExitcode === true && pending(changes).length > 0) process.exitCode = 1
  } finally {
    await site.close()
  }
}

/** Nothing is applied to a directory, so that there is no plan to save; an AppError `BAD_OPTION` (exit 2). */
async function planDirectory(dir: string, options: PlanOptions): Promise<void> {
  const { kafka, registry, out, replication, principal } = options
  const given = Object.entries({ kafka, registry, out, replication, principal }).filter(
    ([, value]) => value !== undefined,
  )
  if (given[0] !== undefined) {
    throw new AppError('BAD_OPTION', `--data goes without --${given[0][0]}`, {
      exit_code: 2,
      hint: 'a directory has no brokers, rights or copies; `aitrader up` on it is what applies a topology',
    })
  }
  const { topology, allow_loss } = await wishesFrom(options)
  const directory = await openDirectory(dir)
  try {
    const changes = await directoryChanges(directory, topology, allow_loss)
    if (options.json === true) process.stdout.write(`${JSON.stringify(planJson(topology.name, dir, changes))}\n`)
    else process.stdout.write(renderPlan(changes, wantsColour(process.stdout)))
    if (options.detailedExitcode === true && pending(changes).length > 0) process.exitCode = 1
  } finally {
    await directory.reader.close()
  }
}
