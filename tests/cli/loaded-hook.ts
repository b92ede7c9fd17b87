import { registerHooks } from 'node:module'
import { isMainThread } from 'node:worker_threads'

/** Loaded before a command (`node --import`): says on stderr, as the process ends, the address of each module loaded, as one line. */

const urls: string[] = []
registerHooks({
  load(url, context, next) {
    urls.push(url)
    return next(url, context)
  },
})
if (isMainThread) process.on('exit', () => process.stderr.write(`\n${JSON.stringify(urls)}\n`))
