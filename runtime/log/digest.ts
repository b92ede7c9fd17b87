import { createHash, type Hash } from 'node:crypto'
import { assert } from '../api/fault.ts'
import { skipRecords } from './records.ts'

/**
 * The running digest of a partition: blocks of 4,096 records of `bodies` bytes, hashed and chained.
 *
 * `chain = sha256(chain || sha256(block))`, at first 32 zero bytes. It depends on keys, bodies and their order alone:
 * batches, commits and restarts cut the same bytes differently. Whole runs of records are hashed at once; only a batch
 * that crosses the end of a block is walked.
 */

const BLOCK_RECORDS = 4_096
export const CHAIN_BYTES = 32

export class BlockDigest {
  #chain: Buffer
  #block: Hash = createHash('sha256')
  #records = 0

  /** `chain`: of the closed blocks; the records of the open block have to be added again. */
  constructor(chain: Uint8Array = Buffer.alloc(CHAIN_BYTES)) {
    assert(chain.length === CHAIN_BYTES, 'a digest chain has 32 bytes')
    this.#chain = Buffer.from(chain)
  }

  add(bodies: Buffer, records: number): void {
    let pos = 0
    let left = records
    while (this.#records + left >= BLOCK_RECORDS) {
      const taken = BLOCK_RECORDS - this.#records
      const end = skipRecords(bodies, pos, taken)
      this.#block.update(bodies.subarray(pos, end))
      this.#chain = link(this.#chain, this.#block)
      this.#block = createHash('sha256')
      this.#records = 0
      pos = end
      left -= taken
    }
    if (left === 0) return
    this.#block.update(bodies.subarray(pos))
    this.#records += left
  }

  /** Chain of the closed blocks. */
  get chain(): Buffer {
    return this.#chain
  }

  /** Chain with the open block counted as it stands. */
  current(): Buffer {
    return this.#records === 0 ? this.#chain : link(this.#chain, this.#block.copy())
  }
}

/** First offset of the block that is open when a partition ends at `end_offset`. */
export function openBlock(end_offset: number): number {
  return end_offset - (end_offset % BLOCK_RECORDS)
}

/** A topic's digest: its partitions' chains, in order. */
export function topicDigest(chains: readonly Uint8Array[]): string {
  const hash = createHash('sha256')
  for (const chain of chains) hash.update(chain)
  return hash.digest('hex')
}

function link(chain: Uint8Array, block: Hash): Buffer {
  return createHash('sha256').update(chain).update(block.digest()).digest()
}
