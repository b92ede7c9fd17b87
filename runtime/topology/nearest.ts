/** Guesses which valid name was meant, for hints. */

/** Insertions, deletions, substitutions and swaps of neighbours from `a` to `b`. */
export function editDistance(a: string, b: string): number {
  let before: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let best = Math.min(last[j - 1]! + (same ? 0 : 1), last[j]! + 1, row[j - 1]! + 1)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, before[j - 2]! + 1)
      row.push(best)
    }
    before = last
    last = row
  }
  return last[b.length]!
}

/** The nearest of `names`, at most a third of the longer one's length away; the first of equals. */
export function nearest(name: string, names: Iterable<string>): string | undefined {
  let found: string | undefined
  let least = Number.POSITIVE_INFINITY
  for (const candidate of names) {
    const limit = Math.max(1, Math.floor(Math.max(name.length, candidate.length) / 3))
    if (Math.abs(candidate.length - name.length) > Math.min(limit, least)) continue
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase())
    if (distance <= limit && distance < least) {
      found = candidate
      least = distance
    }
  }
  return found
}

/** A hint for an unknown name: the nearest one, else all that there are. */
export function hintFor(name: string, names: Iterable<string>, what: string): string {
  const all = [...names]
  const guess = nearest(name, all)
  if (guess !== undefined) return `did you mean \`${guess}\`?`
  if (all.length === 0) return `there are no ${what} here`
  const shown = all.slice(0, 20).map((candidate) => `\`${candidate}\``)
  return `${what}: ${shown.join(', ')}${all.length > shown.length ? `, and ${all.length - shown.length} more` : ''}`
}
