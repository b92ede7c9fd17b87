import { isAlias, isMap, isScalar, isSeq, parseDocument, type Node as YamlNode } from 'yaml'
import type { Finding, LintCode } from './codes.ts'

/**
 * Reads YAML into a small tree in which every value knows its place.
 *
 * Text that is not YAML gives its syntax findings and no tree: what a damaged text means is anyone's guess, and
 * guesses make more findings than problems. Of a name given twice the last value counts, as in other readers.
 */

export type Tree = MapTree | ListTree | ScalarTree

export interface MapTree {
  readonly kind: 'map'
  /** Offset in the text where the value begins. */
  readonly at: number
  readonly entries: ReadonlyMap<string, Entry>
}
export interface ListTree {
  readonly kind: 'list'
  readonly at: number
  readonly items: readonly Tree[]
}
export interface ScalarTree {
  readonly kind: 'scalar'
  readonly at: number
  readonly value: string | number | boolean | null
}
export interface Entry {
  /** Offset of the key. */
  readonly at: number
  readonly value: Tree
}

/** A text whose places are offsets from `base` on. */
interface Region {
  readonly base: number
  readonly file: string
  /** What every message of the region ends with. */
  readonly note: string
  readonly text: string
  /** Offsets from `base` at which lines begin. */
  readonly lines: readonly number[]
}

/**
 * Findings of a file and of what is laid over it, in the order of their places.
 *
 * All texts share one space of offsets, so that a value keeps its place wherever it is taken: each text begins where
 * the one before it ends.
 */
export class Report {
  readonly file: string
  readonly #regions: Region[] = []
  #next_base = 0
  readonly #found: { at: number; finding: Finding }[] = []
  readonly #bad = new WeakSet<Tree>()
  readonly #filled = new WeakSet<Tree>()
  readonly #meant = new Map<Tree, Set<string>>()

  constructor(file: string, text: string) {
    this.file = file
    this.open(file, text)
  }

  /** Takes in another text, or the same once more with a note; answers the offset at which its places begin. */
  open(file: string, text: string, note = ''): number {
    const base = this.#next_base
    const lines = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)]
    this.#regions.push({ base, file, note, text, lines })
    this.#next_base = base + text.length + 1
    return base
  }

  /** The lines of the text at `at` once more, as a text of its own; answers by how much places move to be in it. */
  reopen(at: number, note: string): number {
    const { base, file, text, lines } = this.#region(at)
    const next = this.#next_base
    const index = this.#regions.findIndex((region) => region.base === base)
    const end = this.#regions[index + 1]?.base ?? next
    this.#regions.push({ base: next, file, note, text, lines })
    this.#next_base = next + end - base
    return next - base
  }

  #region(at: number): Region {
    return this.#regions.findLast(({ base }) => base <= at) ?? this.#regions[0]!
  }

  add(code: LintCode, at: number, message: string, hint: string): void {
    const { file, note } = this.#region(at)
    const [line, column] = [this.line(at), this.column(at)]
    this.#found.push({ at, finding: { file, line, column, code, message: message + note, hint } })
  }

  /** Reports on a value; later rules then leave it alone. */
  reject(code: LintCode, tree: Tree, message: string, hint: string, at = tree.at): void {
    this.#bad.add(tree)
    this.add(code, at, message, hint)
  }

  /** Later rules leave the value alone: what is wrong with it has been said elsewhere. */
  silence(tree: Tree): void {
    this.#bad.add(tree)
  }

  /** The value is not the text that stands there: what is inside it has the place of the whole. */
  fill(tree: Tree): void {
    this.#filled.add(tree)
  }

  isRejected(tree: Tree): boolean {
    return this.#bad.has(tree)
  }

  /** The place of character `offset` of a text value, whichever way YAML wrote the text. */
  inside(tree: Tree, offset: number): number {
    if (tree.kind !== 'scalar' || typeof tree.value !== 'string' || this.#filled.has(tree)) return tree.at
    const { base, text } = this.#region(tree.at)
    return base + placeInText(text, tree.at - base, tree.value, offset)
  }

  /** Notes that a mistyped field of `tree` probably meant `field`, so that it is not also called missing. */
  note(tree: Tree, field: string): void {
    const fields = this.#meant.get(tree) ?? new Set()
    this.#meant.set(tree, fields.add(field))
  }

  /** Whether `tree` has the field, mistyped or not. */
  mentions(tree: MapTree, field: string): boolean {
    return tree.entries.has(field) || this.#meant.get(tree)?.has(field) === true
  }

  /** Line of a place in its own text, from 1. */
  line(at: number): number {
    const { base, lines } = this.#region(at)
    let [low, high] = [1, lines.length]
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (lines[middle - 1]! <= at - base) low = middle
      else high = middle - 1
    }
    return low
  }

  /** Column of a place in its line, from 1. */
  column(at: number): number {
    const { base, lines } = this.#region(at)
    return at - base - lines[this.line(at) - 1]! + 1
  }

  get count(): number {
    return this.#found.length
  }

  findings(): Finding[] {
    return this.#found.sort((a, b) => a.at - b.at).map(({ finding }) => finding)
  }
}

