/**
 * The wire over kafkajs 2.2.4's own `Connection`: its sockets, correlation ids, TLS and SASL; nothing above.
 *
 * Worked round here: its timer loop of 1 ms per idle connection, its sockets with Nagle's delay, `connect()` and
 * `disconnect()` that never end when the server falls silent, lengths that it believes, and its renewal of sessions.
 */
import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import Connection from 'kafkajs/src/network/connection.js'
import RequestQueue from 'kafkajs/src/network/requestQueue/index.js'
import { RetriableError } from '../../runtime/api/index.ts'
import { ByteWriter } from './bytes.ts'
import { FrameGuard } from './frame-guard.ts'
import { type Address, type Link, LinkedWire, type LinkOptions, type Wire, type WireOptions } from './wire.ts'
import { connectFailure } from './wire-errors.ts'

// Unpatched, an idle queue sets a timer of a negative delay again and again: 6 % of a core for one connection.
const schedule = RequestQueue.prototype.scheduleCheckPendingRequests
RequestQueue.prototype.scheduleCheckPendingRequests = function (this: typeof RequestQueue.prototype) {
  if (this.pending.length === 0) return
  schedule.call(this)
}

// kafkajs would log at its own will; what matters comes back as an error.
const silent = { debug() {}, info() {}, warn() {}, error() {}, namespace: () => silent }

/** Versions of the two SASL requests; every broker from 1.0 to 4.x takes them. */
const SASL_VERSIONS = { 17: { minVersion: 1, maxVersion: 1 }, 36: { minVersion: 0, maxVersion: 1 } }

class GuardedConnection extends Connection {
  readonly guard: FrameGuard
  ended: Error | undefined

  constructor(parameters: ConstructorParameters<typeof Connection>[0], guard: FrameGuard) {
    super(parameters)
    this.guard = guard
  }

  override processData(chunk: Buffer): void {
    if (this.ended !== undefined) return
    const wrong = this.guard.check(chunk)
    if (wrong === undefined) super.processData(chunk)
    else this.end(wrong)
  }

  /** Once is enough: a connection whose session ends is replaced. Its own renewal fails for sessions of seconds. */
  override isAuthenticated(): boolean {
    return this.authenticatedAt !== null
  }

  /**
   * Its own `send` without its encoder, which sets aside, clears and copies twice the body: here the header is written
   * and then the body as it is.
   */
  ask(api_key: number, api_version: number, body: Buffer): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.failIfNotConnected()
      const correlation_id = this.nextCorrelationId()
      const header = new ByteWriter(64).i32(0).i16(api_key).i16(api_version).i32(correlation_id).string(this.clientId)
      header.patchI32(0, header.length - 4 + body.length)
      this.requestQueue.push({
        entry: {
          apiKey: api_key,
          apiName: String(api_key),
          apiVersion: api_version,
          correlationId: correlation_id,
          resolve: ({ payload }) => resolve(payload),
          reject,
        },
        expectResponse: true,
        requestTimeout: null,
        sendRequest: () => {
          this.socket?.cork()
          this.socket?.write(header.bytes())
          this.socket?.write(body)
          this.socket?.uncork()
        },
      })
    })
  }

  /** Ends it at once and rejects what is under way; `disconnect` alone would wait for the answers. */
  end(error: Error): void {
    this.ended ??= error
    this.socket?.destroy()
    this.authHandlers?.onError()
    this.rejectRequests(this.ended)
    this.disconnect().catch(() => {})
  }
}

async function connectKafkajs(address: Address, options: LinkOptions): Promise<Link> {
  const { tls, sasl } = options.security
  let onClose = (_error: Error) => {}
  const ended = new Promise<never>((_, reject) => {
    onClose = reject
  })
  ended.catch(() => {})
  const socketFactory = ({ onConnect }: { onConnect: () => void }): Socket => {
    const { host, port } = address
    const socket =
      tls === undefined
        ? connectTcp({ host, port }, onConnect)
        : connectTls({ host, port, ...(isIP(host) === 0 ? { servername: host } : {}), ...tls }, onConnect)
    socket.setNoDelay(true)
    socket.setKeepAlive(true, 60_000)
    let failure: Error | undefined
    socket.on('error', (error) => {
      failure = error
    })
    // Its listeners miss a socket that is destroyed, and one that ends before it was connected.
    socket.on('close', () => {
      const error = failure ?? new Error('the server closed the connection')
      onClose(error)
      connection.end(error)
    })
    return socket
  }
  const connection = new GuardedConnection(
    {
      host: address.host,
      port: address.port,
      logger: silent,
      socketFactory,
      clientId: options.client_id,
      ssl: tls ?? null,
      sasl: sasl === undefined ? null : saslOf(sasl),
      connectionTimeout: options.connect_timeout_ms,
      requestTimeout: 2_147_483_647,
      // Deadlines are the wire's: its own check is a timer of 100 ms per connection.
      enforceRequestTimeout: false,
    },
    new FrameGuard(options.max_answer_bytes),
  )
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new RetriableError('KAFKA_UNREACHABLE', `no connection within ${options.connect_timeout_ms} ms`)),
      options.connect_timeout_ms,
    )
  })
  let replaced_at = Number.POSITIVE_INFINITY
  const opened = async () => {
    await connection.connect()
    if (sasl === undefined) return
    connection.setVersions(SASL_VERSIONS)
    connection.setSupportAuthenticationProtocol(true)
    await connection.authenticate()
    const lifetime_ms = connection.sessionLifetime.toNumber()
    if (lifetime_ms > 0) replaced_at = performance.now() + lifetime_ms * 0.8
  }
  try {
    await Promise.race([opened(), ended, late])
  } catch (error) {
    const cause = connection.ended ?? error
    connection.end(cause instanceof Error ? cause : new Error(String(cause)))
    throw connectFailure(address, options.security, cause)
  } finally {
    clearTimeout(timer)
  }
  return {
    send: (api_key, api_version, body) => connection.ask(api_key, api_version, body),
    isOpen: () => connection.isConnected() && connection.ended === undefined && performance.now() < replaced_at,
    destroy: () => connection.end(new Error('the connection was closed')),
  }
}

function saslOf(sasl: NonNullable<LinkOptions['security']['sasl']>): object {
  if (sasl.mechanism !== 'OAUTHBEARER') return { ...sasl, mechanism: sasl.mechanism.toLowerCase() }
  return { mechanism: 'oauthbearer', oauthBearerProvider: async () => ({ value: await sasl.token() }) }
}

export function kafkajsWire(options: WireOptions): Wire {
  return new LinkedWire('kafkajs', connectKafkajs, options)
}
