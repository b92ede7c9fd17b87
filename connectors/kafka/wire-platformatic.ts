/**
 * The wire over @platformatic/kafka's own `Connection`: its sockets, correlation ids, TLS and SASL; nothing above.
 *
 * Worked round here: lengths that it believes (a negative one would throw inside its socket listener), errors emitted
 * where nobody listens, its bound of five requests under way, and its authentication anew while other requests are under
 * way, which brokers refuse: before a session ends, another connection takes over.
 */
import { isIP, type Socket } from 'node:net'
import { Connection, Writer } from '@platformatic/kafka'
import { FrameGuard } from './frame-guard.ts'
import type { Sasl } from './security.ts'
import { type Address, type Link, LinkedWire, type LinkOptions, type Wire, type WireOptions } from './wire.ts'
import { connectFailure } from './wire-errors.ts'

const NEVER_MS = 2_147_483_647

async function connectPlatformatic(address: Address, options: LinkOptions): Promise<Link> {
  const { tls, sasl } = options.security
  const connection = new Connection(options.client_id, {
    connectTimeout: options.connect_timeout_ms,
    // Deadlines are the wire's.
    requestTimeout: NEVER_MS,
    maxInflights: 1_000,
    ...(tls === undefined ? {} : { tls, tlsServerName: tls.servername ?? (isIP(address.host) === 0 && address.host) }),
    ...(sasl === undefined ? {} : { sasl: saslOf(sasl) }),
  })
  let failure: Error | undefined
  let wrong: Error | undefined
  let session_ending = false
  connection.reauthenticate = () => {
    session_ending = true
  }
  connection.on('error', (error) => {
    failure ??= error
  })
  try {
    const connecting = connection.connect(address.host, address.port)
    guard(connection.socket, new FrameGuard(options.max_answer_bytes), (error) => {
      wrong = error
    })
    await connecting
  } catch (error) {
    connection.socket?.destroy()
    throw connectFailure(address, options.security, wrong ?? failure ?? error)
  }
  return {
    send: (api_key, api_version, body) =>
      new Promise<Buffer>((resolve, reject) => {
        connection.send<Buffer>(
          api_key,
          api_version,
          () => Writer.create().append(body),
          (_correlation, _key, _version, reader) => reader.buffer.slice(),
          false,
          false,
          (error, answer) => {
            if (error || answer === undefined) reject(wrong ?? failure ?? error)
            else resolve(answer)
          },
        )
      }),
    isOpen: () => connection.isConnected() && !connection.socket.destroyed && !session_ending,
    destroy: () => {
      // Clears its timer for the session's end, which would keep the process alive.
      connection.close().catch(() => {})
      connection.socket.destroy()
    },
  }
}

/** Lets no chunk through to the library once one of them announced what no broker sends. */
function guard(socket: Socket, frames: FrameGuard, onWrong: (error: Error) => void): void {
  const emit = socket.emit
  let ended = false
  socket.emit = function (this: Socket, event: string | symbol, ...values: unknown[]): boolean {
    if (event === 'data') {
      if (ended) return true
      const wrong = frames.check(values[0] as Buffer)
      if (wrong !== undefined) {
        ended = true
        onWrong(wrong)
        socket.destroy()
        return true
      }
    }
    return Reflect.apply(emit, this, [event, ...values])
  } as typeof socket.emit
}

function saslOf(sasl: Sasl): NonNullable<ConstructorParameters<typeof Connection>[1]>['sasl'] & object {
  if (sasl.mechanism === 'OAUTHBEARER') return { mechanism: 'OAUTHBEARER', token: sasl.token }
  return { mechanism: sasl.mechanism, username: sasl.username, password: sasl.password }
}

export function platformaticWire(options: WireOptions): Wire {
  return new LinkedWire('platformatic', connectPlatformatic, options)
}
