import { Command } from 'commander'
import { pending } from '../deploy/changes.ts'
import { compare, goalOf } from '../deploy/deployment.ts'
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
import { wantsColour } from '../topology-file.ts'

interface PlanOptions extends AddressOptions, WishOptions {
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
    .option('--json', 'print the plan as one JSON object')
    .option('--out <file>', 'save the plan for `aitrader apply FILE`')
    .option('--detailed-exitcode', 'exit 1 if anything remains to be changed')
    .action(plan)
}

async function plan(options: PlanOptions): Promise<void> {
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
