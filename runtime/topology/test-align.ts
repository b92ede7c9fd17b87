/**
 * Pairs what is expected with what there is, so that one record too many does not make every later one differ.
 *
 * The order of both is kept. Of all ways to do so the cheapest is taken: a pair costs what `distance` says, 0 for equal
 * and at most 2, a record without partner costs 1; of equal costs pairs come first. Where there is too much to try, the
 * n-th is paired with the n-th.
 */
export interface Pair {
  /** Place among the expected; undefined: nobody expected it. */
  readonly expected: number | undefined
  /** Place among those that there are; undefined: it is missing. */
  readonly actual: number | undefined
}

/** Pairs that are tried at most. */
const MOST = 250_000

export function align(
  expected: number,
  actual: number,
  distance: (expected: number, actual: number) => number,
): Pair[] {
  const least = Math.min(expected, actual)
  let head = 0
  while (head < least && distance(head, head) === 0) head++
  let tail = 0
  while (tail < least - head && distance(expected - 1 - tail, actual - 1 - tail) === 0) tail++
  const [rows, columns] = [expected - head - tail, actual - head - tail]
  const middle = rows * columns > MOST ? byPlace(rows, columns) : cheapest(rows, columns, head, distance)
  const moved = (by: number) => (place: number | undefined) => (place === undefined ? undefined : place + by)
  const behind = moved(head)
  return [
    ...Array.from({ length: head }, (_, i) => ({ expected: i, actual: i })),
    ...middle.map((pair) => ({ expected: behind(pair.expected), actual: behind(pair.actual) })),
    ...Array.from({ length: tail }, (_, i) => ({ expected: head + rows + i, actual: head + columns + i })),
  ]
}

function byPlace(rows: number, columns: number): Pair[] {
  return Array.from({ length: Math.max(rows, columns) }, (_, i) => {
    return { expected: i < rows ? i : undefined, actual: i < columns ? i : undefined }
  })
}

function cheapest(rows: number, columns: number, head: number, distance: (e: number, a: number) => number): Pair[] {
  const width = columns + 1
  // cost[i * width + j]: of the expected from i on and those there are from j on.
  const cost = new Float64Array((rows + 1) * width)
  const pairing = new Float64Array(rows * columns)
  for (let i = rows; i >= 0; i--) {
    for (let j = columns; j >= 0; j--) {
      const at = i * width + j
      if (i === rows || j === columns) {
        cost[at] = rows - i + (columns - j)
        continue
      }
      const together = distance(head + i, head + j) + (cost[at + width + 1] as number)
      pairing[i * columns + j] = together
      cost[at] = Math.min(together, 1 + (cost[at + width] as number), 1 + (cost[at + 1] as number))
    }
  }
  const pairs: Pair[] = []
  for (let i = 0, j = 0; i < rows || j < columns; ) {
    const at = i * width + j
    if (i < rows && j < columns && pairing[i * columns + j] === cost[at]) pairs.push({ expected: i++, actual: j++ })
    else if (i < rows && (j === columns || cost[at] === 1 + (cost[at + width] as number)))
      pairs.push({ expected: i++, actual: undefined })
    else pairs.push({ expected: undefined, actual: j++ })
  }
  return pairs
}
