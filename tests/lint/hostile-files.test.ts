import { describe, expect, test } from 'vitest'
import { lint } from '../../runtime/topology/lint.ts'
import { readYaml } from '../../runtime/topology/yaml.ts'
import { world } from './world.ts'

/** Files that nobody writes by hand: each is refused at once, in words of ours, whatever it holds. */

const HEAD = 'name: small\ndescription: A chain.\nowner: tests\n'
const findingsOf = (text: string) =>
  lint(text, 'x.yaml', world).findings.map(({ line, code, message }) => [line, code, message])

describe('a file is refused', () => {
  test.each([
    ['brackets', `${HEAD}x: ${'['.repeat(100_000)}${']'.repeat(100_000)}\n`, 4],
    ['braces that are not closed', `${HEAD}x: ${'{ a: '.repeat(20_000)}\n`, 4],
    ['indentation', HEAD + Array.from({ length: 2_500 }, (_, i) => `${' '.repeat(i)}a:\n`).join(''), undefined],
  ])('that nests too deep: %s', (_name, text, line) => {
    const [first, ...others] = findingsOf(text)
    expect(others).toEqual([])
    expect(first?.slice(1)).toEqual(['YAML_SYNTAX', 'values are nested too deep'])
    if (line !== undefined) expect(first?.[0]).toBe(line)
  })

  test('that is too long to be a topology, before it is read', () => {
    const text = HEAD + Array.from({ length: 300_000 }, (_, i) => `x${i}: { a: 1 }\n`).join('')
    expect(findingsOf(text)).toEqual([
      [1, 'YAML_SYNTAX', `the file has ${text.length} characters, and 4194304 are the most`],
    ])
  })

  test('that holds two documents', () => {
    expect(findingsOf(`${HEAD}---\n${HEAD}`)).toEqual([[4, 'YAML_SYNTAX', 'a second document begins here']])
  })
})

test('brackets in text and comments are no depth', () => {
  const text = `# ${'['.repeat(1_000)}\nname: "${'['.repeat(1_000)}"\nother: '${'{'.repeat(1_000)}'\nlist: [[[1], [2]], []]\n`
  const { tree, report } = readYaml(text, 'x.yaml')
  expect(report.findings()).toEqual([])
  expect(tree?.kind).toBe('map')
})

test('places are right in each line of a long file', () => {
  const text = Array.from({ length: 3_000 }, (_, i) => `  key${i}: 1\n`).join('')
  const { tree, report } = readYaml(`top:\n${text}`, 'x.yaml')
  const top = tree?.kind === 'map' ? tree.entries.get('top')?.value : undefined
  const lines = top?.kind === 'map' ? [...top.entries.values()].map(({ at }) => report.line(at)) : []
  expect(lines).toEqual(Array.from({ length: 3_000 }, (_, i) => i + 2))
  expect(report.line(text.length + 5)).toBe(3_002)
})
