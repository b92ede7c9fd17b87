/**
 * Starts a script on a Node that can run it: in this process where that Node will do, else in a child that has our
 * streams, our signals and whose exit we pass on.
 */
import { spawn } from 'node:child_process'
import module from 'node:module'
import { constants } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { bundledNode, chooseNode, ensureInstalled, runsFrom, SetupError } from './setup.mjs'

const SETUP_FAILED = 2

/** Sets `root` up, then runs `script` (a path below `root`) with `args`. */
export async function launch(root, script, args) {
  const say = (line) => process.stderr.write(`aitrader: ${line}\n`)
  let node
  try {
    const installed = await ensureInstalled(root, say)
    const replaced = installed && runsFrom(root, process.execPath)
    node = chooseNode({ version: process.version, bundled: bundledNode(root), replaced })
  } catch (cause) {
    if (!(cause instanceof SetupError)) throw cause
    say(cause.message)
    process.exitCode = SETUP_FAILED
    return
  }
  // Sources compiled once are kept, for processes and threads begun from here too: taking their types away is most of a
  // start. In a temporary folder that all users share, another could have us load code of theirs.
  process.env.NODE_COMPILE_CACHE ??= join(root, 'node_modules/.cache/compiled')
  if (node === null) await runHere(join(root, script), args)
  else runThere(node, join(root, script), args, say)
}

async function runHere(path, args) {
  module.enableCompileCache?.(process.env.NODE_COMPILE_CACHE)
  muteExperimentalWarnings()
  process.argv = [process.execPath, path, ...args]
  await import(pathToFileURL(path).href)
}

/** What `--disable-warning=ExperimentalWarning` does, for a process that is already running. */
function muteExperimentalWarnings() {
  const emitWarning = process.emitWarning
  process.emitWarning = (warning, ...rest) => {
    const [options] = rest
    const type = typeof options === 'object' ? options?.type : options
    if (type !== 'ExperimentalWarning') emitWarning.call(process, warning, ...rest)
  }
}

function runThere(node, path, args, say) {
  const child = spawn(node, ['--disable-warning=ExperimentalWarning', path, ...args], { stdio: 'inherit' })
  // A terminal sends Ctrl-C to the child as well; from elsewhere it reaches only us.
  const atTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      if (signal !== 'SIGINT' || !atTerminal) child.kill(signal)
    })
  }
  child.on('error', (cause) => {
    say(`${node} could not be started: ${cause.message}`)
    process.exitCode = SETUP_FAILED
  })
  child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]))
}
