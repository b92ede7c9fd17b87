/**
 * Plain calls to a Confluent-compatible schema registry, for what the client library has not: lists of versions, modes of
 * single subjects, look-ups that must not register.
 *
 * A connection that fails and answers of 500 and more are tried again a few times; what the registry refuses is not.
 */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { AppError } from '../../runtime/api/index.ts'

export type RegistryAuth = { readonly username: string; readonly password: string } | { readonly token: string }

export interface RegistryOptions {
  readonly auth?: RegistryAuth
  /** Certificates (PEM) that are trusted in place of the system's. */
  readonly ca?: string
  /** Until an answer is whole, milliseconds (default 10,000). */
  readonly timeout_ms?: number
  /** Attempts after a failure of the connection or of the server (default 3). */
  readonly retries?: number
}

export interface Answer {
  readonly status: number
  /** Undefined if the answer is no JSON. */
  readonly json: unknown
}

const TYPE = 'application/vnd.schemaregistry.v1+json'
const MOST_BYTES = 64 * 1024 * 1024

export class RegistryHttp {
  /** Without a slash at its end. */
  readonly url: string
  readonly agent: HttpAgent
  private readonly options: RegistryOptions

  /** An AppError `BAD_OPTION` (exit 2) for anything else than an http or https address without credentials in it. */
  constructor(url: string, options: RegistryOptions) {
    this.url = checkedUrl(url)
    this.options = options
    const { ca } = options
    this.agent = this.url.startsWith('https:')
      ? new HttpsAgent({ keepAlive: true, ...(ca === undefined ? {} : { ca }) })
      : new HttpAgent({ keepAlive: true })
  }

  /** The authorization header, or none. */
  authorization(): string | undefined {
    const { auth } = this.options
    if (auth === undefined) return undefined
    if ('token' in auth) return `Bearer ${auth.token}`
    return `Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString('base64')}`
  }

  /**
   * One call; every status below 500 but 401 and 403 is an answer. AppErrors (exit 4): `REGISTRY_UNREACHABLE`,
   * `REGISTRY_DENIED`, `REGISTRY_FAILED`.
   */
  async call(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<Answer> {
    const { retries = 3 } = this.options
    for (let attempt = 0; ; attempt++) {
      try {
        const answer = await this.once(method, path, body)
        if (answer.status === 401 || answer.status === 403) throw this.denied(answer.status, method, path)
        if (answer.status < 500) return answer
        if (attempt >= retries) throw this.failed(method, path, `answered ${answer.status}: ${messageOf(answer.json)}`)
      } catch (error) {
        if (error instanceof AppError) throw error
        if (attempt >= retries || !mayPass(error)) throw this.unreachable(error)
      }
      await new Promise((resolve) => setTimeout(resolve, Math.min(1_000, 50 * 2 ** attempt)))
    }
  }

  close(): void {
    this.agent.destroy()
  }

  unreachable(cause: unknown): AppError {
    return new AppError('REGISTRY_UNREACHABLE', `the schema registry ${this.url} cannot be reached: ${why(cause)}`, {
      exit_code: 4,
      hint: why(cause).includes('certificate')
        ? 'name the certificates to trust with AITRADER_REGISTRY_CA_FILE'
        : 'start it, or check --registry (Apicurio serves it at http://HOST:8080/apis/ccompat/v7)',
      cause,
    })
  }

  failed(method: string, path: string, what: string): AppError {
    return new AppError('REGISTRY_FAILED', `the schema registry ${this.url}: ${method} ${path} ${what}`, {
      exit_code: 4,
      hint: 'read the log of the registry; nothing that depends on this call was done',
    })
  }

  denied(status: number, method: string, path: string): AppError {
    const given = this.options.auth === undefined ? 'no credentials were given' : 'it refuses the credentials given'
    return new AppError('REGISTRY_DENIED', `the schema registry ${this.url}: ${method} ${path} ${status}; ${given}`, {
      exit_code: 4,
      hint: 'set AITRADER_REGISTRY_USERNAME and AITRADER_REGISTRY_PASSWORD_FILE, or AITRADER_REGISTRY_TOKEN_FILE',
    })
  }

  private once(method: string, path: string, body: unknown): Promise<Answer> {
    const url = `${this.url}${path}`
    const text = body === undefined ? undefined : JSON.stringify(body)
    const authorization = this.authorization()
    const options: RequestOptions = {
      method,
      agent: this.agent,
      timeout: this.options.timeout_ms ?? 10_000,
      headers: {
        accept: `${TYPE}, application/json`,
        ...(text === undefined ? {} : { 'content-type': TYPE, 'content-length': Buffer.byteLength(text) }),
        ...(authorization === undefined ? {} : { authorization }),
      },
    }
    return new Promise((resolve, reject) => {
      const start = url.startsWith('https:') ? httpsRequest : httpRequest
      const call = start(url, options, (response) => {
        read(response).then((json) => resolve({ status: response.statusCode ?? 0, json }), reject)
      })
      call.on('timeout', () => call.destroy(Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' })))
      call.on('error', reject)
      call.end(text)
    })
  }
}

async function read(response: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of response as AsyncIterable<Buffer>) {
    size += part.length
    if (size > MOST_BYTES) throw new Error('the answer is too long')
    parts.push(part)
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString('utf8'))
  } catch {
    return undefined
  }
}

/** The registry's own words for what it refused. */
export function messageOf(json: unknown): string {
  const message = (json as { message?: unknown } | null | undefined)?.message
  return typeof message === 'string' ? message : 'no reason given'
}

function why(cause: unknown): string {
  const error = cause as NodeJS.ErrnoException & { errors?: readonly NodeJS.ErrnoException[] }
  // A name with several addresses fails with one error per address.
  const first = error.errors?.[0] ?? error
  return first.message || String(first.code ?? cause)
}

const PASSING = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EAI_AGAIN',
  'ENETUNREACH',
  'EHOSTUNREACH',
])

function mayPass(error: unknown): boolean {
  const { code, errors } = error as { code?: string; errors?: readonly { code?: string }[] }
  return PASSING.has(code ?? errors?.[0]?.code ?? '')
}

function checkedUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new AppError('BAD_OPTION', `--registry ${JSON.stringify(text)} is not an http or https address`, {
      exit_code: 2,
      hint: 'write it like http://127.0.0.1:8080/apis/ccompat/v7',
    })
  }
  if (url.username !== '' || url.password !== '') {
    throw new AppError('BAD_OPTION', '--registry holds credentials, which every process of the machine can see', {
      exit_code: 2,
      hint: 'set AITRADER_REGISTRY_USERNAME and AITRADER_REGISTRY_PASSWORD_FILE',
    })
  }
  return text.replace(/\/+$/, '')
}
