/** Frames that no venue sends: damaged ones, and JSON of the right words with any values. */
import fc from 'fast-check'

/** A valid frame with some bytes changed, put in, cut out or repeated. */
function mutated(seeds: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  const edit = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 255 }), fc.nat({ max: 40 }))
  return fc.tuple(fc.constantFrom(...seeds), fc.array(edit, { minLength: 1, maxLength: 4 })).map(([seed, edits]) => {
    let bytes = [...seed]
    for (const [place, kind, byte, length] of edits) {
      const at = bytes.length === 0 ? 0 : place % bytes.length
      if (kind === 0) bytes[at] = byte
      else if (kind === 1) bytes.splice(at, 0, byte)
      else if (kind === 2) bytes.splice(at, length)
      else if (kind === 3) bytes[at] = 0x30 + (byte % 10)
      else bytes = [...bytes.slice(0, at), ...bytes.slice(at, at + length), ...bytes.slice(at)]
    }
    return Uint8Array.from(bytes)
  })
}

const SCALARS = [
  ...['', '0', '1', '100.5', '-1', '1e99', '0.0000000001', '9'.repeat(30), 'buy', 'SELL', 'bid', 'add', 'x', '1:2'],
  ...[null, true, -0, 0, 1, 7, -1, 0.5, 1e308, 2 ** 53, 2 ** 32],
]
const scalar: fc.Arbitrary<unknown> = fc.constantFrom(...SCALARS)
const any: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: scalar },
  { weight: 1, arbitrary: fc.constantFrom([], {}, [[]], [{}], [['1', '1']], [[1, null]]) },
)

interface Place {
  readonly holder: Record<string, unknown>
  readonly key: string
}

function placesOf(value: unknown, into: Place[]): Place[] {
  if (typeof value !== 'object' || value === null) return into
  for (const key of Object.keys(value)) {
    into.push({ holder: value as Record<string, unknown>, key })
    placesOf((value as Record<string, unknown>)[key], into)
  }
  return into
}

/** A valid frame of JSON where some values are others, are missing, or stand twice. */
function misworded(seeds: readonly string[]): fc.Arbitrary<Uint8Array> {
  const edit = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 3 }), any)
  return fc.tuple(fc.constantFrom(...seeds), fc.array(edit, { minLength: 1, maxLength: 3 })).map(([seed, edits]) => {
    const frame: unknown = JSON.parse(seed)
    for (const [at, kind, value] of edits) {
      const places = placesOf(frame, [])
      const place = places[at % Math.max(places.length, 1)]
      if (place === undefined) continue
      const { holder, key } = place
      if (kind === 0) delete holder[key]
      else if (kind === 1 && Array.isArray(holder)) holder.push(structuredClone(holder[key as never]))
      else holder[key] = structuredClone(value)
    }
    return new TextEncoder().encode(JSON.stringify(frame))
  })
}

/** Mostly damaged frames, some of the seeds as they are, and noise. */
export function hostile(seeds: readonly string[]): fc.Arbitrary<Uint8Array> {
  const bytes = seeds.map((text) => new TextEncoder().encode(text))
  return fc.oneof(
    { weight: 4, arbitrary: mutated(bytes) },
    { weight: 4, arbitrary: misworded(seeds) },
    { weight: 2, arbitrary: fc.constantFrom(...bytes) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 100 }) },
  )
}
