/**
 * Bans in processors what gives another result on another machine or run, and names what to use instead.
 *
 * Globals such as `Date` are banned by the linter (biome.json) and by the types (processors/tsconfig.json); members of
 * `Math` can be banned by neither. Lines of comment are left alone: a formula may be given in words.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const replacements: Record<string, string> = {
  random: 'a counter-based generator seeded by a parameter',
  // Every function whose last bit the standard leaves to the engine; sqrt, abs, floor and their like are exact.
  ...Object.fromEntries(
    ['exp', 'expm1', 'log', 'log1p', 'log2', 'log10', 'pow', 'cbrt', 'hypot']
      .concat(['sin', 'cos', 'tan', 'asin', 'acos', 'atan', 'atan2'])
      .concat(['sinh', 'cosh', 'tanh', 'asinh', 'acosh', 'atanh'])
      .map((name) => [name, '+ - * / and Math.sqrt in a stated order, or the one ported implementation']),
  ),
}

/** One line per forbidden use in `source`. */
function findings(file: string, source: string): string[] {
  return source.split('\n').flatMap((line, index) => {
    if (/^\s*(\*|\/\*|\/\/)/.test(line)) return []
    const members = [...line.matchAll(/\bMath\s*(?:\.|\[['"`])\s*(\w+)/g)].map((match) => match[1] ?? '')
    const banned = members.filter((name) => Object.hasOwn(replacements, name))
    const found = banned.map((name) => `${file}:${index + 1} Math.${name}: use ${replacements[name]}`)
    // Taken apart or handed on, Math escapes the look above; `**` is Math.pow by another name.
    if (/\bMath\b(?!\s*(?:\.|\[['"`]))/.test(line)) found.push(`${file}:${index + 1} Math itself: name the member`)
    if (/[\w)\]]\s*\*\*=?\s*[\w(]/.test(line)) found.push(`${file}:${index + 1} **: multiply, or use a table of powers`)
    return found
  })
}

it('finds every forbidden use and leaves exact functions alone', () => {
  const source = [
    'Math.sqrt(a) + Math.floor(b)',
    'Math.random() + Math["exp"](1)',
    'const { log } = Math',
    'a ** b',
  ].join('\n')
  expect(findings('x.ts', source).map((line) => line.split(':').slice(0, 2).join(':'))).toEqual([
    'x.ts:2 Math.random',
    'x.ts:2 Math.exp',
    'x.ts:3 Math itself',
    'x.ts:4 **',
  ])
})

it('processors use nothing that differs between machines or runs', () => {
  const room = new URL('../../processors/', import.meta.url).pathname
  const files = readdirSync(room, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
  expect(files).not.toEqual([])
  expect(files.flatMap((file) => findings(`processors/${file}`, readFileSync(join(room, file), 'utf8')))).toEqual([])
})
