/**
 * One capture file of a replay: opened, checked, read piece by piece, with its next frame as `head`.
 *
 * A line whose time cannot be read is a frame too: it gets the receive time before it, so that its bytes end as a
 * coded fault in the dead letter and not in silence. Only the first line must be whole: a file that does not begin
 * like a capture is none.
 */
import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { AppError } from '../../runtime/api/index.ts'
import { openBytes } from './bytes.ts'
import { type ByteChunks, firstByte } from './chunks.ts'
import type { FrameLine, LineKind, PieceReading, ReplayFormat } from './format.ts'
import { LineReader } from './lines.ts'
import type { PieceReader } from './pieces.ts'
import { RecordReader } from './records.ts'

const IDENTITY_BYTES = 64 * 1024
/** The symbol of frames that name none is looked for in this many bytes. */
const LOOK_AHEAD_BYTES = 4 * 1024 * 1024
/** Names kept per file; a file that names more symbols makes its strings anew. */
const VENUE_SYMBOLS = 4_096

/** SHA-256 (hex) over the size and the first 64 KiB: tells another file, not a change far behind the beginning. */
export async function fileIdentity(path: string): Promise<string> {
  const handle = await open(path, 'r').catch((cause: NodeJS.ErrnoException) => {
    const missing = cause.code === 'ENOENT'
    throw new AppError(
      'FILE_UNREADABLE',
      missing ? `there is no file ${path}` : `cannot read ${path}: ${cause.message}`,
      {
        exit_code: 2,
        hint: 'check the path after --replay',
        cause,
      },
    )
  })
  try {
    const stat = await handle.stat()
    if (!stat.isFile()) {
      throw new AppError('FILE_UNREADABLE', `${path} is not a file`, {
        exit_code: 2,
        hint: 'check the path after --replay',
      })
    }
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(IDENTITY_BYTES), 0, IDENTITY_BYTES, 0)
    return createHash('sha256').update(`${stat.size}\n`).update(buffer.subarray(0, bytesRead)).digest('hex')
  } finally {
    await handle.close()
  }
}

async function piecesOf(chunks: ByteChunks, { record, recorded }: ReplayFormat): Promise<PieceReader> {
  if (record === undefined) return new LineReader(chunks)
  if (recorded === undefined) return new RecordReader(chunks, record)
  try {
    const looked_at = await firstByte(chunks)
    const { first } = looked_at
    return first !== undefined && recorded(first)
      ? new RecordReader(looked_at.chunks, record)
      : new LineReader(looked_at.chunks)
  } catch (error) {
    await chunks.close()
    throw error
  }
}

export class CaptureFile {
  readonly path: string
  readonly format: ReplayFormat
  /** The next frame; valid when `advance` answered `frame`, until the next call. */
  readonly head: FrameLine = {
    receive_time_us: 0,
    receive_time_ns_rest: 0,
    payload_start: 0,
    payload_end: 0,
    symbol: '',
    channel: '',
  }
  /** Symbol of frames that name none; empty if the file's beginning names none. */
  symbol = ''
  ended = false
  /** Lines up to the last frame that was taken. */
  lines_done = 0
  #venue_symbols = new Map<string, string>()
  #lines: PieceReader
  #reading: PieceReading
  /** Name of the file, of an archive that of its last part. */
  #name: string
  #ready = false
  #filling: Promise<void> | undefined
  #failure: unknown

  private constructor(path: string, format: ReplayFormat, lines: PieceReader, name: string) {
    this.path = path
    this.format = format
    this.#lines = lines
    this.#name = name
    this.#reading = format
  }

  /** Opens at the line after `lines_done`. */
  static async open(path: string, format: ReplayFormat, lines_done: number): Promise<CaptureFile> {
    const { chunks, name } = await openBytes(path, format.parts)
    const file = new CaptureFile(path, format, await piecesOf(chunks, format), name)
    try {
      await file.#lookAhead()
      await file.#skip(lines_done)
    } catch (error) {
      await file.close()
      throw error
    }
    return file
  }

  get size_bytes(): number {
    return this.#lines.size_bytes
  }

