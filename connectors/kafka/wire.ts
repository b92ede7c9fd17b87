/**
 * The connection port: bytes of one request to a node, bytes of its answer. Two libraries stand behind it
 * (`wire-kafkajs.ts`, `wire-platformatic.ts`); each makes single connections, `LinkedWire` keeps them.
 *
 * A server answers the requests of one connection one after another, so that a fetch that waits for data would hold
 * up everything behind it. A caller that waits (fetch, join) or must not wait (heartbeat) names a `channel` of its
 * own: one connection per node and channel.
 */
import { AppError, RetriableError } from '../../runtime/api/index.ts'
import { type Address, addressText, type KafkaNode } from './address.ts'
import { ByteReader } from './bytes.ts'
import { apiVersions } from './requests/api-versions.ts'
import type { Security } from './security.ts'
import { connectFailure, notAccepted } from './wire-errors.ts'

export { type Address, addressText, type KafkaNode } from './address.ts'

/** A node by its id, or any that answers. */
export type NodeRef = number | 'any'

export interface SendOptions {
  /** One connection per node and channel; default `main`. */
  readonly channel?: string | undefined
  /** From sending until the whole answer is here, milliseconds; default: the wire's. */
  readonly timeout_ms?: number | undefined
  /** The version uses tagged fields, also in its headers. */
  readonly flexible?: boolean | undefined
}

export interface Wire {
  readonly client: 'kafkajs' | 'platformatic'
  /** Connections name a user by SASL. */
  readonly named: boolean
  /**
   * Sends `body` (without header) and answers the body after the response header. Rejects with `RetriableError`
   * `KAFKA_DISCONNECTED` or `KAFKA_TIMEOUT` (it may or may not have been carried out; the connection is gone),
   * `KAFKA_UNREACHABLE` (nothing was sent), or `AppError` `KAFKA_AUTH`, `KAFKA_TLS`, `KAFKA_VERSION`, `KAFKA_CLOSED`.
   */
  request(node: NodeRef, api_key: number, api_version: number, body: Buffer, options?: SendOptions): Promise<Buffer>
  /** Brokers as the cluster's metadata names them; connections to nodes that left or moved are dropped. */
  setNodes(nodes: readonly KafkaNode[]): void
  close(): Promise<void>
}

/** What a library makes: one connection, past TLS and SASL. */
export interface Link {
  /** Rejects when the connection ends before the answer. */
  send(api_key: number, api_version: number, body: Buffer): Promise<Buffer>
  /** False once it has ended, or is about to: nothing new is sent over it then. */
  isOpen(): boolean
  /** Ends it at once; requests under way reject. */
  destroy(): void
}

export interface LinkOptions {
  readonly client_id: string
  readonly security: Security
  /** TCP, TLS and SASL together, milliseconds. */
  readonly connect_timeout_ms: number
  /** An answer longer than this is not waited for: the connection is dropped. */
  readonly max_answer_bytes: number
}

/** Rejects with `RetriableError` `KAFKA_UNREACHABLE` or `AppError` `KAFKA_AUTH`, `KAFKA_TLS`. */
export type Connect = (address: Address, options: LinkOptions) => Promise<Link>

export interface WireOptions {
  /** Brokers to begin with. */
  readonly bootstrap: readonly Address[]
  readonly client_id?: string | undefined
  readonly security?: Security | undefined
  readonly connect_timeout_ms?: number | undefined
  readonly request_timeout_ms?: number | undefined
  readonly max_answer_bytes?: number | undefined
}

interface Versions {
  readonly min_version: number
  readonly max_version: number
}

interface OpenLink {
  readonly link: Link
  readonly versions: ReadonlyMap<number, Versions>
  under_way: number
  /** Replaced by another; ended when nothing is under way any more. */
  retired: boolean
}

const NO_TAGS = Buffer.alloc(1)

/** Connections of one library, kept per node and channel, each with its own answer's deadline and size limit. */
export class LinkedWire implements Wire {
  readonly client: 'kafkajs' | 'platformatic'
  readonly named: boolean
  readonly #connect: Connect
  readonly #bootstrap: readonly Address[]
  readonly #options: LinkOptions
  readonly #request_timeout_ms: number
  readonly #links = new Map<string, Promise<OpenLink>>()
  readonly #open = new Map<string, OpenLink>()
  #nodes = new Map<number, KafkaNode>()
  #next = 0
  #closed = false

