import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aitrader, capture, captureLines, type Ended, newFolder, start } from '../cli/command.ts'

/**
 * Bad use of the real command: one clear message, the exit code that the design names, and nothing lost.
 */

const folder = newFolder()
const clean = join(folder, 'clean')
const at = (name: string) => join(folder, name)
let lines: string[] = []
let file = ''
let whole: Summary

interface Summary {
  readonly frames: number
  readonly topics: Readonly<Record<string, { readonly records: number; readonly sha256: string }>>
  readonly state_sha256: string
}

const FORMAT = ['--format', 'binance-spot']
const replay = (path: string, dir: string, ...more: string[]) => [
  'up',
  '--once',
  '--json',
  '--data',
  dir,
  '--replay',
  path,
  ...FORMAT,
  ...more,
]
const summaryOf = ({ stdout }: Ended) => JSON.parse(stdout.trim().split('\n').at(-1) as string) as Summary
const results = ({ topics, state_sha256 }: Summary) => ({ topics, state_sha256 })

/** One message for people on stderr, with its code and a hint, no trace of the program's inside, nothing on stdout. */
function refused({ code, stdout, stderr }: Ended, exit_code: number, error: string): string {
  expect(stderr.match(/^aitrader: /gm), stderr).toHaveLength(1)
  expect(stderr).toMatch(new RegExp(`^aitrader: .* \\(${error}\\)\n {2}\\S`, 'm'))
  expect(stderr).not.toMatch(/^\s+at .*\d+:\d+/m)
  expect(stdout).toBe('')
  expect(code, stderr).toBe(exit_code)
  return stderr
}

