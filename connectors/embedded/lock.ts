import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { AppError } from '../../runtime/api/index.ts'
import { unusable } from './directory.ts'

/**
 * One writing process per directory: an exclusive SQLite transaction on `lock.sqlite`, held as long as the process
 * wants it. Node has no call for file locks of its own; SQLite's is one of the operating system and dies with its
 * holder, however that dies. `holder.json` only names the holder for the message and may be stale.
 */
export interface DirectoryLock {
  release(): void
}

interface Holder {
  readonly pid: number
  readonly started: string
  readonly command: string
}

const SQLITE_BUSY = 5

/** `command` is what a second process is told about this one. */
export function lockDirectory(dir: string, command: string): DirectoryLock {
  const holder_path = join(dir, 'holder.json')
  let db: DatabaseSync
  try {
    db = new DatabaseSync(join(dir, 'lock.sqlite'), { timeout: 0 })
  } catch (error) {
    throw unusable(dir, error)
  }
  try {
    db.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    db.close()
    if ((error as { errcode?: number }).errcode !== SQLITE_BUSY) throw unusable(dir, error)
    throw locked(dir, readHolder(holder_path))
  }
  const holder: Holder = { pid: process.pid, started: new Date().toISOString(), command }
  try {
    writeFileSync(holder_path, `${JSON.stringify(holder)}\n`)
  } catch (error) {
    db.close()
    throw unusable(dir, error)
  }
  return {
    release() {
      rmSync(holder_path, { force: true })
      db.close()
    },
  }
}

function readHolder(path: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Holder
  } catch {
    return undefined // Between taking the lock and writing its name, or on the way out.
  }
}

function locked(dir: string, holder: Holder | undefined): AppError {
  const who = holder === undefined ? 'another process' : `process ${holder.pid} (${holder.command})`
  return new AppError('DIRECTORY_LOCKED', `${dir} is being written by ${who}`, {
    exit_code: 2,
    hint: 'wait for it or stop it, or choose another directory with --data; reading beside it is fine',
  })
}
