/**
 * A plan as a file: what was wanted, what was there, what is to be changed.
 *
 * Applied only if what was there still is, resource by resource. What the plan itself has already changed (an apply that
 * was cut short) is as it wants it and does not make it stale.
 */
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { AppError } from '../../runtime/api/index.ts'
import type { Topology } from '../../runtime/topology/types.ts'
import type { Actual, ActualSubject, ActualTopic, Change, Desired } from './model.ts'

const FORMAT = 'aitrader-plan/1'

export interface Preconditions {
  readonly cluster_id: string
  /** Per topic: id, partitions and settings; per subject: mode and versions; per stage: state. In short. */
  readonly resources: Readonly<Record<string, string>>
}

export interface SavedPlan {
  readonly format: typeof FORMAT
  readonly kafka: string
  readonly registry: string
  readonly topology: Topology
  readonly desired: Desired
  readonly preconditions: Preconditions
  readonly changes: readonly Change[]
}

export function preconditionsOf(desired: Desired, actual: Actual): Preconditions {
  const resources: Record<string, string> = {}
  for (const { name } of desired.topics) resources[`topic ${name}`] = topicText(actual, name)
  for (const { subject } of desired.subjects) {
    resources[`subject ${subject}`] = subjectText(actual.subjects.find((one) => one.subject === subject))
  }
  for (const { stage } of desired.stores) {
    const store = actual.stores.find((one) => one.stage === stage)
    resources[`store ${stage}`] = store === undefined ? 'none' : short(store.hashes)
  }
  return { cluster_id: actual.cluster_id, resources }
}

function topicText(actual: Actual, name: string): string {
  const topic: ActualTopic | undefined = actual.topics.find((one) => one.name === name)
  if (topic === undefined) return 'missing'
  return `id ${topic.id}, partitions ${topic.partitions}, settings ${short(topic.configs)}`
}

function subjectText(subject: ActualSubject | undefined): string {
  if (subject === undefined) return 'missing'
  const versions = subject.versions.map(({ version, id }) => `${version}=${id}`).join(' ')
  return `${subject.mode}, versions ${versions}`
}

/** Order of keys does not count. */
function short(value: unknown): string {
  const text = JSON.stringify(value, (_, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
  return createHash('sha256').update(text).digest('hex').slice(0, 12)
}

/** An AppError `PLAN_STALE` (exit 1) that names everything that changed since the plan was made, but by itself. */
export function refuseStale(saved: SavedPlan, actual: Actual, fresh: readonly Change[]): void {
  const { cluster_id, resources } = saved.preconditions
  const now = preconditionsOf(saved.desired, actual)
  const stale = cluster_id === now.cluster_id ? [] : [`cluster: was ${cluster_id}, is ${now.cluster_id}`]
  for (const [name, was] of Object.entries(resources)) {
    const is = now.resources[name] ?? 'missing'
    const as_wanted = fresh.some((change) => `${change.kind} ${change.resource}` === name && change.action === 'none')
    if (was !== is && !as_wanted) stale.push(`${name}: was ${was}; is ${is}`)
  }
  if (stale.length === 0) return
  throw new AppError('PLAN_STALE', `nothing was changed: the plan is out of date\n  ${stale.join('\n  ')}`, {
    exit_code: 1,
    hint: 'make it again with `aitrader plan --out FILE` and read what is new in it',
  })
}

export function savePlan(path: string, plan: Omit<SavedPlan, 'format'>): void {
  try {
    writeFileSync(path, `${JSON.stringify({ format: FORMAT, ...plan }, null, 2)}\n`)
  } catch (cause) {
    throw new AppError('OUTPUT_FAILED', `writing ${path}: ${(cause as Error).message}`, {
      exit_code: 4,
      hint: 'choose another --out',
      cause,
    })
  }
}

/** AppErrors (exit 2): `FILE_UNREADABLE`, `PLAN_INVALID`. */
export function loadPlan(path: string): SavedPlan {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    throw new AppError('FILE_UNREADABLE', `cannot read ${path}: ${(cause as Error).message}`, {
      exit_code: 2,
      hint: 'give the file that `aitrader plan --out FILE` wrote',
      cause,
    })
  }
  try {
    const plan = JSON.parse(text) as SavedPlan
    if (plan.format === FORMAT) return plan
  } catch {
    // Said below.
  }
  throw new AppError('PLAN_INVALID', `${path} is no plan of this version of aitrader`, {
    exit_code: 2,
    hint: 'make it again with `aitrader plan --out FILE`',
  })
}
