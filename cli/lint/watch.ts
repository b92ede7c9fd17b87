import { type FSWatcher, watch } from 'node:fs'
import { basename, dirname } from 'node:path'

/** Editors write a file in several steps; one of them is not a change of its own. */
const QUIET_MS = 50

/**
 * Calls `changed` after any of the files was written, replaced or removed, until the signal is aborted.
 *
 * Folders are watched, not files: an editor that writes anew and renames would leave a watch on what is gone. Rejects
 * with what `fs.watch` throws if a folder is not there.
 */
export async function watchFiles(files: readonly string[], changed: () => void, signal: AbortSignal): Promise<void> {
  const names = new Map<string, Set<string>>()
  for (const file of files) names.set(dirname(file), (names.get(dirname(file)) ?? new Set()).add(basename(file)))
  let timer: NodeJS.Timeout | undefined
  const watchers: FSWatcher[] = []
  const stop = Promise.withResolvers<void>()
  if (signal.aborted) stop.resolve()
  else signal.addEventListener('abort', () => stop.resolve(), { once: true })
  try {
    for (const [folder, wanted] of names) {
      const watcher = watch(folder, (_event, name) => {
        if (name !== null && !wanted.has(name)) return
        clearTimeout(timer)
        timer = setTimeout(changed, QUIET_MS)
      })
      watcher.on('error', stop.reject)
      watchers.push(watcher)
    }
    await stop.promise
  } finally {
    clearTimeout(timer)
    for (const watcher of watchers) watcher.close()
  }
}
