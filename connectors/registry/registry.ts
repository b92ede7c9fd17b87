/**
 * A Confluent-compatible schema registry: subjects with their versions and compatibility modes.
 *
 * Registering and fetching by id go through `@kafkajs/confluent-schema-registry`, the rest through plain calls. Silent
 * about nothing: an address that is no registry is said so when it is opened.
 */
import { createRequire } from 'node:module'
import type { SchemaRegistry as Client } from '@kafkajs/confluent-schema-registry'
import { AppError } from '../../runtime/api/index.ts'
import type { CompatibilityMode, SchemaVersion } from './compatibility.ts'
import { messageOf, RegistryHttp, type RegistryOptions } from './http.ts'

export interface Registry {
  readonly url: string
  /** Names of all subjects that are not deleted. */
  subjects(): Promise<readonly string[]>
  /** Versions of a subject, ascending; none if there is no such subject. */
  versions(subject: string): Promise<readonly SchemaVersion[]>
  /** The subject's own mode, or the registry's where it has none. */
  mode(subject: string): Promise<{ readonly mode: CompatibilityMode; readonly own: boolean }>
  setMode(subject: string, mode: CompatibilityMode): Promise<void>
  /**
   * The id of the schema (Avro, JSON text) under the subject, which it joins if it is not there. A new subject gets the
   * mode. AppErrors `SCHEMA_INCOMPATIBLE` (exit 1), `REGISTRY_FAILED` (exit 4).
   */
  register(subject: string, schema: string, mode: CompatibilityMode): Promise<number>
  /** The Avro schema (JSON text) that records of this id were written with. An AppError `SCHEMA_UNKNOWN` (exit 3). */
  schema(id: number): Promise<string>
  close(): void
}

/** Opens the registry at `url` (`.../apis/ccompat/v7` of Apicurio). Rejects as the calls do where it is none. */
export async function openRegistry(url: string, options: RegistryOptions = {}): Promise<Registry> {
  const registry = new ConfluentRegistry(url, options)
  try {
    await registry.subjects()
  } catch (error) {
    registry.close()
    throw error
  }
  return registry
}

/** Under which subject the schema of a topic's values stands (Confluent's TopicNameStrategy). */
export function subjectOf(topic: string): string {
  return `${topic}-value`
}

class ConfluentRegistry implements Registry {
  private readonly http: RegistryHttp
  private readonly client: Client

  constructor(url: string, options: RegistryOptions) {
    this.http = new RegistryHttp(url, options)
    this.client = newClient(this.http)
  }

  get url(): string {
    return this.http.url
  }

  async subjects(): Promise<readonly string[]> {
    const { status, json } = await this.http.call('GET', '/subjects')
    if (status === 200 && Array.isArray(json)) return json as string[]
    throw this.http.unreachable(new Error(`what answers there (status ${status}) is no schema registry`))
  }

  async versions(subject: string): Promise<readonly SchemaVersion[]> {
    const path = `/subjects/${encodeURIComponent(subject)}/versions`
    const { status, json } = await this.http.call('GET', path)
    if (status === 404) return []
    if (status !== 200) throw this.http.failed('GET', path, `answered ${status}: ${messageOf(json)}`)
    const numbers = [...(json as number[])].sort((a, b) => a - b)
    const all = await Promise.all(numbers.map((version) => this.version(`${path}/${version}`)))
    return all.filter((version) => version !== undefined)
  }

  /** Undefined if it was deleted meanwhile. */
  private async version(path: string): Promise<SchemaVersion | undefined> {
    const { status, json } = await this.http.call('GET', path)
    if (status === 404) return undefined
    if (status !== 200) throw this.http.failed('GET', path, `answered ${status}: ${messageOf(json)}`)
    const { version, id, schema } = json as SchemaVersion
    return { version, id, schema }
  }

