/**
 * Lines of one capture file, without their line feeds.
 *
 * A line beyond `MAX_LINE_BYTES` is cut to that length and its rest dropped, so that a file without line feeds cannot
 * fill the memory.
 */
import { MAX_LINE_BYTES } from './format.ts'
import { PieceReader } from './pieces.ts'

const LINE_FEED = 10
const CARRIAGE_RETURN = 13

export class LineReader extends PieceReader {
  /** From here on no line feed was looked for. */
  #scanned = 0
  /** The block holds the kept part of an over-long line whose end has not come. */
  #cutting = false

  next(): 'line' | 'more' | 'end' {
    const at = this.block.indexOf(LINE_FEED, this.#scanned)
    if (at === -1) {
      this.#scanned = this.block.length
      if (!this.eof) return 'more'
      if (this.pos >= this.block.length) return 'end'
    }
    const end = at === -1 ? this.block.length : at
    this.start = this.pos
    this.end = Math.min(
      end > this.pos && this.block[end - 1] === CARRIAGE_RETURN ? end - 1 : end,
      this.pos + MAX_LINE_BYTES,
    )
    this.pos = end + 1
    this.#scanned = this.pos
    this.count++
    return 'line'
  }

  override rewind(): void {
    super.rewind()
    this.#scanned = 0
  }

  protected append(chunk: Buffer): void {
    let added = chunk
    if (this.#cutting) {
      const end = chunk.indexOf(LINE_FEED)
      if (end === -1) return
      added = chunk.subarray(end)
      this.#cutting = false
    }
    this.#scanned = Math.max(0, this.#scanned - this.pos)
    this.join(added)
    if (this.block.length > MAX_LINE_BYTES && this.block.indexOf(LINE_FEED, this.#scanned) === -1) {
      this.block = Buffer.from(this.block.subarray(0, MAX_LINE_BYTES))
      this.#scanned = MAX_LINE_BYTES
      this.#cutting = true
    }
  }
}
