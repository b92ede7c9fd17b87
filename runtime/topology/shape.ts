import type { TSchema } from 'typebox'
import type { LintCode } from './codes.ts'
import { hintFor, nearest } from './nearest.ts'
import type { MapTree, Report, Tree } from './yaml.ts'

/**
 * Holds a YAML value against a JSON Schema and reports at the very value, all problems at once.
 *
 * It reads the part of JSON Schema that typebox writes for plain data: objects and records, arrays, text, numbers,
 * booleans, literals and unions told apart by the kind of value. Anything else passes here.
 */

/** The codes under which a caller wants problems reported. */
export interface ShapeCodes {
  readonly type: LintCode
  readonly value: LintCode
  readonly unknown: LintCode
  readonly missing: LintCode
  /** What a field is called in messages. */
  readonly noun: string
}

const FIELD_CODES: ShapeCodes = {
  type: 'WRONG_TYPE',
  value: 'INVALID_VALUE',
  unknown: 'UNKNOWN_FIELD',
  missing: 'MISSING_FIELD',
  noun: 'field',
}

export const PARAMETER_CODES: ShapeCodes = {
  type: 'PARAMETER_INVALID',
  value: 'PARAMETER_INVALID',
  unknown: 'UNKNOWN_PARAMETER',
  missing: 'MISSING_PARAMETER',
  noun: 'parameter',
}

/** The parts of a JSON Schema that are read here. */
interface Schema {
  readonly type?: string
  readonly description?: string
  readonly default?: unknown
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly Schema[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | Schema
  readonly patternProperties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly exclusiveMaximum?: number
  readonly pattern?: string
  readonly minLength?: number
  readonly maxLength?: number
  readonly minItems?: number
  readonly maxItems?: number
}

/**
 * `name` is what messages call the value; `key_at` is where its key stands, for what is missing inside it. Fields in
 * `given` are filled in by someone else and may be missing.
 */
export function checkShape(
  schema: TSchema,
  tree: Tree,
  name: string,
  key_at: number,
  report: Report,
  codes: ShapeCodes = FIELD_CODES,
  given: ReadonlySet<string> = new Set(),
): void {
  new ShapeCheck(report, codes).check(schema as Schema, tree, name, key_at, given)
}

const NOTHING: ReadonlySet<string> = new Set()

class ShapeCheck {
  readonly #report: Report
  readonly #codes: ShapeCodes

  constructor(report: Report, codes: ShapeCodes) {
    this.#report = report
    this.#codes = codes
  }

  check(schema: Schema, tree: Tree, name: string, key_at: number, given = NOTHING): void {
    if (this.#report.isRejected(tree)) return
    const choices = literals(schema)
    if (choices !== undefined) return this.#literal(choices, tree, name)
    if (schema.anyOf !== undefined) {
      const branch = schema.anyOf.find((option) => fits(option, tree))
      if (branch === undefined) return this.#wrongType(schema, tree, name)
      return this.check(branch, tree, name, key_at)
    }
    if (!fits(schema, tree)) return this.#wrongType(schema, tree, name)
    if (tree.kind === 'map') return this.#map(schema, tree, name, key_at, given)
    if (tree.kind === 'list') return this.#list(schema, tree, name)
    const wrong = typeof tree.value === 'string' ? outsideText(schema, tree.value) : outsideNumber(schema, tree.value)
    if (wrong !== undefined) this.#report.reject(this.#codes.value, tree, `\`${name}\` ${wrong}`, meaning(schema))
  }

  #wrongType(schema: Schema, tree: Tree, name: string): void {
    const options = [...new Set((schema.anyOf ?? [schema]).map(typeWords))].join(' or ')
    this.#report.reject(this.#codes.type, tree, `\`${name}\` is ${valueWords(tree)}, not ${options}`, meaning(schema))
  }

  #literal(choices: readonly unknown[], tree: Tree, name: string): void {
    if (tree.kind === 'scalar' && choices.includes(tree.value)) return
    const right_type = tree.kind === 'scalar' && choices.some((choice) => typeof choice === typeof tree.value)
    const said = tree.kind === 'scalar' ? String(tree.value) : ''
    const code = right_type ? this.#codes.value : this.#codes.type
    const message = right_type
      ? `\`${name}\` cannot be \`${said}\``
      : `\`${name}\` is ${valueWords(tree)}, not a word of its list`
    this.#report.reject(code, tree, message, hintFor(said, choices.map(String), 'allowed'))
  }

