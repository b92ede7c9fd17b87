/**
 * Brings a checkout to the point where its TypeScript can run: dependencies as the lock file says, and a Node that
 * strips types. Plain JavaScript, because it runs on whatever Node (20 or later) the machine has.
 *
 * Silent when everything is in place. What it does, it says on stderr, so that stdout belongs to the command alone.
 * Whatever it cannot set up ends in a `SetupError`, whose message is one line for people.
 */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { delimiter, join, resolve, sep } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

/** The first major version of Node that runs our TypeScript as it stands. */
const NODE_MAJOR = 24

/** Where npm puts the Node that comes as an optional dependency. */
const BUNDLED_NODE = 'node_modules/.bin/node'

export class SetupError extends Error {}

/** Major version of a Node version string such as `v24.21.0` or `24.21.0`. */
function nodeMajor(version) {
  return Number.parseInt(version.replace(/^v/, ''), 10)
}

/**
 * Which Node runs the target: `null` for the present process, else the path of another one.
 *
 * @param {{ version: string, bundled: string | null, replaced: boolean }} machine the running Node's version, the Node
 *   under `node_modules` if there is one, and whether the running Node was itself just replaced on disk.
 * @throws {SetupError} where neither is new enough.
 */
export function chooseNode({ version, bundled, replaced }) {
  if (nodeMajor(version) >= NODE_MAJOR && !replaced) return null
  if (bundled !== null) return bundled
  if (nodeMajor(version) >= NODE_MAJOR) return process.execPath
  throw new SetupError(
    `Node ${NODE_MAJOR} or later is needed, this is ${version}, and npm brings none for ` +
      `${process.platform}-${process.arch}: install Node ${NODE_MAJOR} and run the command again`,
  )
}

/** The Node that npm installed in `root`, or `null`. */
export function bundledNode(root) {
  const path = join(root, BUNDLED_NODE)
  return process.platform !== 'win32' && existsSync(path) ? path : null
}

/**
 * Whether what is installed is what the lock file asks for.
 *
 * npm leaves its own account of the tree in `node_modules/.package-lock.json`, as its last step. Contents are compared,
 * not times: a `git checkout` touches the lock file without changing it. A stamp spares the comparison next time.
 */
export function isInstalled(root) {
  const installed = join(root, 'node_modules', '.package-lock.json')
  if (!existsSync(installed)) return false
  const lock = readFileSync(join(root, 'package-lock.json'))
  const digest = createHash('sha256').update(lock).digest('hex')
  const stamp = join(root, 'node_modules', '.lock-sha256')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return true
  if (!satisfies(JSON.parse(readFileSync(installed, 'utf8')), JSON.parse(lock.toString('utf8')))) return false
  try {
    writeFileSync(stamp, digest)
  } catch {
    // A read-only checkout works too; it compares every time.
  }
  return true
}

/** Whether every package of `lock` is in `installed` at the same version; optional ones may be missing. */
export function satisfies(installed, lock) {
  return Object.entries(lock.packages).every(([path, wanted]) => {
    if (path === '') return true
    const found = installed.packages[path]
    if (found === undefined) return wanted.optional === true || wanted.peer === true || wanted.devOptional === true
    return found.version === wanted.version && found.integrity === wanted.integrity
  })
}

/**
 * Installs what the lock file says where that is not there yet. Two first runs at once take turns.
 *
 * @returns {Promise<boolean>} whether anything was installed.
 */
export async function ensureInstalled(root, say) {
  if (isInstalled(root)) return false
  const release = await takeTurn(root, say)
  try {
    if (isInstalled(root)) return false
    say(
      existsSync(join(root, 'node_modules'))
        ? 'dependencies differ from package-lock.json, running npm ci ...'
        : 'first run: installing dependencies with npm ci ...',
    )
    const started = performance.now()
    await npmCi(root)
    say(`dependencies are in place (${((performance.now() - started) / 1000).toFixed(1)} s)`)
    return true
  } finally {
    release()
  }
}

/** Runs `npm ci` with a log level of its own, so that an outer `npm -s` hides no failure; all output goes to stderr. */
function npmCi(root) {
  // The outer npm puts node_modules/.bin first; a Node from there would be deleted under npm's feet.
  const bin = join(root, 'node_modules', '.bin')
  const path = (process.env.PATH ?? '').split(delimiter).filter((entry) => resolve(entry) !== bin)
  const env = { ...process.env, PATH: path.join(delimiter), npm_config_loglevel: 'error' }
  const args = ['ci', '--loglevel=error', '--include=dev', '--include=optional', '--no-fund', '--no-audit']
  return new Promise((done, failed) => {
    const npm = spawn('npm', args, {
      cwd: root,
      env,
      stdio: ['ignore', 2, 2],
      shell: process.platform === 'win32',
    })
    // Told to stop, we stop npm and wait for it: an install that outlived us would meet the next one.
    const stop = (signal) => npm.kill(signal)
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
    for (const signal of signals) process.on(signal, stop)
    npm.on('close', () => {
      for (const signal of signals) process.off(signal, stop)
    })
    npm.on('error', (cause) => failed(new SetupError(`npm could not be started: ${cause.message}`, { cause })))
    npm.on('exit', (code, signal) => {
      if (code === 0) done(undefined)
      else failed(new SetupError(`npm ci failed (${signal ?? `exit code ${code}`}), its messages are above`))
    })
  })
}

/** Takes the set-up lock of `root`, waiting for a living holder; a lock whose holder is dead is taken over. */
async function takeTurn(root, say) {
  const folder = join(root, '.aitrader')
  const lock = join(folder, 'setup.lock')
  mkdirSync(folder, { recursive: true })
  for (let waited = false; ; waited = true) {
    try {
      const file = openSync(lock, 'wx')
      writeSync(file, String(process.pid))
      closeSync(file)
      return () => rmSync(lock, { force: true })
    } catch (cause) {
      if (cause.code !== 'EEXIST') throw new SetupError(`${lock} could not be written: ${cause.message}`, { cause })
    }
    const holder = holderOf(lock)
    if (holder !== null && !isAlive(holder)) rmSync(lock, { force: true })
    else {
      if (!waited) say('another process is installing the dependencies, waiting for it ...')
      await delay(200)
    }
  }
}

function holderOf(lock) {
  try {
    const pid = Number.parseInt(readFileSync(lock, 'utf8'), 10)
    return Number.isNaN(pid) ? null : pid
  } catch {
    return null
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (cause) {
    return cause.code === 'EPERM'
  }
}

/** Whether the running Node lies under `root`'s `node_modules`, and so goes away when that is installed anew. */
export function runsFrom(root, execPath) {
  return execPath.startsWith(join(root, 'node_modules') + sep)
}
