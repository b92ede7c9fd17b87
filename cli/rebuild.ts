import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { readFormat } from '../connectors/embedded/directory.ts'
import { lockDirectory } from '../connectors/embedded/lock.ts'
import { AppError } from '../runtime/api/index.ts'

/**
 * `--rebuild`: the directory is set aside, never deleted, and everything is computed anew from the source.
 *
 * Refused (exit 2) while a process writes the directory, and for a folder that is no data directory: nobody wants
 * another folder to change its name.
 */
export function setAside(dir: string): void {
  if (!existsSync(dir) || readdirSync(dir).length === 0) return
  if (readFormat(dir) === undefined) {
    throw new AppError('DIRECTORY_FOREIGN', `${dir} is not a data directory, so --rebuild leaves it alone`, {
      exit_code: 2,
      hint: 'choose another directory with --data',
    })
  }
  const lock = lockDirectory(dir, 'aitrader up --rebuild')
  try {
    const aside = freeName(dir.replace(/\/+$/, ''))
    renameSync(dir, aside)
    rmSync(join(aside, 'holder.json'), { force: true })
    process.stderr.write(`the directory as it was is now ${aside}\n`)
  } finally {
    lock.release()
  }
}

function freeName(plain: string): string {
  for (let n = 1; ; n++) {
    const aside = `${plain}.before-rebuild-${n}`
    if (!existsSync(aside)) return aside
  }
}
