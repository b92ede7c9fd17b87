import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openEmbedded, openEmbeddedReader } from '../../../connectors/embedded/index.ts'
import { bodies } from '../../conformance/records.ts'
import { recordsOf, TOPICS } from './written.ts'

/** Directories: formats, locks, full disks. */

const CHILD = new URL('./writer-child.ts', import.meta.url).pathname

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'aitrader-dir-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

describe('format', () => {
  test('a missing directory is made for a writer and refused to a reader', async () => {
    const path = join(dir, 'deep', 'er')
    await expect(openEmbeddedReader(path)).rejects.toMatchObject({ code: 'DIRECTORY_NOT_FOUND', exit_code: 2 })
    const broker = await openEmbedded(path, { topology: 'one' })
    const reader = await openEmbeddedReader(path)
    expect(reader.topology).toBe('one')
    expect(reader.topics()).toEqual([])
    await reader.close()
    await broker.close()
    expect(readdirSync(path).toSorted()).toEqual(['format.json', 'lock.sqlite', 'log.mdb', 'log.mdb-lock', 'schemas'])
  })

  test('an empty directory holds no log for a reader', async () => {
    await expect(openEmbeddedReader(dir)).rejects.toMatchObject({ code: 'DIRECTORY_NOT_FOUND' })
  })

  test('another topology is refused and nothing is changed', async () => {
    await (await openEmbedded(dir, { topology: 'one' })).close()
    const before = readFileSync(join(dir, 'format.json'), 'utf8')
    await expect(openEmbedded(dir, { topology: 'two' })).rejects.toMatchObject({
      code: 'DIRECTORY_MISMATCH',
      exit_code: 2,
      message: `${dir} belongs to topology one, not two`,
    })
    expect(readFileSync(join(dir, 'format.json'), 'utf8')).toBe(before)
  })

  test('a later format is refused by writers and readers', async () => {
    await (await openEmbedded(dir, { topology: 'one' })).close()
    writeFileSync(join(dir, 'format.json'), '{"format":2,"topology":"one","created":"","more":1}')
    const too_new = { code: 'DIRECTORY_TOO_NEW', exit_code: 2 }
    await expect(openEmbedded(dir, { topology: 'one' })).rejects.toMatchObject(too_new)
    await expect(openEmbeddedReader(dir)).rejects.toMatchObject(too_new)
  })

  test.each(['', '{', 'null', '{"format":"1","topology":"one"}', '{"format":1}'])('damaged: %j', async (text) => {
    writeFileSync(join(dir, 'format.json'), text)
    await expect(openEmbedded(dir, { topology: 'one' })).rejects.toMatchObject({ code: 'DATA_DAMAGED', exit_code: 3 })
  })

  test('a path through a file cannot be used', async () => {
    writeFileSync(join(dir, 'file'), '')
    await expect(openEmbedded(join(dir, 'file', 'sub'), { topology: 'one' })).rejects.toMatchObject({
      code: 'DIRECTORY_UNUSABLE',
      exit_code: 2,
    })
  })

  test('a log that is no log, or a part of one, is refused, and the lock let go', async () => {
    const broker = await openEmbedded(dir, { topology: 'one' })
    await broker.declare(TOPICS)
    const producer = await broker.producer('writer')
    await producer.commit({ batches: [], puts: [{ store: 's', key: 'k', value: Buffer.alloc(8_000_000, 1) }] })
    await broker.close()
    const whole = readFileSync(join(dir, 'log.mdb'))
    for (const bytes of [Buffer.alloc(16_384, 'not a log'), whole.subarray(0, 5_000), whole.subarray(0, 2_000_000)]) {
      writeFileSync(join(dir, 'log.mdb'), bytes)
      const damaged = { code: 'DATA_DAMAGED', exit_code: 3 }
      await expect(openEmbedded(dir, { topology: 'one' })).rejects.toMatchObject(damaged)
      await expect(openEmbeddedReader(dir)).rejects.toMatchObject(damaged)
    }
    writeFileSync(join(dir, 'log.mdb'), '')
    await (await openEmbedded(dir, { topology: 'one' })).close()
  })
})

