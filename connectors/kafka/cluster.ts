/**
 * Sends requests to whoever answers them: any broker, the controller, a partition's leader, a coordinator.
 *
 * Keeps who leads and who coordinates; asks anew when a broker says it does not, or is gone. Repeats what may pass
 * (by the class of the error code) with a growing delay, within a deadline; a caller to whom a repetition matters
 * (produce, commit) says `retry: false` and decides itself.
 */
import { AppError, RetriableError } from '../../runtime/api/index.ts'
import { ByteReader, ByteWriter } from './bytes.ts'
import { CODE, denied, errorClass, isRetriable, kafkaError } from './errors.ts'
import type { KafkaRequest } from './request.ts'
import { type CoordinatorKind, findCoordinator } from './requests/find-coordinator.ts'
import { type MetadataOutput, metadata, type TopicMetadata } from './requests/metadata.ts'
import type { Address, NodeRef, Wire } from './wire.ts'
import { addressText } from './wire.ts'

export type Target =
  | 'any'
  | 'controller'
  | { readonly node: number }
  | { readonly leader: { readonly topic: string; readonly partition: number } }
  | { readonly coordinator: CoordinatorKind; readonly key: string }

export interface RequestOptions {
  /** One connection per broker and channel; default `main`. What waits, or must not wait, takes its own. */
  readonly channel?: string | undefined
  /** Of one attempt, milliseconds. */
  readonly timeout_ms?: number | undefined
  /** Of all attempts together, milliseconds; default 30,000. */
  readonly deadline_ms?: number | undefined
  /**
   * Default true. False: one attempt; the answer is returned with whatever codes it holds (except denials, which
   * throw), what it says about leaders and coordinators is remembered, a lost connection throws `RetriableError`
   * `KAFKA_DISCONNECTED` or `KAFKA_TIMEOUT` (may have been carried out) or `KAFKA_UNREACHABLE` (was not).
   */
  readonly retry?: boolean | undefined
  /** Codes that are an answer rather than a failure: returned, not repeated, not thrown. */
  readonly accept?: readonly number[] | undefined
  readonly signal?: AbortSignal | undefined
}

const FIRST_DELAY_MS = 2
const MAX_DELAY_MS = 250

export class Cluster {
  readonly wire: Wire
  readonly #bootstrap: readonly Address[]
  readonly #leaders = new Map<string, number>()
  readonly #topics = new Map<string, TopicMetadata>()
  readonly #coordinators = new Map<string, number>()
  readonly #closing = new AbortController()
  #controller = -1
  #cluster_id = ''

  private constructor(wire: Wire, bootstrap: readonly Address[]) {
    this.wire = wire
    this.#bootstrap = bootstrap
  }

  /**
   * Learns the brokers. `bootstrap` is for messages: the wire has the addresses. Throws `AppError`
   * `KAFKA_UNREACHABLE` if no broker answers within `deadline_ms` (default 10,000), `KAFKA_AUTH`, `KAFKA_TLS`.
   */
  static async connect(
    wire: Wire,
    bootstrap: readonly Address[],
    options: { deadline_ms?: number; signal?: AbortSignal } = {},
  ): Promise<Cluster> {
    const cluster = new Cluster(wire, bootstrap)
    const give_up_at = performance.now() + (options.deadline_ms ?? 10_000)
    const { signal } = options
    try {
      for (let hung_up = 0; ; ) {
        try {
          await cluster.metadata([], { signal, retry: false })
          return cluster
        } catch (error) {
          if (!(error instanceof RetriableError)) throw error
          // So often at the very first request is no broker that happens to stop.
          hung_up = error.code === 'KAFKA_DISCONNECTED' ? hung_up + 1 : 0
          if (hung_up === 5 && !wire.named) throw wantsSasl(bootstrap)
          if (performance.now() + MAX_DELAY_MS >= give_up_at) throw error
          await cluster.#pause(MAX_DELAY_MS, signal)
        }
      }
    } catch (error) {
      await cluster.close()
      throw cluster.#unreachable(error)
    }
  }

  get cluster_id(): string {
    return this.#cluster_id
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.wire.close()
  }

