import { existsSync, renameSync } from 'node:fs'

/** `--rebuild`: the directory is set aside, never deleted, and everything is computed anew from the source. */
export function setAside(dir: string): void {
  if (!existsSync(dir)) return
  const plain = dir.replace(/\/+$/, '')
  for (let n = 1; ; n++) {
    const aside = `${plain}.before-rebuild-${n}`
    if (existsSync(aside)) continue
    renameSync(plain, aside)
    process.stderr.write(`the directory as it was is now ${aside}\n`)
    return
  }
}