  async mode(subject: string): Promise<{ mode: CompatibilityMode; own: boolean }> {
    for (const [path, own] of [
      [`/config/${encodeURIComponent(subject)}`, true] as const,
      ['/config', false] as const,
    ]) {
      const { status, json } = await this.http.call('GET', path)
      if (status === 404 && own) continue
      const mode = (json as { compatibilityLevel?: string } | undefined)?.compatibilityLevel
      if (status !== 200 || mode === undefined) {
        throw this.http.failed('GET', path, `answered ${status}: ${messageOf(json)}`)
      }
      return { mode: mode.toUpperCase() as CompatibilityMode, own }
    }
    throw this.http.failed('GET', '/config', 'answered nothing')
  }

  async setMode(subject: string, mode: CompatibilityMode): Promise<void> {
    const path = `/config/${encodeURIComponent(subject)}`
    const { status, json } = await this.http.call('PUT', path, { compatibility: mode })
    if (status !== 200) throw this.http.failed('PUT', path, `answered ${status}: ${messageOf(json)}`)
  }

  async register(subject: string, schema: string, mode: CompatibilityMode): Promise<number> {
    // The client refuses a subject whose mode is another than the one it is told.
    const { mode: actual, own } = await this.mode(subject)
    const { SchemaType } = loadClient()
    try {
      const compatibility = (own ? actual : mode) as never
      const { id } = await this.client.register({ type: SchemaType.AVRO, schema }, { subject, compatibility })
      return id
    } catch (cause) {
      throw this.refused(subject, cause)
    }
  }

  private refused(subject: string, cause: unknown): AppError {
    const { status, message } = cause as { status?: number; message: string }
    if (status === 409 || status === 422) {
      return new AppError('SCHEMA_INCOMPATIBLE', `registering the schema of ${subject}: ${message}`, {
        exit_code: 1,
        hint: 'run `aitrader plan`: it names the field and who reads it',
        cause,
      })
    }
    if (status === 401 || status === 403) return this.http.denied(status, 'POST', `/subjects/${subject}/versions`)
    return this.http.failed('POST', `/subjects/${subject}/versions`, `failed: ${message}`)
  }

  async schema(id: number): Promise<string> {
    try {
      const type = (await this.client.getSchema(id)) as unknown as {
        schema?: (options: { exportAttrs: boolean }) => unknown
      }
      if (typeof type.schema === 'function') return JSON.stringify(type.schema({ exportAttrs: true }))
    } catch (cause) {
      const { status, message } = cause as { status?: number; message: string }
      if (status === 401 || status === 403) throw this.http.denied(status, 'GET', `/schemas/ids/${id}`)
      // The client says 400 of a connection that failed, too: only the registry's own 404 is an answer.
      if (status !== 404) {
        await this.subjects()
        throw this.http.failed('GET', `/schemas/ids/${id}`, `failed: ${message}`)
      }
    }
    throw new AppError('SCHEMA_UNKNOWN', `the schema registry ${this.url} has no Avro schema of id ${id}`, {
      exit_code: 3,
      hint: 'the records were written with another registry: give the one that `aitrader apply` was run with',
    })
  }

  close(): void {
    this.http.close()
  }
}

/** The client library is CommonJS and slow to load: only who needs it pays. */
function loadClient(): typeof import('@kafkajs/confluent-schema-registry') {
  return createRequire(import.meta.url)('@kafkajs/confluent-schema-registry')
}

function newClient(http: RegistryHttp): Client {
  const { SchemaRegistry } = loadClient()
  const authorization = http.authorization()
  const authorized = () => ({
    request: (request: { enhance(extras: object): unknown }) =>
      Promise.resolve(authorization === undefined ? request : request.enhance({ headers: { authorization } })),
  })
  return new SchemaRegistry({
    host: http.url,
    clientId: 'aitrader',
    agent: http.agent,
    retry: { retries: 3, initialRetryTimeInSecs: 0.05, maxRetryTimeInSecs: 1 },
    middlewares: [authorized as never],
  })
}
