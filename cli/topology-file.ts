import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Command } from 'commander'
import { AppError } from '../runtime/api/index.ts'
import { type Finding, severityOf } from '../runtime/topology/codes.ts'
import { type LintOptions, type LintResult, lint } from '../runtime/topology/lint.ts'
import type { World } from '../runtime/topology/world.ts'

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
    return readFileSync(path, 'utf8')
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
