/** The machine's Java, and what Maven Central has for it: fetched once, kept in the user's cache. */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const execute = promisify(execFile)
const APICURIO = 'io.apicurio:apicurio-registry-app:3.0.9:tar.gz:all'
const FETCH_TIMEOUT_MS = 300_000

/** Why a server cannot be had here; the next way is tried. */
export class Unavailable extends Error {}

/** The folder that outlives runs: `AITRADER_CACHE`, or the user's cache. */
function cacheFolder(): string {
  const folder = process.env.AITRADER_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'aitrader')
  mkdirSync(folder, { recursive: true })
  return folder
}

/** The `java` to call, if it is of `major` or later. */
export async function findJava(major: number): Promise<string> {
  const home = process.env.JAVA_HOME
  const java = home === undefined ? 'java' : join(home, 'bin', 'java')
  const { stderr } = await execute(java, ['-version']).catch(() => {
    throw new Unavailable('there is no java: install a Java runtime, 17 or later')
  })
  const version = Number(/version "(\d+)/.exec(stderr)?.[1] ?? 0)
  if (version < major) throw new Unavailable(`${java} is version ${version}: install Java ${major} or later`)
  return java
}

/** Folder with the broker's jars. */
export function kafkaJars(): Promise<string> {
  const pom = join(import.meta.dirname, 'kafka-pom.xml')
  return fetched(`kafka-${shortHash(readFileSync(pom))}`, (folder) => [
    '-f',
    pom,
    'dependency:copy-dependencies',
    '-DincludeScope=runtime',
    `-DoutputDirectory=${folder}`,
  ])
}

/** Folder with Apicurio's registry, unpacked. */
export function registryApp(): Promise<string> {
  const [, name, version] = APICURIO.split(':')
  return fetched(`${name}-${version}`, (folder) => [
    'dependency:unpack',
    `-Dartifact=${APICURIO}`,
    `-DoutputDirectory=${folder}`,
  ])
}

/** A folder is whole or absent: it is filled beside its place and moved there; who comes second takes the first's. */
async function fetched(name: string, goals: (folder: string) => string[]): Promise<string> {
  const folder = join(cacheFolder(), name)
  if (existsSync(folder)) return folder
  const fresh = mkdtempSync(join(cacheFolder(), `${name}.part-`))
  try {
    await execute('mvn', ['-q', '-B', ...goals(fresh)], { timeout: FETCH_TIMEOUT_MS, cwd: fresh })
    renameSync(fresh, folder)
  } catch (cause) {
    rmSync(fresh, { recursive: true, force: true })
    if (existsSync(folder)) return folder
    const { code, message, stdout = '' } = cause as NodeJS.ErrnoException & { stdout?: string }
    if (code === 'ENOENT') throw new Unavailable(`there is no mvn to fetch ${name} with: install Maven`)
    throw new Unavailable(`mvn could not fetch ${name}: ${stdout.trim().split('\n').slice(0, 3).join(' ') || message}`)
  }
  return folder
}

function shortHash(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 10)
}
