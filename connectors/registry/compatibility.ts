/**
 * Compatibility modes of a subject, and whether a schema may follow those that are registered.
 *
 * Decided here as well as by the registry, so that everything can be checked before anything is changed and an
 * answer can name the field.
 */
import { type Mismatch, mismatches } from './resolution.ts'

export type CompatibilityMode =
  | 'NONE'
  | 'BACKWARD'
  | 'BACKWARD_TRANSITIVE'
  | 'FORWARD'
  | 'FORWARD_TRANSITIVE'
  | 'FULL'
  | 'FULL_TRANSITIVE'

export interface SchemaVersion {
  readonly version: number
  readonly id: number
  /** Avro schema as JSON text. */
  readonly schema: string
}

export interface Incompatibility extends Mismatch {
  readonly version: number
  /** backward: we could not read what was written with that version. forward: its readers could not read us. */
  readonly direction: 'backward' | 'forward'
}

/** Everything that keeps `schema` from following `versions` (ascending) under `mode`. */
export function incompatibilities(
  mode: CompatibilityMode,
  schema: string,
  versions: readonly SchemaVersion[],
): Incompatibility[] {
  if (mode === 'NONE') return []
  const against = mode.endsWith('_TRANSITIVE') ? versions : versions.slice(-1)
  const backward = mode.startsWith('BACKWARD') || mode.startsWith('FULL')
  const forward = mode.startsWith('FORWARD') || mode.startsWith('FULL')
  return against.flatMap(({ version, schema: other }) => [
    ...(backward ? mismatches(schema, other) : []).map((one) => ({ ...one, version, direction: 'backward' as const })),
    ...(forward ? mismatches(other, schema) : []).map((one) => ({ ...one, version, direction: 'forward' as const })),
  ])
}

/** Schemas that differ in their docs or layout only are one and the same; defaults and aliases count. */
export function sameSchema(a: string, b: string): boolean {
  return normalForm(JSON.parse(a)) === normalForm(JSON.parse(b))
}

function normalForm(schema: unknown): string {
  return JSON.stringify(schema, (key, value: unknown) => {
    if (value === null || typeof value !== 'object' || Array.isArray(value) || key === 'default') return value
    const { doc: _d, ...rest } = value as Record<string, unknown>
    return Object.fromEntries(Object.entries(rest).sort(([one], [other]) => (one < other ? -1 : 1)))
  })
}