describe('lock', () => {
  test('a second writer is told who holds the directory; a killed holder lets go', async () => {
    const child = spawn(process.execPath, [CHILD, dir, '0', '1000000'], { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(child.stdout, 'data')
    child.stdout.resume()
    const refused = openEmbedded(dir, { topology: 'killed' })
    await expect(refused).rejects.toMatchObject({
      code: 'DIRECTORY_LOCKED',
      exit_code: 2,
      message: `${dir} is being written by process ${child.pid} (writer-child)`,
    })
    const reader = await openEmbeddedReader(dir)
    expect(reader.partition('b.v1', 0).end_offset).toBeGreaterThan(0)
    child.kill('SIGKILL')
    await once(child, 'exit')
    await expect(openEmbedded(dir, { topology: 'killed' })).rejects.toThrow('close the readers')
    await reader.close()
    await (await openEmbedded(dir, { topology: 'killed' })).close()
  })

  test('the same process is no exception, and closing lets go', async () => {
    const first = await openEmbedded(dir, { topology: 'one', command: 'first' })
    await expect(openEmbedded(dir, { topology: 'one' })).rejects.toThrow(`process ${process.pid} (first)`)
    await first.close()
    await first.close()
    await (await openEmbedded(dir, { topology: 'one' })).close()
  })
})

describe('a reader in another process', () => {
  test('sees what a running writer commits, later commits too', async () => {
    const child = spawn(process.execPath, [CHILD, dir, '0', '40'], { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(child.stdout, 'data')
    child.stdout.resume()
    const reader = await openEmbeddedReader(dir)
    const first = reader.partition('b.v1', 0).end_offset
    await once(child, 'exit')
    const all = Array.from({ length: 40 }, (_, n) => recordsOf(n, 'b.v1', 0)).flat()
    expect(first).toBeGreaterThan(0)
    expect(await bodies(reader, 'b.v1', 0)).toEqual(all.map(({ body }) => body))
    await reader.close()
  })
})

describe('a full disk', () => {
  // RLIMIT_FSIZE stands in for the disk: writes beyond it fail with EFBIG, at the same calls and the same way as ENOSPC.
  const starved = (kilobytes: number, ...args: string[]) =>
    spawnSync('bash', ['-c', `ulimit -f ${kilobytes}; exec "$0" "$@"`, process.execPath, CHILD, dir, ...args], {
      encoding: 'utf8',
    })

  test('ends with a clear error; what was committed is there and nothing half-written', async () => {
    const { stdout, stderr, status } = starved(4_096, '0', '1000', '100000')
    const lines = stdout.trim().split('\n')
    expect(lines.pop()).toBe('DISK_FULL writing the log: no space is left for it')
    expect([stderr, status]).toEqual(['', 4])
    const answered = lines.length - 1
    expect(answered).toBeGreaterThan(2)
    expect(lines).toEqual(Array.from({ length: answered + 1 }, (_, n) => String(n)))

    const broker = await openEmbedded(dir, { topology: 'killed' })
    expect(Buffer.from((await broker.get('position', 'last')) as Uint8Array).toString()).toBe(String(answered))
    for (const { name, partitions } of TOPICS) {
      for (let partition = 0; partition < partitions; partition++) {
        const written = Array.from({ length: answered + 1 }, (_, n) => recordsOf(n, name, partition)).flat()
        const kept = (await bodies(broker, name, partition)).filter((body) => !body.startsWith('xxx'))
        expect(kept).toEqual(written.map(({ body }) => body))
      }
    }
    await broker.close()
    // With room again it goes on.
    const { status: later } = spawnSync(process.execPath, [CHILD, dir, String(answered + 1), '2', '100000'])
    expect(later).toBe(0)
  })

  test.each([0, 8, 128])('already full at the start: room for %i kB', (kilobytes) => {
    const { stdout, status } = starved(kilobytes, '0', '1')
    expect(stdout).toMatch(/^DISK_FULL /)
    expect(status).toBe(4)
  })
})

test('opening, writing and closing say nothing on stderr', () => {
  const { stdout, stderr, status } = spawnSync(process.execPath, [CHILD, dir, '0', '1'], { encoding: 'utf8' })
  expect([stdout, stderr, status]).toEqual(['0\n', '', 0])
})
