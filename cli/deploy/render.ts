/** A plan in words: what is created, changed and deleted, what happens to each stage's state, and why it may not be. */

import { pending } from './changes.ts'
import type { Action, Change, Impact, Kind } from './model.ts'

const SIGN: Readonly<Record<Action, string>> = { none: ' ', create: '+', update: '~', replace: '-/+', delete: '-' }
const COLOUR: Readonly<Record<Action, number>> = { none: 2, create: 32, update: 33, replace: 31, delete: 31 }
const HEADING: Readonly<Record<Kind, string>> = {
  cluster: 'cluster',
  topic: 'topics',
  subject: 'schema subjects',
  acl: 'rights',
  group: 'consumer groups',
  store: 'state',
}
const KINDS: readonly Kind[] = ['cluster', 'topic', 'subject', 'acl', 'group', 'store']

export function renderPlan(changes: readonly Change[], colour: boolean): string {
  const paint = (code: number, text: string) => (colour ? `\u001b[${code}m${text}\u001b[0m` : text)
  const lines: string[] = []
  for (const kind of KINDS) {
    const shown = changes.filter((change) => change.kind === kind && isShown(change))
    const same = changes.filter((change) => change.kind === kind).length - shown.length
    if (shown.length === 0 && same === 0) continue
    lines.push(HEADING[kind])
    for (const change of shown) {
      const what = change.impact === undefined ? '' : `: ${change.impact}`
      const sign = SIGN[change.action].padStart(3)
      lines.push(`${paint(COLOUR[change.action], `${sign} ${change.resource}${what}`)}`)
      lines.push(...change.detail.map((line) => `      ${line}`))
      if (change.blocked !== undefined) {
        lines.push(`      ${paint(31, `${change.blocked.code}: ${change.blocked.reason}`)}`)
        lines.push(`      ${change.blocked.hint}`)
      }
    }
    if (kind === 'topic') lines.push(...settingsOfNew(shown))
    if (same > 0) lines.push(`    ${same} as ${same === 1 ? 'it is' : 'they are'}`)
    lines.push('')
  }
  lines.push(summaryLine(changes))
  return `${lines.join('\n')}\n`
}

/** New topics have a few sets of settings between them: each is told once. */
function settingsOfNew(changes: readonly Change[]): string[] {
  const topics = new Map<string, string[]>()
  for (const { steps } of changes) {
    for (const step of steps) {
      if (step.do !== 'create-topic') continue
      const settings = Object.entries(step.topic.configs).map(([name, value]) => `${name}=${value}`)
      const text = settings.join(' ')
      topics.set(text, [...(topics.get(text) ?? []), step.topic.name])
    }
  }
  const most = Math.max(0, ...[...topics.values()].map((names) => names.length))
  return [...topics].map(([settings, names]) => {
    const whose = names.length === most ? (topics.size === 1 ? 'all' : 'the others') : names.join(', ')
    return `    settings of ${whose}: ${settings}`
  })
}

function isShown(change: Change): boolean {
  return change.action !== 'none' || change.detail.length > 0 || change.impact !== undefined
}

function summaryLine(changes: readonly Change[]): string {
  const { create, update, replace, destroy, blocked } = totals(changes)
  if (pending(changes).length === 0) return 'nothing to change'
  const counts = `${create} to create, ${update} to change, ${replace} to replace, ${destroy} to delete`
  return blocked === 0 ? counts : `${counts}; ${blocked} in the way: nothing can be applied`
}

export interface Totals {
  readonly create: number
  readonly update: number
  readonly replace: number
  readonly destroy: number
  readonly blocked: number
  readonly destructive: number
  readonly stores: Readonly<Record<Impact, number>>
}

export function totals(changes: readonly Change[]): Totals {
  const of = (action: Action) => changes.filter((change) => change.action === action).length
  const stores = { new: 0, kept: 0, migrated: 0, rebuilt: 0, lost: 0 }
  for (const { impact } of changes) if (impact !== undefined) stores[impact]++
  return {
    create: of('create'),
    update: of('update'),
    replace: of('replace'),
    destroy: of('delete'),
    blocked: changes.filter((change) => change.blocked !== undefined).length,
    destructive: changes.filter((change) => change.destructive).length,
    stores,
  }
}

/** One object: all changes, the totals, and whether anything remains to be done. */
export function planJson(topology: string, cluster_id: string, changes: readonly Change[]): object {
  const shown = changes.map(({ steps: _s, ...change }) => change)
  return { topology, cluster_id, empty: pending(changes).length === 0, ...totals(changes), changes: shown }
}
