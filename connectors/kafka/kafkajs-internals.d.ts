/** The parts of kafkajs 2.2.4 below its public face that the wire uses. */
declare module 'kafkajs/src/network/connection.js' {
  import type { Socket } from 'node:net'

  interface Logger {
    namespace(name: string): Logger
    debug(message: string, extra?: object): void
    info(message: string, extra?: object): void
    warn(message: string, extra?: object): void
    error(message: string, extra?: object): void
  }

  export interface ConnectionParameters {
    host: string
    port: number
    logger: Logger
    socketFactory: (options: { host: string; port: number; ssl: object | null; onConnect: () => void }) => Socket
    requestTimeout: number
    connectionTimeout: number
    enforceRequestTimeout: boolean
    ssl: object | null
    sasl: object | null
    clientId: string
  }

  export interface RequestQueue {
    inflight: Map<number, unknown>
    pending: unknown[]
    throttledUntil: number
    scheduleCheckPendingRequests(): void
  }

  export default class Connection {
    constructor(parameters: ConnectionParameters)
    socket: Socket | undefined
    requestQueue: RequestQueue
    authenticatedAt: unknown
    sessionLifetime: { toNumber(): number }
    isAuthenticated(): boolean
    authHandlers: { onError(): void } | null
    setVersions(versions: Record<number, { minVersion: number; maxVersion: number }>): void
    setSupportAuthenticationProtocol(supported: boolean): void
    isConnected(): boolean
    connect(): Promise<boolean>
    disconnect(): Promise<boolean>
    authenticate(): Promise<void>
    processData(chunk: Buffer): void
    rejectRequests(error: Error): void
    send<T>(protocol: {
      request: { apiKey: number; apiVersion: number; apiName: string; encode(): Promise<unknown> }
      response: {
        decode(payload: Buffer): Promise<{ payload: Buffer }>
        parse(decoded: { payload: Buffer }): Promise<T>
      }
      logResponseError?: boolean
    }): Promise<T>
  }
}

declare module 'kafkajs/src/network/requestQueue/index.js' {
  import type { RequestQueue } from 'kafkajs/src/network/connection.js'

  const Queue: { prototype: RequestQueue & { throttleCheckTimeoutId: unknown } }
  export default Queue
}

declare module 'kafkajs/src/protocol/encoder.js' {
  export default class Encoder {
    writeBufferInternal(value: Buffer): this
    writeBuffer(value: Buffer): this
  }
}
