/**
 * Writes frames into a capture file, from which a replay reads them back exactly: times, addresses and bytes.
 *
 * The file is there under its name only when it is whole: until `end` it is NAME.part. A name that ends in `.gz` is
 * compressed. Nothing is ever overwritten: an AppError `FILE_EXISTS` (exit 2). `FILE_UNWRITABLE` (exit 4) where the
 * disk refuses.
 */
import { once } from 'node:events'
import { createWriteStream, existsSync, type WriteStream } from 'node:fs'
import { open, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { createGzip, type Gzip } from 'node:zlib'
import { AppError } from '../../runtime/api/index.ts'
import type { RawFrame } from '../../schemas/generated/index.ts'
import { captureLine } from '../replay/addressed.ts'
import type { ReplayFormat } from '../replay/format.ts'

/** Lines are handed on in pieces of about this size: a system call for each frame would cost more than the frame. */
const CHUNK_BYTES = 64 * 1024

export class CaptureWriter {
  readonly path: string
  readonly #format: ReplayFormat
  readonly #file: WriteStream
  readonly #gzip: Gzip | undefined
  #chunk: Buffer[] = []
  #chunk_bytes = 0
  #draining: Promise<void> | undefined
  #failure: AppError | undefined
  frames = 0
  /** Before compression. */
  bytes = 0

  constructor(path: string, format: ReplayFormat) {
    this.path = path
    this.#format = format
    for (const taken of [path, this.#part]) {
      if (existsSync(taken)) {
        throw new AppError('FILE_EXISTS', `${taken} exists`, {
          exit_code: 2,
          hint: 'choose another name, or move the file away',
        })
      }
    }
    this.#file = createWriteStream(this.#part, { flags: 'wx' })
    this.#file.on('error', (error) => this.#fail(error))
    if (path.endsWith('.gz')) {
      this.#gzip = createGzip({ level: 6 })
      // It only ever fails because the file did, which is known then.
      this.#gzip.on('error', () => undefined)
      this.#gzip.pipe(this.#file)
    }
  }

  get #part(): string {
    return `${this.path}.part`
  }

  /** Bytes that are in the file, compressed. */
  get written_bytes(): number {
    return this.#file.bytesWritten
  }

  /** Takes a frame; a promise where the disk is behind and no more should be handed in before it. Throws what failed. */
  write(frame: RawFrame): Promise<void> | undefined {
    if (this.#failure !== undefined) throw this.#failure
    const line = captureLine(
      {
        receive_time_us: frame.receive_time_us,
        receive_time_ns_rest: frame.receive_time_ns_rest,
        symbol: frame.venue_symbol.slice(frame.venue.length + 1),
        channel: frame.channel,
        payload: frame.payload,
      },
      this.#format,
    )
    this.#chunk.push(line)
    this.#chunk_bytes += line.length
    this.frames++
    this.bytes += line.length
    return this.#chunk_bytes >= CHUNK_BYTES ? this.#pass() : this.#draining
  }

  /** Writes the rest, makes it durable, and gives the file its name. */
  async end(): Promise<void> {
    await this.#pass()
    const closed = this.#failure === undefined ? once(this.#file, 'close') : Promise.resolve()
    ;(this.#gzip ?? this.#file).end()
    await closed.catch((error: NodeJS.ErrnoException) => this.#fail(error))
    if (this.#failure !== undefined) throw this.#failure
    await synced(this.#part)
    await rename(this.#part, this.path)
    await synced(dirname(this.path))
  }

  #pass(): Promise<void> | undefined {
    const chunk = Buffer.concat(this.#chunk)
    this.#chunk = []
    this.#chunk_bytes = 0
    const stream = this.#gzip ?? this.#file
    if (this.#failure === undefined && !stream.write(chunk) && this.#draining === undefined) {
      this.#draining = once(stream, 'drain').then(
        () => {
          this.#draining = undefined
        },
        (error: NodeJS.ErrnoException) => this.#fail(error),
      )
    }
    return this.#draining
  }

  #fail(error: NodeJS.ErrnoException): void {
    this.#failure ??= new AppError('FILE_UNWRITABLE', `writing ${this.#part}: ${error.message}`, {
      exit_code: 4,
      cause: error,
    })
    // Who waits for room must not wait for ever.
    this.#gzip?.destroy(error)
  }
}

async function synced(path: string): Promise<void> {
  const file = await open(path, 'r')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}