/**
 * `tree` is undefined if the text is not YAML, is empty, or nests too deep; the report says so. With a report given,
 * the text is one more of that report.
 */
export function readYaml(text: string, file: string, given?: Report): { tree: Tree | undefined; report: Report } {
  const report = given ?? new Report(file, text)
  const base = given?.open(file, text) ?? 0
  if (text.length > MOST_CHARACTERS) {
    const message = `the file has ${text.length} characters, and ${MOST_CHARACTERS} are the most`
    report.add('YAML_SYNTAX', base, message, 'a topology of 500 stages has a tenth of that')
    return { tree: undefined, report }
  }
  const broken = text.search(/\p{Surrogate}/u)
  if (broken >= 0) {
    const byte = (text.charCodeAt(broken) - BROKEN_BYTE).toString(16)
    report.add('YAML_SYNTAX', base + broken, `the byte 0x${byte} is not UTF-8`, 'save the file as UTF-8')
    return { tree: undefined, report }
  }
  const deep = tooDeep(text)
  if (deep !== undefined) {
    report.add('YAML_SYNTAX', base + deep, TOO_DEEP, TOO_DEEP_HINT)
    return { tree: undefined, report }
  }
  try {
    return { tree: read(text, base, report), report }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    report.add('YAML_SYNTAX', base, TOO_DEEP, TOO_DEEP_HINT)
    return { tree: undefined, report }
  }
}

/** A byte that is no text, in a text: half a character, from here on. */
export const BROKEN_BYTE = 0xdc00

/** Reading takes time and memory by length, and by the square of the depth: no file that is meant comes near either. */
const MOST_CHARACTERS = 4 * 1024 * 1024
const MOST_BRACKETS = 1_000
const TOO_DEEP = 'values are nested too deep'
const TOO_DEEP_HINT = 'a topology is never deeper than a dozen levels'

/** Where brackets outside of quotes and comments are deeper than any value; a line begins outside of quotes. */
function tooDeep(text: string): number | undefined {
  let depth = 0
  for (const { 0: token, index } of text.matchAll(BRACKETS)) {
    if (token === '[' || token === '{') depth++
    else if (token === ']' || token === '}') depth = Math.max(0, depth - 1)
    if (depth > MOST_BRACKETS) return index
  }
  return undefined
}
const BRACKETS = /(?<![^\s[{,:])"(?:[^"\\\n]|\\.)*"?|(?<![^\s[{,:])'[^'\n]*'?|(?<!\S)#[^\n]*|[[\]{}]/g

/** What the reader's own words are in ours. */
function ownWords(message: string): { message: string; hint: string } | undefined {
  if (/call stack/.test(message)) return { message: TOO_DEEP, hint: TOO_DEEP_HINT }
  if (!/multiple documents/.test(message)) return undefined
  return { message: 'a second document begins here', hint: 'keep one document per file: drop the line `---`' }
}

/** What the reader says when it has lost its place. */
const FOLLOWING: ReadonlySet<string> = new Set(['BAD_INDENT', 'UNEXPECTED_TOKEN'])

