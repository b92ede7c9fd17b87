/**
 * Frames that no venue sends, made from frames that one does: bits flipped, bytes cut out, put in or repeated, the end
 * cut off, two frames joined in the middle; and, where the frame has a structure, fields that are others, are missing,
 * stand twice or hold numbers at the edges of what can be counted.
 */
import fc from 'fast-check'

const encoder = new TextEncoder()

/** At the edges of what a double, an unsigned integer of 8 to 64 bits and a decimal of a venue can hold. */
const EDGES = [
  0,
  1,
  -1,
  0.5,
  1e-7,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 32,
  2 ** 52 - 1,
  2 ** 52,
  2 ** 53 - 2,
  2 ** 53 - 1,
  2 ** 53,
  1e15,
  1e18,
  1e308,
]
const edge_texts = [...EDGES.map(String), '9'.repeat(15), '9'.repeat(16), '9'.repeat(30), '90071992547409.91', '1e99']

type Edit = readonly [place: number, kind: number, byte: number, length: number]
const edits: fc.Arbitrary<Edit[]> = fc.array(
  fc.tuple(fc.nat(), fc.integer({ min: 0, max: 6 }), fc.nat({ max: 255 }), fc.nat({ max: 40 })),
  { minLength: 1, maxLength: 4 },
)

function damaged(seed: Uint8Array, other: Uint8Array, edits: readonly Edit[]): Uint8Array {
  let bytes = [...seed]
  for (const [place, kind, byte, length] of edits) {
    const at = bytes.length === 0 ? 0 : place % bytes.length
    if (kind === 0) bytes[at] = (bytes[at] ?? 0) ^ (1 << (byte % 8))
    else if (kind === 1) bytes.splice(at, 0, byte)
    else if (kind === 2) bytes.splice(at, length)
    else if (kind === 3) bytes[at] = 0x30 + (byte % 10)
    else if (kind === 4) bytes = bytes.slice(0, at)
    else if (kind === 5) bytes = [...bytes.slice(0, at), ...other.slice(place % Math.max(1, other.length))]
    else bytes = [...bytes.slice(0, at), ...bytes.slice(at, at + length), ...bytes.slice(at)]
  }
  return Uint8Array.from(bytes)
}

function mutated(seeds: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  const seed = fc.constantFrom(...seeds)
  return fc.tuple(seed, seed, edits).map(([one, other, edits]) => damaged(one, other, edits))
}

/** Mostly what `shaped` makes and damaged bytes, some frames as they are, and noise. */
function mixed(seeds: readonly Uint8Array[], shaped: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  return fc.oneof(
    { weight: 4, arbitrary: shaped },
    { weight: 4, arbitrary: mutated(seeds) },
    { weight: 2, arbitrary: fc.constantFrom(...seeds) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }) },
  )
}

const WORDS = ['', '100.5', '0.0000000001', '-1', 'buy', 'SELL', 'bid', 'add', 'x', '1:2', '2023-10-06T17:35:55Z']
const deep = fc.nat({ max: 300 }).map((depth) => JSON.parse(`${'['.repeat(depth)}${']'.repeat(depth)}` || '0'))
const any: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom<unknown>(...EDGES, ...edge_texts, ...WORDS, null, true, -0) },
  { weight: 1, arbitrary: fc.constantFrom([], {}, [[]], [{}], [['1', '1']], [[1, null]], { length: 1e9 }) },
  { weight: 1, arbitrary: deep },
)

const KEYS = [
  '"__proto__":{"e":"trade","u":1,"channel":"book"},',
  '"constructor":null,',
  '"toString":1,',
  '"u":1,"u":2,',
  '"price":1e5,',
  '"data":{},',
  '"length":1e9,',
]

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

/** Frames of JSON, some of whose values are others, are missing, or stand twice. */
export function hostileJson(seeds: readonly string[]): fc.Arbitrary<Uint8Array> {
  const edit = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 3 }), any)
  const misworded = fc
    .tuple(fc.constantFrom(...seeds), fc.array(edit, { minLength: 1, maxLength: 3 }))
    .map(([seed, edits]) => {
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
      return encoder.encode(JSON.stringify(frame))
    })
  // A number keeps its place and its text: what JSON.stringify would never write.
  const renumbered = fc
    .tuple(fc.constantFrom(...seeds), fc.nat(), fc.constantFrom(...edge_texts))
    .map(([seed, place, number]) => {
      const numbers = [...seed.matchAll(/-?\d+(\.\d+)?/g)]
      const found = numbers[place % Math.max(numbers.length, 1)]
      if (found === undefined) return encoder.encode(seed)
      return encoder.encode(seed.slice(0, found.index) + number + seed.slice(found.index + found[0].length))
    })
  // Keys that every object has, that stand twice, or that no object should have.
  const keyed = fc.tuple(fc.constantFrom(...seeds), fc.nat(), fc.constantFrom(...KEYS)).map(([seed, place, key]) => {
    const braces = [...seed.matchAll(/\{(?=")/g)]
    const at = (braces[place % Math.max(braces.length, 1)]?.index ?? -1) + 1
    return encoder.encode(seed.slice(0, at) + key + seed.slice(at))
  })
  const bytes = seeds.map((text) => encoder.encode(text))
  const shaped = fc.oneof(
    { weight: 3, arbitrary: misworded },
    { weight: 2, arbitrary: renumbered },
    { weight: 1, arbitrary: keyed },
  )
  return mixed(bytes, shaped)
}

/** Binary frames, some of whose numbers are at the edges of their width. */
export function hostileBytes(seeds: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  const number = fc.constantFrom(
    0n,
    1n,
    0x7fn,
    0xffn,
    0x7fff_ffffn,
    0x8000_0000n,
    0xffff_ffffn,
    2n ** 53n,
    2n ** 64n - 1n,
  )
  const edit = fc.tuple(fc.nat(), fc.constantFrom(1, 2, 4, 8), number)
  const renumbered = fc
    .tuple(fc.constantFrom(...seeds), fc.array(edit, { minLength: 1, maxLength: 3 }))
    .map(([seed, edits]) => {
      const bytes = Uint8Array.from(seed)
      for (const [place, width, value] of edits) {
        if (bytes.length < width) continue
        const at = place % (bytes.length - width + 1)
        for (let i = 0; i < width; i++) bytes[at + i] = Number((value >> BigInt(8 * (width - 1 - i))) & 0xffn)
      }
      return bytes
    })
  return mixed(seeds, renumbered)
}

/** Rows of text, some of whose columns are others, are missing, or stand twice. */
export function hostileRows(seeds: readonly string[]): fc.Arbitrary<Uint8Array> {
  const edit = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 4 }), fc.constantFrom(...edge_texts, ...WORDS, '7', 'Q'))
  const misworded = fc
    .tuple(fc.constantFrom(...seeds), fc.array(edit, { minLength: 1, maxLength: 3 }))
    .map(([seed, edits]) => {
      const columns = seed.split(',')
      for (const [place, kind, text] of edits) {
        const at = place % Math.max(1, columns.length)
        if (kind === 0) columns.splice(at, 1)
        else if (kind === 1) columns.splice(at, 0, columns[at] ?? '')
        else columns[at] = text
      }
      return encoder.encode(columns.join(','))
    })
  const bytes = seeds.map((text) => encoder.encode(text))
  return mixed(bytes, misworded)
}
