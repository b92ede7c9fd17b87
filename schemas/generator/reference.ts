/** Writes the reference page of the records: every field with its type and doc. */
import type { Model, Named, Shape } from './model.ts'
import { kebab } from './types.ts'

function typeText(shape: Shape): string {
  switch (shape.kind) {
    case 'named':
      return `[${shape.name}](#${shape.name.toLowerCase()})`
    case 'array':
      return `array of ${typeText(shape.items)}`
    case 'nullable':
      return `${typeText(shape.value)} or null`
    case 'decimal':
      return `decimal (${shape.precision} digits)`
    default:
      return shape.kind
  }
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}

function section(type: Named, source: string): string {
  const head = `### ${type.name}\n\n${type.doc}${source}\n\n`
  if (type.kind === 'enum') return `${head}One of ${type.symbols.map((symbol) => `\`${symbol}\``).join(', ')}.\n`
  const rows = type.fields.map(({ name, doc, shape }) => `| \`${name}\` | ${typeText(shape)} | ${cell(doc)} |\n`)
  return `${head}| field | type | meaning |\n| --- | --- | --- |\n${rows.join('')}`
}

export function referencePage(model: Model): string {
  const roots = new Set(model.roots.map(({ name }) => name))
  const parts = [...model.named.values()]
    .filter(({ name }) => !roots.has(name))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
  const records = model.roots.map(({ name, path }) =>
    section(model.named.get(name)!, ` Defined in \`${path}\`, TypeScript in \`schemas/generated/${kebab(name)}.ts\`.`),
  )
  return `<!-- Made by \`aitrader generate\` from schemas/*.avsc; changes here are overwritten. -->
# Records

Every record of the topics, as its Avro schema says it. \`int\` and \`long\` are whole numbers (\`long\` within the safe
integers, ±(2^53 − 1)), \`double\` is always finite, a decimal is a whole number of any sign (\`bigint\` in TypeScript).

## Records of topics

${records.join('\n')}
## Types inside them

${parts.map((type) => section(type, '')).join('\n')}`
}
