/**
 * Bytes of a capture file in chunks, gzip unpacked on the way.
 *
 * The unpacker is fed one small piece at a time and its output taken at once, so that what came before a damaged
 * place is delivered and memory stays flat however large the file. Gzip is told by its first two bytes, not by the name.
 */
import { type FileHandle, open } from 'node:fs/promises'
import { createGunzip } from 'node:zlib'
import { AppError } from '../../runtime/api/index.ts'

const PLAIN_BYTES = 256 * 1024
const PACKED_BYTES = 32 * 1024
const UNPACKED_BYTES = 128 * 1024

export interface ByteChunks {
  /** The next bytes, `undefined` at the end. Rejects with `TRUNCATED_GZIP` or `DAMAGED_GZIP` (AppError, exit 3). */
  next(): Promise<Buffer | undefined>
  close(): Promise<void>
  /** Bytes of the file, as it is on disk, and how many of them were read. */
  readonly size_bytes: number
  readonly read_bytes: number
}

export async function openBytes(path: string): Promise<ByteChunks> {
  const handle = await open(path, 'r')
  try {
    const magic = Buffer.alloc(2)
    const { bytesRead } = await handle.read(magic, 0, 2, 0)
    const packed = bytesRead === 2 && magic[0] === 0x1f && magic[1] === 0x8b
    const { size } = await handle.stat()
    return packed ? unpack(handle, path, size) : plain(handle, size)
  } catch (error) {
    await handle.close()
    throw error
  }
}

function plain(handle: FileHandle, size_bytes: number): ByteChunks {
  let position = 0
  return {
    async next() {
      const chunk = Buffer.allocUnsafeSlow(PLAIN_BYTES)
      const { bytesRead } = await handle.read(chunk, 0, PLAIN_BYTES, position)
      position += bytesRead
      return bytesRead === 0 ? undefined : chunk.subarray(0, bytesRead)
    },
    close: () => handle.close(),
    size_bytes,
    get read_bytes() {
      return position
    },
  }
}

function unpack(handle: FileHandle, path: string, size_bytes: number): ByteChunks {
  const gunzip = createGunzip({ chunkSize: UNPACKED_BYTES })
  const input = Buffer.allocUnsafeSlow(PACKED_BYTES)
  let out: Buffer[] = []
  let position = 0
  let ended = false
  let failure: AppError | undefined
  // Set while a piece is being unpacked: an error of the stream does not call the write's callback.
  let wake: (() => void) | undefined
  gunzip.on('data', (chunk: Buffer) => out.push(chunk))
  gunzip.on('end', () => {
    ended = true
    wake?.()
  })
  gunzip.on('error', (error: NodeJS.ErrnoException) => {
    failure = gzipFailure(path, error)
    wake?.()
  })

  async function feed(): Promise<void> {
    const { bytesRead } = await handle.read(input, 0, PACKED_BYTES, position)
    position += bytesRead
    await new Promise<void>((resolve) => {
      wake = resolve
      if (failure !== undefined || ended) resolve()
      else if (bytesRead === 0) gunzip.end()
      else gunzip.write(input.subarray(0, bytesRead), () => resolve())
    })
  }

  return {
    async next() {
      for (;;) {
        const ready = out
        if (ready.length > 0) {
          out = []
          return ready.length === 1 ? ready[0] : Buffer.concat(ready)
        }
        if (failure !== undefined) throw failure
        if (ended) return undefined
        await feed()
      }
    },
    async close() {
      gunzip.destroy()
      await handle.close()
    },
    size_bytes,
    get read_bytes() {
      return position
    },
  }
}

function gzipFailure(path: string, error: NodeJS.ErrnoException): AppError {
  const truncated = error.code === 'Z_BUF_ERROR'
  return new AppError(
    truncated ? 'TRUNCATED_GZIP' : 'DAMAGED_GZIP',
    `${path} ${truncated ? 'ends in the middle of its gzip data' : `holds damaged gzip data (${error.message})`}; every frame before that place was delivered`,
    {
      exit_code: 3,
      hint: 'fetch the file again, check its size, and replay it into another --data directory or with --rebuild',
      cause: error,
    },
  )
}
