import { describe, expect, test } from 'vitest'
import { runCommand } from '../../cli/commands/run.ts'
import { upCommand } from '../../cli/commands/up.ts'
import { parseDuration, parseSpeed, parseWhole } from '../../cli/options.ts'
import { AppError } from '../../runtime/api/index.ts'
import { inProcess } from './in-process.ts'

function refusal(act: () => unknown): { code: string; exit_code: number; message: string; hint: string | undefined } {
  try {
    act()
  } catch (error) {
    if (error instanceof AppError) {
      return { code: error.code, exit_code: error.exit_code, message: error.message, hint: error.hint }
    }
  }
  throw new Error('was not refused')
}

describe('a duration', () => {
  test.each([
    ['500ms', 500],
    ['20s', 20_000],
    ['5m', 300_000],
    ['1h', 3_600_000],
    ['250us', 0.25],
  ])('%s is %d ms', (text, ms) => expect(parseDuration(text, '--for')).toBe(ms))

  test.each(['', '20', 's', '20 s', '-1s', '1.5s', '020s', '0s', '99999999999999h', '20sec', '1e3s', 'NaN'])(
    '%j is refused',
    (text) =>
      expect(refusal(() => parseDuration(text, '--for'))).toEqual({
        code: 'BAD_OPTION',
        exit_code: 2,
        message: `--for ${JSON.stringify(text)} is not a duration`,
        hint: 'write a whole number and a unit: 500ms, 20s, 5m or 1h',
      }),
  )
})

describe('a speed', () => {
  test.each([
    ['max', Number.POSITIVE_INFINITY],
    ['1x', 1],
    ['50x', 50],
    ['0.5x', 0.5],
    ['12.25x', 12.25],
  ])('%s is %d', (text, speed) => expect(parseSpeed(text, '--speed')).toBe(speed))

  test.each([
    '',
    'x',
    '1',
    '0x',
    '0.0x',
    '-1x',
    '.5x',
    '1.x',
    '1e3x',
    'MAX',
    'Infinityx',
    '01x',
    `${'9'.repeat(400)}x`,
  ])('%j is refused', (text) =>
    expect(refusal(() => parseSpeed(text, '--speed'))).toEqual({
      code: 'BAD_OPTION',
      exit_code: 2,
      message: `--speed ${JSON.stringify(text)} is not a speed`,
      hint: 'write max, or a multiple of real time: 1x, 50x, 0.5x',
    }),
  )
})

describe('a whole number', () => {
  test.each([
    ['0', 0],
    ['42', 42],
    ['9007199254740991', Number.MAX_SAFE_INTEGER],
  ])('%s is exact', (text, value) => expect(parseWhole(text, '--seed')).toBe(value))

  test.each(['', '-1', '1.0', '0x10', '1e3', '007', '9007199254740992', ' 1'])('%j is refused', (text) =>
    expect(refusal(() => parseWhole(text, '--seed'))).toEqual({
      code: 'BAD_OPTION',
      exit_code: 2,
      message: `--seed ${JSON.stringify(text)} is not a whole number in range`,
      hint: 'write 0 to 9007199254740991',
    }),
  )

  test('may have a least value', () => {
    expect(parseWhole('1', '--limit', 1)).toBe(1)
    expect(refusal(() => parseWhole('0', '--limit', 1)).hint).toBe('write 1 to 9007199254740991')
  })
})

describe('--once of a source without an end is refused before anything is made', () => {
  const kafka = ['--kafka', '127.0.0.1:1', '--registry', 'http://127.0.0.1:1']
  const message = 'aitrader: --once goes with --replay: live feeds and the simulated market have no end (BAD_OPTION)\n'
  test.each([
    ['a feed', ['--feed', 'binance']],
    ['the simulated market', []],
    ['a mood of it', ['--market', 'calm']],
  ])('%s', async (_what, source) => {
    expect(await inProcess(upCommand(), '--once', ...source)).toEqual({
      code: 2,
      stdout: '',
      stderr: `${message}  write --for 1h instead: it stops after that much time\n`,
    })
    expect(await inProcess(runCommand(), '--once', ...kafka, ...source)).toEqual({
      code: 2,
      stdout: '',
      stderr: `${message}  leave it out: SIGTERM drains and ends the process\n`,
    })
  })
})
