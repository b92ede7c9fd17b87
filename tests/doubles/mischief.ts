/** What a misbehaving venue does to what it says: seeded, and each kind counted. */
import type { FeedClock } from '../../connectors/feed/index.ts'
import { Random } from '../../connectors/simulated-market/random.ts'
import type { DoubleAnswer, Peer } from './virtual-world.ts'

export const WIRE_FAULTS = [
  'drop',
  'gap',
  'half',
  'torn',
  'slow',
  'wrong-json',
  'giant',
  'silence',
  'disconnect',
  'duplicate',
  'swap',
  'late',
  'refuse',
] as const
export const REST_FAULTS = ['429', '418', '500', 'no-answer', 'half-body', 'stale'] as const
export type WireFault = (typeof WIRE_FAULTS)[number]
type Fault = WireFault | (typeof REST_FAULTS)[number]

/** Above any limit that a feed of a test has. */
const GIANT_BYTES = 1_200_000

const text = (value: string): Uint8Array => new TextEncoder().encode(value)

export class Mischief {
  readonly counts: Record<string, number> = {}
  readonly #random: Random
  readonly #clock: FeedClock
  readonly #wire_chance: number
  readonly #rest_chance: number
  #on = true
  readonly #wire_deck: WireFault[] = []
  readonly #rest_deck: (typeof REST_FAULTS)[number][] = []
  #refused_until_us = 0
  #silent_until_us = 0
  #gone: { readonly key: string; readonly until_us: number } | undefined
  #late_until_us = 0

  readonly #kinds: readonly WireFault[]

  /** Chances per message said, and per question asked; of these kinds. */
  constructor(
    seed: number,
    clock: FeedClock,
    wire_chance: number,
    rest_chance: number,
    kinds: readonly WireFault[] = WIRE_FAULTS,
  ) {
    this.#kinds = kinds
    this.#random = new Random(seed, 4_711)
    this.#clock = clock
    this.#wire_chance = wire_chance
    this.#rest_chance = rest_chance
  }

  /** From here on the venue behaves. */
  end(): void {
    this.#on = false
    this.#refused_until_us = 0
    this.#silent_until_us = 0
    this.#gone = undefined
  }

  refuses(): boolean {
    return this.#clock.now_us() < this.#refused_until_us
  }

  /** Says `payload` to the peers, or something else, or nothing. `key` is what a gap is in: one stream. */
  say(peers: readonly Peer[], key: string, payload: Uint8Array): void {
    const now_us = this.#clock.now_us()
    if (now_us < this.#silent_until_us) return
    if (this.#gone !== undefined && (now_us >= this.#gone.until_us || key === this.#gone.key)) {
      if (now_us < this.#gone.until_us) return
      this.#gone = undefined
    }
    if (!this.#on || this.#random.uniform() >= this.#wire_chance) return this.#send(peers, payload)
    this.#fault(this.#draw(this.#wire_deck, this.#kinds), peers, key, payload)
  }

  /** What becomes of an answer. `stale` is an older one of the same question. */
  answer(right: DoubleAnswer, stale: () => DoubleAnswer): DoubleAnswer | undefined {
    if (!this.#on || this.#random.uniform() >= this.#rest_chance) return right
    const fault = this.#draw(this.#rest_deck, REST_FAULTS)
    this.#count(fault)
    const body = text('{"code":-1003,"msg":"Too much request weight used."}')
    switch (fault) {
      case '429':
        return { status: 429, headers: { 'retry-after': '7' }, body }
      case '418':
        return { status: 418, headers: { 'retry-after': '20' }, body }
      case '500':
        return { status: 500, body: text('<html>') }
      case 'half-body':
        return { ...right, body: right.body.subarray(0, right.body.length >> 1) }
      case 'stale':
        return stale()
      case 'no-answer':
        return undefined
    }
  }

  /** In an order of chance, but each kind as often as the others. */
  #draw<F>(deck: F[], kinds: readonly F[]): F {
    if (deck.length === 0) deck.push(...kinds)
    return deck.splice(this.#random.integer(deck.length), 1)[0]!
  }

  #fault(fault: WireFault, peers: readonly Peer[], key: string, payload: Uint8Array): void {
    const now_us = this.#clock.now_us()
    const some_us = (least_s: number, most_s: number) =>
      now_us + (least_s + (most_s - least_s) * this.#random.uniform()) * 1_000_000
    this.#count(fault)
    switch (fault) {
      case 'drop':
        return
      case 'gap':
        this.#gone = { key, until_us: some_us(0.5, 3) }
        return
      case 'half':
        return this.#send(peers, payload.subarray(0, 1 + this.#random.integer(payload.length - 1)))
      case 'torn':
        for (const peer of [...peers]) peer.tear(payload)
        return
      case 'slow': {
        const rests = peers.map((peer) => peer.begin(payload))
        this.#clock.after((some_us(0.5, 4) - now_us) / 1_000, () => {
          for (const rest of rests) rest()
        })
        return
      }
      case 'wrong-json':
        return this.#send(peers, this.#spoilt(payload))
      case 'giant':
        return this.#send(peers, new Uint8Array(GIANT_BYTES).fill(0x20))
      case 'silence':
        this.#silent_until_us = some_us(1, 80)
        return
      case 'disconnect':
        for (const peer of [...peers]) peer.cut()
        return
      case 'duplicate':
        this.#send(peers, payload)
        return this.#send(peers, payload)
      case 'swap':
        this.#clock.after(120, () => this.#send(peers, payload))
        return
      case 'late':
        this.#late_until_us = some_us(0.5, 4)
        return this.#send(peers, payload)
      case 'refuse':
        this.#refused_until_us = some_us(1, 20)
        for (const peer of [...peers]) peer.cut()
        return
    }
  }

  /** All in order: what is late holds up what comes behind it. */
  #send(peers: readonly Peer[], payload: Uint8Array): void {
    const wait_ms = (this.#late_until_us - this.#clock.now_us()) / 1_000
    if (wait_ms <= 0) for (const peer of peers) peer.send(payload)
    else {
      const then = [...peers]
      this.#clock.after(wait_ms, () => {
        for (const peer of then) peer.send(payload)
      })
    }
  }

  /** JSON still, or nearly, but not what it says it is. */
  #spoilt(payload: Uint8Array): Uint8Array {
    const whole = new TextDecoder().decode(payload)
    const ways = [
      () => whole.replace(/"u":\d+/, '"u":"soon"'),
      () => whole.replace(/"[ba]":\[/, '"b":{"0":['),
      () => whole.replace(/\d\.\d/, '1.2.3'),
      () => `${whole}}`,
      () => 'null',
      () => '[]',
      () => '{"result":null,"id":1}',
      () => '\u0000\u0001\n{"a":1}',
    ]
    return text(ways[this.#random.integer(ways.length)]!())
  }

  #count(fault: Fault): void {
    this.counts[fault] = (this.counts[fault] ?? 0) + 1
  }
}
