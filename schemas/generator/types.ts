/** Writes the TypeScript of named types: interfaces for records, literal unions and value lists for enums. */
import type { Named, Shape } from './model.ts'

/** The file name that belongs to a type name: `BookUpdate` becomes `book-update`. */
export function kebab(name: string): string {
  return name.replace(/(?<=[a-z0-9])(?=[A-Z])/g, '-').toLowerCase()
}

export function typeOf(shape: Shape): string {
  switch (shape.kind) {
    case 'int':
    case 'long':
    case 'double':
      return 'number'
    case 'bytes':
      return 'Uint8Array'
    case 'decimal':
      return 'bigint'
    case 'named':
      return shape.name
    case 'array':
      return `readonly ${typeOf(shape.items)}[]`
    case 'nullable':
      return `${typeOf(shape.value)} | null`
    default:
      return shape.kind
  }
}

function docComment(doc: string, indent = ''): string {
  return doc === '' ? '' : `${indent}/** ${doc.replaceAll('*/', '*\\/')} */\n`
}

export function declaration(type: Named): string {
  if (type.kind === 'enum') {
    const symbols = type.symbols.map((symbol) => `'${symbol}'`)
    return `${docComment(type.doc)}export type ${type.name} = ${symbols.join(' | ')}
/** The symbols of \`${type.name}\` in schema order. */
export const ${type.name}Values = [${symbols.join(', ')}] as const
`
  }
  const fields = type.fields.map(
    ({ name, doc, shape }) => `${docComment(doc, '  ')}  readonly ${name}: ${typeOf(shape)}\n`,
  )
  return `${docComment(type.doc)}export interface ${type.name} {\n${fields.join('')}}\n`
}
