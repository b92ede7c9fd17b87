/**
 * Records of one capture file, framed by its format: each piece is a record with its own framing.
 *
 * A file that ends within a record hands out what is there of it as the last piece; the format then calls it damaged. A
 * format bounds the length of its records, and with it the memory.
 */
import { assert } from '../../runtime/api/index.ts'
import type { ByteChunks } from './chunks.ts'
import type { RecordLength } from './format.ts'
import { PieceReader } from './pieces.ts'

export class RecordReader extends PieceReader {
  #lengthOf: RecordLength

  constructor(chunks: ByteChunks, lengthOf: RecordLength) {
    super(chunks)
    this.#lengthOf = lengthOf
  }

  next(): 'line' | 'more' | 'end' {
    const { pos, block } = this
    if (pos >= block.length) return this.eof ? 'end' : 'more'
    const length = this.#lengthOf(block, pos)
    assert(length === -1 || length > 0, 'a record has a length')
    const whole = length !== -1 && pos + length <= block.length
    if (!whole && !this.eof) return 'more'
    this.start = pos
    this.end = whole ? pos + length : block.length
    this.pos = this.end
    this.count++
    return 'line'
  }

  protected append(chunk: Buffer): void {
    this.join(chunk)
  }
}
