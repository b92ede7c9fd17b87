import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { ROOT } from '../../cli/compose.ts'
import { isReserved, registered } from '../../cli/new/templates.ts'

/** `aitrader new` in a checkout of its own: the rooms of this one by links, the processors as a copy. */
const dir = mkdtempSync(join(tmpdir(), 'aitrader-new-'))
afterAll(() => rmSync(dir, { recursive: true }))
for (const room of [
  'runtime',
  'schemas',
  'native',
  'connectors',
  'cli',
  'models',
  'bench',
  'node_modules',
  'package.json',
]) {
  if (existsSync(join(ROOT, room))) symlinkSync(join(ROOT, room), join(dir, room))
}
cpSync(join(ROOT, 'processors'), join(dir, 'processors'), { recursive: true })
mkdirSync(join(dir, 'topology'))

/** Links are not followed: what is imported from here is imported from the copy. */
function aitrader(...args: readonly string[]) {
  const node = ['--preserve-symlinks', '--preserve-symlinks-main', 'cli/main.ts']
  const { status, stdout, stderr } = spawnSync(process.execPath, [...node, ...args], { cwd: dir, encoding: 'utf8' })
  return { code: status, stdout, stderr }
}

describe('aitrader new', () => {
  test('processor: it lints clean and its tests pass as they are', () => {
    const made = aitrader('new', 'processor', 'every-nth')
    expect(made).toEqual({
      code: 0,
      stdout: [
        'wrote processors/every-nth/index.ts',
        'wrote tests/topology/every-nth.yaml',
        'wrote tests/topology/every-nth.test.yaml',
        'wrote processors/index.ts (registered)',
        'next: aitrader test tests/topology/every-nth.test.yaml',
        '',
      ].join('\n'),
      stderr: '',
    })
    const files = ['tests/topology/every-nth.yaml', 'tests/topology/every-nth.test.yaml']
    expect(aitrader('lint', ...files)).toEqual({ code: 0, stdout: '2 files: no findings\n', stderr: '' })
    expect(aitrader('test', files[1]!)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('2 passed, 0 failed\n'),
    })
    writeFileSync(
      join(dir, 'processors/every-nth/index.ts'),
      readFileSync(join(dir, 'processors/every-nth/index.ts'), 'utf8').replace('state.seen + 1', 'Date.now()'),
    )
    const { code, stdout } = aitrader('lint', files[0]!)
    expect(code).toBe(1)
    expect(stdout).toMatch(
      /NOT_DETERMINISTIC `every-nth` reads the wall clock \(Date\) at processors\/every-nth\/index\.ts:\d+:/,
    )
  })

  test('nothing is overwritten', () => {
    expect(aitrader('new', 'topology', 'once').code).toBe(0)
    const before = readFileSync(join(dir, 'topology/once.yaml'), 'utf8')
    expect(aitrader('new', 'topology', 'once')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('topology/once.yaml is there already (FILE_EXISTS)'),
    })
    expect(readFileSync(join(dir, 'topology/once.yaml'), 'utf8')).toBe(before)
    expect(aitrader('new', 'topology', 'Not A Name')).toMatchObject({ code: 2 })
    expect(aitrader('new', 'test', 'book-bilder', '--topology', 'topology/once.yaml')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('did you mean `book-builder`?'),
    })
  })
})

test('aitrader new test: what a stage says before a test begins is not expected in it', () => {
  cpSync(join(ROOT, 'topology/crypto.yaml'), join(dir, 'topology/crypto.yaml'))
  expect(aitrader('new', 'test', 'audit-sink')).toMatchObject({ code: 0, stderr: '' })
  const file = 'tests/topology/audit-sink.test.yaml'
  expect(readFileSync(join(dir, file), 'utf8')).toContain('given:\n      reference.instruments.v1: []\n')
  expect(aitrader('test', file)).toMatchObject({ code: 0, stdout: expect.stringContaining('1 passed, 0 failed\n') })
})

describe('aitrader new refuses', () => {
  const list = () => readFileSync(join(dir, 'processors/index.ts'), 'utf8')

  test.each([
    ['class', 'a processor cannot be called class (BAD_NAME)'],
    ['filter', 'there is a processor filter already (NAME_TAKEN)'],
  ])('a processor called %s, since every command would fail or mean another', (name, message) => {
    const index = list()
    expect(aitrader('new', 'processor', name)).toMatchObject({ code: 2, stderr: expect.stringContaining(message) })
    expect(list()).toBe(index)
    expect(existsSync(join(dir, 'processors', name, 'index.ts'))).toBe(false)
  })

  test('words of the language, and names that the list of processors or the skeleton has', () => {
    for (const name of ['new', 'processors', 'define-processor', 'emit']) expect(isReserved(name)).toBe(true)
    for (const name of ['news', 'constructor', 'every-nth']) expect(isReserved(name)).toBe(false)
  })

  test('a place where it may not write, without a stack of calls', () => {
    const { code, stderr } = blocked()
    expect(code).toBe(2)
    expect(stderr).toMatch(/^aitrader: cannot write topology\/x\.yaml: .* \(FILE_UNWRITABLE\)\n {2}run this where/)
  })
})

/** A folder in which `topology` is a file: nothing can be written into it, by whomever. */
function blocked() {
  const cwd = mkdtempSync(join(dir, 'blocked-'))
  writeFileSync(join(cwd, 'topology'), '')
  const command = [join(ROOT, 'cli/main.ts'), 'new', 'topology', 'x']
  const { status, stderr } = spawnSync(process.execPath, command, { cwd, encoding: 'utf8' })
  return { code: status, stderr }
}

describe('a processor is registered', () => {
  const INDEX = `import { beta } from './beta/index.ts'
import { delta } from './delta/index.ts'

export const processors = {
  [beta.name]: beta,
  [delta.name]: delta,
}
`
  test.each([
    ['alpha', 0],
    ['car-go', 1],
    ['echo', 2],
  ])('%s, in the order of names', (name, place) => {
    const lines = registered(INDEX, name)!.split('\n')
    expect(lines[place]).toMatch(new RegExp(`^import .* from './${name}/index.ts'$`))
    expect(lines[place + 5]).toMatch(/^ {2}\[\w+\.name\]: (alpha|carGo|echo),$/)
    expect(lines).toHaveLength(INDEX.split('\n').length + 2)
  })

  test('once only, and not in a file of another form', () => {
    const once = registered(INDEX, 'echo')!
    expect(registered(once, 'echo')).toBe(once)
    expect(registered('export const processors = {}\n', 'echo')).toBeUndefined()
  })
})
