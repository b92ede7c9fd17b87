import type { Finding } from './codes.ts'
import { isOf, type Lookup, type Scalar, scalarOf, substitute, typeOf, wordsOf } from './environment.ts'
import { hintFor } from './nearest.ts'
import type { NamedText } from './overlay.ts'
import { LibrarySchema } from './schema.ts'
import { checkShape } from './shape.ts'
import { type Entry, fromPlain, type MapTree, type Report, readYaml, type Tree } from './yaml.ts'

/**
 * Makes the topics and stages of every use of a template, before anything is checked.
 *
 * There is no logic: `${name}` stands for a parameter's value, `${instance}` for the name of the use, in values and in
 * names. A template sees nothing else, variables of the environment neither: `with` can hand them in. What is wrong in
 * what was made has its place in the template, and its message names the use.
 */

export interface Expansion {
  readonly root: MapTree
  /** False if something could not be made: then nothing is said about what is missing. */
  readonly whole: boolean
}

const PARTS = ['topics', 'stages'] as const

/** The name that stands for the use itself. */
const INSTANCE = 'instance'

export function expand(root: MapTree, include: (path: string) => NamedText | undefined, report: Report): Expansion {
  return new Expander(root, report).expand(include)
}

/** One use of a template, outside of any topology. */
export interface TemplateUse {
  readonly template: string
  /** The name of the use. */
  readonly instance: string
  readonly with: Readonly<Record<string, Scalar>>
  /** Topics that it is connected to, as a topology declares them; those of its file are there too. */
  readonly topics: Readonly<Record<string, unknown>>
}

/** A topology of nothing but the use: the file gives its templates, variables and topics. */
export function aloneWith(file: MapTree, { template, instance, with: given, topics }: TemplateUse): MapTree {
  const plain = {
    name: 'template',
    description: 'A template alone.',
    owner: 'tests',
    sources: {},
    topics,
    stages: {},
    use_templates: { [instance]: { template, with: given } },
  }
  const made = fromPlain(plain, file.at) as MapTree
  const entries = new Map(made.entries)
  for (const field of ['environment', 'include', 'templates', 'instruments']) {
    const entry = file.entries.get(field)
    if (entry !== undefined) entries.set(field, entry)
  }
  const own = mapOf(file, 'topics')
  const there = mapOf(made, 'topics') as MapTree
  const all = new Map([...(own?.entries ?? []), ...there.entries])
  entries.set('topics', { at: file.at, value: { ...there, entries: all } })
  return { ...made, entries }
}

/** What is wrong in a file of templates that no topology has to use. */
export function lintLibrary(text: string, file: string): Finding[] {
  const { tree, report } = readYaml(text, file)
  if (tree !== undefined) checkShape(LibrarySchema, tree, 'file of templates', tree.at, report)
  if (tree?.kind === 'map') expand(tree, () => undefined, report)
  return report.findings()
}

class Expander {
  readonly #root: MapTree
  readonly #report: Report
  readonly #templates = new Map<string, Entry>()
  /** Templates that cannot be used. */
  readonly #broken = new Set<string>()
  #whole = true

  constructor(root: MapTree, report: Report) {
    this.#root = root
    this.#report = report
  }

