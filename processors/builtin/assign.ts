import { type AvroType, avroOf, hintFor, type RecordType } from '../../runtime/api/index.ts'
import type { Expression, Expressions, Part } from './expressions.ts'
import { celType, isNullable, present, UnfitValue, unconverter } from './views.ts'

/**
 * Makes a record of one type from expressions, one per field.
 *
 * A field without an expression is taken over from the record in hand where that has one of the same name and type; one
 * that may be null is null then. Lint refuses a field that is left without a value.
 */

type AnyRecord = RecordType<never> | RecordType<unknown>
type Values = Readonly<Record<string, unknown>>

/** How one field comes about. */
interface Setting {
  readonly field: string
  readonly value: (base: Values) => unknown
}

export type Assign = (base: Values) => Values

/** `set` as `field: expression`. `base` is the record whose fields are taken over, `pointer` where `set` stands. */
export function compileSet(
  output: AnyRecord,
  base: AnyRecord | undefined,
  set: Readonly<Record<string, string>>,
  expressions: Expressions,
  pointer = '/set',
): Assign {
  const { fields } = avroOf(output)
  const known = base === undefined ? undefined : avroOf(base).fields
  const settings: Setting[] = []
  for (const [field, text] of Object.entries(set)) {
    const at = `${pointer}/${field}`
    const type = fields.get(field)?.type
    if (type === undefined) {
      expressions.note(pointer, `${output.name} has no field \`${field}\``, hintFor(field, fields.keys(), 'fields'))
      continue
    }
    const value = compileField(type, text, at, expressions)
    if (value !== undefined) settings.push({ field, value })
  }
  const missing: string[] = []
  for (const { name, type } of fields.values()) {
    if (Object.hasOwn(set, name)) continue
    const from = known?.get(name)?.type
    if (from !== undefined && sameType(from, type)) settings.push({ field: name, value: (record) => record[name] })
    else if (isNullable(type)) settings.push({ field: name, value: () => null })
    else missing.push(name)
  }
  if (missing.length > 0) {
    const names = missing.map((name) => `\`${name}\``).join(', ')
    expressions.note(pointer, `${output.name} gets no ${names}`, `add an expression for ${names} under \`set\``)
  }
  return (record) => {
    const made: Record<string, unknown> = {}
    for (const { field, value } of settings) {
      try {
        made[field] = value(record)
      } catch (error) {
        if (error instanceof UnfitValue) error.field = field
        throw error
      }
    }
    return made
  }
}

type Field = () => unknown

function compileField(
  type: AvroType,
  text: string,
  pointer: string,
  expressions: Expressions,
  base = 0,
): Field | undefined {
  if (isNullable(type)) {
    const [condition, ...branches] = expressions.choice(text) ?? []
    if (condition !== undefined && branches.some((branch) => mayBeNull(branch, expressions))) {
      return compileChoice(type, condition, branches, pointer, expressions, base)
    }
  }
  const compiled = expressions.compile(text, pointer, undefined, type, base)
  if (compiled === undefined) return undefined
  const wanted = celType(present(type))
  if (compiled.type === 'null' && isNullable(type)) return () => null
  if (compiled.empty_list && present(type).kind === 'array') return () => []
  if (compiled.type !== wanted) {
    const hint = conversion(compiled.type, wanted)
    expressions.note(pointer, `this is ${compiled.type}, and the field is ${wanted}`, hint, base)
    return undefined
  }
  const convert = unconverter(type)
  const same = compiled.from !== undefined && sameType(compiled.from, present(type))
  if (!same && wanted !== 'bool' && present(type).kind !== 'string') expressions.raised.add('VALUE_OUT_OF_RANGE')
  if (compiled.path && isNullable(type)) return () => orNull(compiled, convert)
  return () => convert(compiled.run())
}

function mayBeNull({ text }: Part, expressions: Expressions): boolean {
  const [, ...branches] = expressions.choice(text) ?? []
  return text === 'null' || branches.some((branch) => mayBeNull(branch, expressions))
}

/** A condition whose one side is `null`: CEL wants both of one type, and a field may be either. */
function compileChoice(
  type: AvroType,
  condition: Part,
  branches: readonly Part[],
  pointer: string,
  expressions: Expressions,
  base: number,
): Field | undefined {
  const asked = expressions.compile(condition.text, pointer, 'bool', undefined, base + condition.offset)
  const [yes, no] = branches.map(({ text, offset }) => compileField(type, text, pointer, expressions, base + offset))
  if (asked === undefined || yes === undefined || no === undefined) return undefined
  return () => (asked.run() === true ? yes() : no())
}

/** A field that is only handed on keeps its null. */
function orNull(compiled: Expression, convert: (value: unknown) => unknown): unknown {
  const value = compiled.runOrAbsent()
  return value === undefined ? null : convert(value)
}

function conversion(from: string, to: string): string {
  if (to === 'double' && from === 'int') return 'say `double(...)`'
  if (to === 'int' && from === 'double') return 'say `int(...)`, which cuts towards zero'
  return to === 'string' ? 'say `string(...)`' : `write an expression of type ${to}`
}

/** Types are equal if they read the same; names of Avro types are unique. */
function sameType(a: AvroType, b: AvroType): boolean {
  return textOf(a) === textOf(b)
}

function textOf(type: AvroType): string {
  switch (type.kind) {
    case 'enum':
      return `${type.name}(${type.symbols.join()})`
    case 'array':
    case 'map':
      return `${type.kind}<${textOf(type.items)}>`
    case 'union':
      return type.options.map(textOf).join('|')
    case 'record':
      return `${type.name}{${[...type.fields.values()].map((field) => `${field.name}:${textOf(field.type)}`).join()}}`
    default:
      return type.kind
  }
}

export function sameRecord(a: AnyRecord, b: AnyRecord): boolean {
  return sameType(avroOf(a), avroOf(b))
}
