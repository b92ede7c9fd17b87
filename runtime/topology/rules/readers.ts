import { hintFor } from '../nearest.ts'
import { checkShape, PARAMETER_CODES } from '../shape.ts'
import { own } from '../world.ts'
import type { MapTree } from '../yaml.ts'
import type { Scope } from './scope.ts'

const NONE: MapTree = { kind: 'map', at: 0, entries: new Map() }

/** Sinks are of a kind that exists and have its parameters; every reader outside has a consumer group of its own. */
export function checkReaders({ draft, world, report }: Scope): void {
  const kinds = world.sinks ?? {}
  for (const { use, params = NONE, params_at } of draft.sinks) {
    if (use === undefined) continue
    const kind = own(kinds, use.value)
    if (kind === undefined) {
      const message = `there is no sink \`${use.value}\``
      report.add('UNKNOWN_SINK', use.at, message, hintFor(use.value, Object.keys(kinds), 'sinks'))
    } else {
      const schema = { ...kind.params, additionalProperties: false }
      checkShape(schema, params, use.value, params_at, report, PARAMETER_CODES)
    }
  }

  const name = draft.root.entries.get('name')?.value
  const own_group = name?.kind === 'scalar' ? name.value : undefined
  const seen = new Map<string, string>()
  for (const reader of draft.external_readers) {
    const group = reader.group?.value ?? reader.name
    const at = reader.group?.at ?? reader.at
    const other = seen.get(group)
    if (group === own_group) {
      const message = `\`${group}\` is the consumer group of the topology itself`
      report.add('GROUP_TAKEN', at, message, 'a reader there would take partitions from the stages: name another')
    } else if (other !== undefined) {
      const message = `\`${other}\` has the consumer group \`${group}\` already`
      report.add('GROUP_TAKEN', at, message, 'in one group they would share the records: give each its own')
    } else seen.set(group, reader.name)
  }
}

/** Topics and stages say what they are for. */
export function checkDescriptions({ draft, report }: Scope): void {
  for (const [field, noun] of [
    ['topics', 'topic'],
    ['stages', 'stage'],
  ] as const) {
    const map = draft.root.entries.get(field)?.value
    if (map?.kind !== 'map') continue
    for (const [name, { at, value }] of map.entries) {
      if (value.kind !== 'map' || report.isRejected(value) || report.mentions(value, 'description')) {
        continue
      }
      const hint = `add \`description:\` with a sentence for who has to work with it`
      report.add('DESCRIPTION_MISSING', at, `the ${noun} \`${name}\` has no description`, hint)
    }
  }
}