  expand(include: (path: string) => NamedText | undefined): Expansion {
    this.#add(this.#root)
    for (const path of listOf(this.#root, 'include')) this.#include(path, include)
    for (const [name, { value }] of this.#templates) this.#checkNames(name, value)

    const entries = new Map(this.#root.entries)
    const uses = mapOf(this.#root, 'use_templates')
    for (const [instance, use] of uses?.entries ?? []) {
      const made = this.#make(instance, use)
      for (const part of PARTS) {
        const body = made === undefined ? undefined : mapOf(made, part)
        if (body === undefined) continue
        const there = entries.get(part) ?? { at: use.at, value: { kind: 'map', at: use.at, entries: new Map() } }
        if (there.value.kind === 'map') entries.set(part, { at: there.at, value: this.#join(there.value, body) })
      }
    }
    return { root: { ...this.#root, entries }, whole: this.#whole }
  }

  #add(tree: MapTree): void {
    for (const [name, entry] of mapOf(tree, 'templates')?.entries ?? []) {
      if (!this.#templates.has(name)) this.#templates.set(name, entry)
      else {
        const message = `there is a template \`${name}\` already`
        this.#report.add('INCLUDE_INVALID', entry.at, message, 'give one of them another name')
      }
    }
  }

  #include(path: Tree, include: (path: string) => NamedText | undefined): void {
    if (path.kind !== 'scalar' || typeof path.value !== 'string' || this.#report.isRejected(path)) return
    const found = include(path.value)
    const tree = found === undefined ? undefined : readYaml(found.text, found.file, this.#report).tree
    if (found === undefined) {
      const hint = 'paths start in the folder of the topology'
      this.#report.reject('INCLUDE_INVALID', path, `cannot read \`${path.value}\``, hint)
    }
    if (tree === undefined) this.#whole = false
    else checkShape(LibrarySchema, tree, 'file of templates', tree.at, this.#report)
    if (tree?.kind === 'map') this.#add(tree)
  }

  /** Names in the body that no parameter has are said once, not once per use. */
  #checkNames(name: string, tree: Tree): void {
    if (tree.kind !== 'map') return
    const known: Lookup = new Map([...parametersOf(tree).keys(), INSTANCE].map((one) => [one, undefined]))
    const before = this.#report.count
    for (const part of PARTS) {
      const body = mapOf(tree, part)
      if (body !== undefined) substitute(copy(body, 0, this.#report), known, this.#report, true)
    }
    for (const [parameter, { at, value }] of parametersOf(tree)) {
      const fallback = value.kind === 'map' ? scalarOf(value.entries.get('default')?.value) : undefined
      const type = value.kind === 'map' ? typeOf(value) : undefined
      if (parameter === INSTANCE) {
        const hint = 'it stands for the name of the use: call the parameter something else'
        this.#report.add('NAME_TAKEN', at, '`instance` cannot be a parameter', hint)
      } else if (fallback !== undefined && type !== undefined && !isOf(fallback.value, type)) {
        const message = `the default of \`${parameter}\` is not ${wordsOf(type)}`
        const hint = 'give a default of its `type`, or another `type`'
        this.#report.reject('VARIABLE_INVALID', fallback, message, hint)
      }
    }
    if (this.#report.count > before) this.#broken.add(name)
  }

  /** The template's body with the values of one use. */
  #make(instance: string, { at, value: use }: Entry): MapTree | undefined {
    const word = use.kind === 'map' ? use.entries.get('template')?.value : undefined
    if (use.kind !== 'map' || word?.kind !== 'scalar' || typeof word.value !== 'string') {
      this.#whole = false
      return undefined
    }
    const template = this.#templates.get(word.value)?.value
    if (template?.kind !== 'map' || this.#broken.has(word.value)) {
      this.#whole = false
      if (template === undefined && !this.#report.isRejected(word)) {
        const hint = hintFor(word.value, this.#templates.keys(), 'templates')
        this.#report.reject('UNKNOWN_TEMPLATE', word, `there is no template \`${word.value}\``, hint)
      }
      return undefined
    }
    const values = this.#arguments(word.value, template, use, at).set(INSTANCE, instance)
    if ([...values.values()].includes(undefined)) this.#whole = false
    const note = ` (in \`${instance}\`, a use of the template \`${word.value}\`)`
    const moved = copy(template, this.#report.reopen(template.at, note), this.#report)
    return substitute(onlyParts(moved as MapTree), values, this.#report, true) as MapTree
  }

  #arguments(name: string, template: MapTree, use: MapTree, at: number): Map<string, Scalar | undefined> {
    const parameters = parametersOf(template)
    const given = mapOf(use, 'with')?.entries ?? new Map<string, Entry>()
    for (const [parameter, entry] of given) {
      if (parameters.has(parameter)) continue
      const hint = hintFor(parameter, parameters.keys(), 'parameters')
      const message = `\`${name}\` has no parameter \`${parameter}\``
      this.#report.reject('UNKNOWN_PARAMETER', entry.value, message, hint, entry.at)
    }
    const values = new Map<string, Scalar | undefined>()
    for (const [parameter, { value: declaration }] of parameters) {
      values.set(parameter, undefined)
      const type = declaration.kind === 'map' ? typeOf(declaration) : undefined
      if (declaration.kind !== 'map' || type === undefined) continue
      const tree = given.get(parameter)?.value
      const value =
        tree === undefined ? scalarOf(declaration.entries.get('default')?.value)?.value : scalarOf(tree)?.value
      if (tree !== undefined && this.#report.isRejected(tree)) continue
      if (tree === undefined && value === undefined) {
        const message = `\`${name}\` is used without its parameter \`${parameter}\``
        this.#report.add('MISSING_PARAMETER', at, message, `add \`${parameter}:\` under \`with\``)
      } else if (value === undefined || value === null || !isOf(value, type)) {
        const message = `\`${parameter}\` of \`${name}\` is not ${wordsOf(type)}`
        if (tree !== undefined) this.#report.reject('PARAMETER_INVALID', tree, message, 'see the template')
      } else values.set(parameter, value)
    }
    return values
  }

  #join(there: MapTree, made: MapTree): MapTree {
    const entries = new Map(there.entries)
    for (const [name, entry] of made.entries) {
      if (entries.has(name)) {
        const hint = 'put `${instance}` or a parameter into the name'
        this.#whole = false
        this.#report.add('NAME_TAKEN', entry.at, `there is a \`${name}\` already`, hint)
      } else entries.set(name, entry)
    }
    return { ...there, entries }
  }
}

function mapOf(tree: MapTree, field: string): MapTree | undefined {
  const value = tree.entries.get(field)?.value
  return value?.kind === 'map' ? value : undefined
}

function listOf(tree: MapTree, field: string): readonly Tree[] {
  const value = tree.entries.get(field)?.value
  return value?.kind === 'list' ? value.items : []
}

function parametersOf(template: MapTree): ReadonlyMap<string, Entry> {
  return mapOf(template, 'parameters')?.entries ?? new Map()
}

function onlyParts(template: MapTree): MapTree {
  const entries = PARTS.flatMap((part): [string, Entry][] => {
    const entry = template.entries.get(part)
    return entry === undefined ? [] : [[part, entry]]
  })
  return { ...template, entries: new Map(entries) }
}

/** The same tree elsewhere: what has a finding keeps it, and gets no other. */
function copy(tree: Tree, by: number, report: Report): Tree {
  const at = tree.at + by
  let made: Tree
  if (tree.kind === 'list') made = { ...tree, at, items: tree.items.map((item) => copy(item, by, report)) }
  else if (tree.kind === 'map') {
    const entries = [...tree.entries].map(([name, entry]): [string, Entry] => [
      name,
      { at: entry.at + by, value: copy(entry.value, by, report) },
    ])
    made = { ...tree, at, entries: new Map(entries) }
  } else made = { ...tree, at }
  if (report.isRejected(tree)) report.silence(made)
  return made
}