function read(text: string, base: number, report: Report): Tree | undefined {
  const document = parseDocument(text, { prettyErrors: false })

  let damaged = false
  const seen_lines = new Set<number>()
  for (const error of [...document.errors, ...document.warnings]) {
    const at = base + error.pos[0]
    if (error.code === 'DUPLICATE_KEY') {
      const name = /^[^\s:#]+/.exec(text.slice(error.pos[0]))?.[0] ?? ''
      report.add('DUPLICATE_KEY', at, `\`${name}\` is given twice`, 'keep one of them')
      continue
    }
    // One slip confuses the reader more than once: the first complaint of a line is the useful one, and what stands
    // in the wrong place after another slip mostly follows from it.
    const follows = damaged && FOLLOWING.has(error.code)
    damaged = true
    if (follows || seen_lines.has(report.line(at))) continue
    seen_lines.add(report.line(at))
    const own = ownWords(error.message)
    const message = own?.message ?? error.message.charAt(0).toLowerCase() + error.message.slice(1)
    const line = text.slice(text.lastIndexOf('\n', error.pos[0] - 1) + 1).split('\n', 1)[0] ?? ''
    const braces = /[[{,].*\$\{/.test(line)
      ? "between braces or brackets, write a variable in quotes: '${NAME}'"
      : 'indent by two spaces, `name: value` per line'
    const hint = own?.hint ?? braces
    report.add('YAML_SYNTAX', at, message, hint)
  }
  if (damaged) return undefined
  if (document.contents === null) {
    report.add('WRONG_TYPE', base, 'the file is empty', 'begin with `name:`')
    return undefined
  }
  return convert(document.contents, base, base, report)
}

function convert(node: YamlNode | null, fallback_at: number, base: number, report: Report): Tree {
  const start = node?.range?.[0]
  const at = start === undefined ? fallback_at : base + start
  if (isAlias(node)) {
    const tree: Tree = { kind: 'scalar', at, value: null }
    report.reject('ALIAS_UNSUPPORTED', tree, `\`*${node.source}\` is an alias`, 'write the value out')
    return tree
  }
  if (isMap(node)) {
    const entries = new Map<string, Entry>()
    for (const pair of node.items) {
      const key = pair.key as YamlNode
      const key_at = key.range ? base + key.range[0] : at
      if (!isScalar(key)) {
        report.add('WRONG_TYPE', key_at, 'a key is not plain text', 'write `name: value`')
        continue
      }
      const name = typeof key.value === 'string' ? key.value : (key.source ?? String(key.value))
      entries.set(name, { at: key_at, value: convert(pair.value as YamlNode | null, key_at, base, report) })
    }
    return { kind: 'map', at, entries }
  }
  if (isSeq(node)) {
    return { kind: 'list', at, items: node.items.map((item) => convert(item as YamlNode | null, at, base, report)) }
  }
  const value = isScalar(node) ? node.value : null
  const plain = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null
  // `key:` with nothing behind it has its place at the key, where the eye is.
  const empty = !isScalar(node) || (node.value === null && (node.source ?? '') === '')
  return { kind: 'scalar', at: empty ? fallback_at : at, value: plain }
}

/** A tree of plain data, all of it at one place. */
export function fromPlain(value: unknown, at: number): Tree {
  if (Array.isArray(value)) return { kind: 'list', at, items: value.map((item) => fromPlain(item, at)) }
  if (typeof value !== 'object' || value === null) return { kind: 'scalar', at, value: value as ScalarTree['value'] }
  const entries = Object.entries(value).map(([name, one]): [string, Entry] => [name, { at, value: fromPlain(one, at) }])
  return { kind: 'map', at, entries: new Map(entries) }
}

/** Plain data of a tree. */
export function toPlain(tree: Tree): unknown {
  if (tree.kind === 'map') return Object.fromEntries([...tree.entries].map(([name, e]) => [name, toPlain(e.value)]))
  if (tree.kind === 'list') return tree.items.map(toPlain)
  return tree.value
}

/** The place of a JSON pointer in `tree`, or of the deepest part of it that exists. */
export function placeOf(tree: Tree, pointer: string): Tree {
  let here = tree
  for (const part of pointer.split('/').slice(1)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~')
    const next: Tree | undefined =
      here.kind === 'map' ? here.entries.get(name)?.value : here.kind === 'list' ? here.items[Number(name)] : undefined
    if (next === undefined) return here
    here = next
  }
  return here
}

/**
 * Where character `offset` of `value` stands in the source of a scalar that begins at `at`. Source and value are walked
 * side by side: quotes and escapes, folded lines and indentation are in the one and not in the other.
 */
function placeInText(source: string, at: number, value: string, offset: number): number {
  const first = source[at]
  const quote = first === '"' || first === "'" ? first : ''
  const block = first === '|' || first === '>'
  const skipBlanks = (from: number) => {
    let i = from
    while (source[i] === ' ' || source[i] === '\t' || source[i] === '\n' || source[i] === '\r') i++
    return i
  }
  let from = at + quote.length
  if (block) from = skipBlanks(source.indexOf('\n', at))
  for (let i = 0; i < offset && i < value.length; i++) {
    const blank = value[i] === ' ' || value[i] === '\n'
    if (blank && (source[from] === '\n' || source[from] === '\r')) from = skipBlanks(from)
    else if (quote === '"' && source[from] === '\\')
      from += /^\\(x..|u....|U........|.)/s.exec(source.slice(from))?.[0].length ?? 1
    else if (quote === "'" && source[from] === "'") from += 2
    else from++
  }
  return from
}
