import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Source, SourceItem } from '../../runtime/api/index.ts'
import { Draws } from './draws.ts'
import type { FuzzMarket } from './fuzz-market.ts'
import { large } from './mutations.ts'

/** A feed of megabyte frames, made one by one so that none of them is ours to keep, and what heap it leaves. */
export class HostileSource implements Source {
  readonly identity = { kind: 'hostile' }
  /** Bytes of the heap in use after frames `first` and `last`, garbage collected. */
  readonly used_bytes: number[] = []
  fed_bytes = 0
  done = false
  private readonly draws = new Draws(7)
  private readonly market: FuzzMarket
  private readonly first: number
  private readonly last: number
  private taken = 0

  constructor(market: FuzzMarket, first: number, last: number) {
    this.market = market
    this.first = first
    this.last = last
  }

  async open(): Promise<void> {
    while (!this.market.whole) this.market.next()
  }

  take(): SourceItem | undefined {
    if (this.taken === this.first || this.taken === this.last) this.used_bytes.push(usedBytes())
    if (this.taken === this.last) {
      this.done = true
      return undefined
    }
    const kinds = Object.values(large)
    const { payload: good, receive_time_us } = this.market.next()
    const damage = kinds[this.taken % kinds.length]
    // The first frame makes the symbol known.
    const payload = this.taken === 0 || damage === undefined ? good : damage(good, this.draws, good)
    if (this.used_bytes.length > 0) this.fed_bytes += payload.length
    const frame_seq = this.taken++
    const of = { venue_symbol: 'BINANCE:BTCUSDT', venue: 'BINANCE', source: 'feed', channel: '' }
    const times = { receive_time_us, receive_time_ns_rest: 0, receive_error_us: null }
    return { value: { ...of, ...times, frame_seq, payload }, stream_time_us: receive_time_us, position: this.taken }
  }

  async ready(): Promise<void> {}

  async close(): Promise<void> {}
}

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

function usedBytes(): number {
  collect()
  return process.memoryUsage().heapUsed
}
