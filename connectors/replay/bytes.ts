/**
 * Bytes of a capture file in chunks, gzip and zip unpacked on the way.
 *
 * The unpacker is fed one small piece at a time and its output taken at once, so that what came before a damaged
 * place is delivered and memory stays flat however large the file. Both are told by their first bytes, not by the name.
 */
import { type FileHandle, open } from 'node:fs/promises'
import { basename } from 'node:path'
import { createGunzip } from 'node:zlib'
import { AppError } from '../../runtime/api/index.ts'
import type { ByteChunks } from './chunks.ts'
import { openZip, type PartsOf } from './zip.ts'

const ZIP_MAGIC = 0x04034b50
const PLAIN_BYTES = 256 * 1024
const PACKED_BYTES = 32 * 1024
const UNPACKED_BYTES = 128 * 1024

/** The bytes of a file, and its name: of an archive that of the part read last. `partsOf` chooses among an archive's entries. */
export async function openBytes(path: string, partsOf?: PartsOf): Promise<{ chunks: ByteChunks; name: string }> {
  const handle = await open(path, 'r')
  try {
    const magic = Buffer.alloc(4)
    const { bytesRead } = await handle.read(magic, 0, 4, 0)
    const { size } = await handle.stat()
    if (bytesRead === 4 && magic.readUInt32LE(0) === ZIP_MAGIC) {
      await handle.close()
      return await openZip(path, size, partsOf)
    }
    const packed = bytesRead >= 2 && magic[0] === 0x1f && magic[1] === 0x8b
    return { chunks: packed ? unpack(handle, path, size) : plain(handle, size), name: basename(path) }
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
