/**
 * Lines of one capture file, cut from chunks without copying: a line is a range of `block`.
 *
 * Holds the unread part of one chunk and one chunk ahead. A line beyond `MAX_LINE_BYTES` is cut to that length and its
 * rest dropped, so that a file without line feeds cannot fill the memory.
 */
import type { ByteChunks } from './bytes.ts'
import { MAX_LINE_BYTES } from './format.ts'

const LINE_FEED = 10
const CARRIAGE_RETURN = 13

export class LineReader {
  block: Buffer = Buffer.alloc(0)
  /** The range of the line that `next` found. */
  start = 0
  end = 0
  /** Lines that `next` has handed out. */
  count = 0

  #chunks: ByteChunks
  #ahead: Promise<Buffer | undefined> | undefined
  #pos = 0
  /** From here on no line feed was looked for. */
  #scanned = 0
  #eof = false
  /** The block holds the kept part of an over-long line whose end has not come. */
  #cutting = false

  constructor(chunks: ByteChunks) {
    this.#chunks = chunks
  }

  /** Goes to the next line; `more` asks for `fill`. */
  next(): 'line' | 'more' | 'end' {
    const at = this.block.indexOf(LINE_FEED, this.#scanned)
    if (at === -1) {
      this.#scanned = this.block.length
      if (!this.#eof) return 'more'
      if (this.#pos >= this.block.length) return 'end'
    }
    const end = at === -1 ? this.block.length : at
    this.start = this.#pos
    this.end = Math.min(
      end > this.#pos && this.block[end - 1] === CARRIAGE_RETURN ? end - 1 : end,
      this.#pos + MAX_LINE_BYTES,
    )
    this.#pos = end + 1
    this.#scanned = this.#pos
    this.count++
    return 'line'
  }

  /** Back to the first line of the file; only as long as no `fill` came after a `next`. */
  rewind(): void {
    this.#pos = 0
    this.#scanned = 0
    this.count = 0
  }

  /** Bytes of the file on disk, and how many of them were read. */
  get size_bytes(): number {
    return this.#chunks.size_bytes
  }

  get read_bytes(): number {
    return this.#chunks.read_bytes
  }

  /** Bytes read ahead of the position. */
  get buffered_bytes(): number {
    return this.block.length - this.#pos
  }

  /** Reads the next chunk. Keeps the rest of the block that `next` has not passed. */
  async fill(): Promise<void> {
    const chunk = await (this.#ahead ?? this.#chunks.next())
    this.#ahead = chunk === undefined ? undefined : this.#chunks.next()
    // Its failure is met by the fill that awaits it.
    this.#ahead?.catch(() => undefined)
    if (chunk === undefined) this.#eof = true
    else this.#append(chunk)
  }

  async close(): Promise<void> {
    await this.#ahead?.catch(() => undefined)
    await this.#chunks.close()
  }

  #append(chunk: Buffer): void {
    const rest = this.block.subarray(this.#pos)
    let added = chunk
    if (this.#cutting) {
      const end = chunk.indexOf(LINE_FEED)
      if (end === -1) return
      added = chunk.subarray(end)
      this.#cutting = false
    }
    this.#scanned = Math.max(0, this.#scanned - this.#pos)
    this.block = rest.length === 0 ? added : Buffer.concat([rest, added])
    this.#pos = 0
    if (this.block.length > MAX_LINE_BYTES && this.block.indexOf(LINE_FEED, this.#scanned) === -1) {
      this.block = Buffer.from(this.block.subarray(0, MAX_LINE_BYTES))
      this.#scanned = MAX_LINE_BYTES
      this.#cutting = true
    }
  }
}
