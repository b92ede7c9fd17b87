/**
 * Makes types, codecs and the reference page from `schemas/*.avsc`.
 *
 * `generateRecords` reads and answers files, `writeGenerated` writes or compares them; other generators use the latter
 * for theirs. Nothing here imports generated code, so that it can be made anew when it is broken or missing.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fingerprint, sha256 } from './canonical.ts'
import { schemaId } from './framing.ts'
import { codecOf, recordTypeOf } from './generator/codec.ts'
import { type Model, type Named, readModel } from './generator/model.ts'
import { referencePage } from './generator/reference.ts'
import { declaration, kebab } from './generator/types.ts'

export interface GeneratedFile {
  /** Path from the repository's root, with forward slashes. */
  readonly path: string
  readonly text: string
}

const FOLDER = 'schemas/generated'
const NAMED_TYPES = 'named-types'

/** The files made from `schemas/*.avsc` below `root`. Throws an `Error` naming file and field if a schema is unfit. */
export function generateRecords(root: string): GeneratedFile[] {
  const paths = readdirSync(join(root, 'schemas')).filter((name) => name.endsWith('.avsc'))
  const sources = paths.sort().map((name) => ({
    path: `schemas/${name}`,
    text: readFileSync(join(root, 'schemas', name), 'utf8'),
  }))
  const model = readModel(sources)
  refuseEqualIds(model)
  return [
    ...model.roots.map((file) => ({ path: `${FOLDER}/${kebab(file.name)}.ts`, text: recordFile(file, model) })),
    { path: `${FOLDER}/${NAMED_TYPES}.ts`, text: namedTypesFile(model) },
    { path: `${FOLDER}/index.ts`, text: indexFile(model) },
    { path: 'docs/generated/records.md', text: referencePage(model) },
  ]
}

/**
 * Writes `files` below `root`, only those that differ; with `check` writes nothing. Answers the paths that differed,
 * and files of ours that no schema makes any more, which are deleted unless `check`.
 */
export function writeGenerated(
  files: readonly GeneratedFile[],
  options: { readonly root: string; readonly check: boolean },
): string[] {
  const different: string[] = []
  for (const { path, text } of files) {
    const target = join(options.root, path)
    if (read(target) === text) continue
    different.push(path)
    if (options.check) continue
    mkdirSync(dirname(target), { recursive: true })
    writeFileSync(target, text)
  }
  for (const path of leftOver(files, options.root)) {
    different.push(path)
    if (!options.check) rmSync(join(options.root, path))
  }
  return different
}

/** TypeScript files beside a generated index that it does not know: their schema is gone. */
function leftOver(files: readonly GeneratedFile[], root: string): string[] {
  const known = new Set(files.map(({ path }) => path))
  if (!known.has(`${FOLDER}/index.ts`)) return []
  return readdirSync(join(root, FOLDER))
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `${FOLDER}/${name}`)
    .filter((path) => !known.has(path))
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

function header(source: string): string {
  return `// Made by \`aitrader generate\` from ${source}; changes here are overwritten.\n`
}

/** Imports of what `code` says of the named types, and of the wire modules. */
function imports(code: string, names: readonly Named[], record: boolean): string {
  const values: string[] = []
  for (const { name } of names) {
    if (new RegExp(`[:| (<]${name}\\b`).test(code)) values.push(`type ${name}`)
    for (const value of [`bound${name}`, `read${name}`, `write${name}`, `${name}Values`]) {
      if (new RegExp(`\\b${value}\\b`).test(code)) values.push(value)
    }
  }
  const lines = [
    record ? "import type { RecordType } from '../../runtime/api/record.ts'" : '',
    record ? "import { misfit } from '../misfit.ts'" : '',
    "import * as r from '../wire-read.ts'",
    "import * as w from '../wire-write.ts'",
    values.length > 0 ? `import { ${values.join(', ')} } from './${NAMED_TYPES}.ts'` : '',
  ]
  return `${lines.filter((line) => line !== '').join('\n')}\n\n`
}

function inner(model: Model): Named[] {
  const roots = new Set(model.roots.map(({ name }) => name))
  return [...model.named.values()].filter(({ name }) => !roots.has(name))
}

/** Ids are 31 bits of a hash: two records that share one could not be told apart on a topic. */
function refuseEqualIds(model: Model): void {
  const owners = new Map<number, string>()
  for (const { name, schema } of model.roots) {
    const id = schemaId({ fingerprint: fingerprint(JSON.stringify(schema)) })
    if (owners.has(id)) throw new Error(`${name} and ${owners.get(id)} have the same schema id ${id}`)
    owners.set(id, name)
  }
}

function recordFile(file: Model['roots'][number], model: Model): string {
  const type = model.named.get(file.name)!
  const schema = JSON.stringify(file.schema)
  const helpers = new Map<string, string>()
  const types = declaration(type)
  const codec = codecOf(type, model.named, helpers, false)
  const record = recordTypeOf(type, model.named, schema, fingerprint(schema))
  const functions = [...helpers.values(), codec].join('\n')
  const head = header(file.path) + imports(types.replaceAll(/\/\*\*.*\*\//g, '') + functions, inner(model), true)
  return `${head}${types}\n${record}\n${functions}`
}

function namedTypesFile(model: Model): string {
  const helpers = new Map<string, string>()
  const types = inner(model).map((type) => `${declaration(type)}${codecOf(type, model.named, helpers, true)}`)
  return `${header('schemas/*.avsc')}${imports('', [], false)}${[...types, ...helpers.values()].join('\n')}`
}

function indexFile(model: Model): string {
  const names = model.roots.map(({ name }) => name)
  const hash = sha256(
    model.roots.map(({ name, schema }) => `${name} ${fingerprint(JSON.stringify(schema))}\n`).join(''),
  )
  const parts = inner(model).sort((a, b) => (a.name < b.name ? -1 : 1))
  const enums = parts.filter(({ kind }) => kind === 'enum')
  return `${header('schemas/*.avsc')}import type { RecordType } from '../../runtime/api/record.ts'
${names.map((name) => `import { ${name} } from './${kebab(name)}.ts'\n`).join('')}
export type {
${parts.map(({ name }) => `  ${name},\n`).join('')}} from './${NAMED_TYPES}.ts'
export {
${enums.map(({ name }) => `  ${name}Values,\n`).join('')}} from './${NAMED_TYPES}.ts'
export {
${names.map((name) => `  ${name},\n`).join('')}}

/** Every record by its name. */
export const records: Readonly<Record<string, RecordType<unknown>>> = {
${names.map((name) => `  ${name},\n`).join('')}}

/** SHA-256 (hex) over the names and fingerprints of all records: changes when bytes on a topic would. */
export const schemasHash = '${hash}'
`
}
