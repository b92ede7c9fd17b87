import {
  closeSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { AppError } from '../../runtime/api/index.ts'

/**
 * A data directory: `format.json` says what it is, `log.mdb` holds the log, `lock.sqlite` and `holder.json` the lock.
 *
 * A directory of a later format or of another topology is refused (exit 2), a damaged `format.json` is `DATA_DAMAGED`
 * (exit 3); neither is ever written to.
 */

const FORMAT = 1

export interface DirectoryFormat {
  readonly format: number
  readonly topology: string
  /** Wall time, ISO 8601; for people only. */
  readonly created: string
}

export function logPath(dir: string): string {
  return join(dir, 'log.mdb')
}

/** What the directory says it is; undefined if there is none yet. */
export function readFormat(dir: string): DirectoryFormat | undefined {
  const path = join(dir, 'format.json')
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw unusable(dir, error)
  }
  let found: Partial<DirectoryFormat> | null
  try {
    found = JSON.parse(text) as Partial<DirectoryFormat> | null
  } catch {
    found = null
  }
  if (typeof found?.format !== 'number' || typeof found.topology !== 'string') {
    throw new AppError('DATA_DAMAGED', `${path} is damaged`, {
      exit_code: 3,
      hint: 'restore it from a copy, or use another directory',
    })
  }
  if (found.format > FORMAT) {
    throw new AppError('DIRECTORY_TOO_NEW', `${dir} has format ${found.format}, this build knows up to ${FORMAT}`, {
      exit_code: 2,
      hint: 'use the build that wrote it, or another directory with --data',
    })
  }
  return { format: found.format, topology: found.topology, created: found.created ?? '' }
}

export function checkTopology(dir: string, format: DirectoryFormat, topology: string): void {
  if (format.topology === topology) return
  throw new AppError('DIRECTORY_MISMATCH', `${dir} belongs to topology ${format.topology}, not ${topology}`, {
    exit_code: 2,
    hint: 'choose another directory with --data, or run the topology that it belongs to',
  })
}

export function makeDirectory(dir: string): void {
  try {
    mkdirSync(dir, { recursive: true })
  } catch (error) {
    throw unusable(dir, error)
  }
}

/** What makes a folder a data directory. */
export function writeFormat(dir: string, topology: string): void {
  const format: DirectoryFormat = { format: FORMAT, topology, created: new Date().toISOString() }
  try {
    writeWhole(dir, 'format.json', `${JSON.stringify(format)}\n`)
  } catch (error) {
    throw unusable(dir, error)
  }
}

/** Written aside and renamed, file and folder synced: a crash leaves either nothing or all of it, and it stays. */
export function writeWhole(folder: string, name: string, text: string): void {
  const draft = join(folder, `${name}.draft`)
  const file = openSync(draft, 'w')
  try {
    writeFileSync(file, text)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(draft, join(folder, name))
  const opened = openSync(folder, 'r')
  try {
    fsyncSync(opened)
  } finally {
    closeSync(opened)
  }
}

/** For readers: a directory that a writer has opened before. */
export function requireLog(dir: string): DirectoryFormat {
  const format = readFormat(dir)
  if (format !== undefined && hasLog(dir)) return format
  throw new AppError('DIRECTORY_NOT_FOUND', `${dir} holds no log`, {
    exit_code: 2,
    hint: 'name the directory of a run with --data, or start one with `aitrader up --data DIR`',
  })
}

const ROOM_BYTES = 256 * 1024

/** Proves that there is room to begin, because LMDB ends the process with a signal if there is none when it opens. */
export function requireRoom(dir: string): void {
  try {
    probeRoom(dir, 0)
  } catch (error) {
    throw unusable(dir, error)
  }
}

/**
 * Whether a write into `dir` failed for want of room: LMDB reports a short write as an I/O error whatever its cause.
 * `file_bytes` is the size of the file that could not grow.
 */
export function isFull(dir: string, file_bytes: number): boolean {
  try {
    const { bavail, bsize } = statfsSync(dir)
    if (bavail * bsize < 64 * ROOM_BYTES) return true
    probeRoom(dir, file_bytes + 64 * ROOM_BYTES)
    return false
  } catch (error) {
    return FULL.includes((error as NodeJS.ErrnoException).code)
  }
}

/** Removes what a process left that was killed while it probed. */
export function sweepProbes(dir: string): void {
  for (const name of readdirSync(dir)) if (PROBE.test(name)) rmSync(join(dir, name), { force: true })
}

const PROBE = /^room\.\d+\.probe$/

/** Throws if `ROOM_BYTES` cannot be written, or a file cannot be `size_bytes` large. */
function probeRoom(dir: string, size_bytes: number): void {
  const probe = join(dir, `room.${process.pid}.probe`)
  try {
    const file = openSync(probe, 'w')
    try {
      writeFileSync(file, Buffer.alloc(ROOM_BYTES, 1))
      fsyncSync(file)
      if (size_bytes > 0) ftruncateSync(file, size_bytes)
    } finally {
      closeSync(file)
    }
  } finally {
    rmSync(probe, { force: true })
  }
}

const FULL: readonly unknown[] = ['ENOSPC', 'EFBIG', 'EDQUOT']

function hasLog(dir: string): boolean {
  return (statSync(logPath(dir), { throwIfNoEntry: false })?.size ?? 0) > 0
}

export function unusable(dir: string, error: unknown): AppError {
  const full = FULL.includes((error as NodeJS.ErrnoException).code)
  return new AppError(full ? 'DISK_FULL' : 'DIRECTORY_UNUSABLE', `using ${dir}: ${(error as Error).message}`, {
    exit_code: full ? 4 : 2,
    hint: full ? 'make room on the disk and start again' : 'choose a directory that can be written, with --data',
    cause: error,
  })
}
