/**
 * Pieces of one capture file, cut from chunks without copying: a piece is a range of `block`.
 *
 * Holds the unread part of one chunk and one chunk ahead. What a piece is, the two classes below it say: `lines.ts` and
 * `records.ts`.
 */
import type { ByteChunks } from './chunks.ts'

export abstract class PieceReader {
  block: Buffer = Buffer.alloc(0)
  /** The range of the piece that `next` found. */
  start = 0
  end = 0
  /** Pieces that `next` has handed out. */
  count = 0

  protected pos = 0
  protected eof = false
  #chunks: ByteChunks
  #ahead: Promise<Buffer | undefined> | undefined

  constructor(chunks: ByteChunks) {
    this.#chunks = chunks
  }

  /** Goes to the next piece; `more` asks for `fill`. */
  abstract next(): 'line' | 'more' | 'end'

  /** Takes a chunk behind what `next` has not passed. */
  protected abstract append(chunk: Buffer): void

  /** Back to the first piece of the file; only as long as no `fill` came after a `next`. */
  rewind(): void {
    this.pos = 0
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
    return this.block.length - this.pos
  }

  /** Reads the next chunk. Keeps the rest of the block that `next` has not passed. */
  async fill(): Promise<void> {
    const chunk = await (this.#ahead ?? this.#chunks.next())
    this.#ahead = chunk === undefined ? undefined : this.#chunks.next()
    // Its failure is met by the fill that awaits it.
    this.#ahead?.catch(() => undefined)
    if (chunk === undefined) this.eof = true
    else this.append(chunk)
  }

  async close(): Promise<void> {
    await this.#ahead?.catch(() => undefined)
    await this.#chunks.close()
  }

  /** Makes `added` follow the rest of the block. */
  protected join(added: Buffer): void {
    const rest = this.block.subarray(this.pos)
    this.block = rest.length === 0 ? added : Buffer.concat([rest, added])
    this.pos = 0
  }
}
