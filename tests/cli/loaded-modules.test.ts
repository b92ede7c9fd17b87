/** What a command loads before it does anything: exact, for a start is as fast as what it does not load. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { COMMANDS } from '../../cli/command-list.ts'
import { ROOT } from '../../cli/compose.ts'
import { newFolder, start } from './command.ts'

const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  readonly dependencies: Readonly<Record<string, string>>
}

const HOOK = fileURLToPath(new URL('./loaded-hook.ts', import.meta.url))

/** Libraries that we chose (theirs differ by machine), and rooms of ours. */
async function loaded(args: readonly string[]) {
  const { code, stderr } = await start(args, { import: HOOK }).ended
  expect(code, stderr).toBe(0)
  const urls = JSON.parse(stderr.trimEnd().split('\n').at(-1) as string) as string[]
  const at = (part: string) => urls.some((url) => url.includes(`/${part}/`))
  const own = urls.filter((url) => url.startsWith('file:') && !url.includes('/node_modules/'))
  const rooms = own.map((url) => /\/(cli|processors|runtime|schemas|connectors\/[^/]+)\//.exec(url)?.[1])
  return {
    libraries: Object.keys(dependencies).filter((name) => at(`node_modules/${name}`)),
    rooms: [...new Set(rooms)].filter((room) => room !== undefined).sort(),
  }
}

const TOPOLOGY = ['@marcbachmann/cel-js', 'commander', 'typebox', 'yaml']

describe('loads what it needs', () => {
  it.each([
    [['--help'], ['commander'], ['cli', 'runtime']],
    [
      ['lint'],
      [...TOPOLOGY, 'oxc-parser'],
      ['cli', 'connectors/file-sink', 'connectors/model-runner', 'processors', 'runtime', 'schemas'],
    ],
    [['graph'], TOPOLOGY, ['cli', 'connectors/file-sink', 'processors', 'runtime', 'schemas']],
    [
      ['test', 'tests/topology/nbbo.test.yaml'],
      TOPOLOGY,
      ['cli', 'connectors/file-sink', 'connectors/model-runner', 'processors', 'runtime', 'schemas'],
    ],
    [
      ['up', '--for', '1ms', '--data', join(newFolder(), 'up')],
      [...TOPOLOGY, 'avsc', 'lmdb', 'pino'],
      [
        'cli',
        'connectors/embedded',
        'connectors/file-sink',
        'connectors/model-runner',
        'connectors/registry',
        'connectors/simulated-market',
        'processors',
        'runtime',
        'schemas',
      ],
    ],
  ])('%j', async (args, libraries, rooms) => {
    expect(await loaded(args)).toEqual({ libraries: libraries.toSorted(), rooms })
  })
})

describe('the list of commands', () => {
  it.each(Object.entries(COMMANDS))('says of %s what it says of itself', async (name, { says, load }) => {
    const command = await load()
    expect({ name: command.name(), says: command.description() }).toEqual({ name, says })
  })
})
