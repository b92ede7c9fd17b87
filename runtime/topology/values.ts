import type { AvroType } from './avro.ts'
import { hintFor } from './nearest.ts'
import type { Report, Tree } from './yaml.ts'

/**
 * Reads record values that people write in YAML, against the record's Avro schema.
 *
 * Bytes are text (UTF-8) or `{ hex: 0a0b }`; a decimal is a whole number, in quotes where it is beyond 2^53. Every
 * problem is reported at its field; what has one reads as undefined.
 */

/** A value as far as it is written: fields that are left out stay out. */
export function readPartial(type: AvroType, tree: Tree, name: string, report: Report): unknown {
  return new ValueReader(report, false).read(type, tree, name)
}

/** A whole value: fields left out are null where that is allowed, else 0, empty, false or the first symbol. */
export function readWhole(type: AvroType, tree: Tree, name: string, report: Report): unknown {
  return new ValueReader(report, true).read(type, tree, name)
}

const WORDS: Readonly<Record<AvroType['kind'], string>> = {
  null: 'null',
  boolean: 'true or false',
  int: 'a whole number of 32 bits',
  long: 'a safe whole number',
  float: 'a number',
  double: 'a number',
  string: 'text',
  bytes: 'text, or `{ hex: 0a0b }`',
  decimal: 'a whole number, in quotes if it is large',
  enum: 'a word of its list',
  array: 'a list',
  map: 'a mapping',
  record: 'a mapping',
  union: 'such a value',
}

class ValueReader {
  readonly #report: Report
  readonly #whole: boolean

  constructor(report: Report, whole: boolean) {
    this.#report = report
    this.#whole = whole
  }

  read(type: AvroType, tree: Tree, name: string): unknown {
    if (this.#report.isRejected(tree)) return undefined
    switch (type.kind) {
      case 'union': {
        const nullable = type.options.some(({ kind }) => kind === 'null')
        if (nullable && tree.kind === 'scalar' && tree.value === null) return null
        const option = type.options.find(({ kind }) => kind !== 'null')
        return option === undefined ? null : this.read(option, tree, name)
      }
      case 'record':
        return this.#record(type, tree, name)
      case 'array':
        if (tree.kind !== 'list') return this.#wrong(type, tree, name)
        return tree.items.map((item, index) => this.read(type.items, item, `${name}[${index}]`))
      case 'map':
        if (tree.kind !== 'map') return this.#wrong(type, tree, name)
        return Object.fromEntries(
          [...tree.entries].map(([key, entry]) => [key, this.read(type.items, entry.value, key)]),
        )
      case 'bytes':
        return this.#bytes(type, tree, name)
      default:
        return this.#scalar(type, tree, name)
    }
  }

  #record(type: Extract<AvroType, { kind: 'record' }>, tree: Tree, name: string): unknown {
    if (tree.kind !== 'map') return this.#wrong(type, tree, name)
    const value: Record<string, unknown> = {}
    for (const [field, entry] of tree.entries) {
      const known = type.fields.get(field)
      if (known !== undefined) {
        value[field] = this.read(known.type, entry.value, field)
        continue
      }
      const hint = hintFor(field, type.fields.keys(), `fields of ${type.name}`)
      this.#report.reject('UNKNOWN_FIELD', entry.value, `${type.name} has no field \`${field}\``, hint, entry.at)
    }
    if (!this.#whole) return value
    return Object.fromEntries(
      [...type.fields.values()].map((field) => [
        field.name,
        Object.hasOwn(value, field.name) ? value[field.name] : zero(field.type),
      ]),
    )
  }

  #bytes(type: AvroType, tree: Tree, name: string): unknown {
    if (tree.kind === 'scalar' && typeof tree.value === 'string') return new TextEncoder().encode(tree.value)
    const hex = tree.kind === 'map' && tree.entries.size === 1 ? tree.entries.get('hex')?.value : undefined
    // YAML reads 0123 as a number: only quoted digits are what was written.
    const digits = hex?.kind === 'scalar' && typeof hex.value === 'string' ? hex.value : undefined
    if (digits === undefined || !/^([0-9a-fA-F]{2})*$/.test(digits)) return this.#wrong(type, tree, name)
    return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
  }

  #scalar(type: AvroType, tree: Tree, name: string): unknown {
    if (tree.kind !== 'scalar') return this.#wrong(type, tree, name)
    const { value } = tree
    switch (type.kind) {
      case 'null':
        return value === null ? null : this.#wrong(type, tree, name)
      case 'boolean':
        return typeof value === 'boolean' ? value : this.#wrong(type, tree, name)
      case 'string':
        return typeof value === 'string' ? value : this.#wrong(type, tree, name)
      case 'int':
        return Number.isInteger(value) && value === Number(value) >> 0 ? value : this.#wrong(type, tree, name)
      case 'long':
        return Number.isSafeInteger(value) ? value : this.#wrong(type, tree, name)
      case 'decimal': {
        const whole = Number.isSafeInteger(value) || (typeof value === 'string' && /^-?[0-9]+$/.test(value))
        return whole ? BigInt(value as string | number) : this.#wrong(type, tree, name)
      }
      case 'enum': {
        if (typeof value !== 'string') return this.#wrong(type, tree, name)
        if (type.symbols.includes(value)) return value
        const hint = hintFor(value, type.symbols, 'allowed')
        this.#report.reject('INVALID_VALUE', tree, `\`${name}\` cannot be \`${value}\``, hint)
        return undefined
      }
      default:
        return Number.isFinite(value) ? value : this.#wrong(type, tree, name)
    }
  }

  #wrong(type: AvroType, tree: Tree, name: string): undefined {
    const words = WORDS[type.kind]
    this.#report.reject('WRONG_TYPE', tree, `\`${name}\` is not ${words}`, `write ${words}`)
  }
}

/** What an unmentioned field of a given record holds. */
function zero(type: AvroType): unknown {
  switch (type.kind) {
    case 'union':
      return type.options.some(({ kind }) => kind === 'null') ? null : zero(type.options[0]!)
    case 'record':
      return Object.fromEntries([...type.fields.values()].map((field) => [field.name, zero(field.type)]))
    case 'array':
      return []
    case 'map':
      return {}
    case 'enum':
      return type.symbols[0]
    case 'bytes':
      return new Uint8Array(0)
    case 'decimal':
      return 0n
    case 'string':
      return ''
    case 'boolean':
      return false
    case 'null':
      return null
    default:
      return 0
  }
}
