import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'
import { graphCommand } from '../../cli/commands/graph.ts'
import { lintCommand } from '../../cli/commands/lint.ts'
import { formatFindings } from '../../cli/topology-file.ts'

const BAD = 'name: bad\nowmer: nobody\n'

const folder = mkdtempSync(join(tmpdir(), 'aitrader-lint-'))
const bad = join(folder, 'bad.yaml')
writeFileSync(bad, BAD)

/** Runs a command in this process; answers what it printed and its exit code. */
async function run(command: ReturnType<typeof lintCommand>, ...args: string[]) {
  const out = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  const err = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  const written = (spy: typeof out) => spy.mock.calls.map(([text]) => String(text)).join('')
  try {
    await command.exitOverride().parseAsync(args, { from: 'user' })
  } finally {
    vi.restoreAllMocks()
  }
  const code = process.exitCode
  process.exitCode = undefined
  return { code, out: written(out), err: written(err) }
}

afterEach(() => {
  process.exitCode = undefined
})

afterAll(() => rmSync(folder, { recursive: true }))

describe('aitrader lint', () => {
  test('says that the default topology is clean', async () => {
    expect(await run(lintCommand())).toEqual({ code: undefined, out: 'topology/crypto.yaml: no findings\n', err: '' })
  })

  test('with --json says nothing of a clean topology', async () => {
    expect(await run(lintCommand(), '--json', 'topology/crypto.yaml')).toEqual({ code: undefined, out: '', err: '' })
  })

  test('with --json prints one finding per line and ends with 1', async () => {
    const { code, out } = await run(lintCommand(), bad, '--json')
    expect(code).toBe(1)
    const findings = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(findings[0]).toMatchObject({ file: bad, line: 1, column: 1, code: 'MISSING_FIELD' })
    expect(findings.at(-1)).toEqual({
      file: bad,
      line: 2,
      column: 1,
      code: 'UNKNOWN_FIELD',
      message: '`topology` has no field `owmer`',
      hint: 'did you mean `owner`?',
    })
    for (const finding of findings) {
      expect(Object.keys(finding)).toEqual(['file', 'line', 'column', 'code', 'message', 'hint'])
    }
  })

  test('reads several files, topology tests among them', async () => {
    const { code, out } = await run(lintCommand(), 'topology/crypto.yaml', 'tests/topology/nbbo.test.yaml')
    expect(code).toBeUndefined()
    expect(out).toBe('2 files: no findings\n')
  })

  test('takes a folder for the files that lie in it, and not for what lies deeper', async () => {
    const topologies = join(folder, 'topology')
    mkdirSync(join(topologies, 'overlays'), { recursive: true })
    writeFileSync(join(topologies, 'b.yaml'), BAD)
    writeFileSync(join(topologies, 'a.test.yaml'), 'tests: 1\n')
    writeFileSync(join(topologies, 'a.txt'), BAD)
    writeFileSync(join(topologies, 'overlays', 'prod.yaml'), BAD)
    const { code, out } = await run(lintCommand(), `${topologies}/`, '--json')
    expect(code).toBe(1)
    const files = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).file)
    expect([...new Set(files)]).toEqual([join(topologies, 'a.test.yaml'), join(topologies, 'b.yaml')])
    expect(await run(lintCommand(), 'topology')).toMatchObject({ code: undefined, out: '3 files: no findings\n' })
  })

  test('refuses a folder without such files', async () => {
    const empty = join(folder, 'empty')
    mkdirSync(empty)
    await expect(run(lintCommand(), empty)).rejects.toMatchObject({
      code: 'FILE_UNREADABLE',
      exit_code: 2,
      message: `there is no .yaml file in ${empty}`,
    })
  })

  test('says which byte is no UTF-8, in every kind of file', async () => {
    const latin = (name: string, text: string) => {
      writeFileSync(join(folder, name), Buffer.from(text, 'latin1'))
      return join(folder, name)
    }
    const found = async (...args: string[]) =>
      JSON.parse((await run(lintCommand(), ...args, '--json')).out.trim().split('\n')[0]!)
    const finding = {
      code: 'YAML_SYNTAX',
      message: 'the byte 0xfc is not UTF-8',
      hint: 'save the file as UTF-8',
    }
    const topology = latin('latin.yaml', '# Größe\nname: x\ndescription: M\u00fcnchen\n'.replace('Größe', 'a'))
    expect(await found(topology)).toEqual({ file: topology, line: 3, column: 15, ...finding })
    const overlay = latin('latin-over.yaml', 'owner: M\u00fcnchen\n')
    expect(await found('topology/crypto.yaml', '--overlay', overlay)).toEqual({
      file: overlay,
      line: 1,
      column: 9,
      ...finding,
    })
    const tests = latin('latin.test.yaml', 'tests:\n- name: \u00fc\n')
    expect(await found(tests)).toEqual({ file: tests, line: 2, column: 9, ...finding })
    const library = latin('latin-library.yaml', 'templates: {}\n# \u00fc\n')
    expect(await found(library)).toEqual({ file: library, line: 2, column: 3, ...finding })
  })

  test('takes the replacement character itself for what it is', async () => {
    const file = join(folder, 'replaced.yaml')
    writeFileSync(file, '# \ufffd, \ud83d\ude00\nname: bad\nowmer: nobody\n')
    expect((await run(lintCommand(), file)).out).not.toContain('YAML_SYNTAX')
  })

  test('refuses a file that is not there, as wrong use', async () => {
    await expect(run(lintCommand(), join(folder, 'absent.yaml'))).rejects.toMatchObject({
      code: 'FILE_UNREADABLE',
      exit_code: 2,
    })
  })
})

describe('aitrader graph', () => {
  test('draws the default topology', async () => {
    const { out } = await run(graphCommand(), '--format', 'mermaid')
    expect(out).toMatch(/^flowchart LR\n {2}subgraph lane_0\["lane market"\]\n {4}source_feed\(\["feed"\]\)\n/)
  })

  test('shows the findings of a topology that it cannot draw', async () => {
    await expect(run(graphCommand(), bad)).rejects.toMatchObject({ code: 'TOPOLOGY_INVALID', exit_code: 1 })
  })
})

test('findings are in colour only where asked', () => {
  const finding = { file: 'a.yaml', line: 3, column: 5, code: 'WRONG_TYPE', message: 'no', hint: 'yes' } as const
  expect(formatFindings([finding], false)).toBe('a.yaml:3:5 WRONG_TYPE no\n  yes\n')
  expect(formatFindings([finding], true)).toBe(
    '\u001b[1ma.yaml:3:5\u001b[0m \u001b[31mWRONG_TYPE\u001b[0m no\n  \u001b[36myes\u001b[0m\n',
  )
})
