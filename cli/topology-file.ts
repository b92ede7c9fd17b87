import { readFileSync } from 'node:fs'
import { AppError } from '../runtime/api/index.ts'
import type { Finding } from '../runtime/topology/codes.ts'

/** Reading topology files and showing what is wrong with them, for every command that takes one. */

export const DEFAULT_TOPOLOGY = 'topology/crypto.yaml'

/** The text of `path`. An `AppError` `FILE_UNREADABLE` (wrong use) if there is none. */
export function readText(path: string): string {
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

/** Findings for people, one after another; in colour on a terminal unless NO_COLOR is set. */
export function formatFindings(findings: readonly Finding[], colour: boolean): string {
  const paint = (code: number, text: string) => (colour ? `\u001b[${code}m${text}\u001b[0m` : text)
  return findings
    .map(({ file, line, column, code, message, hint }) => {
      const place = paint(1, `${file}:${line}:${column}`)
      return `${place} ${paint(31, code)} ${message}\n  ${paint(36, hint)}\n`
    })
    .join('')
}

export function wantsColour(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY === true && (process.env.NO_COLOR ?? '') === ''
}
