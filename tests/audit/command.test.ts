import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { auditCommand } from '../../cli/commands/audit.ts'
import { writeRunFile } from '../../cli/run-file.ts'
import { openEmbedded } from '../../connectors/embedded/index.ts'
import { auditedRun } from './audited-run.ts'

/** The command as it is typed, on a directory of the embedded broker. */

const root = mkdtempSync(join(tmpdir(), 'audit-command-'))
const data = join(root, 'data')
const file = join(root, 'trail.bin')
let orders: number

beforeAll(async () => {
  const broker = await openEmbedded(data, { topology: 'crypto' })
  const { run } = await auditedRun({ broker, duration_ms: 8_000 })
  orders = [0, 1, 2, 3].reduce((sum, partition) => sum + broker.partition('orders.gateway.v1', partition).end_offset, 0)
  writeRunFile(data, run)
  await broker.close()
})
afterAll(() => rmSync(root, { recursive: true }))
afterEach(() => {
  process.exitCode = 0
  vi.restoreAllMocks()
})

/** What a command line prints and exits with. */
async function typed(...args: readonly string[]): Promise<{ lines: string[]; exit_code: number }> {
  let text = ''
  vi.spyOn(process.stdout, 'write').mockImplementation((part) => {
    text += String(part)
    return true
  })
  process.exitCode = 0
  await auditCommand()
    .exitOverride()
    .parseAsync([...args], { from: 'user' })
  vi.restoreAllMocks()
  const exit_code = Number(process.exitCode)
  process.exitCode = 0
  return { lines: text.split('\n').filter((line) => line !== ''), exit_code }
}

describe('aitrader audit', () => {
  it('traces all and each', async () => {
    const { lines, exit_code } = await typed('trace', '--all', '--data', data, '--json')
    expect(exit_code).toBe(0)
    const traces = lines.map((line) => JSON.parse(line) as { id: string; kind: string; ok: boolean })
    expect(traces.filter(({ kind }) => kind === 'order')).toHaveLength(orders)
    expect(orders).toBeGreaterThan(0)
    expect(traces.every(({ ok }) => ok)).toBe(true)
    const alone = await typed('trace', traces[0]?.id ?? '', '--data', data, '--json')
    expect(alone).toEqual({ lines: [lines[0]], exit_code: 0 })
    const people = await typed('trace', '--all', '--data', data)
    expect(people.lines.at(-1)).toBe(`${traces.length} traced, 0 not ok`)
    expect((await typed('trace', traces[0]?.id ?? '', '--data', data)).lines[0]).toContain(
      `${traces[0]?.kind} ${traces[0]?.id}  ok`,
    )
  })

  it('replays', async () => {
    const { lines, exit_code } = await typed('replay', '--data', data, '--json')
    expect(exit_code).toBe(0)
    expect(lines).toHaveLength(1)
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ different: 0, first_difference: null, changed: [] })
  })

  it('exports, verifies, and tells damage by exit code 3', async () => {
    const exported = await typed('export', file, '--data', data, '--json')
    const { records, head } = JSON.parse(exported.lines[0] ?? '') as { records: number; head: string }
    expect(exported.exit_code).toBe(0)
    const sound = { records, head, ok: true, first_bad: null }
    expect(await typed('verify', file, '--json')).toEqual({ lines: [JSON.stringify(sound)], exit_code: 0 })
    const directory = await typed('verify', '--data', data, '--json')
    expect(directory.exit_code).toBe(0)
    expect(JSON.parse(directory.lines[0] ?? '')).toMatchObject(sound)

    const bytes = readFileSync(file)
    const middle = bytes.length >> 1
    bytes[middle] = (bytes[middle] as number) ^ 1
    const bad = join(root, 'bad.bin')
    writeFileSync(bad, bytes)
    const damaged = await typed('verify', bad, '--json')
    expect(damaged.exit_code).toBe(3)
    expect(JSON.parse(damaged.lines[0] ?? '')).toMatchObject({ ok: false, head: null, first_bad: { partition: 0 } })
    expect((await typed('verify', bad)).lines[0]).toMatch(/^NOT OK after \d+ sound audit events at 0@\d+: /)
  })

  it.each([
    ['an id that no record has', ['trace', 'execution/0:99999', '--data', data], 'UNKNOWN_ID'],
    ['neither id nor --all', ['trace', '--data', data], 'BAD_OPTION'],
    ['both id and --all', ['trace', 'execution/0:0', '--all', '--data', data], 'BAD_OPTION'],
    ['a directory that is none', ['replay', '--data', join(root, 'nowhere')], 'DIRECTORY_NOT_FOUND'],
    ['a directory to export that is none', ['export', file, '--data', join(root, 'nowhere')], 'DIRECTORY_NOT_FOUND'],
    ['a file that is none', ['verify', join(root, 'nothing.bin')], 'FILE_UNUSABLE'],
    ['a directory where a file belongs', ['verify', data], 'FILE_UNUSABLE'],
    ['neither file nor --data', ['verify'], 'BAD_OPTION'],
    ['both file and --data', ['verify', file, '--data', data], 'BAD_OPTION'],
  ])('%s is wrong use', async (_what, args, code) => {
    await expect(typed(...args)).rejects.toMatchObject({ code, exit_code: 2, hint: expect.any(String) })
  })
})
