import type { MapTree, Report, Tree } from './yaml.ts'

/**
 * Fields that still work and will go.
 *
 * A field stands here for at least one release before it leaves the schema, so that an edit can be made in time.
 */
export interface DeprecatedField {
  /** Where it stands, `*` for any name: `stages.*.merge`. */
  readonly path: string
  /** What to write now; the hint of the finding. */
  readonly instead: string
}

export const DEPRECATED: readonly DeprecatedField[] = []

/** Every place where a deprecated field is given. */
export function checkDeprecated(root: MapTree, fields: readonly DeprecatedField[], report: Report): void {
  for (const { path, instead } of fields) walk(root, path.split('.'), path, instead, report)
}

function walk(tree: Tree, parts: readonly string[], path: string, instead: string, report: Report): void {
  const [part, ...rest] = parts
  if (tree.kind === 'list') for (const item of tree.items) walk(item, parts, path, instead, report)
  if (tree.kind !== 'map' || part === undefined) return
  for (const [name, { at, value }] of tree.entries) {
    if (part !== '*' && part !== name) continue
    if (rest.length > 0) walk(value, rest, path, instead, report)
    else report.add('DEPRECATED_FIELD', at, `\`${name}\` is deprecated (\`${path}\`)`, instead)
  }
}