beforeAll(async () => {
  lines = await captureLines(7, 2_000)
  file = capture(folder, 'capture.txt', lines)
  const run = await aitrader(...replay(file, clean))
  expect(run.code, run.stderr).toBe(0)
  whole = summaryOf(run)
  expect(whole.frames).toBe(lines.length)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe.concurrent('wrong use is refused and leaves nothing behind', () => {
  test('an unknown file', async () => {
    const message = refused(await aitrader(...replay(at('none.gz'), at('d1'))), 2, 'FILE_UNREADABLE')
    expect(message).toContain(`there is no file ${at('none.gz')}`)
    expect(existsSync(at('d1'))).toBe(false)
  })

  test('an unknown format, or none', async () => {
    const unknown = await aitrader('up', '--data', at('d2'), '--replay', file, '--format', 'binance-futures')
    expect(refused(unknown, 2, 'FORMAT_UNKNOWN')).toContain('known formats: binance-spot')
    const none = await aitrader('up', '--data', at('d2'), '--replay', file)
    expect(refused(none, 2, 'BAD_OPTION')).toContain('give one --format for each --replay')
    expect(existsSync(at('d2'))).toBe(false)
  })

  test('a file of another kind; the directory is free for the right one', async () => {
    refused(await aitrader(...replay('package.json', at('d3'))), 2, 'NOT_A_CAPTURE')
    const right = await aitrader(...replay(file, at('d3')))
    expect(results(summaryOf(right))).toEqual(results(whole))
  })

  test('options, commands and speeds that are none', async () => {
    refused(await aitrader(...replay(file, at('d4'), '--speed', 'fast')), 2, 'BAD_OPTION')
    const option = await aitrader('up', '--sped', 'max')
    expect(option).toMatchObject({ code: 2, stdout: '' })
    expect(option.stderr).toBe("error: unknown option '--sped'\n(Did you mean one of --seed, --speed?)\n")
    const command = await aitrader('upp')
    expect(command).toMatchObject({ code: 2, stdout: '' })
    expect(command.stderr).toBe("error: unknown command 'upp'\n(Did you mean up?)\n")
    expect(existsSync(at('d4'))).toBe(false)
  })

  test('a topology that is no YAML', async () => {
    const yaml = at('bad.yaml')
    writeFileSync(yaml, 'name: x\nstages: [\n')
    const run = await aitrader('up', '--topology', yaml, '--data', at('d5'))
    expect(refused(run, 1, 'TOPOLOGY_INVALID')).toMatch(/bad\.yaml:\d+:\d+ /)
    expect(existsSync(at('d5'))).toBe(false)
  })

  test('a directory that is not there, or is a file', async () => {
    for (const command of [
      ['topic', 'list'],
      ['state', 'normalizer'],
      ['dlq', 'list'],
      ['control', 'show'],
    ]) {
      refused(await aitrader(...command, '--data', at('nowhere')), 2, 'DIRECTORY_NOT_FOUND')
    }
    expect(existsSync(at('nowhere'))).toBe(false)
    refused(await aitrader(...replay(file, file)), 2, 'DIRECTORY_UNUSABLE')
  })

  test('a directory of a newer version, or of another topology', async () => {
    for (const [name, change, error] of [
      ['newer', { format: 99 }, 'DIRECTORY_TOO_NEW'],
      ['other', { topology: 'equities' }, 'DIRECTORY_MISMATCH'],
    ] as const) {
      const dir = at(name)
      mkdirSync(dir)
      const format = JSON.parse(readFileSync(join(clean, 'format.json'), 'utf8')) as object
      const text = JSON.stringify({ ...format, ...change })
      writeFileSync(join(dir, 'format.json'), text)
      refused(await aitrader(...replay(file, dir)), 2, error)
      expect(readdirSync(dir)).toEqual(['format.json'])
      expect(readFileSync(join(dir, 'format.json'), 'utf8')).toBe(text)
    }
  })

  test('a directory of another source, which then still goes on with its own', async () => {
    const dir = at('source')
    cpSync(clean, dir, { recursive: true })
    const other = capture(folder, 'other.txt', lines.slice(0, 100))
    refused(await aitrader(...replay(other, dir)), 2, 'SOURCE_MISMATCH')
    refused(await aitrader('up', '--data', dir), 2, 'SOURCE_MISMATCH')
    expect(results(summaryOf(await aitrader(...replay(file, dir))))).toEqual(results(whole))
  })

  test('--rebuild of a folder that is no data directory', async () => {
    const dir = at('letters')
    mkdirSync(dir)
    writeFileSync(join(dir, 'letter.txt'), 'dear')
    refused(await aitrader(...replay(file, dir, '--rebuild')), 2, 'DIRECTORY_FOREIGN')
    expect(readdirSync(dir)).toEqual(['letter.txt'])
  })

  test('--rebuild sets a data directory aside and comes to the same', async () => {
    const dir = at('again')
    cpSync(clean, dir, { recursive: true })
    const run = await aitrader(...replay(file, dir, '--rebuild'))
    expect(results(summaryOf(run))).toEqual(results(whole))
    expect(existsSync(`${dir}.before-rebuild-1/log.mdb`)).toBe(true)
  })
})

describe.concurrent('what goes wrong on the way loses nothing', () => {
  test('a truncated gzip file: what came before the end is durable', async () => {
    const packed = gzipSync(lines.join(''))
    const cut = at('cut.gz')
    writeFileSync(cut, packed.subarray(0, Math.floor(packed.length * 0.6)))
    const message = refused(await aitrader(...replay(cut, at('cut'))), 3, 'TRUNCATED_GZIP')
    expect(message).toContain('every frame before that place was delivered')
    const listed = await aitrader('topic', 'read', 'audit.raw-ticks.v1', '--data', at('cut'), '--json')
    const frames = listed.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { value: { payload: string } })
    expect(frames.length).toBeGreaterThan(lines.length / 3)
    expect(frames.length).toBeLessThan(lines.length)
    // Each frame as it was in the file, from the first to the last before the cut.
    const payloads = lines.map((line) => line.slice(line.indexOf(' ') + 1, -1))
    const delivered = new Set(frames.map(({ value }) => value.payload))
    const last = payloads.findLastIndex((payload) => delivered.has(payload))
    expect(frames.length).toBe(last + 1)
  })

  test('a full disk: a later run with room goes on to the same end', async () => {
    const dir = at('full')
    const limit_kib = Math.floor(statSync(join(clean, 'log.mdb')).size / 1024 / 2)
    refused(await start(replay(file, dir), { limit_kib }).ended, 4, 'DISK_FULL')
    const before = await aitrader('topic', 'list', '--data', dir, '--json')
    const frames = (JSON.parse(before.stdout.split('\n')[0] as string) as { records: number }).records
    expect(frames).toBeGreaterThan(0)
    expect(frames).toBeLessThan(lines.length)
    expect(results(summaryOf(await aitrader(...replay(file, dir))))).toEqual(results(whole))
  })

  test('no room to begin with', async () => {
    refused(await start(replay(file, at('tiny')), { limit_kib: 1 }).ended, 4, 'DISK_FULL')
  })

  test('Ctrl-C ends cleanly, a second process is told who holds the directory, and a later run goes on', async () => {
    const dir = at('stopped')
    const running = start(['up', '--once', '--data', dir, '--replay', file, ...FORMAT, '--speed', '0.1x'])
    await running.says('data in')
    const message = refused(await aitrader(...replay(file, dir)), 2, 'DIRECTORY_LOCKED')
    expect(message).toContain(`process ${running.child.pid} (aitrader up --once`)
    refused(await aitrader(...replay(file, dir, '--rebuild')), 2, 'DIRECTORY_LOCKED')
    running.child.kill('SIGINT')
    const ended = await running.ended
    expect(ended.code, ended.stderr).toBe(0)
    expect(ended.stderr).toContain('stopping: the last commit and snapshot are being written\n')
    expect(ended.stdout).toMatch(/^[0-9,]+ frames in /)
    expect(results(summaryOf(await aitrader(...replay(file, dir))))).toEqual(results(whole))
  })
})
