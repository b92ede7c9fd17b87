/** What a test wants of a broker, and what it gets. */

export interface KafkaOptions {
  /** A broker of the caller's own, to be killed and restarted: never the given one. */
  readonly own?: boolean
  /** Lines of server.properties over the defaults; as what follows here, they ask for a broker of one's own. */
  readonly properties?: Readonly<Record<string, string>>
  /** Further listeners on ports of their own: name -> `SASL_PLAINTEXT`, `SSL`... */
  readonly listeners?: Readonly<Record<string, string>>
  /** SCRAM users that exist before the first start: `SCRAM-SHA-256=[name=alice,password=secret]`. */
  readonly scram?: readonly string[]
  /** Heap, as Java writes it. */
  readonly xmx?: string
}

export interface Kafka {
  /** `HOST:PORT` of the plain listener. */
  readonly bootstrap: string
  /** In words, for people. */
  readonly how: string
  /** `HOST:PORT` by listener's name; the plain one is `PLAINTEXT`. */
  readonly listeners: Readonly<Record<string, string>>
  /** Signals the broker's process (SIGSTOP, SIGCONT) without waiting. */
  signal(signal: NodeJS.Signals): void
  /** Ends the broker (SIGKILL unless said) and waits for its end; its data stays for `start`. */
  kill(signal?: NodeJS.Signals): Promise<void>
  start(): Promise<void>
  /** `kill` (SIGTERM unless said), then `start`, on the same address with the same data. */
  restart(signal?: NodeJS.Signals): Promise<void>
  /** Ends the broker and removes its data. Nothing for a given one. */
  stop(): Promise<void>
}
