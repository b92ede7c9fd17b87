/**
 * Writes the codec of named types: `bound` (an upper bound of the bytes), `write` and `read`.
 *
 * The code is specialised per record instead of walking a schema: every field access and call site then sees one
 * shape only, and `read` makes its object in one literal with a fixed order of fields.
 */
import { BOUND } from '../wire-write.ts'
import type { Named, Shape } from './model.ts'
import { typeOf } from './types.ts'

type Types = ReadonlyMap<string, Named>

/** Upper bound of a value's bytes if its schema fixes one, else undefined. */
function fixedBound(shape: Shape, types: Types): number | undefined {
  switch (shape.kind) {
    case 'string':
    case 'bytes':
    case 'array':
      return undefined
    case 'nullable': {
      const value = fixedBound(shape.value, types)
      return value === undefined ? undefined : value + BOUND.union
    }
    case 'named': {
      const type = types.get(shape.name)!
      if (type.kind === 'enum') return BOUND.enum
      const fields = type.fields.map((field) => fixedBound(field.shape, types))
      return fields.reduce((sum, bytes) => (sum === undefined || bytes === undefined ? undefined : sum + bytes), 0)
    }
    default:
      return BOUND[shape.kind]
  }
}

/** Least bytes that one value takes: what keeps a hostile array count within its bytes. */
function leastBytes(shape: Shape, types: Types): number {
  if (shape.kind === 'double') return 8
  if (shape.kind === 'decimal') return 2
  const type = shape.kind === 'named' ? types.get(shape.name)! : undefined
  return type?.kind === 'record' ? type.fields.reduce((sum, field) => sum + leastBytes(field.shape, types), 0) : 1
}

/** Statements that add to `size` what `value` may take; constants are summed apart by the caller. */
function boundOf(shape: Shape, value: string, types: Types): { bytes: number; code: string } {
  const fixed = fixedBound(shape, types)
  if (fixed !== undefined) return { bytes: fixed, code: '' }
  switch (shape.kind) {
    case 'string':
      return { bytes: 0, code: `  size += w.stringBound(${value})\n` }
    case 'bytes':
      return { bytes: 0, code: `  size += w.bytesBound(${value})\n` }
    case 'array': {
      const item = fixedBound(shape.items, types)
      if (item !== undefined) return { bytes: 2 * BOUND.length, code: `  size += w.itemsOf(${value}) * ${item}\n` }
      const each = boundOf(shape.items, 'item', types)
      const body = `${each.bytes === 0 ? '' : `  size += ${each.bytes}\n`}${each.code}`
      return {
        bytes: 2 * BOUND.length,
        code: `  w.itemsOf(${value})\n  for (const item of ${value}) {\n${indent(body)}  }\n`,
      }
    }
    case 'nullable': {
      const inner = boundOf(shape.value, value, types)
      const body = `${inner.bytes === 0 ? '' : `  size += ${inner.bytes}\n`}${inner.code}`
      return { bytes: BOUND.union, code: `  if (${value} !== null) {\n${indent(body)}  }\n` }
    }
    default:
      return { bytes: 0, code: `  size += bound${(shape as { name: string }).name}(${value})\n` }
  }
}

function writeOf(shape: Shape, value: string): string {
  switch (shape.kind) {
    case 'named':
      return `  at = write${shape.name}(buf, at, ${value})\n`
    case 'decimal':
      return `  at = w.putDecimal(buf, at, ${value}, ${10n ** BigInt(shape.precision)}n)\n`
    case 'nullable':
      return `  if (${value} === null) buf[at++] = 0\n  else {\n    buf[at++] = 2\n${indent(writeOf(shape.value, value))}  }\n`
    case 'array':
      return `  {
    const items = ${value}
    const count = items.length
    if (count > 0) {
      at = w.putLong(buf, at, count)
      for (let i = 0; i < count; i++) {
${indent(indent(indent(writeOf(shape.items, 'items[i]!'))))}      }
    }
    buf[at++] = 0
  }
`
    default:
      return `  at = w.put${capital(shape.kind)}(buf, at, ${value})\n`
  }
}