  /** Bytes of the file that were read; never all of them before the last line was taken. */
  get done_bytes(): number {
    const { size_bytes, read_bytes } = this.#lines
    return this.ended ? size_bytes : Math.max(0, Math.min(read_bytes, size_bytes - 1))
  }

  /** The block that `head`'s range is in. */
  get block(): Buffer {
    return this.#lines.block
  }

  /** `VENUE:SYMBOL` of the head; `VENUE:?` where neither the frame nor the file names a symbol. */
  get venue_symbol(): string {
    const symbol = this.head.symbol === '' ? this.symbol : this.head.symbol
    let venue_symbol = this.#venue_symbols.get(symbol)
    if (venue_symbol === undefined) {
      venue_symbol = `${this.format.venue}:${symbol === '' ? '?' : symbol}`
      if (this.#venue_symbols.size < VENUE_SYMBOLS) this.#venue_symbols.set(symbol, venue_symbol)
    }
    return venue_symbol
  }

  /** Makes `head` the next frame. False: `fill` must be awaited first. Sets `ended` after the last line. */
  advance(): boolean {
    while (!this.#ready && !this.ended) {
      const found = this.#lines.next()
      if (found === 'more') return false
      if (found === 'end') this.ended = true
      else if (this.#read() !== 'none') this.#ready = true
    }
    return true
  }

  /** The head was taken. */
  consume(): void {
    this.#ready = false
    this.lines_done = this.#lines.count
  }

  /** Reads on. Rejects with what is wrong with the file, again at every call. */
  fill(): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    this.#filling ??= this.#lines
      .fill()
      .catch((error: unknown) => {
        this.#failure = error
        throw error
      })
      .finally(() => {
        this.#filling = undefined
      })
    return this.#filling
  }

  close(): Promise<void> {
    return this.#lines.close()
  }

  /** Reads the line in hand into `head`; a damaged one keeps the times of the line before. */
  #read(): LineKind {
    const { block, start, end } = this.#lines
    if (start === end) return 'none'
    const { head } = this
    const { receive_time_us, receive_time_ns_rest } = head
    const kind = this.#reading.line(block, start, end, head)
    if (kind === 'damaged') {
      head.receive_time_us = receive_time_us
      head.receive_time_ns_rest = receive_time_ns_rest
      head.payload_start = start
      head.payload_end = end
      head.symbol = ''
      head.channel = ''
    }
    return kind
  }

  /** Checks the first line and finds the file's symbol, then goes back to the beginning. */
  async #lookAhead(): Promise<void> {
    const lines = this.#lines
    for (;;) {
      this.#begin()
      let found = lines.next()
      if (found === 'end' || (found === 'line' && this.#read() === 'damaged')) {
        throw new AppError(
          'NOT_A_CAPTURE',
          `${this.path} ${found === 'end' ? 'is empty' : 'does not look like this format'}`,
          {
            exit_code: 2,
            hint: `a line looks like: ${this.format.example}`,
          },
        )
      }
      while (found === 'line' && this.head.symbol === '') {
        found = lines.next()
        if (found === 'line') this.#read()
      }
      this.symbol = this.head.symbol
      if (found !== 'more' || lines.block.length >= LOOK_AHEAD_BYTES) break
      this.#begin()
      try {
        await this.fill()
      } catch (error) {
        // A damaged place within the look-ahead: what stands before it is delivered first.
        if (lines.block.length === 0) throw error
        break
      }
    }
    this.#begin()
  }

  /** Goes to the first piece, with nothing kept of those read before. */
  #begin(): void {
    const { format, head } = this
    this.#lines.rewind()
    this.#reading = format.reading === undefined ? format : format.reading(this.#name)
    head.receive_time_us = 0
    head.receive_time_ns_rest = 0
  }

  async #skip(lines_done: number): Promise<void> {
    while (this.#lines.count < lines_done) {
      const found = this.#lines.next()
      if (found === 'line') this.#read()
      else if (found === 'more') await this.fill()
      else {
        throw new AppError('SOURCE_CHANGED', `${this.path} has fewer lines than were read from it before`, {
          exit_code: 2,
          hint: 'replay the same file, or use another data directory',
        })
      }
    }
    this.lines_done = lines_done
  }
}
