import { hintFor, nearest } from './nearest.ts'
import { type Entry, type MapTree, type Report, readYaml, type Tree } from './yaml.ts'

/**
 * Lays files over a topology, one after another: mappings merge by key at every depth, lists and scalars are replaced
 * whole, and `null` takes a key away.
 *
 * Every value keeps the place it came from. What an overlay takes away must be there, and a key without a value is
 * refused: an overlay whose lines were commented out would otherwise take everything above them away. A name that the
 * topology does not have is probably misspelt, unless what stands under it can be something new.
 */

/** A text and what findings call it. */
export interface NamedText {
  readonly file: string
  readonly text: string
}

/** The tree with the overlays over it; those that cannot be read have findings and change nothing. */
export function layOver(tree: Tree, overlays: readonly NamedText[], report: Report): Tree {
  const laid = overlays.reduce((below, { file, text }) => {
    const over = readYaml(text, file, report).tree
    if (over === undefined) return below
    if (over.kind !== 'map' || below.kind !== 'map') {
      const hint = 'write the fields of the topology that differ: `topics: { market.books.v1: { retention: 30d } }`'
      report.reject('WRONG_TYPE', over, 'an overlay is a mapping', hint)
      return below
    }
    return merge(below, over, 'the topology', report)
  }, tree)
  return laid.kind === 'map' && tree.kind === 'map' && laid !== tree ? withoutStrangers(laid, tree, report) : laid
}

/** What nothing of its kind can do without, by the field that holds them. */
const ESSENTIAL: Readonly<Record<string, string>> = {
  sources: 'to',
  topics: 'record',
  stages: 'use',
  sinks: 'use',
  external_readers: 'topics',
  use_templates: 'template',
}

/** Leaves out, with a finding, what overlays would change and the topology does not have. */
function withoutStrangers(laid: MapTree, own: MapTree, report: Report): MapTree {
  const entries = [...laid.entries].map(([field, entry]): [string, Entry] => {
    const essential = ESSENTIAL[field]
    const below = own.entries.get(field)?.value
    if (essential === undefined || entry.value.kind !== 'map' || below?.kind !== 'map') return [field, entry]
    const names = [...below.entries.keys()]
    const known = [...entry.value.entries].filter(([name, { at, value }]) => {
      if (below.entries.has(name) || value.kind !== 'map') return true
      if (value.entries.has(essential) || nearest(essential, value.entries.keys()) !== undefined) return true
      const message = `\`${field}\` has no \`${name}\` to change, and a new one needs \`${essential}\``
      report.add('OVERLAY_INVALID', at, message, hintFor(name, names, field))
      return false
    })
    return [field, { at: entry.at, value: { ...entry.value, entries: new Map(known) } }]
  })
  return { ...laid, entries: new Map(entries) }
}

const NEEDED = ['name', 'description', 'owner', 'sources', 'topics', 'stages']

/** Whether the text is an overlay and is read as a topology; says so instead of all that it lacks. */
export function isLoneOverlay(root: MapTree, report: Report): boolean {
  const missing = NEEDED.filter((field) => !report.mentions(root, field))
  const misspelt = missing.some((field) => nearest(field, root.entries.keys()) !== undefined)
  const wires = root.entries.has('sources') && root.entries.has('stages')
  if (!missing.includes('name') || misspelt || wires) return false
  const options = `--overlay ${report.file}`
  const message = `\`topology\` has no ${missing.map((field) => `\`${field}\``).join(', ')}`
  const hint = `an overlay is linted with what it is laid over: \`aitrader lint TOPOLOGY ${options}\`; a topology needs them all`
  report.add('MISSING_FIELD', root.at, message, hint)
  return true
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