/** An expression that reads one value; arrays need a function of their own, collected in `helpers`. */
function readOf(shape: Shape, types: Types, helpers: Map<string, string>): string {
  switch (shape.kind) {
    case 'named': {
      const type = types.get(shape.name)!
      return type.kind === 'enum' ? `r.readEnum(${shape.name}Values)` : `read${shape.name}()`
    }
    case 'decimal':
      return `r.readDecimal(${10n ** BigInt(shape.precision)}n)`
    case 'nullable':
      return `r.readPresent() ? ${readOf(shape.value, types, helpers)} : null`
    case 'array': {
      const item = typeOf(shape.items)
      const name = `read${capital(shape.items.kind === 'named' ? item : shape.items.kind)}Array`
      const read = readOf(shape.items, types, helpers)
      const least = leastBytes(shape.items, types)
      helpers.set(
        name,
        `function ${name}(): ${item}[] {
  const items: ${item}[] = []
  for (let left = r.readBlock(${least}); left > 0; left = r.readBlock(${least})) {
    for (let i = 0; i < left; i++) items.push(${read})
  }
  return items
}
`,
      )
      return `${name}()`
    }
    default:
      return `r.read${capital(shape.kind)}()`
  }
}

/** `bound`, `write` and `read` of one type. Array readers go to `helpers` by name. */
export function codecOf(type: Named, types: Types, helpers: Map<string, string>, exported: boolean): string {
  const prefix = exported ? 'export ' : ''
  if (type.kind === 'enum') {
    const cases = type.symbols.map((symbol, i) => `    case '${symbol}':\n      return ${i}\n`)
    return `function indexOf${type.name}(value: ${type.name}): number {
  switch (value) {
${cases.join('')}    default:
      return -1
  }
}
${prefix}function write${type.name}(buf: Buffer, pos: number, value: ${type.name}): number {
  return w.putEnum(buf, pos, indexOf${type.name}(value))
}
`
  }
  const bounds = type.fields.map((field) => boundOf(field.shape, `value.${field.name}`, types))
  const constant = bounds.reduce((sum, { bytes }) => sum + bytes, 0)
  const bound =
    fixedBound({ kind: 'named', name: type.name }, types) === undefined
      ? `${prefix}function bound${type.name}(value: ${type.name}): number {
  let size = ${constant}
${bounds.map(({ code }) => code).join('')}  return size
}
`
      : ''
  const writes = type.fields.map((field) => writeOf(field.shape, `value.${field.name}`))
  const reads = type.fields.map((field) => `    ${field.name}: ${readOf(field.shape, types, helpers)},\n`)
  return `${bound}${prefix}function write${type.name}(buf: Buffer, pos: number, value: ${type.name}): number {
  let at = pos
${writes.join('')}  return at
}
${prefix}function read${type.name}(): ${type.name} {
  return {
${reads.join('')}  }
}
`
}

/** The `RecordType` of a root record. */
export function recordTypeOf(type: Named, types: Types, schema: string, fingerprint: string): string {
  const { name } = type
  const fixed = fixedBound({ kind: 'named', name }, types)
  return `export const ${name}: RecordType<${name}> = {
  name: '${name}',
  schema: ${JSON.stringify(schema)},
  fingerprint: '${fingerprint}',
  encode(value, arena) {
    const start = arena.pos
    try {
      arena.ensure(${fixed ?? `bound${name}(value)`})
      arena.pos = write${name}(arena.buf, start, value)
    } catch (cause) {
      arena.pos = start
      throw misfit(${name}, value, cause)
    }
  },
  decode(buf, pos, end) {
    r.openBody(buf, pos, end)
    const value = read${name}()
    r.closeBody()
    return value
  },
}
`
}

function indent(code: string): string {
  return code.replace(/^(?=.)/gm, '  ')
}

function capital(text: string): string {
  return text[0]!.toUpperCase() + text.slice(1)
}
