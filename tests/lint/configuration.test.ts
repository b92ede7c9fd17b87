import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'
import { compose, loadTopology, ROOT } from '../../cli/compose.ts'

/** What overlays and variables do to the identity of a run. */

const crypto = join(ROOT, 'topology/crypto.yaml')
const prod = join(ROOT, 'topology/overlays/prod.yaml')
const folder = mkdtempSync(join(tmpdir(), 'aitrader-overlay-'))

function written(name: string, text: string): string {
  const file = join(folder, name)
  writeFileSync(file, text)
  return file
}

async function configOf(...overlays: string[]): Promise<string> {
  return (await compose(await loadTopology(crypto, overlays), 'market', 1)).hashes.config
}

const SIZED = `environment:
  CAPITAL: { description: What the strategy may size by., type: integer, default: 100000 }
stages:
  strategy: { params: { capital: '\${CAPITAL}' } }
`

afterEach(() => vi.unstubAllEnvs())
afterAll(() => rmSync(folder, { recursive: true }))

describe('the configuration of a run', () => {
  test('is the same in production: nothing that is computed differs there', async () => {
    const topology = await loadTopology(crypto, [prod])
    expect(topology.kafka).toEqual({
      client: 'kafkajs',
      commit_interval_ms: 50,
      commit_max_records: 20_000,
      compression: 'lz4',
    })
    expect(topology.topics['signals.global.v1']!.retention_us).toBe(90 * 86_400_000_000)
    expect(topology.topics['signals.global.v1']!.partitions).toBe(4)
    expect(await configOf(prod)).toBe(await configOf())
  })

  test('holds the values of variables: written out, by default or from the environment, they are one', async () => {
    const variable = written('variable.yaml', SIZED)
    const literal = written('literal.yaml', 'stages:\n  strategy: { params: { capital: 250000 } }\n')
    expect(await configOf(variable)).toBe(await configOf())
    vi.stubEnv('CAPITAL', '250000')
    expect(await configOf(variable)).toBe(await configOf(literal))
    expect(await configOf(literal)).not.toBe(await configOf())
  })

  test('does not hold who reads from outside', async () => {
    const fewer = written('fewer.yaml', 'external_readers: { audit_consumers: null }\n')
    expect(await configOf(fewer)).toBe(await configOf())
  })
})

test('what cannot be read ends in one error that says how to see it again', async () => {
  const bad = written('bad.yaml', 'owner: null\n')
  const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  try {
    await expect(loadTopology(crypto, [bad])).rejects.toMatchObject({
      code: 'TOPOLOGY_INVALID',
      exit_code: 1,
      hint: `mend them; \`aitrader lint ${crypto} --overlay ${bad}\` shows them again`,
    })
  } finally {
    stderr.mockRestore()
  }
  await expect(loadTopology(crypto, [join(folder, 'none.yaml')])).rejects.toMatchObject({
    code: 'FILE_UNREADABLE',
    exit_code: 2,
  })
})
