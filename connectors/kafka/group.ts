/**
 * Membership of a group that shares lanes among processes.
 *
 * Lanes keep running through a rebalance: the member joins anew with what it owns, and only what the leader takes away
 * stops. Heartbeats come from timers and wait for nobody's code. A member that the coordinator no longer counts, or that
 * could not reach it for a session's time, is told `on_lost`: others may run its lanes, so it stops them and joins anew.
 * Two members can believe in one lane for a moment; the transactional id of the lane is what keeps them apart.
 */
import { AppError, RetriableError } from '../../runtime/api/index.ts'
import type { Cluster, RequestOptions, Target } from './cluster.ts'
import { CODE, errorClass, kafkaError } from './errors.ts'
import { assignLanes, type GroupMember } from './lane-assignment.ts'
import type { KafkaRequest } from './request.ts'
import {
  heartbeat,
  type JoinGroupOutput,
  joinGroup as joinGroupRequest,
  leaveGroup,
  syncGroup,
} from './requests/group-membership.ts'

export interface GroupOptions {
  readonly cluster: Pick<Cluster, 'request'>
  readonly group_id: string
  /** After so long without a sign of life the coordinator gives the lanes away. Brokers refuse less than 6 s. */
  readonly session_timeout_ms: number
  /** How long a rebalance waits for members to join anew; default: the session's time. */
  readonly rebalance_timeout_ms?: number
  /** Default 500: the others wait in a rebalance until the slowest has heard of it. */
  readonly heartbeat_interval_ms?: number
  /** A name that outlives the process: its successor takes its place without waiting for the session's end. */
  readonly instance_id?: string
  /** What this member says of itself, asked at every join. */
  metadata(): Membership
  /** Called on the leader; default `assignLanes`. */
  readonly assign?: (members: readonly GroupMember[]) => ReadonlyMap<string, readonly string[]>
  /**
   * After every rebalance: all lanes that are now this member's. `taken_from_live`: those of them that another member
   * still runs, and has been told to stop. Not awaited.
   */
  on_assigned(lanes: readonly string[], taken_from_live: ReadonlySet<string>): void
  /** None of the lanes is this member's any more. Not awaited. */
  on_lost(): void
  /** Membership has ended for good (no permission, a group of another kind). Called after `on_lost`. */
  on_failed?(error: AppError): void
}

/** What a member says of its lanes. */
export interface Membership {
  readonly can: readonly string[]
  /** Those that it was given and means to run; they stay with it where that is even. */
  readonly owned: readonly string[]
  /** Those that it runs, drained ones until their end; default: what it owns. */
  readonly held?: readonly string[]
}

export interface GroupHandle {
  readonly member_id: string
  readonly generation: number
  /** Asks for a new assignment, with metadata asked anew. */
  rejoin(): void
  /** Tells the coordinator, so that the lanes are given away at once. */
  leave(): Promise<void>
}

const PROTOCOL_TYPE = 'aitrader'
const PROTOCOL = 'lanes-1'
const RETRY_MS = 100

/** Resolves after the first assignment. Rejects with the `AppError` that forbids membership. */
export async function joinGroup(options: GroupOptions): Promise<GroupHandle> {
  const member = new Member(options)
  await member.start()
  return member
}

class Member implements GroupHandle {
  member_id = ''
  generation = -1
  readonly #options: GroupOptions
  readonly #to: Target
  readonly #stop = new AbortController()
  readonly #rebalance_timeout_ms: number
  readonly #interval_ms: number
  #has_lanes = false
  #assigned_in = -1
  #rejoin = false
  #wake = () => {}
  #expiry: NodeJS.Timeout | undefined
  #running: Promise<void> = Promise.resolve()

  constructor(options: GroupOptions) {
    this.#options = options
    this.#to = { coordinator: 'group', key: options.group_id }
    this.#rebalance_timeout_ms = options.rebalance_timeout_ms ?? options.session_timeout_ms
    this.#interval_ms = options.heartbeat_interval_ms ?? 500
  }

  async start(): Promise<void> {
    await this.#joinUntilAssigned()
    this.#running = this.#live()
  }

  rejoin(): void {
    this.#rejoin = true
    this.#wake()
  }

