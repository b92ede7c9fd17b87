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
    push(request: {
      entry: {
        apiKey: number
        apiName: string
        apiVersion: number
        correlationId: number
        resolve(answer: { payload: Buffer }): void
        reject(error: Error): void
      }
      expectResponse: boolean
      requestTimeout: number | null
      sendRequest(): void
    }): void
  }

  export default class Connection {
    constructor(parameters: ConnectionParameters)
    clientId: string
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
    failIfNotConnected(): void
    nextCorrelationId(): number
  }
}

declare module 'kafkajs/src/network/requestQueue/index.js' {
  import type { RequestQueue } from 'kafkajs/src/network/connection.js'

  const Queue: { prototype: RequestQueue & { throttleCheckTimeoutId: unknown } }
  export default Queue
}