  constructor(client: 'kafkajs' | 'platformatic', connect: Connect, options: WireOptions) {
    this.client = client
    this.named = options.security?.sasl !== undefined
    this.#connect = connect
    this.#bootstrap = options.bootstrap
    this.#request_timeout_ms = options.request_timeout_ms ?? 30_000
    this.#options = {
      client_id: options.client_id ?? 'aitrader',
      security: options.security ?? {},
      connect_timeout_ms: options.connect_timeout_ms ?? 5_000,
      max_answer_bytes: options.max_answer_bytes ?? 128 * 1024 * 1024,
    }
  }

  async request(
    node: NodeRef,
    api_key: number,
    api_version: number,
    body: Buffer,
    options: SendOptions = {},
  ): Promise<Buffer> {
    const channel = options.channel ?? 'main'
    const open = node === 'any' ? await this.#any(channel) : await this.#to(this.#address(node), channel)
    requireVersion(open.versions.get(api_key), api_key, api_version)
    const flexible = options.flexible === true
    const timeout_ms = options.timeout_ms ?? this.#request_timeout_ms
    open.under_way++
    try {
      const sent = open.link.send(api_key, api_version, flexible ? Buffer.concat([NO_TAGS, body]) : body)
      const answer = await this.#answer(sent, open.link, timeout_ms)
      if (!flexible) return answer
      const header = new ByteReader(answer)
      header.tags()
      return answer.subarray(header.at)
    } finally {
      open.under_way--
      if (open.retired && open.under_way === 0) open.link.destroy()
    }
  }

  setNodes(nodes: readonly KafkaNode[]): void {
    this.#nodes = new Map(nodes.map((node) => [node.node_id, node]))
    const named = new Set([...nodes, ...this.#bootstrap].map(addressText))
    for (const [key, open] of this.#open) {
      if (named.has(key.slice(0, key.indexOf(' ')))) continue
      this.#open.delete(key)
      this.#links.delete(key)
      open.link.destroy()
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    const pending = [...this.#links.values()]
    this.#links.clear()
    for (const { link } of this.#open.values()) link.destroy()
    this.#open.clear()
    for (const opening of await Promise.allSettled(pending)) {
      if (opening.status === 'fulfilled') opening.value.link.destroy()
    }
  }

  #address(node_id: number): Address {
    const node = this.#nodes.get(node_id)
    if (node === undefined) throw new RetriableError('KAFKA_UNREACHABLE', `broker ${node_id} is not known`)
    return node
  }

  /** An open connection if there is one, else brokers in turn until one answers. */
  async #any(channel: string): Promise<OpenLink> {
    const addresses = [...this.#nodes.values(), ...this.#bootstrap]
    for (const address of addresses) {
      const open = this.#open.get(`${addressText(address)} ${channel}`)
      if (open?.link.isOpen()) return open
    }
    let last: unknown
    for (let index = 0; index < addresses.length; index++) {
      const address = addresses[(this.#next + index) % addresses.length] as Address
      try {
        const open = await this.#to(address, channel)
        this.#next = (this.#next + index) % addresses.length
        return open
      } catch (error) {
        // Brokers of one cluster share users and listeners: another address would refuse us the same way.
        if (error instanceof AppError) throw error
        last = error
      }
    }
    throw last ?? new RetriableError('KAFKA_UNREACHABLE', 'no broker is known')
  }

  async #to(address: Address, channel: string): Promise<OpenLink> {
    if (this.#closed) throw closed()
    const key = `${addressText(address)} ${channel}`
    const open = this.#open.get(key)
    if (open?.link.isOpen()) return open
    if (open !== undefined) {
      this.#open.delete(key)
      this.#links.delete(key)
      open.retired = true
      if (open.under_way === 0) open.link.destroy()
    }
    let opening = this.#links.get(key)
    if (opening === undefined) {
      opening = this.#handshake(address, key)
      this.#links.set(key, opening)
    }
    return opening
  }

  async #handshake(address: Address, key: string): Promise<OpenLink> {
    try {
      const link = await this.#connect(address, this.#options)
      try {
        const versions = await this.#versions(link, address)
        const opened = { link, versions, under_way: 0, retired: false }
        if (this.#closed) throw closed()
        this.#open.set(key, opened)
        return opened
      } catch (error) {
        link.destroy()
        throw error
      }
    } catch (error) {
      this.#links.delete(key)
      throw this.#closed ? closed() : error
    }
  }

  async #versions(link: Link, address: Address): Promise<Map<number, Versions>> {
    const { security, connect_timeout_ms } = this.#options
    try {
      const sent = link.send(apiVersions.api_key, apiVersions.api_version, Buffer.alloc(0))
      const output = apiVersions.decode(new ByteReader(await this.#answer(sent, link, connect_timeout_ms)))
      // A token that was not accepted shows only now: the libraries take the broker's complaint for a greeting.
      if (output.error_code !== 0 && security.sasl !== undefined) throw notAccepted(address, security.sasl)
      return new Map(output.apis.map((api) => [api.api_key, api]))
    } catch (error) {
      if (!(error instanceof RetriableError)) throw error
      // A certificate that is missing shows only now: TLS 1.3 says so after the client's side is set up.
      if (error.code === 'KAFKA_DISCONNECTED') throw connectFailure(address, security, error.cause)
      const code = error.code === 'KAFKA_PROTOCOL' ? error.code : 'KAFKA_UNREACHABLE'
      throw new RetriableError(
        code,
        `${addressText(address)} does not answer as a Kafka broker: ${error.message}`,
        error,
      )
    }
  }

  async #answer(sent: Promise<Buffer>, link: Link, timeout_ms: number): Promise<Buffer> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        // The answer may still come; on this connection it could be taken for another's, so the connection goes.
        reject(new RetriableError('KAFKA_TIMEOUT', `no answer within ${timeout_ms} ms`))
        link.destroy()
      }, timeout_ms)
    })
    try {
      return await Promise.race([sent, late])
    } catch (error) {
      if (this.#closed) throw closed()
      if (error instanceof AppError || error instanceof RetriableError) throw error
      link.destroy()
      throw new RetriableError('KAFKA_DISCONNECTED', 'the connection ended before the answer', error)
    } finally {
      clearTimeout(timer)
    }
  }
}

function closed(): AppError {
  return new AppError('KAFKA_CLOSED', 'the Kafka connection has been closed', { exit_code: 4 })
}

function requireVersion(versions: Versions | undefined, api_key: number, api_version: number): void {
  if (versions !== undefined && versions.min_version <= api_version && api_version <= versions.max_version) return
  const takes = versions === undefined ? 'does not know it' : `takes ${versions.min_version} to ${versions.max_version}`
  throw new AppError('KAFKA_VERSION', `the broker ${takes}: request ${api_key}, version ${api_version}`, {
    exit_code: 4,
    hint: 'AITrader needs Kafka 3.0 or newer',
  })
}
