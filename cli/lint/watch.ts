import { type FSWatcher, watch } from 'node:fs'
import { basename, dirname } from 'node:path'

/** Editors write a file in several steps; one of them is not a change of its own. */
const QUIET_MS = 50

/** As the name of a file: every `.yaml` file of its folder, whichever come. */
export const ANY_YAML = '*.yaml'

/**
 * Calls `look`, and again after any of the files that it answered was written, replaced, made or removed, until the
 * signal is aborted. Each answer says anew which files count: an edit may bring in others.
 *
 * Folders are watched, not files: an editor that writes anew and renames would leave a watch on what is gone. Rejects
 * with what `look` throws, and with what `fs.watch` throws if a folder is not there.
 */
export async function watchFiles(
  files: readonly string[],
  look: () => readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const stop = Promise.withResolvers<void>()
  if (signal.aborted) stop.resolve()
  else signal.addEventListener('abort', () => stop.resolve(), { once: true })
  const folders = new Map<string, { readonly watcher: FSWatcher; names: ReadonlySet<string> }>()
  let timer: NodeJS.Timeout | undefined
  const again = () => {
    clearTimeout(timer)
    timer = setTimeout(() => {
      try {
        attend(look())
      } catch (error) {
        stop.reject(error)
      }
    }, QUIET_MS)
  }
  const attend = (wanted: readonly string[]) => {
    const by_folder = Map.groupBy(wanted, (file) => dirname(file))
    for (const [folder, { watcher }] of folders) {
      if (by_folder.has(folder)) continue
      watcher.close()
      folders.delete(folder)
    }
    for (const [folder, paths] of by_folder) {
      const names = new Set(paths.map((path) => basename(path)))
      const known = folders.get(folder)
      if (known !== undefined) known.names = names
      else {
        const watcher = watch(folder, (_event, name) => {
          const meant = folders.get(folder)?.names
          const any = name?.endsWith('.yaml') === true && meant?.has(ANY_YAML) === true
          if (name === null || any || meant?.has(name) === true) again()
        })
        watcher.on('error', stop.reject)
        folders.set(folder, { watcher, names })
      }
    }
  }
  try {
    // Before the first look: what is written meanwhile is seen.
    attend(files)
    attend(look())
    await stop.promise
  } finally {
    clearTimeout(timer)
    for (const { watcher } of folders.values()) watcher.close()
  }
}
