import { Command } from 'commander'
import { pending, refuseBlocked } from '../deploy/changes.ts'
import { confirm } from '../deploy/confirm.ts'
import { apply, compare, goalOf, type Planned, type Site, type Wishes } from '../deploy/deployment.ts'
import {
  type AddressOptions,
  addressesOf,
  addressOptions,
  type WishOptions,
  wishesFrom,
  wishOptions,
} from '../deploy/options.ts'
import { planJson, renderPlan, totals } from '../deploy/render.ts'
import { loadPlan, refuseStale, type SavedPlan } from '../deploy/saved-plan.ts'
import { openSite } from '../deploy/site.ts'
import { wantsColour } from '../topology-file.ts'

interface ApplyOptions extends AddressOptions, WishOptions {
  readonly yes?: boolean
  readonly json?: boolean
}

/** `aitrader apply`: makes every change of a plan, or none. */
export function applyCommand(): Command {
  const command = new Command('apply')
    .description('make a topology so on a cluster: topics, schemas, rights and state as `aitrader plan` shows')
    .argument('[plan]', 'a file that `aitrader plan --out` wrote; without it, plans and applies at once')
  return wishOptions(addressOptions(command))
    .option('--yes', 'do not ask before something is deleted')
    .option('--json', 'print what was done as one JSON object')
    .action(run)
}

async function run(file: string | undefined, options: ApplyOptions): Promise<void> {
  const saved = file === undefined ? undefined : loadPlan(file)
  const addresses = addressesOf(saved === undefined ? options : { ...saved, ...options })
  const wishes = saved === undefined ? await wishesFrom(options) : undefined
  const site = await openSite(addresses, saved?.topology ?? wishes!.topology)
  try {
    const planned =
      saved === undefined ? await compare(await goalOf(wishes!, site), site) : await plannedBefore(saved, site)
    const { destructive } = totals(pending(planned.changes))
    if (options.json !== true) process.stdout.write(renderPlan(planned.changes, wantsColour(process.stdout)))
    refuseBlocked(planned.changes)
    if (destructive > 0 && options.yes !== true) await confirm(destructive)
    const after = await apply(planned, site, ({ action, kind, resource }, number, of) => {
      process.stderr.write(`${number}/${of} ${action} ${kind} ${resource}\n`)
    })
    if (options.json === true) {
      const applied = planJson(planned.desired.topology, planned.actual.cluster_id, planned.changes)
      process.stdout.write(`${JSON.stringify({ ...applied, empty: pending(after.changes).length === 0 })}\n`)
    } else process.stdout.write('applied; nothing remains to be changed\n')
  } finally {
    await site.close()
  }
}

/** What the saved plan was made of; what it wants in full is in the plan itself. */
function wishesOfSaved({ topology }: SavedPlan): Wishes {
  return { topology, replication: undefined, principal: undefined, allow_loss: [] }
}

/** The saved changes, if everything is as it was when they were planned; what is done already is left out. */
async function plannedBefore(saved: SavedPlan, site: Site): Promise<Planned> {
  const { plan } = await goalOf(wishesOfSaved(saved), site)
  const now = await compare({ plan, desired: saved.desired }, site)
  refuseStale(saved, now.actual, now.changes)
  const done = new Set(
    now.changes.filter(({ action }) => action === 'none').map(({ kind, resource }) => `${kind} ${resource}`),
  )
  return { ...now, changes: saved.changes.filter(({ kind, resource }) => !done.has(`${kind} ${resource}`)) }
}
