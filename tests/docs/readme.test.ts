import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { ROOT } from '../../cli/compose.ts'
import { blocksOf, page } from './markdown.ts'

/**
 * Runs every command of the README as a reader would, in order, and holds the outputs shown there to the real ones.
 *
 * Numbers and hashes are compared as such, not by value: they differ with the speed of the machine. Lines that are
 * `...` stand for any number of lines; what a line leaves out it ends with ` ...`.
 */
const dir = mkdtempSync(join(tmpdir(), 'aitrader-readme-'))
afterAll(() => rmSync(dir, { recursive: true }))

/** Commands that are not run as they stand, and why. */
const OTHERWISE: Readonly<Record<string, string>> = {
  // It runs until Ctrl-C.
  'npm start': `npm start -s -- --data ${dir}/start --for 500ms`,
  // It would run this file again.
  'npm test': 'npm test -s -- tests/docs/generated.test.ts',
}

/** The command without npm in front, which costs as much as the command. */
function direct(command: string): string {
  return command.replace(/^npx aitrader /, `"${process.execPath}" scripts/aitrader.mjs `)
}

function run(command: string): string {
  const line = (OTHERWISE[command] ?? direct(command)).replaceAll('.aitrader/', `${dir}/`)
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(VITEST|npm_|NODE_ENV)/.test(name)))
  const child = spawnSync('sh', ['-c', line], { cwd: ROOT, encoding: 'utf8', env, maxBuffer: 2 ** 26 })
  expect(child.status, `${command}\n${child.stderr}`).toBe(0)
  return child.stdout.replaceAll(`${dir}/`, '.aitrader/')
}

function shape(line: string): string {
  return line
    .replace(/[0-9a-f]{64}/g, 'HASH')
    .replace(/[+-]?\d[\d,.]*/g, '#')
    .replace(/\s+/g, ' ')
    .trimEnd()
}

/** What `shown` claims and `real` does not bear out; undefined if it does. */
function misfit(shown: readonly string[], real: readonly string[]): string | undefined {
  let at = 0
  let gap = false
  for (const line of shown) {
    if (line === '...') {
      gap = true
      continue
    }
    const want = shape(line.replace(/ \.\.\.$/, ''))
    const fits = (found: string) => (line.endsWith(' ...') ? shape(found).startsWith(want) : shape(found) === want)
    const found = real.findIndex((candidate, index) => index >= at && fits(candidate))
    if (found < 0 || (!gap && found > at)) return line
    at = found + 1
    gap = false
  }
  return gap || at === real.length ? undefined : `the output goes on with: ${real[at]}`
}

describe('README', () => {
  const blocks = blocksOf(page('README.md'))

  test('every command runs, and prints what the README shows', { timeout: 120_000 }, () => {
    let output: string[] = []
    let started = false
    for (const { language, lines, line } of blocks) {
      if (language === 'sh') {
        output = []
        for (const command of lines.map((text) => text.replace(/ +#.*$/, ''))) {
          output.push(...run(command).split('\n').slice(0, -1))
        }
        started = lines.some((command) => command.startsWith('npm start'))
      } else if (language === 'text' && !started) {
        expect(misfit(lines, output), `the block at line ${line}; the output was\n${output.join('\n')}`).toBeUndefined()
      }
    }
  })

  test('`npx aitrader` is the command', () => {
    const child = spawnSync('npx', ['aitrader', 'lint'], { cwd: ROOT, encoding: 'utf8' })
    expect(child.stdout).toBe('topology/crypto.yaml: no findings\n')
  })
})

describe('the comparison of outputs', () => {
  test('numbers and hashes are alike, words are not', () => {
    expect(misfit(['1,204 frames'], ['7 frames'])).toBeUndefined()
    expect(misfit(['1 order'], ['1 orders'])).toBe('1 order')
    expect(misfit([`head ${'0'.repeat(64)}`], [`head ${'a'.repeat(64)}`])).toBeUndefined()
  })

  test('only dots leave something out', () => {
    const real = ['a', 'b', 'c']
    expect(misfit(['a', '...', 'c'], real)).toBeUndefined()
    expect(misfit(['a', '...'], real)).toBeUndefined()
    expect(misfit(['a', 'c'], real)).toBe('c')
    expect(misfit(['...', 'b'], real)).toBe('the output goes on with: c')
    expect(misfit(['x y ...'], ['x y z'])).toBeUndefined()
  })
})