  #list(schema: Schema, tree: Extract<Tree, { kind: 'list' }>, name: string): void {
    const { minItems = 0, maxItems = Number.POSITIVE_INFINITY } = schema
    if (tree.items.length < minItems || tree.items.length > maxItems) {
      const message = `\`${name}\` has ${tree.items.length} values, not ${range(minItems, maxItems)}`
      return this.#report.reject(this.#codes.value, tree, message, meaning(schema))
    }
    const { items } = schema
    if (items === undefined) return
    tree.items.forEach((item, i) => {
      this.check(items, item, `${name}[${i}]`, item.at)
    })
  }

  #map(schema: Schema, tree: MapTree, name: string, key_at: number, given: ReadonlySet<string>): void {
    const properties = schema.properties ?? {}
    const patterns = Object.entries(schema.patternProperties ?? {})
    const closed = schema.additionalProperties === false
    // What has a default may be left out, although the code that reads the value always finds it.
    const filled = (field: string) => given.has(field) || properties[field]?.default !== undefined
    const missing = new Set((schema.required ?? []).filter((field) => !tree.entries.has(field) && !filled(field)))

    for (const [field, entry] of tree.entries) {
      const known = Object.hasOwn(properties, field) ? properties[field] : undefined
      if (known !== undefined) {
        this.check(known, entry.value, field, entry.at)
        continue
      }
      const matched = patterns.find(([pattern]) => new RegExp(pattern).test(field))
      if (matched !== undefined) {
        this.check(matched[1], entry.value, field, entry.at)
      } else if (patterns.length > 0) {
        const hint = `names here match ${patterns.map(([pattern]) => pattern).join(' or ')}`
        this.#report.reject(
          this.#codes.value,
          entry.value,
          `\`${field}\` cannot be a name in \`${name}\``,
          hint,
          entry.at,
        )
      } else if (closed) {
        const free = Object.keys(properties).filter((other) => !tree.entries.has(other))
        const all = Object.keys(properties)
        const taken = nearest(field, free) === undefined ? nearest(field, all) : undefined
        const hint =
          taken !== undefined
            ? `did you mean \`${taken}\`, which is given already?`
            : hintFor(field, free.length > 0 ? free : all, `${this.#codes.noun}s`)
        this.#report.reject(
          this.#codes.unknown,
          entry.value,
          `\`${name}\` has no ${this.#codes.noun} \`${field}\``,
          hint,
          entry.at,
        )
        const meant = nearest(field, free)
        if (meant !== undefined) {
          missing.delete(meant)
          this.#report.note(tree, meant)
        }
      } else if (typeof schema.additionalProperties === 'object') {
        this.check(schema.additionalProperties, entry.value, field, entry.at)
      }
    }
    for (const field of missing) {
      const message = `\`${name}\` has no \`${field}\``
      this.#report.add(
        this.#codes.missing,
        key_at,
        message,
        `add \`${field}:\`. ${meaning(properties[field] ?? {})}`.trim(),
      )
    }
  }
}

/** The values of a literal, an enum or a union of literals. */
function literals(schema: Schema): readonly unknown[] | undefined {
  if (schema.const !== undefined) return [schema.const]
  if (schema.enum !== undefined) return schema.enum
  if (schema.anyOf?.every((option) => option.const !== undefined)) return schema.anyOf.map((option) => option.const)
  return undefined
}

/** Whether the kind of value is right; says nothing of its content. */
function fits(schema: Schema, tree: Tree): boolean {
  if (schema.anyOf !== undefined) return schema.anyOf.some((option) => fits(option, tree))
  const choices = literals(schema)
  if (choices !== undefined) return tree.kind === 'scalar' && choices.includes(tree.value)
  switch (schema.type) {
    case undefined:
      return true
    case 'object':
      return tree.kind === 'map'
    case 'array':
      return tree.kind === 'list'
    case 'null':
      return tree.kind === 'scalar' && tree.value === null
    case 'integer':
      return tree.kind === 'scalar' && Number.isInteger(tree.value)
    case 'number':
      return tree.kind === 'scalar' && Number.isFinite(tree.value)
    default:
      // JSON Schema spells `string` and `boolean` as typeof does.
      return tree.kind === 'scalar' && typeof tree.value === schema.type
  }
}

function outsideText(schema: Schema, value: string): string | undefined {
  const { minLength = 0, maxLength = Number.POSITIVE_INFINITY, pattern } = schema
  if (value.length < minLength) return minLength === 1 ? 'is empty' : `is shorter than ${minLength} characters`
  if (value.length > maxLength) return `is longer than ${maxLength} characters`
  if (pattern !== undefined && !new RegExp(pattern).test(value))
    return `cannot be \`${value}\` (it must match ${pattern})`
  return undefined
}

function outsideNumber(schema: Schema, value: unknown): string | undefined {
  if (typeof value !== 'number') return undefined
  if (schema.type === 'integer' && !Number.isSafeInteger(value)) return `is ${value}, beyond the safe integers`
  if (schema.minimum !== undefined && value < schema.minimum) return `is ${value}, below ${schema.minimum}`
  if (schema.maximum !== undefined && value > schema.maximum) return `is ${value}, above ${schema.maximum}`
  const { exclusiveMinimum: above, exclusiveMaximum: below } = schema
  if (above !== undefined && value <= above) return `is ${value}, not above ${above}`
  if (below !== undefined && value >= below) return `is ${value}, not below ${below}`
  return undefined
}

function range(least: number, most: number): string {
  return most === Number.POSITIVE_INFINITY ? `at least ${least}` : `${least} to ${most}`
}

function typeWords(schema: Schema): string {
  if (schema.const !== undefined) return `\`${schema.const}\``
  const words: Record<string, string> = {
    object: 'a mapping',
    array: 'a list',
    string: 'text',
    integer: 'a whole number',
    number: 'a number',
    boolean: 'true or false',
    null: 'nothing',
  }
  return words[schema.type ?? ''] ?? 'such a value'
}

function valueWords(tree: Tree): string {
  if (tree.kind === 'map') return 'a mapping'
  if (tree.kind === 'list') return 'a list'
  if (tree.value === null) return 'empty'
  return typeof tree.value === 'string' ? `the text \`${tree.value}\`` : `\`${tree.value}\``
}

function meaning(schema: Schema): string {
  return schema.description ?? 'see the reference page'
}
