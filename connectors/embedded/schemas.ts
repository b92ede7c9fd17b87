/**
 * The schemas that the records of a data directory were written with: it keeps those of every build that wrote it, so
 * that a later one reads them as its own.
 *
 * `schemas/HASH.json` is one build's; a file is never changed. A directory of release 0.1.0 has none: what that release
 * wrote is known from `schemas/released`. What cannot be read as ours is refused, with the field's name.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { AppError, type RecordType } from '../../runtime/api/index.ts'
import { fingerprint } from '../../schemas/canonical.ts'
import { type Decode, decoderFor, type Encode, encoderFor } from '../../schemas/evolve.ts'
import { schemaId } from '../../schemas/framing.ts'
import { mismatches } from '../registry/resolution.ts'
import { unusable, writeWhole } from './directory.ts'

const FOLDER = 'schemas'
const RELEASED = fileURLToPath(new URL('../../schemas/released/', import.meta.url))

/** Writes down what records are written with from now on, unless it is there. `DIRECTORY_UNUSABLE`, `DISK_FULL`. */
export function keepSchemas(dir: string, types: readonly Pick<RecordType, 'schema'>[]): void {
  const text = `[${types.map(({ schema }) => schema).join(',\n')}]\n`
  const folder = join(dir, FOLDER)
  const name = `${createHash('sha256').update(text).digest('hex').slice(0, 16)}.json`
  if (existsSync(join(folder, name))) return
  try {
    mkdirSync(folder, { recursive: true })
    writeWhole(folder, name, text)
  } catch (error) {
    throw unusable(dir, error)
  }
}

/** From a batch's schema id to what decodes its records; nothing is looked up for the schemas that this build has. */
export class DirectorySchemas {
  /** Every schema is at hand, and offsets have no gaps. */
  readonly local = true
  private readonly dir: string
  private written: ReadonlyMap<number, string> | undefined
  private readonly decoders = new Map<RecordType<never>, Map<number, Decode<unknown>>>()

  constructor(dir: string) {
    this.dir = dir
  }

  prepare(_id: number): undefined {
    return undefined
  }

  /**
   * Decodes bodies of the id into values of `reader`. An AppError `SCHEMA_CHANGED` (exit 2) if they cannot be read as
   * such, or nobody knows the schema any more; `DATA_DAMAGED` (exit 3) if the directory's schemas cannot be read.
   */
  get<T>(id: number, reader: RecordType<T>): Decode<T> {
    let decoders = this.decoders.get(reader as RecordType<never>)
    if (decoders === undefined) {
      decoders = new Map()
      this.decoders.set(reader as RecordType<never>, decoders)
    }
    let decode = decoders.get(id)
    if (decode === undefined) {
      decode = id === schemaId(reader) ? reader.decode : this.resolved(id, reader)
      decoders.set(id, decode)
    }
    return decode as Decode<T>
  }

  /** Encodes values of `type` as the id's schema has them. Throws as `get` does. */
  writer<T>(id: number, type: RecordType<T>): Encode<T> {
    this.get(id, type)
    return encoderFor(id === schemaId(type) ? type.schema : (this.schemaOf(id) as string), type)
  }

  private resolved<T>(id: number, reader: RecordType<T>): Decode<T> {
    const writer = this.schemaOf(id)
    if (writer === undefined) {
      throw changed(
        `records were written by another schema of ${reader.name}, which neither the directory nor this build holds`,
      )
    }
    const found = mismatches(reader.schema, writer)
    const [first] = found
    if (first === undefined) return decoderFor(writer, reader)
    const more = found.length > 1 ? `, and ${found.length - 1} more` : ''
    throw changed(
      `records of another schema of ${reader.name} cannot be read as ours: \`${first.path}\` ${first.reason}${more}`,
    )
  }

  /** The schema's JSON text. Looked for again where it is not known: another build may have begun to write meanwhile. */
  private schemaOf(id: number): string | undefined {
    if (this.written?.has(id) !== true) this.written = this.read()
    return this.written.get(id)
  }

  private read(): Map<number, string> {
    const known = new Map<number, string>()
    const own = join(this.dir, FOLDER)
    const files = [...filesIn(RELEASED), ...(existsSync(own) ? filesIn(own) : [])]
    for (const file of files) {
      for (const schema of schemasOf(file)) {
        const text = JSON.stringify(schema)
        known.set(schemaId({ fingerprint: fingerprint(text) }), text)
      }
    }
    return known
  }
}

function filesIn(folder: string): string[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'))
  return names.sort().map((name) => join(folder, name))
}

function schemasOf(path: string): unknown[] {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as unknown[]
  } catch (cause) {
    throw new AppError('DATA_DAMAGED', `${path} is damaged`, {
      exit_code: 3,
      hint: 'restore it from a copy of the directory: records of earlier builds are read by it',
      cause,
    })
  }
}

function changed(message: string): AppError {
  return new AppError('SCHEMA_CHANGED', message, {
    exit_code: 2,
    hint: 'go on with the build that wrote them, or have `aitrader up --rebuild` compute everything anew from the source',
  })
}