  async leave(): Promise<void> {
    if (this.#stop.signal.aborted) return
    this.#stop.abort()
    this.#wake()
    clearTimeout(this.#expiry)
    await this.#running
    if (this.member_id === '') return
    const { cluster, group_id } = this.#options
    const input = { group_id, member_id: this.member_id, instance_id: this.#instance }
    // On the common channel, past a join that may still be waiting. Without an answer the session ends by itself.
    await cluster.request(this.#to, leaveGroup, input, { timeout_ms: 5_000, retry: false }).catch(() => {})
  }

  get #instance(): string | null {
    return this.#options.instance_id ?? null
  }

  /** Heartbeats and rebalances until left or failed. */
  async #live(): Promise<void> {
    let delay_ms = this.#interval_ms
    while (!this.#stop.signal.aborted) {
      try {
        if (!this.#rejoin) await this.#sleep(delay_ms)
        if (this.#stop.signal.aborted) return
        const next = this.#rejoin ? 'join' : await this.#beat()
        delay_ms = next === 'again' ? RETRY_MS : this.#interval_ms
        if (next === 'join') await this.#joinUntilAssigned()
      } catch (error) {
        if (this.#stop.signal.aborted) return
        this.#lost()
        this.#stop.abort()
        const { group_id } = this.#options
        const final =
          error instanceof AppError
            ? error
            : new AppError('KAFKA_GROUP', `membership of group ${group_id} ended`, { exit_code: 4, cause: error })
        this.#options.on_failed?.(final)
        return
      }
    }
  }

  async #beat(): Promise<'well' | 'join' | 'again'> {
    const sent_at = performance.now()
    try {
      const { error_code } = await this.#send(heartbeat, this.#identity(), this.#options.session_timeout_ms)
      if (error_code === 0 || error_code === CODE.REBALANCE_IN_PROGRESS) this.#aliveSince(sent_at)
      if (error_code === 0) return 'well'
      this.#dropped(error_code)
      return 'join'
    } catch (error) {
      // Not reached, or no coordinator yet: the session's end is watched by `#expiry`.
      if (error instanceof RetriableError) return 'again'
      throw error
    }
  }

  /** Joins, takes the assignment, and repeats until there is one. Throws what makes it pointless. */
  async #joinUntilAssigned(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        if (await this.#joinOnce()) return
      } catch (error) {
        if (!(error instanceof RetriableError)) throw error
        await this.#sleep(RETRY_MS)
      }
    }
  }

  async #joinOnce(): Promise<boolean> {
    const { group_id, session_timeout_ms } = this.#options
    this.#rejoin = false
    const metadata = this.#options.metadata()
    const sent_at = performance.now()
    // While the coordinator waits for the others it keeps this member, so that the session's end moves with it.
    this.#aliveSince(sent_at, session_timeout_ms + this.#rebalance_timeout_ms)
    const joined = await this.#send(
      joinGroupRequest,
      {
        group_id,
        session_timeout_ms,
        rebalance_timeout_ms: this.#rebalance_timeout_ms,
        member_id: this.member_id,
        instance_id: this.#instance,
        protocol_type: PROTOCOL_TYPE,
        protocol: PROTOCOL,
        metadata: Buffer.from(JSON.stringify({ ...metadata, generation: this.#assigned_in })),
      },
      this.#rebalance_timeout_ms + session_timeout_ms,
    )
    if (joined.error_code === CODE.MEMBER_ID_REQUIRED) {
      this.member_id = joined.member_id
      return false
    }
    if (joined.error_code !== 0) {
      this.#dropped(joined.error_code)
      return false
    }
    this.member_id = joined.member_id
    this.generation = joined.generation
    const synced_at = performance.now()
    const synced = await this.#send(
      syncGroup,
      { ...this.#identity(), assignments: joined.leader === joined.member_id ? this.#assignments(joined) : [] },
      this.#rebalance_timeout_ms + session_timeout_ms,
    )
    if (synced.error_code !== 0) {
      this.#dropped(synced.error_code)
      return false
    }
    if (this.#stop.signal.aborted) return true
    this.#aliveSince(synced_at)
    const { lanes, taken_from_live } = parseAssignment(synced.assignment)
    this.#has_lanes = true
    this.#assigned_in = joined.generation
    this.#options.on_assigned(lanes, new Set(taken_from_live))
    return true
  }

  #assignments(joined: JoinGroupOutput): { member_id: string; assignment: Buffer }[] {
    const members = joined.members.map((member) => parseMember(member.member_id, member.metadata))
    const assigned = (this.#options.assign ?? assignLanes)(members)
    return members.map(({ member_id }) => {
      const lanes = assigned.get(member_id) ?? []
      const others = new Set(members.flatMap((other) => (other.member_id === member_id ? [] : other.held)))
      const taken_from_live = lanes.filter((lane) => others.has(lane))
      return { member_id, assignment: Buffer.from(JSON.stringify({ lanes, taken_from_live })) }
    })
  }

  /** A code that ended an attempt. Returns if the member is to join anew; throws if it is to wait, or to give up. */
  #dropped(code: number): void {
    const { group_id } = this.#options
    if (code === CODE.REBALANCE_IN_PROGRESS) return
    if (code === CODE.FENCED_INSTANCE_ID) {
      throw new AppError('FENCED', `another process has joined group ${group_id} as ${this.#instance}`, {
        exit_code: 4,
        hint: 'give every process an instance name of its own',
      })
    }
    if (errorClass(code) !== 'fenced') {
      const acl = { resource: 'group', name: group_id, operation: 'Read' } as const
      throw kafkaError(code, `being a member of group ${group_id}`, { acl })
    }
    if (code === CODE.UNKNOWN_MEMBER_ID) this.member_id = ''
    this.#lost()
  }

  #lost(): void {
    clearTimeout(this.#expiry)
    if (!this.#has_lanes) return
    this.#has_lanes = false
    this.#options.on_lost()
  }

  /** The coordinator counted this member at `at` or later: its session ends so long after. */
  #aliveSince(at: number, session_ms = this.#options.session_timeout_ms): void {
    clearTimeout(this.#expiry)
    if (this.#stop.signal.aborted) return
    this.#expiry = setTimeout(() => this.#lost(), Math.max(0, at + session_ms - performance.now()))
  }

  #identity() {
    const { member_id, generation } = this
    return { group_id: this.#options.group_id, generation, member_id, instance_id: this.#instance }
  }

  async #send<I, O>(request: KafkaRequest<I, O>, input: I, timeout_ms: number): Promise<O> {
    // Joining waits for the other members: nothing else may stand behind it.
    const channel = `group ${this.#options.group_id}`
    const { signal } = this.#stop
    const options: RequestOptions = { channel, timeout_ms, retry: false, signal }
    const sent = this.#options.cluster.request(this.#to, request, input, options)
    // When left, nothing waits for an answer. A promise of that for all requests would keep something of each.
    const left = Promise.withResolvers<never>()
    const leave = () => left.reject(signal.reason)
    sent.catch(() => {})
    left.promise.catch(() => {})
    if (signal.aborted) leave()
    else signal.addEventListener('abort', leave, { once: true })
    try {
      return await Promise.race([sent, left.promise])
    } finally {
      signal.removeEventListener('abort', leave)
    }
  }

  #sleep(delay_ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#wake(), delay_ms)
      this.#wake = () => {
        clearTimeout(timer)
        this.#wake = () => {}
        resolve()
      }
      if (this.#stop.signal.aborted) this.#wake()
    })
  }
}

/** What a member says of itself; one of another version or kind counts as able to run nothing. */
function parseMember(member_id: string, bytes: Buffer): GroupMember & { readonly held: readonly string[] } {
  const { can, owned, held, generation } = parseObject(bytes)
  return {
    member_id,
    can: names(can),
    owned: names(owned),
    held: names(held ?? owned),
    generation: Number.isInteger(generation) ? Number(generation) : -1,
  }
}

function parseAssignment(bytes: Buffer): { lanes: string[]; taken_from_live: string[] } {
  const { lanes, taken_from_live } = parseObject(bytes)
  return { lanes: names(lanes), taken_from_live: names(taken_from_live) }
}

function parseObject(bytes: Buffer): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'))
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

function names(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((name) => typeof name === 'string') : []
}
