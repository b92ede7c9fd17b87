import type { Json } from '../../../runtime/api/index.ts'
import { RollingSum } from './rolling-sum.ts'

/**
 * Volume-weighted average price over the last `n` closed bars and the open one, in price units.
 *
 * `sum(px * qty) / sum(qty)`. A window rather than a session: these markets never close.
 * Warm-up: the first trade; 0 before it. Memory: two rings of `n` numbers.
 */
export class Vwap {
  readonly #value: RollingSum
  readonly #volume: RollingSum
  #openValue = 0
  #openVolume = 0

  constructor(n: number) {
    this.#value = new RollingSum(n)
    this.#volume = new RollingSum(n)
  }

  get value(): number {
    const volume = this.#volume.value + this.#openVolume
    return volume > 0 ? (this.#value.value + this.#openValue) / volume : 0
  }

  trade(px: number, qty: number): void {
    this.#openValue += px * qty
    this.#openVolume += qty
  }

  /** Ends the open bar. */
  close(): void {
    this.#value.add(this.#openValue)
    this.#volume.add(this.#openVolume)
    this.#openValue = 0
    this.#openVolume = 0
  }

  reset(): void {
    this.#value.reset()
    this.#volume.reset()
    this.#openValue = 0
    this.#openVolume = 0
  }

  snapshot(): Json {
    return [this.#value.snapshot(), this.#volume.snapshot(), this.#openValue, this.#openVolume]
  }

  restore(json: Json): void {
    const [value, volume, openValue, openVolume] = json as [Json, Json, number, number]
    this.#value.restore(value)
    this.#volume.restore(volume)
    this.#openValue = openValue
    this.#openVolume = openVolume
  }
}
