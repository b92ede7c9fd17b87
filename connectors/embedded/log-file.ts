import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { AppError } from '../../runtime/api/index.ts'

/**
 * Looks at a log's file before LMDB maps it, because LMDB ends the process with a signal where it should answer: on a
 * file that is no database when it closes it again, and on pages that a cut-off file no longer has when it reads them.
 */

const MAGIC = 0xbeefc0de
const AT = { magic: 24, page_bytes: 48, last_page: 144, transaction: 152 } as const
const META_BYTES = 160

/** Pages freed in the transaction that took them are never written, so a sound file may end a little early. */
const UNWRITTEN_PAGES = 1_024

/** `DATA_DAMAGED` (exit 3) unless the file is missing, empty or looks like a whole LMDB file. */
export function checkLogFile(path: string): void {
  let file: number
  try {
    file = openSync(path, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  try {
    const { size } = fstatSync(file)
    if (size === 0) return
    const first = readMeta(file, 0)
    if (first.readUInt32LE(AT.magic) !== MAGIC) throw damaged(path, 'is not a log')
    const page_bytes = first.readUInt32LE(AT.page_bytes)
    const second = readMeta(file, page_bytes)
    if (second.readUInt32LE(AT.magic) !== MAGIC) throw damaged(path, 'is not a log')
    const newest = second.readBigUInt64LE(AT.transaction) > first.readBigUInt64LE(AT.transaction) ? second : first
    const pages = Number(newest.readBigUInt64LE(AT.last_page)) + 1
    if (size < (pages - UNWRITTEN_PAGES) * page_bytes) throw damaged(path, `is cut off at ${size} bytes`)
  } finally {
    closeSync(file)
  }
}

function readMeta(file: number, position: number): Buffer {
  const meta = Buffer.alloc(META_BYTES)
  readSync(file, meta, 0, META_BYTES, position)
  return meta
}

function damaged(path: string, detail: string): AppError {
  return new AppError('DATA_DAMAGED', `${path} ${detail}`, {
    exit_code: 3,
    hint: 'restore the directory from a copy, or replay its source into a new one',
  })
}
