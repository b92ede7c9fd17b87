import type { Json } from '../../runtime/api/index.ts'

/** When a pattern fires; levels in the pattern's own unit. */
export interface TriggerParams {
  readonly enter: number
  readonly rearm: number
  readonly cooldown_ms: number
}

/**
 * Makes a signal rare: it fires once as the level rises through `enter`, and not again before the level fell to
 * `rearm` or changed sign, nor before `cooldown_ms` of stream time.
 *
 * A crossing during the cooldown is not remembered: if the level is still beyond `enter` when the cooldown ends, it
 * fires then.
 */
export class Trigger {
  /** Sign of the level that fired and is still in force; 0 when armed. */
  #fired = 0
  #quiet_until_us = 0

  /** `level` is signed and finite. */
  fires(level: number, time_us: number, params: TriggerParams): boolean {
    const size = level < 0 ? -level : level
    const sign = level < 0 ? -1 : 1
    if (this.#fired !== 0 && (size <= params.rearm || sign !== this.#fired)) this.#fired = 0
    if (size < params.enter || this.#fired !== 0 || time_us < this.#quiet_until_us) return false
    this.#fired = sign
    this.#quiet_until_us = time_us + params.cooldown_ms * 1_000
    return true
  }

  snapshot(): Json {
    return [this.#fired, this.#quiet_until_us]
  }

  restore(json: Json): void {
    const [fired, quiet_until_us] = json as [number, number]
    this.#fired = fired
    this.#quiet_until_us = quiet_until_us
  }
}
