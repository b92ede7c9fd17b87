/** A launched script has the command's streams, arguments, exit code and signals, in this process and in a child. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const launcher = new URL('../../scripts/launch.mjs', import.meta.url).href
let root: string

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'aitrader-launch-'))
  mkdirSync(join(root, 'node_modules', '.bin'), { recursive: true })
  symlinkSync(process.execPath, join(root, 'node_modules', '.bin', 'node'))
  const packages = JSON.stringify({ packages: {} })
  writeFileSync(join(root, 'package-lock.json'), packages)
  writeFileSync(join(root, 'node_modules', '.package-lock.json'), packages)
  writeFileSync(
    join(root, 'script.ts'),
    `const [, path, ...args]: string[] = process.argv
     process.emitWarning('not for people', 'ExperimentalWarning')
     process.on('SIGTERM', () => process.exit(7))
     if (args[0] === 'wait') setInterval(() => {}, 1_000)
     console.log(JSON.stringify({ script: path === import.meta.filename, args }))
     if (args[0] === 'exit') process.exit(Number(args[1]))`,
  )
})
afterAll(() => rmSync(root, { recursive: true }))

/** Launches script.ts with `args`, as seen by a Node of `version`; sends `signal` once the script has spoken. */
async function launch(version: string, args: string[], signal?: NodeJS.Signals) {
  const code = `Object.defineProperty(process, 'version', { value: '${version}' })
    const { launch } = await import('${launcher}')
    await launch(${JSON.stringify(root)}, 'script.ts', ${JSON.stringify(args)})`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', code])
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk) => {
    stdout += chunk
    if (signal !== undefined && stdout.includes('\n')) child.kill(signal)
  })
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  const [exit] = await once(child, 'close')
  return { exit, stdout, stderr }
}

describe.each([
  ['in this process', 'v24.0.0'],
  ['in a child', 'v20.0.0'],
])('%s', (_, version) => {
  it('passes arguments and exit code on and leaves both streams to the script', async () => {
    expect(await launch(version, ['exit', '3', '--json'])).toEqual({
      exit: 3,
      stdout: '{"script":true,"args":["exit","3","--json"]}\n',
      stderr: '',
    })
  })

  it('passes SIGTERM on and ends as the script ends', async () => {
    expect(await launch(version, ['wait'], 'SIGTERM')).toMatchObject({ exit: 7, stderr: '' })
  })
})

it('says in one line why it cannot set up, and exits with 2', async () => {
  rmSync(join(root, 'node_modules', '.bin', 'node'))
  expect(await launch('v22.0.0', [])).toEqual({
    exit: 2,
    stdout: '',
    stderr:
      `aitrader: Node 24 or later is needed, this is v22.0.0, and npm brings none for ${process.platform}-` +
      `${process.arch}: install Node 24 and run the command again\n`,
  })
})
