/** What the readers of pieces are fed with. */
export interface ByteChunks {
  /** The next bytes, `undefined` at the end. Rejects with `TRUNCATED_GZIP`, `DAMAGED_GZIP` or `DAMAGED_ZIP` (AppError, exit 3). */
  next(): Promise<Buffer | undefined>
  close(): Promise<void>
  /** Bytes of the file, as it is on disk, and how many of them were read. */
  readonly size_bytes: number
  readonly read_bytes: number
}
