import { parseSync } from 'oxc-parser'

/**
 * Finds what makes a processor's source give another result the second time: clocks, randomness, the environment, and
 * orders that nobody promises.
 *
 * The text is parsed, so that comments, strings, types and fields of the same name are not meant. A name that the file
 * declares itself is its own. A line that says `deterministic:` and why, in a comment on it or on the line before, is
 * left alone. Text that cannot be parsed gives nothing: the compiler speaks of that.
 */
export interface SourceImpurity {
  /** From 1. */
  readonly line: number
  readonly column: number
  /** What the code does, as the end of a sentence: `reads the wall clock (Date)`. */
  readonly what: string
  readonly instead: string
}

export interface ScannedSource {
  readonly impurities: readonly SourceImpurity[]
  /** What the file imports at run time, as written. */
  readonly imports: readonly string[]
  /** Names of the processors that it defines. */
  readonly defines: readonly string[]
}

interface Rule {
  /** The end of a sentence. */
  readonly what: string
  readonly instead: string
}

const CLOCK: Rule = { what: 'reads the wall clock', instead: 'use `stream_time_us` of the context' }
const CHANCE: Rule = { what: 'draws random numbers', instead: 'use a counter-based generator seeded by a parameter' }
const WORLD: Rule = { what: 'reads the environment', instead: 'declare a parameter' }
const LATER: Rule = { what: 'leaves the step', instead: 'set a timer of the context' }
const EFFECT: Rule = { what: 'touches the outside world', instead: 'make an effect of it, whose answer is recorded' }
const LOCALE: Rule = { what: 'depends on the locale', instead: 'compare with `<` and format outside the dataflow' }
const COLLECTOR: Rule = { what: 'depends on the garbage collector', instead: 'keep it in the declared state' }
const ORDER: Rule = { what: 'iterates in no promised order', instead: 'iterate over sorted keys' }
const LIBRARY: Rule = {
  what: 'uses a function whose last bit differs between platforms',
  instead: 'use + - * / and Math.sqrt in a stated order',
}
const HIDDEN: Rule = { what: 'runs text that nobody can look into', instead: 'write it as code' }
const APART: Rule = { what: 'takes Math apart', instead: 'call its functions as `Math.name(...)`' }

const GLOBALS: Readonly<Record<string, Rule>> = {
  Date: CLOCK,
  performance: CLOCK,
  Temporal: CLOCK,
  crypto: CHANCE,
  process: WORLD,
  navigator: WORLD,
  require: EFFECT,
  eval: HIDDEN,
  Function: HIDDEN,
  Math: APART,
  globalThis: WORLD,
  global: WORLD,
  setTimeout: LATER,
  setInterval: LATER,
  setImmediate: LATER,
  queueMicrotask: LATER,
  fetch: EFFECT,
  WebSocket: EFFECT,
  Intl: LOCALE,
  WeakRef: COLLECTOR,
  FinalizationRegistry: COLLECTOR,
}

/** By `object.method`. */
const MEMBERS: Readonly<Record<string, Rule>> = {
  'Math.random': CHANCE,
  'Promise.race': ORDER,
  'Promise.any': ORDER,
  ...Object.fromEntries(
    'exp expm1 log log2 log10 log1p pow hypot cbrt sin cos tan asin acos atan atan2 sinh cosh tanh asinh acosh atanh'
      .split(' ')
      .map((name) => [`Math.${name}`, LIBRARY]),
  ),
}

const METHODS: Readonly<Record<string, Rule>> = {
  localeCompare: LOCALE,
  toLocaleString: LOCALE,
  toLocaleDateString: LOCALE,
  toLocaleTimeString: LOCALE,
  toLocaleLowerCase: LOCALE,
  toLocaleUpperCase: LOCALE,
}

interface Node {
  readonly type: string
  readonly start: number
  readonly [field: string]: unknown
}

export function scanSource(file: string, text: string): ScannedSource {
  const { program, errors, comments } = parseSync(file, text)
  if (errors.length > 0) return { impurities: [], imports: [], defines: [] }
  const lines = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)]
  const lineOf = (at: number) => {
    const next = lines.findIndex((start) => start > at)
    return next < 0 ? lines.length : next
  }
  const excused = new Set<number>()
  for (const { start, end, value } of comments) {
    if (/\bdeterministic: \S/.test(value)) excused.add(lineOf(start)).add(lineOf(end) + 1)
  }
  const walk = new Walk()
  walk.visit(program as unknown as Node)
  const impurities = walk.found
    .filter(({ name }) => name === undefined || !walk.declared.has(name))
    .map(({ at, rule, said }) => {
      const line = lineOf(at)
      return { line, column: at - lines[line - 1]! + 1, what: `${rule.what} (${said})`, instead: rule.instead }
    })
    .filter(({ line }) => !excused.has(line))
  return { impurities, imports: walk.imports, defines: walk.defines }
}

