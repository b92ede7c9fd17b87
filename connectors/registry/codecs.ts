/**
 * From a schema's id to what decodes its records, at once, for the hot path.
 *
 * A batch may have been written by an older or a newer build: its schema is fetched once, before the batch is decoded
 * (`prepare`), and resolved into the reader's. Equal schemas cost nothing but two look-ups per batch.
 */
import { AppError, assert, type RecordType } from '../../runtime/api/index.ts'
import { fingerprint } from '../../schemas/canonical.ts'
import { type Decode, decoderFor } from '../../schemas/evolve.ts'
import { type Registry, subjectOf } from './registry.ts'

export class Codecs {
  private readonly registry: Pick<Registry, 'schema'>
  private readonly writers = new Map<number, string>()
  private readonly fetching = new Map<number, Promise<void>>()
  private readonly decoders = new Map<RecordType<never>, Map<number, Decode<unknown>>>()

  constructor(registry: Pick<Registry, 'schema'>) {
    this.registry = registry
  }

  /**
   * Makes `get` possible for an id: undefined if it is already, else a promise to wait for. Rejects with
   * `SCHEMA_UNKNOWN` (exit 3) or as the registry fails; the next call then asks again.
   */
  prepare(id: number): Promise<void> | undefined {
    if (this.writers.has(id)) return undefined
    const running = this.fetching.get(id)
    if (running !== undefined) return running
    const fetch = this.fetch(id).finally(() => this.fetching.delete(id))
    this.fetching.set(id, fetch)
    return fetch
  }

  /** Prepares several ids. */
  async load(ids: Iterable<number>): Promise<void> {
    for (const id of ids) await this.prepare(id)
  }

  /**
   * Decodes bodies of the id into values of `reader`; throws as `decoderFor` does if the one cannot be read as the other
   * (`SCHEMA_INCOMPATIBLE`, exit 3). The id must have been prepared.
   */
  get<T>(id: number, reader: RecordType<T>): Decode<T> {
    let decoders = this.decoders.get(reader as RecordType<never>)
    if (decoders === undefined) {
      decoders = new Map()
      this.decoders.set(reader as RecordType<never>, decoders)
    }
    let decode = decoders.get(id)
    if (decode === undefined) {
      const writer = this.writers.get(id)
      assert(writer !== undefined, `the schema ${id} was not prepared`)
      decode = decoderFor(writer, reader)
      decoders.set(id, decode)
    }
    return decode as Decode<T>
  }

  private async fetch(id: number): Promise<void> {
    this.writers.set(id, await this.registry.schema(id))
  }
}

/**
 * The registry's id of each record type that the topics hold, by fingerprint. Nothing is registered: an AppError
 * `SCHEMA_UNREGISTERED` (exit 2) names every subject that does not have its schema.
 */
export async function schemaIds(
  registry: Registry,
  topics: readonly { readonly name: string; readonly record: RecordType<never> | RecordType<unknown> }[],
): Promise<ReadonlyMap<string, number>> {
  const ids = new Map<string, number>()
  const missing: string[] = []
  const found = await Promise.all(
    topics.map(async ({ name, record }) => {
      const versions = await registry.versions(subjectOf(name))
      return versions.findLast(({ schema }) => fingerprint(schema) === record.fingerprint)
    }),
  )
  for (const [index, { name, record }] of topics.entries()) {
    const version = found[index]
    if (version === undefined) missing.push(subjectOf(name))
    else if (!ids.has(record.fingerprint)) ids.set(record.fingerprint, version.id)
  }
  if (missing.length === 0) return ids
  throw new AppError('SCHEMA_UNREGISTERED', `the registry ${registry.url} lacks the schema of ${missing.join(', ')}`, {
    exit_code: 2,
    hint: 'run `aitrader apply --kafka ... --registry ...` first: it registers every schema',
  })
}
