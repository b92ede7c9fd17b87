import { spawnSync } from 'node:child_process'
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { ROOT } from '../../cli/compose.ts'
import { blocksOf, page } from './markdown.ts'

/**
 * Follows the tutorial in an empty folder: every command is run and every piece of YAML put where it says, in order.
 *
 * A block of YAML begins with a comment that says which file it belongs to, and under which field or that it stands at
 * the end. A block of text is what the command before it says.
 */
const dir = mkdtempSync(join(tmpdir(), 'aitrader-tutorial-'))
afterAll(() => rmSync(dir, { recursive: true }))

const said = new Map<string, string>()

/** Runs a command and answers what it says. */
function run(command: string): string {
  const line = command.replace(/^npx aitrader /, `"${process.execPath}" "${join(ROOT, 'scripts/aitrader.mjs')}" `)
  expect(line, 'a command of the tutorial is ours').not.toBe(command)
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(VITEST|npm_|NODE_ENV)/.test(name)))
  const child = spawnSync('sh', ['-c', line], { cwd: dir, encoding: 'utf8', env, maxBuffer: 2 ** 26 })
  expect(child.status, `${command}\n${child.stdout}${child.stderr}`).toBe(0)
  said.set(`${command}#${[...said.keys()].filter((one) => one.startsWith(`${command}#`)).length + 1}`, child.stdout)
  return child.stdout
}

function put([head = '', ...lines]: readonly string[]): void {
  const [, file, under] = /^# (\S+), (?:under `(.+):`|at the end)$/.exec(head) ?? []
  expect(file, `${head} says where it belongs`).toBeDefined()
  const path = join(dir, file!)
  const block = `${lines.join('\n')}\n`
  if (under === undefined) return appendFileSync(path, block)
  const text = readFileSync(path, 'utf8')
  expect(text).toContain(`\n${under}:\n`)
  writeFileSync(path, text.replace(`\n${under}:\n`, `\n${under}:\n${block}`))
}

test('the tutorial can be followed to its end', { timeout: 60_000 }, () => {
  let last = ''
  for (const { language, lines, line } of blocksOf(page('docs/tutorial.md'))) {
    expect(['sh', 'yaml', 'text'], `the block of line ${line}`).toContain(language)
    if (language === 'yaml') put(lines)
    else if (language === 'text') expect(last).toContain(lines.join('\n'))
    else for (const command of lines) last = run(command)
  }
  const outputs = (text: string) => [...said].filter(([command]) => command.includes(text)).map(([, output]) => output)
  expect(said.get('npx aitrader lint topology/desk.yaml#1')).toMatch(
    /TOPIC_UNREAD nobody reads `desk\.tight-books\.v1`\n[\s\S]*1 finding, only warnings\n$/,
  )
  expect(said.get('npx aitrader lint topology/desk.yaml#2')).toBe('topology/desk.yaml: no findings\n')
  for (const output of outputs('desk-tight-books.test.yaml')) expect(output).toMatch(/\d passed, 0 failed\n/)
  expect(outputs('--coverage')[0]).toContain('  stages: 2 of 3 touched\n    normalizer\n')
  const [book] = outputs('topic read').map((text) => text.trim())
  expect(book).toContain('"bid_px"')
})
