import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openEmbedded } from '../../../connectors/embedded/index.ts'
import { bodies, digestOf, type TestRecord } from '../../conformance/records.ts'
import { recordsOf, TOPICS } from './written.ts'

/** A writer killed at any point: what it acknowledged is there, and nothing but whole transactions. */

const CHILD = new URL('./writer-child.ts', import.meta.url).pathname
const SEED = 20_260

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'aitrader-crash-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

/** Runs the child from transaction `first` and kills it when it has answered `answers` more. */
async function killAfter(first: number, answers: number): Promise<number> {
  const child = spawn(process.execPath, [CHILD, dir, String(first), '1000000'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  let last = first - 1
  for await (const line of createInterface({ input: child.stdout })) {
    last = Number(line)
    if (last - first + 1 >= answers) child.kill('SIGKILL')
  }
  await exited
  return last
}

test('killed five times over, everything acknowledged is there, in whole transactions, with its digests', async () => {
  let next = 0
  for (let kill = 0; kill < 5; kill++) {
    const answered = await killAfter(next, 1 + ((SEED * (kill + 1) * 7_919) % 97))
    expect(answered).toBeGreaterThanOrEqual(next)

    const broker = await openEmbedded(dir, { topology: 'killed' })
    const position = Number(Buffer.from((await broker.get('position', 'last')) as Uint8Array).toString())
    expect(position).toBeGreaterThanOrEqual(answered)
    const digests: Record<string, { records: number; sha256: string }> = {}
    for (const { name, partitions } of TOPICS) {
      const written: TestRecord[][] = []
      for (let partition = 0; partition < partitions; partition++) {
        const records: TestRecord[] = []
        for (let n = 0; n <= position; n++) records.push(...recordsOf(n, name, partition))
        expect(await bodies(broker, name, partition)).toEqual(records.map(({ body }) => body))
        written.push(records)
      }
      digests[name] = { records: written.flat().length, sha256: digestOf(written) }
    }
    expect(await broker.digests()).toEqual(digests)
    await broker.close()
    next = position + 1
  }
})
