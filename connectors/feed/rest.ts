/**
 * Asks a venue's REST interface, one question at a time and never faster than its limits allow.
 *
 * A question stays until it is answered: after 429 and 418 everything waits for as long as the venue says, after other
 * failures for a growing time. There is at most one question per symbol, so the line is bounded by their number.
 */
import { Allowance } from './allowance.ts'
import { BackOff } from './back-off.ts'
import type { FeedPorts, RestAnswer } from './ports.ts'
import type { RestPlan, SnapshotRequest } from './venue.ts'

export interface RestEvents {
  answered(request: SnapshotRequest, body: Uint8Array): void
  /** `status` 0 where no answer came. */
  refused(request: SnapshotRequest, status: number, wait_ms: number): void
  /** Whether there is room for an answer; questions wait for it. */
  hasRoom(): boolean
}

const TIMEOUT_MS = 10_000
/** What a venue that says "too many" without saying how long means, and what a ban then is. */
const TOO_MANY_MS = 60_000
const BANNED_MS = 120_000
/** Longer than a venue ever bans for; a damaged header must not silence us for ever. */
const WAIT_MS_MAX = 3 * 86_400_000
const ROOM_MS = 100
/** Beyond this share of the limit, as the venue counts it, other users of the same address are near to being banned. */
const CAREFUL = 0.8

export class Rest {
  readonly #plan: RestPlan
  readonly #ports: FeedPorts
  readonly #max_bytes: number
  readonly #events: RestEvents
  readonly #weights: Allowance
  readonly #back_off: BackOff
  readonly #line: SnapshotRequest[] = []
  #asking = false
  #closed = false
  #not_before_us = 0
  #cancel: (() => void) | undefined

  constructor(plan: RestPlan, ports: FeedPorts, max_bytes: number, events: RestEvents) {
    this.#plan = plan
    this.#ports = ports
    this.#max_bytes = max_bytes
    this.#events = events
    this.#weights = new Allowance(plan.weights)
    this.#back_off = new BackOff(500, 60_000, ports.chance)
  }

  /** True if it is asked from now on, false if it is being asked already. */
  ask(request: SnapshotRequest): boolean {
    if (this.#closed || this.#line.some(({ symbol }) => symbol === request.symbol)) return false
    this.#line.push(request)
    if (!this.#asking) {
      this.#asking = true
      this.#wait(0)
    }
    return true
  }

  close(): void {
    this.#closed = true
    this.#cancel?.()
    this.#line.length = 0
  }

  #wait(delay_ms: number): void {
    this.#cancel = this.#ports.clock.after(delay_ms, () => this.#next())
  }

  #next(): void {
    const request = this.#line[0]
    if (request === undefined) {
      this.#asking = false
      return
    }
    // An answer that nobody takes would wait beside all that waits already, and one more for every renewal.
    if (!this.#events.hasRoom()) return this.#wait(ROOM_MS)
    const now_us = this.#ports.clock.now_us()
    const wait_ms = Math.max((this.#not_before_us - now_us) / 1_000, this.#weights.wait_ms(now_us, request.weight))
    if (wait_ms > 0) return this.#wait(wait_ms)
    this.#weights.use(now_us, request.weight)
    const limits = { timeout_ms: TIMEOUT_MS, max_bytes: this.#max_bytes }
    this.#cancel = this.#ports.network.get(request.url, limits, (answer) => this.#answered(request, answer))
  }

  #answered(request: SnapshotRequest, answer: RestAnswer | undefined): void {
    if (this.#closed) return
    const now_us = this.#ports.clock.now_us()
    if (answer?.status === 200) {
      this.#back_off.succeeded()
      this.#line.shift()
      this.#holdBack(answer, now_us)
      this.#events.answered(request, answer.body)
      return this.#next()
    }
    const wait_ms = this.#waitAfter(answer)
    this.#not_before_us = now_us + wait_ms * 1_000
    this.#events.refused(request, answer?.status ?? 0, wait_ms)
    // Another symbol's question goes first then: one that the venue refuses for good must not stop all.
    this.#line.push(this.#line.shift()!)
    this.#wait(wait_ms)
  }

  #waitAfter(answer: RestAnswer | undefined): number {
    const usual_ms = this.#back_off.failed()
    if (answer === undefined || (answer.status !== 429 && answer.status !== 418)) return usual_ms
    const said_s = Number(answer.header('retry-after') ?? Number.NaN)
    if (said_s > 0) return Math.min(said_s * 1_000, WAIT_MS_MAX)
    return answer.status === 418 ? BANNED_MS : TOO_MANY_MS
  }

  /** The venue counts per calendar minute, and with others behind our address. */
  #holdBack(answer: RestAnswer, now_us: number): void {
    const { used_header, weights } = this.#plan
    if (used_header === undefined) return
    const used = Number(answer.header(used_header) ?? 0)
    if (used > CAREFUL * weights.count) this.#not_before_us = (Math.floor(now_us / 60_000_000) + 1) * 60_000_000
  }
}
