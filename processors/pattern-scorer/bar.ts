import type { Json } from '../../runtime/api/index.ts'

/**
 * The open bar: trades of one bucket of stream time, `[k * bar, (k + 1) * bar)`.
 *
 * Prices and quantities are integers in the instrument's scales. Empty while `trades` is 0.
 */
export class Bar {
  /** First stream time after the bucket, microseconds. */
  end_us = 0
  start_us = 0
  trades = 0
  high = 0
  low = 0
  close = 0
  volume = 0
  /** Volume of buyers who took less volume of sellers who took. */
  signed_volume = 0

  open(time_us: number, bar_us: number): void {
    this.end_us = time_us - (time_us % bar_us) + bar_us
    this.start_us = time_us
    this.trades = 0
    this.volume = 0
    this.signed_volume = 0
  }

  /** Forgets the bar; the next trade opens one. */
  clear(): void {
    this.end_us = 0
    this.start_us = 0
    this.trades = 0
    this.volume = 0
    this.signed_volume = 0
  }

  trade(px: number, qty: number, buys: boolean): void {
    if (this.trades === 0) {
      this.high = px
      this.low = px
    } else if (px > this.high) this.high = px
    else if (px < this.low) this.low = px
    this.close = px
    this.trades += 1
    this.volume += qty
    this.signed_volume += buys ? qty : -qty
  }

  snapshot(): Json {
    const { end_us, start_us, trades, high, low, close, volume, signed_volume } = this
    return [end_us, start_us, trades, high, low, close, volume, signed_volume]
  }

  restore(json: Json): void {
    const [end_us, start_us, trades, high, low, close, volume, signed_volume] = json as readonly number[]
    this.end_us = end_us as number
    this.start_us = start_us as number
    this.trades = trades as number
    this.high = high as number
    this.low = low as number
    this.close = close as number
    this.volume = volume as number
    this.signed_volume = signed_volume as number
  }
}
