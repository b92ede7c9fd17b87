/**
 * What `next` comes to, or undefined as soon as the signal is aborted. `next` goes on; should it reject later, nobody is
 * told.
 *
 * A race against one promise that lasts for a whole run would keep some 300 bytes of every turn until the end: here
 * nothing is left on the signal once it resolves.
 */
export async function untilAborted<T>(next: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  next.catch(() => {})
  if (signal.aborted) return undefined
  let end = () => {}
  const aborted = new Promise<undefined>((resolve) => {
    end = () => resolve(undefined)
  })
  signal.addEventListener('abort', end)
  try {
    return await Promise.race([next, aborted])
  } finally {
    signal.removeEventListener('abort', end)
  }
}
