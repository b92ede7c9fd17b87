/**
 * The coordinator of one group, in memory: enough of Kafka's to hold members to the protocol (generations, a leader, a
 * rebalance that waits for all, sessions that end when the test says so).
 */
import type { RequestOptions, Target } from '../../../connectors/kafka/cluster.ts'
import { CODE } from '../../../connectors/kafka/errors.ts'
import type { KafkaRequest } from '../../../connectors/kafka/request.ts'
import type {
  JoinGroupInput,
  MemberInput,
  SyncGroupInput,
} from '../../../connectors/kafka/requests/group-membership.ts'

interface Joined {
  metadata: Uint8Array
  waiting: ((answer: unknown) => void) | undefined
}

export class FakeCoordinator {
  readonly log: string[] = []
  generation = 0
  /** Code or error that the next request of a name gets instead of its answer. */
  readonly next = new Map<string, number | Error>()
  readonly #members = new Map<string, Joined>()
  readonly #syncs = new Map<string, (answer: unknown) => void>()
  #assignments: Map<string, Uint8Array> | undefined
  #rebalancing = false
  #count = 0

  /** What a member's `cluster` is here. */
  readonly cluster = {
    request: async <I, O>(
      _to: Target,
      request: KafkaRequest<I, O>,
      input: I,
      _options?: RequestOptions,
    ): Promise<O> => {
      const instead = this.next.get(request.name)
      this.next.delete(request.name)
      if (instead instanceof Error) throw instead
      if (instead !== undefined) return { error_code: instead, assignment: Buffer.alloc(0), members: [] } as O
      return this.#answer(request.name, input) as O
    },
  }

  members(): string[] {
    return [...this.#members.keys()]
  }

  /** The member's session ends: it is forgotten, and the others are called together. */
  expel(member_id: string): void {
    this.#members.delete(member_id)
    this.#rebalance()
  }

  #answer(name: string, input: unknown): unknown {
    if (name === 'JoinGroup') return this.#join(input as JoinGroupInput)
    const { member_id, generation } = input as MemberInput
    if (!this.#members.has(member_id)) return { error_code: CODE.UNKNOWN_MEMBER_ID }
    if (name === 'LeaveGroup') {
      this.log.push(`${member_id} leaves`)
      this.expel(member_id)
      return { error_code: 0 }
    }
    if (generation !== this.generation) return { error_code: CODE.ILLEGAL_GENERATION }
    if (name === 'Heartbeat') {
      return { error_code: this.#rebalancing ? CODE.REBALANCE_IN_PROGRESS : 0 }
    }
    return this.#sync(input as SyncGroupInput)
  }

  #join(input: JoinGroupInput): unknown {
    if (input.member_id === '') {
      const member_id = `m${++this.#count}`
      return { error_code: CODE.MEMBER_ID_REQUIRED, member_id }
    }
    return new Promise((waiting) => {
      this.#members.set(input.member_id, { metadata: input.metadata, waiting })
      this.log.push(`${input.member_id} joins ${Buffer.from(input.metadata)}`)
      this.#rebalancing = true
      this.#complete()
    })
  }

  #rebalance(): void {
    this.#rebalancing = this.#members.size > 0
    this.#complete()
  }

  #complete(): void {
    const members = [...this.#members]
    if (members.length === 0 || members.some(([, { waiting }]) => waiting === undefined)) return
    this.generation++
    this.#rebalancing = false
    this.#assignments = undefined
    this.#syncs.clear()
    const leader = members[0]![0]
    for (const [member_id, joined] of members) {
      joined.waiting!({
        error_code: 0,
        generation: this.generation,
        protocol: 'lanes-1',
        leader,
        member_id,
        members: member_id === leader ? members.map(([id, { metadata }]) => ({ member_id: id, metadata })) : [],
      })
      joined.waiting = undefined
    }
  }

  #sync(input: SyncGroupInput): unknown {
    if (input.assignments.length > 0) {
      this.#assignments = new Map(input.assignments.map((one) => [one.member_id, one.assignment]))
      for (const [member_id, done] of this.#syncs) done(this.#assigned(member_id))
    }
    if (this.#assignments !== undefined) return this.#assigned(input.member_id)
    return new Promise((done) => this.#syncs.set(input.member_id, done))
  }

  #assigned(member_id: string): unknown {
    return { error_code: 0, assignment: Buffer.from(this.#assignments?.get(member_id) ?? '{}') }
  }
}
