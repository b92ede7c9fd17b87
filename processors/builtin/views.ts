import type { AvroType } from '../../runtime/api/index.ts'

/**
 * Records as CEL sees them, typed by their Avro schemas.
 *
 * Whole numbers are CEL ints (bigint: exact beyond 2^53), floats are doubles, enums are strings. A null is an absent
 * field: `has(record.bid_px)` is false and reading it is a fault. Fields are converted when an expression reads them.
 */

export type RecordAvro = Extract<AvroType, { kind: 'record' }>

/** A view holds one record at a time, so that evaluating an expression allocates as little as may be. */
export interface View {
  hold(value: unknown): void
  held(): unknown
}
export type ViewClass = new () => View

export interface CelRecord {
  readonly name: string
  readonly view: ViewClass
  readonly fields: Readonly<Record<string, string>>
}

/** CEL's name for an Avro type; `dyn` where CEL has no name for it. */
export function celType(type: AvroType): string {
  switch (type.kind) {
    case 'boolean':
      return 'bool'
    case 'int':
    case 'long':
    case 'decimal':
      return 'int'
    case 'float':
    case 'double':
      return 'double'
    case 'enum':
    case 'string':
      return 'string'
    case 'bytes':
      return 'bytes'
    case 'null':
      return 'null'
    case 'array':
      return `list<${celType(type.items)}>`
    case 'map':
      return `map<string, ${celType(type.items)}>`
    case 'record':
      return type.name
    case 'union':
      return type.options.filter(({ kind }) => kind !== 'null').length === 1 ? celType(present(type)) : 'dyn'
  }
}

export function isNullable(type: AvroType): boolean {
  return type.kind === 'union' && type.options.some(({ kind }) => kind === 'null')
}

/** The type without null. */
export function present(type: AvroType): AvroType {
  if (type.kind !== 'union') return type
  const [only, ...more] = type.options.filter(({ kind }) => kind !== 'null')
  return only !== undefined && more.length === 0 ? only : type
}

/** Every record inside a type, innermost first. */
export function celRecords(root: AvroType, found: Map<string, CelRecord> = new Map()): Map<string, CelRecord> {
  if (root.kind === 'array' || root.kind === 'map') return celRecords(root.items, found)
  if (root.kind === 'union') for (const option of root.options) celRecords(option, found)
  if (root.kind !== 'record' || found.has(root.name)) return found
  for (const { type } of root.fields.values()) celRecords(type, found)
  const fields = Object.fromEntries([...root.fields.values()].map(({ name, type }) => [name, celType(type)]))
  found.set(root.name, { name: root.name, view: viewOf(root), fields })
  return found
}

/** By name and fields: a record inside two others is the same type to CEL, which tells types by constructors. */
const views = new Map<string, ViewClass>()

export function viewOf(type: RecordAvro): ViewClass {
  const shape = [...type.fields.values()].map((field) => `${field.name}: ${celType(field.type)}`)
  const signature = `${type.name} { ${shape.join(', ')} }`
  const known = views.get(signature)
  if (known !== undefined) return known
  class RecordView implements View {
    #value: Readonly<Record<string, unknown>> = {}
    hold(value: unknown): void {
      this.#value = value as Readonly<Record<string, unknown>>
    }
    held(): unknown {
      return this.#value
    }
    static read(view: RecordView, name: string): unknown {
      return view.#value[name]
    }
  }
  for (const { name, type: field } of type.fields.values()) {
    const convert = converter(field)
    Object.defineProperty(RecordView.prototype, name, {
      get(this: RecordView) {
        const value = RecordView.read(this, name)
        return value === null || value === undefined ? undefined : convert(value)
      },
    })
  }
  views.set(signature, RecordView)
  return RecordView
}

/** From the record's value to CEL's; null is undefined, which CEL takes for absent. */
export function converter(type: AvroType): (value: unknown) => unknown {
  const inner = present(type)
  switch (inner.kind) {
    case 'int':
    case 'long':
      return (value) => BigInt(value as number)
    case 'array': {
      const item = converter(inner.items)
      return (value) => (value as unknown[]).map(item)
    }
    case 'map': {
      const item = converter(inner.items)
      return (value) => new Map(Object.entries(value as object).map(([name, one]) => [name, item(one)]))
    }
    case 'record': {
      const make = viewOf(inner)
      return (value) => {
        const view = new make()
        view.hold(value)
        return view
      }
    }
    default:
      return (value) => value
  }
}

/** A value that a record cannot hold. */
export class UnfitValue extends Error {
  readonly code = 'VALUE_OUT_OF_RANGE'
  /** The field that was to hold it. */
  field = ''
}

/**
 * From CEL's value to the record's. Throws `UnfitValue`: a whole number past 2^53, a double that is not finite, a word
 * that is no enum symbol.
 */
export function unconverter(type: AvroType): (value: unknown) => unknown {
  const inner = present(type)
  switch (inner.kind) {
    case 'int':
    case 'long': {
      const [least, most] = inner.kind === 'int' ? [-2_147_483_648n, 2_147_483_647n] : [-SAFE, SAFE]
      return (value) => {
        const whole = value as bigint
        if (whole < least || whole > most) throw new UnfitValue(`${whole} does not fit ${inner.kind}`)
        return Number(whole)
      }
    }
    case 'float':
    case 'double':
      return (value) => {
        if (!Number.isFinite(value)) throw new UnfitValue(`${value} does not fit ${inner.kind}`)
        return value
      }
    case 'enum':
      return (value) => {
        if (!inner.symbols.includes(value as string)) throw new UnfitValue(`${value} is no ${inner.name}`)
        return value
      }
    case 'array': {
      const item = unconverter(inner.items)
      return (value) => (value as unknown[]).map(item)
    }
    case 'record':
      return (value) => (value as View).held()
    default:
      return (value) => value
  }
}

const SAFE = BigInt(Number.MAX_SAFE_INTEGER)
