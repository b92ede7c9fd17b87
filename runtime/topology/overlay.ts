import { type MapTree, type Report, readYaml, type Tree } from './yaml.ts'

/**
 * Lays files over a topology, one after another: mappings merge by key at every depth, lists and scalars are replaced
 * whole, and `null` takes a key away.
 *
 * Every value keeps the place it came from. What an overlay takes away must be there, and a key without a value is
 * refused: an overlay whose lines were commented out would otherwise take everything above them away.
 */

/** A text and what findings call it. */
export interface NamedText {
  readonly file: string
  readonly text: string
}

/** The tree with the overlays over it; those that cannot be read have findings and change nothing. */
export function layOver(tree: Tree, overlays: readonly NamedText[], report: Report): Tree {
  return overlays.reduce((below, { file, text }) => {
    const over = readYaml(text, file, report).tree
    if (over === undefined) return below
    if (over.kind !== 'map' || below.kind !== 'map') {
      const hint = 'write the fields of the topology that differ: `topics: { market.books.v1: { retention: 30d } }`'
      report.reject('WRONG_TYPE', over, 'an overlay is a mapping', hint)
      return below
    }
    return merge(below, over, 'the topology', report)
  }, tree)
}

function merge(below: MapTree, over: MapTree, name: string, report: Report): MapTree {
  const entries = new Map(below.entries)
  for (const [key, entry] of over.entries) {
    const { value } = entry
    const there = below.entries.get(key)
    if (value.kind === 'scalar' && value.value === null && !report.isRejected(value)) {
      // `key:` with nothing behind it has its place at the key.
      if (value.at === entry.at) {
        const hint = `write \`${key}: null\` to take it away, or leave it out`
        report.add('OVERLAY_INVALID', entry.at, `\`${key}\` has no value`, hint)
      } else if (there === undefined) {
        const hint = 'drop the line, or write the name as the topology does'
        report.add('OVERLAY_INVALID', entry.at, `\`${name}\` has no \`${key}\` to take away`, hint)
      } else entries.delete(key)
    } else if (value.kind === 'map') {
      // A new mapping is gone through too: nothing in it may be taken away.
      const base = there?.value.kind === 'map' ? there.value : { ...value, entries: new Map() }
      entries.set(key, { at: (there ?? entry).at, value: merge(base, value, key, report) })
    } else entries.set(key, { at: (there ?? entry).at, value })
  }
  return { ...below, entries }
}
