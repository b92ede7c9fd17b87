/**
 * Watches the lengths in a stream of answers, so that a server that announces more than it may send, or speaks
 * another protocol, is cut off before memory is set aside for it. Passes over the bodies: costs a few comparisons per
 * chunk.
 */
import { AppError, RetriableError } from '../../runtime/api/index.ts'

export class FrameGuard {
  readonly #max: number
  readonly #head = Buffer.alloc(4)
  #head_length = 0
  #body_left = 0
  #first = true

  /** `max`: bytes of one answer. */
  constructor(max: number) {
    this.#max = max
  }

  /** The error that ends the connection, or undefined while the chunk looks like answers. */
  check(chunk: Buffer): Error | undefined {
    let at = 0
    while (at < chunk.length) {
      if (this.#body_left > 0) {
        const step = Math.min(this.#body_left, chunk.length - at)
        this.#body_left -= step
        at += step
        continue
      }
      this.#head[this.#head_length++] = chunk[at++] as number
      if (this.#head_length < 4) continue
      this.#head_length = 0
      const first = this.#first
      this.#first = false
      // A TLS alert or handshake record: the listener wants TLS and we spoke in clear.
      if (first && (this.#head[0] === 0x15 || this.#head[0] === 0x16) && this.#head[1] === 0x03) return wantsTls()
      const length = this.#head.readInt32BE(0)
      if (length < 4 || length > this.#max) {
        return new RetriableError('KAFKA_PROTOCOL', `an answer of ${length} bytes was announced (at most ${this.#max})`)
      }
      this.#body_left = length
    }
    return undefined
  }
}

export function wantsTls(): AppError {
  return new AppError('KAFKA_TLS', 'the broker wants TLS and the connection is in clear', {
    exit_code: 4,
    hint: 'set AITRADER_KAFKA_TLS_CA_FILE (or AITRADER_KAFKA_TLS=true for a publicly signed certificate)',
  })
}
