import { mkdirSync, rmSync, statSync } from 'node:fs'
import { createConnection, createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, afterEach, expect, test } from 'vitest'
import { isListening, openControlSocket, sendControl } from '../../cli/control-socket.ts'
import { AppError } from '../../runtime/api/index.ts'
import type { Control } from '../../schemas/generated/index.ts'
import { newFolder } from './command.ts'

/** The socket takes what is a Control record, from its owner, and nothing that comes in can end the run. */

const folder = newFolder()
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const halt: Control = { scope: 'firm', trading_state: 'HALTED', cancel_open: true, actor: 'desk-7', reason: 'drill' }
let close = async () => {}
afterEach(() => close())

let count = 0
function folderOf(name = `d${count++}`): string {
  const dir = join(folder, name)
  mkdirSync(dir, { recursive: true })
  return dir
}

function listen(dir: string, control: (value: unknown) => Promise<void>): Promise<void> {
  close = openControlSocket(dir, { control })
  return until(() => isListening(dir))
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setImmediate(resolve))
}

/** Writes `text` to the socket as it is; answers what came back. */
function talk(dir: string, text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = createConnection(join(dir, 'control.sock'), () => socket.write(text))
    let answer = ''
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      answer += chunk
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(answer))
  })
}

test('hands the record over and answers when it is taken', async () => {
  const dir = folderOf()
  const taken: unknown[] = []
  await listen(dir, async (value) => {
    taken.push(value)
  })
  expect(await sendControl(dir, halt)).toEqual({ ok: true })
  expect(taken).toEqual([halt])
})

test('only its owner may knock', async () => {
  const dir = folderOf()
  await listen(dir, async () => {})
  expect(statSync(join(dir, 'control.sock')).mode & 0o777).toBe(0o700)
})

test('a refusal of the run comes back as such', async () => {
  const dir = folderOf()
  await listen(dir, () => Promise.reject(new AppError('NO_CONTROL', 'there is no control here', { exit_code: 2 })))
  expect(await sendControl(dir, halt)).toEqual({ ok: false, error: 'there is no control here' })
})

test.each([
  ['no JSON', 'halt!\n'],
  ['no record', '{"scope":"firm"}\n'],
  ['an unknown state', `${JSON.stringify({ ...halt, trading_state: 'OFF' })}\n`],
  ['a name of a person', `${JSON.stringify({ ...halt, actor: 'Jo Doe' })}\n`],
])('%s is answered and reaches no run', async (_name, line) => {
  const dir = folderOf()
  const taken: unknown[] = []
  await listen(dir, async (value) => {
    taken.push(value)
  })
  expect(JSON.parse(await talk(dir, line))).toMatchObject({ ok: false, error: expect.any(String) })
  expect(taken).toEqual([])
})

test('fields that the record does not have go no further', async () => {
  const dir = folderOf()
  const taken: unknown[] = []
  await listen(dir, async (value) => {
    taken.push(value)
  })
  await talk(dir, `${JSON.stringify({ ...halt, also: 'this' })}\n`)
  expect(taken).toEqual([halt])
})

test('an endless line ends the connection', async () => {
  const dir = folderOf()
  await listen(dir, async () => {})
  expect(await talk(dir, 'x'.repeat(200_000))).toBe('')
})

test('nobody there, or gone before the answer: undefined', async () => {
  const dir = folderOf()
  expect(await sendControl(dir, halt)).toBeUndefined()
  expect(await isListening(dir)).toBe(false)
  let taken = () => {}
  const given = new Promise<void>((resolve) => {
    taken = resolve
  })
  await listen(dir, () => {
    taken()
    return new Promise(() => {})
  })
  const sent = sendControl(dir, halt)
  await given
  await close()
  expect(await sent).toBeUndefined()
})

test('a process that does not answer is told apart', async () => {
  const dir = folderOf()
  await listen(dir, () => new Promise(() => {}))
  await expect(sendControl(dir, halt, 10)).rejects.toMatchObject({ code: 'CONTROL_UNANSWERED', exit_code: 4 })
})

test('a socket that a killed process left behind is replaced', async () => {
  const dir = folderOf()
  const left = createServer().listen(join(dir, 'control.sock'))
  await until(() => isListening(dir))
  await listen(dir, async () => {})
  expect(await sendControl(dir, halt)).toEqual({ ok: true })
  left.close()
})

test('a directory whose path is too long for a socket has it elsewhere', async () => {
  const dir = folderOf('long'.repeat(30))
  const taken: unknown[] = []
  await listen(dir, async (value) => {
    taken.push(value)
  })
  expect(await sendControl(dir, halt)).toEqual({ ok: true })
  expect(taken).toEqual([halt])
})
