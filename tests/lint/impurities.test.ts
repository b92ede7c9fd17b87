import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { scanSource } from '../../cli/lint/impurities.ts'
import { impuritiesIn } from '../../cli/lint/processor-sources.ts'
import { judgedWorld } from '../../cli/world.ts'

function found(text: string) {
  return scanSource('x.ts', text).impurities.map(({ line, column, what }) => `${line}:${column} ${what}`)
}

describe('a source is not deterministic where it', () => {
  test.each([
    ['const t = Date.now()', '1:11 reads the wall clock (Date)'],
    ['\n  new Date()', '2:7 reads the wall clock (Date)'],
    ['performance.now()', '1:1 reads the wall clock (performance)'],
    ['const x = Math.random()', '1:11 draws random numbers (Math.random)'],
    ["Math['random']()", '1:1 draws random numbers (Math.random)'],
    ['crypto.randomUUID()', '1:1 draws random numbers (crypto)'],
    ['process.env.HOME', '1:1 reads the environment (process)'],
    ['const { hrtime } = process', '1:20 reads the environment (process)'],
    ['globalThis.x', '1:1 reads the environment (globalThis)'],
    ['setTimeout(() => {}, 1)', '1:1 leaves the step (setTimeout)'],
    ['fetch(`x`)', '1:1 touches the outside world (fetch)'],
    ["import { readFileSync } from 'node:fs'", '1:1 touches the outside world (import of node:fs)'],
    ["const y = import('./x.ts')", '1:11 touches the outside world (import())'],
    ['for (const key in state) use(key)', '1:1 iterates in no promised order (for ... in)'],
    ['Promise.race([a, b])', '1:1 iterates in no promised order (Promise.race)'],
    ['a.localeCompare(b)', '1:3 depends on the locale (localeCompare)'],
    ['new WeakRef(a)', '1:5 depends on the garbage collector (WeakRef)'],
    ['Math.exp(x)', '1:1 uses a function whose last bit differs between platforms (Math.exp)'],
    ['const f = { at: Date.now }', '1:17 reads the wall clock (Date)'],
    ['const f = (x = Date.now()) => x', '1:16 reads the wall clock (Date)'],
    ['const y = Date as unknown', '1:11 reads the wall clock (Date)'],
    ['use(process!.env)', '1:5 reads the environment (process)'],
    ['const { random } = Math', '1:20 takes Math apart (Math)'],
    ['Math[name](x)', '1:1 takes Math apart (Math)'],
    ['Math.hypot(x, y)', '1:1 uses a function whose last bit differs between platforms (Math.hypot)'],
    ['x ** 0.5', '1:1 uses a function whose last bit differs between platforms (**)'],
    ['x **= n', '1:1 uses a function whose last bit differs between platforms (**)'],
    ["new Function('return Date.now()')()", '1:5 runs text that nobody can look into (Function)'],
    ["eval('1')", '1:1 runs text that nobody can look into (eval)'],
    ["require('node:fs')", '1:1 touches the outside world (require)'],
  ])('%j', (text, said) => expect(found(text)).toEqual([said]))
})

describe('a source is deterministic where', () => {
  test.each([
    ['a comment speaks of it', '// Date.now() and Math.random()'],
    ['a text speaks of it', "const text = 'Date.now()'"],
    ['a type is meant', 'function f(at: Date, p: typeof process): Promise<Date> { return g<Date>(at) }'],
    ['a field has the name', 'const x = { process: 1, Date: 2 }; x.process + x.Date + order.performance'],
    ['the file declares the name', 'function f(process: number) { return process + 1 }'],
    ['it is imported', "import { crypto } from './own.ts'\ncrypto.sign()"],
    ['it is bound by a pattern', 'const { performance, a: [fetch] } = input; fetch(performance)'],
    ['types alone are imported', "import type { Stats } from 'node:fs'"],
    ['a power of constants is one', 'const most = 2 ** 52 + Number(2n ** 63n)'],
    ['roots and rounding are exact', 'Math.sqrt(2) + Math.floor(1.5) + Math.abs(-1)'],
    ['iteration is in the order of insertion', 'for (const key of Object.keys(state).sort()) use(key)'],
    ['the line says why', 'for (const key in state) use(key) // deterministic: a sum.'],
    ['the line before says why', '// deterministic: a sum.\nfor (const key in state) use(key)'],
  ])('%s', (_, text) => expect(found(text)).toEqual([]))

  test('a reason is not given by the word alone, nor from further away', () => {
    expect(found('// deterministic:\nDate.now()')).toHaveLength(1)
    expect(found('// deterministic: no.\n\nDate.now()')).toHaveLength(1)
  })

  test('it cannot be parsed, which the compiler says', () => expect(found('const = Date')).toEqual([]))
})

describe('processors and their sources', () => {
  const root = mkdtempSync(join(tmpdir(), 'aitrader-impure-'))
  afterAll(() => rmSync(root, { recursive: true }))
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  write(
    'processors/usual/index.ts',
    "import { now } from './clock.ts'\nexport const a = defineProcessor({ name: 'usual' })",
  )
  write('processors/usual/clock.ts', "import '../../runtime/x.ts'\nexport const now = () => Date.now()\n")
  write('runtime/x.ts', 'Date.now()')
  write('processors/more/deep.ts', "export const b = defineProcessor({ name: 'elsewhere', x: Math.random() })")

  test('what a processor imports from its room counts, other rooms do not', () => {
    expect(impuritiesIn(root)('usual')).toEqual([
      {
        file: 'processors/usual/clock.ts',
        line: 2,
        column: 26,
        what: 'reads the wall clock (Date)',
        instead: 'use `stream_time_us` of the context',
      },
    ])
  })

  test('a processor is found by the name that it defines', () => {
    expect(impuritiesIn(root)('elsewhere').map(({ file }) => file)).toEqual(['processors/more/deep.ts'])
    expect(impuritiesIn(root)('absent')).toEqual([])
    expect(impuritiesIn(join(root, 'nowhere'))('usual')).toEqual([])
  })

  test('every shipped processor is deterministic', async () => {
    const { processors, impurities } = await judgedWorld()
    expect(Object.keys(processors).flatMap((name) => impurities!(name))).toEqual([])
  })
})
