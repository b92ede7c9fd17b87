import { hintFor } from './nearest.ts'
import type { Entry, MapTree, Report, ScalarTree, Tree } from './yaml.ts'

/**
 * Puts values in the place of `${NAME}`: variables of the environment, upper case, and parameters of templates, lower
 * case. `$${` stands for `${` itself.
 *
 * A variable is one that `environment:` declares, with its type; nothing else of the process's environment can be seen.
 * A text that is the name alone becomes the value with its type; within a longer text the value is written out. This
 * happens before any type is checked, so the topology that results is what stands in the configuration's hash.
 */

export type Scalar = string | number | boolean

/** The value of a name; `undefined`: there is none, and that has been said. */
export type Lookup = ReadonlyMap<string, Scalar | undefined>

export const VARIABLE_TYPES = ['text', 'integer', 'number', 'boolean'] as const

export type VariableType = (typeof VARIABLE_TYPES)[number]

/** Names of what must not be seen in a stored topology. */
const SECRET = new RegExp(
  [
    '(^|_)(PASSWORDS?|PASSWD|PASSPHRASES?|SECRETS?|TOKEN|CREDENTIALS?|JWT|BEARER)(_|$)',
    '(^|_)(PASS|PWD|AUTH|PIN|TOKENS|(API|ACCESS|PRIVATE|SECRET|SIGNING|ENCRYPTION)KEYS?)$',
    '(^|_)(API|ACCESS|PRIVATE|SECRET|SIGNING|ENCRYPTION)_KEYS?(_|$)',
  ].join('|'),
)

/** Values that open something, whatever their name: addresses with a password in them, private keys. */
const SECRET_VALUE = /:\/\/[^\s/:@]*:[^\s/@]+@|-----BEGIN [A-Z ]*PRIVATE KEY/

const SECRET_HINT = 'give the path of a file that holds it, by another name: secrets are files'

/** Values of the declared variables; what is wrong with one is reported at its declaration. */
export function readEnvironment(
  root: MapTree,
  environment: Readonly<Record<string, string | undefined>>,
  report: Report,
): Map<string, Scalar | undefined> {
  const values = new Map<string, Scalar | undefined>()
  const declared = root.entries.get('environment')?.value
  if (declared?.kind !== 'map') return values
  for (const [name, { at, value: tree }] of declared.entries) {
    values.set(name, undefined)
    if (tree.kind !== 'map') continue
    if (SECRET.test(name)) {
      const message = `\`${name}\` looks like a secret, and variables are stored with the run`
      report.add('VARIABLE_SECRET', at, message, SECRET_HINT)
      continue
    }
    const type = typeOf(tree)
    const fallback = scalarOf(tree.entries.get('default')?.value)
    if (type === undefined) continue
    const given = Object.hasOwn(environment, name) ? environment[name] : undefined
    if (SECRET_VALUE.test(given ?? '') || SECRET_VALUE.test(String(fallback?.value ?? ''))) {
      const message = `what \`${name}\` says holds a password or a key, and variables are stored with the run`
      report.add('VARIABLE_SECRET', at, message, SECRET_HINT)
      continue
    }
    if (fallback !== undefined && !isOf(fallback.value, type)) {
      const message = `the default of \`${name}\` is not ${WORDS[type]}`
      report.reject('VARIABLE_INVALID', fallback, message, 'give a default of its `type`, or another `type`')
      continue
    }
    if (given !== undefined) {
      const value = parse(given, type)
      if (value === undefined) {
        const message = `\`${name}\` is \`${given}\` in the environment, not ${WORDS[type]}`
        report.add('VARIABLE_INVALID', at, message, `set ${name} to ${WORDS[type]}`)
      }
      values.set(name, value)
    } else if (fallback !== undefined) values.set(name, fallback.value as Scalar)
    else {
      const hint = `set ${name} where the command runs, or give it a \`default\``
      report.add('VARIABLE_MISSING', at, `\`${name}\` is not set and has no default`, hint)
    }
  }
  return values
}

