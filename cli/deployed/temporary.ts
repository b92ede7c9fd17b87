import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const PREFIX = 'aitrader-mirror-'
const OWN = new RegExp(`^${PREFIX}(\\d+)-`)

/** A folder that is gone when the process ends, however it ends but by SIGKILL; what such ones left goes first. */
export function temporaryFolder(): { readonly dir: string; remove(): void } {
  sweep()
  const dir = mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`))
  const remove = () => rmSync(dir, { recursive: true, force: true })
  const leave = (signal: NodeJS.Signals) => process.exit(signal === 'SIGINT' ? 130 : 143)
  process.once('exit', remove)
  process.once('SIGINT', leave)
  process.once('SIGTERM', leave)
  return {
    dir,
    remove() {
      process.off('exit', remove)
      process.off('SIGINT', leave)
      process.off('SIGTERM', leave)
      remove()
    },
  }
}

function sweep(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = Number(OWN.exec(name)?.[1])
    if (pid > 0 && pid !== process.pid && !isAlive(pid)) rmSync(join(tmpdir(), name), { recursive: true, force: true })
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
