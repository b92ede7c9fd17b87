/** Ctrl-C stops cleanly; a second one, after half a second, at once. */
export function onSignals(end: () => void): () => void {
  let first_ms: number | undefined
  const handle = () => {
    if (first_ms === undefined) {
      first_ms = performance.now()
      end()
    } else if (performance.now() - first_ms > 500) process.exit(130)
  }
  process.on('SIGINT', handle)
  process.on('SIGTERM', handle)
  return () => {
    process.off('SIGINT', handle)
    process.off('SIGTERM', handle)
  }
}
