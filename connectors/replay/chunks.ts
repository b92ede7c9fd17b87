/** What the readers of pieces are fed with. */
export interface ByteChunks {
  /** The next bytes, `undefined` at the end. Rejects with `TRUNCATED_GZIP`, `DAMAGED_GZIP` or `DAMAGED_ZIP` (AppError, exit 3). */
  next(): Promise<Buffer | undefined>
  close(): Promise<void>
  /** Bytes of the file, as it is on disk, and how many of them were read. */
  readonly size_bytes: number
  readonly read_bytes: number
}

/** The first byte of what was read, undefined of nothing, and the same chunks from their beginning. */
export async function firstByte(chunks: ByteChunks): Promise<{ first: number | undefined; chunks: ByteChunks }> {
  let head = await chunks.next()
  const from_beginning: ByteChunks = {
    async next() {
      const next = head ?? (await chunks.next())
      head = undefined
      return next
    },
    close: () => chunks.close(),
    size_bytes: chunks.size_bytes,
    get read_bytes() {
      return chunks.read_bytes
    },
  }
  return { first: head?.[0], chunks: from_beginning }
}
