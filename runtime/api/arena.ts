/**
 * A growable byte arena that encoders write into.
 *
 * Encoding into one arena per batch is several times faster than one buffer per record. Growing moves the bytes to a
 * new buffer, so nobody keeps a view across `ensure`; `bytes` copies nothing and is valid until the next write.
 */
export class Arena {
  buf: Buffer
  pos = 0

  constructor(initial_bytes = 64 * 1024) {
    this.buf = Buffer.allocUnsafeSlow(initial_bytes)
  }

  /** Makes room for `size_bytes` more behind `pos`. */
  ensure(size_bytes: number): void {
    const needed = this.pos + size_bytes
    if (needed <= this.buf.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.buf.length * 2))
    this.buf.copy(grown, 0, 0, this.pos)
    this.buf = grown
  }

  /** A view of the bytes from `start` to `pos`. */
  bytes(start = 0): Buffer {
    return this.buf.subarray(start, this.pos)
  }

  reset(): void {
    this.pos = 0
  }
}