class Walk {
  readonly found: { readonly at: number; readonly name: string | undefined; rule: Rule; said: string }[] = []
  readonly declared = new Set<string>()
  readonly imports: string[] = []
  readonly defines: string[] = []

  visit(node: Node): void {
    const { type } = node
    // Of types only what is computed inside them is code: `x as T`, `x!`, `x satisfies T`.
    if (type.startsWith('TS')) return this.#child(node.expression)
    this.#declare(node)
    if (type === 'ImportDeclaration' || type === 'ExportNamedDeclaration' || type === 'ExportAllDeclaration') {
      this.#import(node)
      if (type === 'ImportDeclaration') return
    }
    if (type === 'ImportExpression') this.#add(node.start, EFFECT, 'import()')
    if (type === 'ForInStatement') this.#add(node.start, ORDER, 'for ... in')
    if (type === 'CallExpression') this.#define(node)
    // Whole numbers of any size have exact powers, others not.
    if ((type === 'BinaryExpression' || type === 'AssignmentExpression') && /^\*\*/.test(String(node.operator))) {
      if (!isConstant(node.left) || !isConstant(node.right)) this.#add(node.start, LIBRARY, '**')
    }
    if (type === 'Identifier') return this.#global(node)
    if (type === 'MemberExpression') return this.#member(node)
    const plain_key = (type === 'Property' || type.endsWith('Definition')) && node.computed !== true
    for (const [field, value] of Object.entries(node)) if (!(plain_key && field === 'key')) this.#child(value)
  }

  #child(value: unknown): void {
    if (Array.isArray(value)) for (const item of value) this.#child(item)
    else if (isNode(value)) this.visit(value)
  }

  #add(at: number, rule: Rule, said: string, name?: string): void {
    this.found.push({ at, name, rule, said })
  }

  #global({ name, start }: Node): void {
    const rule = own(GLOBALS, name as string)
    if (rule !== undefined) this.#add(start, rule, name as string, name as string)
  }

  #member(node: Node): void {
    const { object, property, computed } = node as unknown as { object: Node; property: Node; computed: boolean }
    const method = computed ? (property.value as string | undefined) : (property.name as string)
    if (computed) this.visit(property)
    if (typeof method === 'string') {
      const whole = `${object.name}.${method}`
      const rule = object.type === 'Identifier' ? own(MEMBERS, whole) : undefined
      if (rule !== undefined) return this.#add(node.start, rule, whole, object.name as string)
      const by_method = own(METHODS, method)
      if (by_method !== undefined) this.#add(property.start, by_method, method)
    }
    // A function of Math by its name is known; whatever else is done with it hides which.
    if (object.type === 'Identifier' && object.name === 'Math' && typeof method === 'string') return
    this.visit(object)
  }

  #import(node: Node): void {
    const kind = (node.importKind ?? node.exportKind) as string | undefined
    const source = (node.source as Node | null)?.value as string | undefined
    if (source === undefined || kind === 'type') return
    this.imports.push(source)
    if (source.startsWith('node:')) this.#add(node.start, EFFECT, `import of ${source}`)
    for (const one of (node.specifiers ?? []) as Node[]) this.#name(one.local)
  }

  #define(node: Node): void {
    const { callee, arguments: [spec] = [] } = node as unknown as { callee: Node; arguments: Node[] }
    if (!/^define(Processor|Query|Command|Effect)/.test(String(callee.name))) return
    for (const property of (spec?.properties ?? []) as Node[]) {
      const { key, value } = property as unknown as { key?: Node; value?: Node }
      if (key?.name === 'name' && typeof value?.value === 'string') this.defines.push(value.value)
    }
  }

  #declare(node: Node): void {
    if (node.type === 'VariableDeclarator') this.#name(node.id)
    if (/^(Function|Class|Arrow)/.test(node.type)) {
      this.#name(node.id)
      for (const param of (node.params ?? []) as Node[]) this.#name(param)
    }
    if (node.type === 'CatchClause') this.#name(node.param)
  }

  /** The names that a pattern binds. */
  #name(pattern: unknown): void {
    if (!isNode(pattern)) return
    if (pattern.type === 'Identifier') this.declared.add(pattern.name as string)
    for (const field of ['left', 'argument', 'value', 'parameter']) this.#name(pattern[field])
    for (const item of [pattern.elements, pattern.properties].flat()) this.#name(item)
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as Node).type === 'string'
}

function isConstant(value: unknown): boolean {
  return isNode(value) && value.type === 'Literal'
}

function own(rules: Readonly<Record<string, Rule>>, name: string): Rule | undefined {
  return Object.hasOwn(rules, name) ? rules[name] : undefined
}
