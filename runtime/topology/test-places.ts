import type { Report, Tree } from './yaml.ts'

/** Where in a file the parts of an expectation stand, so that what differs leads to the very value. */
export interface Place {
  /** From 1. */
  readonly line: number
  /** From 1. */
  readonly column: number
}

/** By path from the expectation on, `/value/bids/0/px`; the whole is the empty text. */
export type Places = ReadonlyMap<string, Place>
export type Path = readonly (string | number)[]

export function placesOf(tree: Tree, report: Report): Places {
  const places = new Map<string, Place>()
  const note = (path: string, one: Tree): void => {
    places.set(path, { line: report.line(one.at), column: report.column(one.at) })
    if (one.kind === 'map') for (const [name, { value }] of one.entries) note(`${path}/${name}`, value)
    else if (one.kind === 'list') for (const [index, item] of one.items.entries()) note(`${path}/${index}`, item)
  }
  note('', tree)
  return places
}

/** The place of the deepest part on the way to `path` that is written; without places, that of `otherwise`. */
export function placeAt(places: Places | undefined, path: Path, otherwise: { readonly line: number }): Place {
  for (let depth = path.length; depth >= 0; depth--) {
    const found = places?.get(
      path
        .slice(0, depth)
        .map((part) => `/${part}`)
        .join(''),
    )
    if (found !== undefined) return found
  }
  return { line: otherwise.line, column: 1 }
}
