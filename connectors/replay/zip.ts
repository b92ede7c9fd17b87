/**
 * Bytes of a zip archive's parts in chunks, one part behind the other.
 *
 * A part ends with a line feed before the next one begins. Its checksum is compared where it is read to its end.
 */
import { crc32 } from 'node:zlib'
import { type Entry, openPromise, type ZipFile } from 'yauzl'
import { AppError } from '../../runtime/api/index.ts'
import type { ByteChunks } from './chunks.ts'
import type { ArchivePart } from './format.ts'

const LINE_FEED = 10

export type PartsOf = (names: readonly string[]) => readonly ArchivePart[] | undefined

interface OpenPart {
  readonly entry: Entry
  readonly lines: number
}

/** An archive opened, and the name of its last part. Rejects with `DAMAGED_ZIP` (exit 3), `NOT_A_CAPTURE` (exit 2). */
export async function openZip(
  path: string,
  size_bytes: number,
  partsOf: PartsOf | undefined,
): Promise<{ chunks: ByteChunks; name: string }> {
  const zip = await openPromise(path, { autoClose: false }).catch((cause: Error) => {
    throw damaged(path, cause.message, cause)
  })
  try {
    const parts = await choose(path, zip, partsOf)
    const name = parts.at(-1)?.entry.fileName ?? ''
    return { chunks: zipChunks(path, size_bytes, zip, parts), name }
  } catch (error) {
    zip.close()
    throw error
  }
}

/** One file's name says nothing of an archive's entries: the format chooses, or there is only one. */
async function choose(path: string, zip: ZipFile, partsOf: PartsOf | undefined): Promise<readonly OpenPart[]> {
  const entries = new Map<string, Entry>()
  try {
    for await (const entry of zip.eachEntry()) if (!entry.fileName.endsWith('/')) entries.set(entry.fileName, entry)
  } catch (cause) {
    throw damaged(path, (cause as Error).message, cause)
  }
  const names = [...entries.keys()]
  const wanted = partsOf === undefined ? names.map((name) => ({ name })) : partsOf(names)
  const parts = (wanted ?? []).flatMap(({ name, lines }: ArchivePart) => {
    const entry = entries.get(name)
    return entry === undefined ? [] : [{ entry, lines: lines ?? Number.POSITIVE_INFINITY }]
  })
  if (parts.length > 0 && (partsOf !== undefined || parts.length === 1)) return parts
  throw new AppError('NOT_A_CAPTURE', `${path} does not hold what this format reads`, {
    exit_code: 2,
    hint: `its entries: ${names.slice(0, 16).join(', ') || 'none'}`,
  })
}

function zipChunks(path: string, size_bytes: number, zip: ZipFile, parts: readonly OpenPart[]): ByteChunks {
  // A part of which only lines are read counts for nothing.
  const total = parts.reduce(
    (sum, { entry, lines }) => sum + (lines === Number.POSITIVE_INFINITY ? entry.uncompressedSize : 0),
    0,
  )
  let read = 0
  const pieces = piecesOf(zip, parts)
  return {
    async next() {
      try {
        const { value } = await pieces.next()
        if (value !== undefined) read += value.length
        return value
      } catch (cause) {
        throw damaged(path, (cause as Error).message, cause)
      }
    },
    async close() {
      // Also ends the stream of the part that is being read.
      await pieces.return(undefined)
      zip.close()
    },
    size_bytes,
    get read_bytes() {
      return total === 0 ? size_bytes : Math.min(size_bytes, Math.floor((size_bytes * read) / total))
    },
  }
}

async function* piecesOf(zip: ZipFile, parts: readonly OpenPart[]): AsyncGenerator<Buffer, undefined> {
  for (const [i, { entry, lines }] of parts.entries()) {
    const stream = await zip.openReadStreamPromise(entry)
    let left = lines
    let sum = 0
    let last = LINE_FEED
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      sum = crc32(chunk, sum)
      const end = endOfLines(chunk, left)
      left = end.left
      last = chunk[end.at - 1] ?? last
      yield chunk.subarray(0, end.at)
      if (left === 0) break
    }
    if (left > 0 && sum !== entry.crc32) throw new Error(`the checksum of ${entry.fileName} differs`)
    if (i < parts.length - 1 && last !== LINE_FEED) yield Buffer.from([LINE_FEED])
  }
  return undefined
}

/** Where the `left`-th line of a chunk ends, and how many lines are left behind it. */
function endOfLines(chunk: Buffer, left: number): { at: number; left: number } {
  if (left === Number.POSITIVE_INFINITY) return { at: chunk.length, left }
  let at = 0
  while (left > 0) {
    const found = chunk.indexOf(LINE_FEED, at)
    if (found === -1) return { at: chunk.length, left }
    at = found + 1
    left--
  }
  return { at, left }
}

function damaged(path: string, detail: string, cause: unknown): AppError {
  return new AppError(
    'DAMAGED_ZIP',
    `${path} is a damaged archive (${detail}); every frame before that was delivered`,
    {
      exit_code: 3,
      hint: 'fetch the file again, check its size, and replay it into another --data directory or with --rebuild',
      cause,
    },
  )
}
