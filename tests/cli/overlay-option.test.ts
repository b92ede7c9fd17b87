import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { expect, test } from 'vitest'
import { ROOT } from '../../cli/compose.ts'
import { placeOf, placeText } from '../../cli/place.ts'

function everyCommand(command: Command, path = command.name()): [string, Command][] {
  return [[path, command], ...command.commands.flatMap((sub) => everyCommand(sub, `${path} ${sub.name()}`))]
}

const folder = join(ROOT, 'cli/commands')
const commands: [string, Command][] = []
for (const file of readdirSync(folder)) {
  const module: Record<string, unknown> = await import(join(folder, file))
  for (const [name, make] of Object.entries(module)) {
    if (name.endsWith('Command') && typeof make === 'function') commands.push(...everyCommand(make() as Command))
  }
}

const takes = (command: Command, option: string) => command.options.some(({ long }) => long === option)

/** It writes the path into a test, which names overlays itself. */
const WITHOUT = ['new test']

test('every command that takes a topology takes overlays', () => {
  const with_topology = commands.filter(([, command]) => takes(command, '--topology'))
  expect(with_topology.length).toBeGreaterThan(10)
  const without = with_topology.filter(([, command]) => !takes(command, '--overlay')).map(([path]) => path)
  expect(without.filter((path) => !WITHOUT.includes(path))).toEqual([])
  const others = ['lint', 'graph', 'test'].map((name) => commands.find(([path]) => path === name)![1])
  expect(others.map((command) => takes(command, '--overlay'))).toEqual([true, true, true])
})

test('overlays are collected in their order, and hints repeat them', () => {
  const [, lag] = commands.find(([path]) => path === 'lag')!
  lag.parseOptions(['--kafka', 'h:1', '--registry', 'http://r', '--overlay', 'a.yaml', '--overlay', 'b.yaml'])
  const place = placeOf(lag.opts())
  expect(place).toMatchObject({ kind: 'kafka', overlays: ['a.yaml', 'b.yaml'] })
  expect(placeText(place)).toBe('--kafka h:1 --registry http://r --overlay a.yaml --overlay b.yaml')
})
