/**
 * Schemas: each topic's subject, its mode, and whether every reader in the topology can read whatever is written.
 *
 * Whatever the mode, records that are on the topic already must stay readable by the stages that read it; the mode says
 * what else is promised: that readers of older builds can read what the new one writes.
 */
import { type Incompatibility, incompatibilities, sameSchema } from '../../connectors/registry/index.ts'
import {
  type Actual,
  type ActualSubject,
  type Change,
  type Desired,
  type DesiredSubject,
  recordsIn,
  type Step,
} from './model.ts'
import { count } from './topics.ts'

export function subjectChanges(desired: Desired, actual: Actual): Change[] {
  return desired.subjects.map((subject) => subjectChange(subject, actual))
}

function subjectChange(subject: DesiredSubject, actual: Actual): Change {
  const { subject: resource, record, schema, mode } = subject
  const is = actual.subjects.find((one) => one.subject === resource)
  const common = { kind: 'subject' as const, resource, destructive: false }
  const register: Step = { do: 'register', subject: resource, schema, mode }
  if (is === undefined || is.versions.length === 0) {
    const was = actual.applied?.subjects[resource]
    const detail = was === undefined ? [] : [`schema ${was} was deleted since the last apply`]
    return {
      ...common,
      action: 'create',
      detail: [`${record}, ${mode}`, ...detail],
      steps: [register, modeStep(subject)],
    }
  }
  const found = is.versions.findLast((version) => sameSchema(version.schema, schema))
  const failing = found === undefined ? unreadable(subject, is, actual) : []
  if (failing.length > 0) return incompatible(subject, failing)

  const detail: string[] = []
  const steps: Step[] = []
  if (!is.own || is.mode !== mode) {
    detail.push(`compatibility: ${is.mode}${is.own ? '' : " (the registry's default)"} -> ${mode}`)
    steps.push(modeStep(subject))
  }
  if (found === undefined) {
    const last = is.versions.at(-1)
    detail.push(`version ${last?.version ?? 0} -> a new one: ${fieldsText(last?.schema ?? schema, schema)}`)
    steps.push(register)
  } else if (found !== is.versions.at(-1)) {
    detail.push(`version ${found.version} of ${is.versions.length}: newer ones are registered`)
  }
  return { ...common, action: steps.length === 0 ? 'none' : 'update', detail, steps }
}

function modeStep({ subject, mode }: DesiredSubject): Step {
  return { do: 'set-mode', subject, mode }
}

function unreadable(subject: DesiredSubject, is: ActualSubject, actual: Actual): Incompatibility[] {
  const failing = incompatibilities(subject.mode, subject.schema, is.versions)
  const held = recordsIn(actual.topics.find((topic) => topic.name === subject.topic))
  if (held === 0 || subject.readers.length === 0) return failing
  const known = new Set(failing.map(lineOf))
  const of_readers = incompatibilities('BACKWARD_TRANSITIVE', subject.schema, is.versions)
  return [...failing, ...of_readers.filter((one) => !known.has(lineOf(one)))]
}

function incompatible(subject: DesiredSubject, failing: readonly Incompatibility[]): Change {
  const { subject: resource, record, readers, topic } = subject
  const who = readers.length === 0 ? 'readers outside the topology' : readers.join(', ')
  const lines = failing.map((one) =>
    one.direction === 'backward'
      ? `${one.path} ${one.reason} (${who} could not read what version ${one.version} wrote)`
      : `${one.path} ${one.reason} (${who}, still on version ${one.version}, could not read what is written now)`,
  )
  return {
    kind: 'subject',
    resource,
    action: 'update',
    detail: lines,
    destructive: false,
    blocked: {
      code: 'SCHEMA_INCOMPATIBLE',
      reason: `${record} on ${topic} cannot follow what is registered: ${lines[0]}${more(lines.length - 1)}`,
      hint: 'give an added field a default, keep types and names; a record of another shape belongs on a new topic (.v2)',
    },
    steps: [],
  }
}

function lineOf({ version, direction, path, reason }: Incompatibility): string {
  return `${version} ${direction} ${path} ${reason}`
}

function more(others: number): string {
  return others === 0 ? '' : `, and ${count(others, 'more mismatch', 'more mismatches')}`
}

/** What changed at the top of a record, in words. */
function fieldsText(before: string, after: string): string {
  const names = (text: string) =>
    ((JSON.parse(text) as { fields?: { name: string }[] }).fields ?? []).map((f) => f.name)
  const [was, is] = [names(before), names(after)]
  const parts = [
    ...is.filter((name) => !was.includes(name)).map((name) => `+${name}`),
    ...was.filter((name) => !is.includes(name)).map((name) => `-${name}`),
  ]
  return parts.length === 0 ? 'other types or defaults' : parts.join(' ')
}