  /** Sends, repeats within the deadline, and answers what came back without a failing code (see `RequestOptions`). */
  async request<I, O>(to: Target, request: KafkaRequest<I, O>, input: I, options: RequestOptions = {}): Promise<O> {
    const body = new ByteWriter(request.size?.(input))
    request.encode(body, input)
    const bytes = body.bytes()
    const give_up_at = performance.now() + (options.deadline_ms ?? 30_000)
    for (let attempt = 0; ; attempt++) {
      const left_ms = give_up_at - performance.now()
      const ended = await this.#attempt(to, request, input, bytes, { ...options, deadline_ms: left_ms })
      if ('output' in ended) return ended.output
      if (options.retry === false || !(ended.error instanceof RetriableError)) throw ended.error
      const delay_ms = Math.min(FIRST_DELAY_MS * 2 ** Math.min(attempt, 10), MAX_DELAY_MS)
      if (performance.now() + delay_ms >= give_up_at) throw ended.error
      await this.#pause(delay_ms, options.signal)
    }
  }

  async #attempt<I, O>(
    to: Target,
    request: KafkaRequest<I, O>,
    input: I,
    bytes: Buffer,
    options: RequestOptions,
  ): Promise<{ output: O } | { error: unknown }> {
    this.#stopped(options.signal)
    let node: NodeRef = 'any'
    try {
      node = await this.#resolve(to, options)
      const answer = await this.wire.request(node, request.api_key, request.api_version, bytes, {
        channel: options.channel,
        timeout_ms: options.timeout_ms,
        flexible: request.flexible,
      })
      const output = request.decode(new ByteReader(answer))
      for (const code of request.errors(output)) {
        if (code === 0 || options.accept?.includes(code)) continue
        const doing = `${request.name} at ${targetText(to)}`
        if (errorClass(code) === 'denied') return { error: denied(code, request.acl?.(input, code), doing) }
        this.#learn(code, to)
        if (options.retry !== false && isRetriable(code)) return { error: kafkaError(code, doing) }
      }
      return { output }
    } catch (error) {
      if (error instanceof RetriableError) this.#forget(to, node)
      return { error }
    }
  }

  /** What a code says about leaders and coordinators. */
  #learn(code: number, to: Target): void {
    const what = errorClass(code)
    if (what === 'metadata' || what === 'coordinator') this.#forget(to, 'any')
  }

  #forget(to: Target, node: NodeRef): void {
    if (to === 'controller') this.#controller = -1
    else if (to !== 'any' && 'leader' in to) this.invalidate(to.leader.topic)
    else if (to !== 'any' && 'coordinator' in to) this.#coordinators.delete(`${to.coordinator} ${to.key}`)
    if (node === 'any') return
    // A broker that does not answer: whatever else it led or coordinated is asked for anew.
    for (const [key, leader] of this.#leaders) if (leader === node) this.#leaders.delete(key)
    for (const [key, coordinator] of this.#coordinators) if (coordinator === node) this.#coordinators.delete(key)
  }

  async #resolve(to: Target, options: RequestOptions): Promise<NodeRef> {
    if (to === 'any') return 'any'
    if (to === 'controller') return this.controller(options)
    if ('node' in to) return to.node
    if ('leader' in to) return this.leader(to.leader.topic, to.leader.partition, options)
    return this.coordinator(to.coordinator, to.key, options)
  }

  /** Forgets who leads the topic's partitions: asked for at the next need. */
  invalidate(topic: string): void {
    const known = this.#topics.get(topic)
    this.#topics.delete(topic)
    for (const partition of known?.partitions ?? []) this.#leaders.delete(`${topic}/${partition.partition}`)
  }

  async controller(options: RequestOptions = {}): Promise<number> {
    if (this.#controller < 0) await this.metadata([], within(options))
    if (this.#controller < 0) throw new RetriableError('NOT_CONTROLLER', 'the cluster has no controller')
    return this.#controller
  }

  /** Node that leads the partition; from memory if known. Throws `RetriableError` while there is none. */
  async leader(topic: string, partition: number, options: RequestOptions = {}): Promise<number> {
    const key = `${topic}/${partition}`
    let leader = this.#leaders.get(key)
    if (leader === undefined) {
      await this.topic(topic, options, true)
      leader = this.#leaders.get(key)
    }
    if (leader !== undefined) return leader
    throw new RetriableError('LEADER_NOT_AVAILABLE', `partition ${key} has no leader`)
  }

  /** The topic's partitions, from memory if known. `AppError` `KAFKA_NO_TOPIC` if there is no such topic. */
  async topic(topic: string, options: RequestOptions = {}, fresh = false): Promise<TopicMetadata> {
    const known = this.#topics.get(topic)
    if (known !== undefined && !fresh) return known
    const answer = await this.metadata([topic], { ...within(options), accept: [CODE.UNKNOWN_TOPIC_OR_PARTITION] })
    const found = answer.topics.find((one) => one.topic === topic)
    if (found === undefined || found.error_code !== 0) {
      throw new AppError('KAFKA_NO_TOPIC', `there is no topic ${topic}`, {
        exit_code: 4,
        hint: 'aitrader plan shows what is missing, aitrader apply creates it',
      })
    }
    return found
  }

  async coordinator(kind: CoordinatorKind, key: string, options: RequestOptions = {}): Promise<number> {
    const name = `${kind} ${key}`
    const known = this.#coordinators.get(name)
    if (known !== undefined) return known
    const output = await this.request('any', findCoordinator, { kind, key }, within(options))
    this.#addNode(output)
    this.#coordinators.set(name, output.node_id)
    return output.node_id
  }

  #nodes = new Map<number, { node_id: number; host: string; port: number }>()

  #addNode(node: { node_id: number; host: string; port: number }): void {
    const known = this.#nodes.get(node.node_id)
    if (known?.host === node.host && known.port === node.port) return
    this.#nodes.set(node.node_id, { node_id: node.node_id, host: node.host, port: node.port })
    this.wire.setNodes([...this.#nodes.values()])
  }

  /** Asks anew, never from memory. `null`: all topics. */
  async metadata(topics: readonly string[] | null, options: RequestOptions = {}): Promise<MetadataOutput> {
    const output = await this.request('any', metadata, { topics }, options)
    this.#nodes = new Map(output.brokers.map((node) => [node.node_id, node]))
    this.wire.setNodes(output.brokers)
    this.#controller = output.controller
    this.#cluster_id = output.cluster_id ?? ''
    for (const topic of output.topics) {
      this.invalidate(topic.topic)
      if (topic.error_code !== 0) continue
      this.#topics.set(topic.topic, topic)
      for (const { partition, leader } of topic.partitions) {
        if (leader >= 0) this.#leaders.set(`${topic.topic}/${partition}`, leader)
      }
    }
    return output
  }

  #stopped(signal: AbortSignal | undefined): void {
    signal?.throwIfAborted()
    if (this.#closing.signal.aborted) {
      throw new AppError('KAFKA_CLOSED', 'the Kafka connection has been closed', { exit_code: 4 })
    }
  }

  async #pause(delay_ms: number, signal: AbortSignal | undefined): Promise<void> {
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', done)
        this.#closing.signal.removeEventListener('abort', done)
        resolve()
      }
      const timer = setTimeout(done, delay_ms)
      signal?.addEventListener('abort', done)
      this.#closing.signal.addEventListener('abort', done)
    })
  }

  #unreachable(error: unknown): unknown {
    if (!(error instanceof RetriableError)) return error
    const at = this.#bootstrap.map(addressText).join(', ')
    return new AppError('KAFKA_UNREACHABLE', `no Kafka broker answers at ${at}: ${error.message}`, {
      exit_code: 4,
      hint: 'check host and port, that the broker runs, and that its listener is the one for this network',
      cause: error,
    })
  }
}

function wantsSasl(bootstrap: readonly Address[]): AppError {
  const at = bootstrap.map(addressText).join(', ')
  return new AppError('KAFKA_AUTH', `the broker at ${at} ends every connection at the first request`, {
    exit_code: 4,
    hint: 'its listener may want SASL: set AITRADER_KAFKA_SASL_MECHANISM and what belongs to it, or use another listener',
  })
}

/** A question on the way to a request: on the common channel, always repeated, inside the request's deadline. */
function within(options: RequestOptions): RequestOptions {
  const { deadline_ms, signal } = options
  return { deadline_ms, signal }
}

function targetText(to: Target): string {
  if (typeof to === 'string') return to === 'any' ? 'a broker' : 'the controller'
  if ('node' in to) return `broker ${to.node}`
  if ('leader' in to) return `the leader of ${to.leader.topic}/${to.leader.partition}`
  return `the coordinator of ${to.coordinator} ${to.key}`
}
