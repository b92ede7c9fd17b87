import { isUtf8 } from 'node:buffer'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Command } from 'commander'
import { AppError } from '../runtime/api/index.ts'
import { type Finding, severityOf } from '../runtime/topology/codes.ts'
import { type LintOptions, type LintResult, lint } from '../runtime/topology/lint.ts'
import type { World } from '../runtime/topology/world.ts'
import { BROKEN_BYTE } from '../runtime/topology/yaml.ts'

/** Reading topology files and showing what is wrong with them, for every command that takes one. */

export const DEFAULT_TOPOLOGY = 'topology/crypto.yaml'

let asked: Set<string> | undefined

/** What `work` answers, and the paths that it asked for, whether they were there or not. */
export function askedFor<T>(work: () => T): { readonly result: T; readonly paths: readonly string[] } {
  const before = asked
  const paths = new Set<string>()
  asked = paths
  try {
    return { result: work(), paths: [...paths] }
  } finally {
    asked = before
  }
}

/** Whether there is something at `path`. */
export function isThere(path: string): boolean {
  asked?.add(path)
  return existsSync(path)
}

/** The text of `path`. An `AppError` `FILE_UNREADABLE` (wrong use) if there is none. */
export function readText(path: string): string {
  asked?.add(path)
  try {
    return textOf(readFileSync(path))
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    const why = code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a folder' : String(code)
    throw new AppError('FILE_UNREADABLE', `cannot read ${path}: ${why}`, {
      exit_code: 2,
      hint: `give the path of a topology, like ${DEFAULT_TOPOLOGY}`,
      cause,
    })
  }
}

/** What a file says. Its first byte that is not UTF-8 becomes half a character, which no text holds: lint finds it. */
function textOf(bytes: Buffer): string {
  const text = bytes.toString('utf8')
  if (isUtf8(bytes)) return text
  const again = Buffer.from(text)
  let at = again.findIndex((byte, i) => byte !== bytes[i])
  // Replacements have three bytes, and a damaged character may begin as they do.
  while ((again[at]! & 0xc0) === 0x80) at--
  const before = again.toString('utf8', 0, at)
  return `${before}${String.fromCharCode(BROKEN_BYTE + bytes[at]!)}${text.slice(before.length + 1)}`
}

/** The files that `path` stands for: itself, or the `.yaml` files directly in it. `FILE_UNREADABLE` if it has none. */
export function filesOf(path: string): readonly string[] {
  if (!isFolder(path)) return [path]
  const names = readdirSync(path).filter((name) => name.endsWith('.yaml'))
  if (names.length > 0) return names.sort().map((name) => join(path, name))
  throw new AppError('FILE_UNREADABLE', `there is no .yaml file in ${path}`, {
    exit_code: 2,
    hint: `give the path of a topology, like ${DEFAULT_TOPOLOGY}, or of a folder with some`,
  })
}

export function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

/** Options that say which topology is meant: its file and what is laid over it. */
export function topologyOptions(command: Command, what: string): Command {
  return overlayOption(command.option('--topology <file>', what, DEFAULT_TOPOLOGY))
}

export function overlayOption(command: Command): Command {
  return command.option(
    '--overlay <file>',
    'what is other here than in the topology; may be given several times',
    (value: string, before: readonly string[]): string[] => [...before, value],
    [] as string[],
  )
}

/**
 * What lint says of the topology at `path` with the overlays, in their order, and what it includes.
 *
 * Variables come from the process's environment unless others are given. An `AppError` `FILE_UNREADABLE` (wrong use) if
 * the topology or an overlay is not there; a file that is included and not there is a finding.
 */
export function lintTopology(
  path: string,
  world: World,
  overlays: readonly string[] = [],
  others: Pick<LintOptions, 'environment' | 'template'> = {},
): LintResult {
  return lint(readText(path), path, world, {
    overlays: overlays.map((file) => ({ file, text: readText(file) })),
    environment: process.env,
    ...others,
    include: (included) => {
      const file = join(dirname(path), included)
      return isThere(file) ? { file, text: readText(file) } : undefined
    },
  })
}

/** The options as they would be typed, for hints; nothing for what is meant anyway. */
export function topologyText(topology: string, overlays: readonly string[]): string {
  const which = topology === DEFAULT_TOPOLOGY ? '' : ` --topology ${topology}`
  return which + overlays.map((file) => ` --overlay ${file}`).join('')
}

/** Findings for people, one after another; in colour on a terminal unless NO_COLOR is set. */
export function formatFindings(findings: readonly Finding[], colour: boolean): string {
  const paint = (code: number, text: string) => (colour ? `\u001b[${code}m${text}\u001b[0m` : text)
  return findings
    .map(({ file, line, column, code, message, hint }) => {
      const place = paint(1, `${file}:${line}:${column}`)
      return `${place} ${paint(severityOf(code) === 'error' ? 31 : 33, code)} ${message}\n  ${paint(36, hint)}\n`
    })
    .join('')
}

export function wantsColour(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY === true && (process.env.NO_COLOR ?? '') === ''
}