const WORDS: Readonly<Record<VariableType, string>> = {
  text: 'text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
}

/** The type that a declaration names; undefined if it names none that exists. */
export function typeOf(declaration: MapTree): VariableType | undefined {
  const type = declaration.entries.get('type')?.value
  if (type === undefined) return 'text'
  return VARIABLE_TYPES.find((one) => type.kind === 'scalar' && one === type.value)
}

export function scalarOf(tree: Tree | undefined): ScalarTree | undefined {
  return tree?.kind === 'scalar' && tree.value !== null ? tree : undefined
}

export function isOf(value: ScalarTree['value'], type: VariableType): boolean {
  if (type === 'integer') return Number.isSafeInteger(value)
  if (type === 'number') return Number.isFinite(value)
  return type === 'text' ? typeof value === 'string' : typeof value === 'boolean'
}

export function wordsOf(type: VariableType): string {
  return WORDS[type]
}

function parse(text: string, type: VariableType): Scalar | undefined {
  if (type === 'text') return text
  if (type === 'boolean') return text === 'true' ? true : text === 'false' ? false : undefined
  if (!/^-?(0|[1-9][0-9]*)(\.[0-9]+)?$/.test(text)) return undefined
  const value = Number(text)
  return isOf(value, type) ? value : undefined
}

const REFERENCE = /\$\$\{|\$\{([^}]*)(\}?)/g

/** `text` with every name replaced; undefined if one cannot be, which is then reported at `tree`. */
function fill(text: string, tree: Tree, lookup: Lookup, report: Report): Scalar | undefined {
  let whole: Scalar | undefined
  let failed = false
  const filled = text.replace(REFERENCE, (match, name: string | undefined, closed: string | undefined) => {
    if (name === undefined) return '${'
    if (closed === '') {
      report.reject('VARIABLE_UNDECLARED', tree, `\`${match}\` is not closed`, 'write `${NAME}`, or `$${` for itself')
      failed = true
      return ''
    }
    if (!lookup.has(name)) {
      const hint = lookup.size === 0 ? NOTHING : hintFor(name, lookup.keys(), 'names')
      report.reject('VARIABLE_UNDECLARED', tree, `there is no variable \`${name}\``, hint)
      failed = true
      return ''
    }
    const value = lookup.get(name)
    if (value === undefined) failed = true
    else if (match === text) whole = value
    return String(value)
  })
  return failed ? undefined : (whole ?? filled)
}

const NOTHING = 'declare it under `environment`, or write `$${` for the text itself'

/** The tree with every name in its values replaced, and in its keys if `keys` says so. Places stay. */
export function substitute(tree: Tree, lookup: Lookup, report: Report, keys = false): Tree {
  if (report.isRejected(tree)) return tree
  if (tree.kind === 'list') return { ...tree, items: tree.items.map((one) => substitute(one, lookup, report, keys)) }
  if (tree.kind === 'scalar') {
    if (typeof tree.value !== 'string' || !tree.value.includes('${')) return tree
    const value = fill(tree.value, tree, lookup, report)
    if (value !== undefined) {
      const filled: Tree = { ...tree, value }
      report.fill(filled)
      return filled
    }
    report.silence(tree)
    return tree
  }
  const entries = new Map<string, Entry>()
  for (const [key, entry] of tree.entries) {
    const word: ScalarTree = { kind: 'scalar', at: entry.at, value: key }
    const name = keys && key.includes('${') ? fill(key, word, lookup, report) : key
    // What stands under a name that cannot be made is read all the same, for what is wrong in it.
    const value = substitute(entry.value, lookup, report, keys)
    if (name === undefined) continue
    const text = String(name)
    if (entries.has(text)) report.add('DUPLICATE_KEY', entry.at, `\`${text}\` is given twice`, 'keep one of them')
    entries.set(text, { at: entry.at, value })
  }
  return { ...tree, entries }
}
