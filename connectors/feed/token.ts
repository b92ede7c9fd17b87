/**
 * The secret of one connection: fetched when a message needs it, and again where it became too old since.
 *
 * Nobody outside sees it but the socket. A frame that repeats it is known by it, so that it can be kept from logs,
 * captures and topics.
 */
import type { FeedPorts } from './ports.ts'
import type { TokenPlan } from './venue.ts'

const LIMITS = { timeout_ms: 10_000, max_bytes: 65_536 }

export class Token {
  readonly #plan: TokenPlan
  readonly #ports: FeedPorts
  #token: string | undefined
  /** As texts in which a frame may repeat it, any of those that this connection ever used. */
  readonly #traces: string[] = []
  #fetched_us = 0
  #cancel: (() => void) | undefined

  constructor(plan: TokenPlan, ports: FeedPorts) {
    this.#plan = plan
    this.#ports = ports
  }

  /** The message as the venue is to read it; undefined while a token has to be fetched first. */
  filled(text: string): string | undefined {
    const { placeholder, lifetime_ms } = this.#plan
    if (!text.includes(placeholder)) return text
    const age_ms = (this.#ports.clock.now_us() - this.#fetched_us) / 1_000
    if (this.#token === undefined || age_ms < 0 || age_ms >= lifetime_ms) return undefined
    return text.replaceAll(placeholder, () => this.#token as string)
  }

  /** Fetches one; `done` is told why there is none, where there is none, and never inside this call. */
  fetch(done: (refusal: string | undefined) => void): void {
    const now_us = this.#ports.clock.now_us()
    this.#cancel = this.#ports.network.post(this.#plan.request(now_us), LIMITS, (answer) => {
      if (answer?.status !== 200)
        return done(`no token: ${answer === undefined ? 'no answer' : `status ${answer.status}`}`)
      const read = this.#plan.read(answer.body)
      if ('refusal' in read) return done(`no token: ${read.refusal}`)
      this.#token = read.token
      this.#fetched_us = now_us
      // JSON may be written with slashes escaped.
      this.#traces.push(read.token, read.token.replaceAll('/', '\\/'))
      done(undefined)
    })
  }

  isIn(payload: Uint8Array): boolean {
    if (this.#traces.length === 0) return false
    const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength)
    return this.#traces.some((trace) => bytes.includes(trace))
  }

  close(): void {
    this.#cancel?.()
  }
}
