import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadTopology } from '../../cli/compose.ts'
import { directoryChanges } from '../../cli/deploy/directory-plan.ts'
import { openDirectory } from '../../cli/reading.ts'
import { TASKS } from '../../runtime/engine/snapshot.ts'
import type { StageDeclaration, Topology } from '../../runtime/topology/types.ts'
import { aitrader, newFolder } from './command.ts'

/** What an edit means for a directory, and that `aitrader up` does what was said. */
const folder = newFolder()
const dir = join(folder, 'data')
let crypto: Topology
let untouched: readonly string[]

beforeAll(async () => {
  crypto = await loadTopology('topology/crypto.yaml')
  const { code, stderr } = await aitrader('up', '--data', dir, '--for', '300ms', '--speed', '20x')
  expect(code, stderr).toBe(0)
  const directory = await openDirectory(dir)
  const tasks = await Promise.all(
    Object.keys(crypto.stages).map(async (stage) => ({
      stage,
      bytes: await Promise.all([0, 1, 2, 3].map((number) => directory.reader.get(TASKS, `${stage}/${number}`))),
    })),
  )
  untouched = tasks.filter(({ bytes }) => bytes.every((one) => one === undefined)).map(({ stage }) => stage)
  expect(untouched).not.toContain('normalizer')
  await directory.reader.close()
}, 60_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function impacts(topology: Topology, allow_loss: readonly string[] = []) {
  const directory = await openDirectory(dir)
  try {
    const changes = await directoryChanges(directory, topology, allow_loss)
    return {
      stores: Object.fromEntries(
        changes.flatMap(({ kind, resource, impact }) => (kind === 'store' ? [[resource, impact]] : [])),
      ),
      others: changes.flatMap(({ kind, resource, action, blocked }) =>
        kind !== 'store' && action !== 'none' ? [[resource, action, blocked?.code]] : [],
      ),
    }
  } finally {
    await directory.reader.close()
  }
}

/** A stage that nothing has come to yet has no state: there is nothing to keep. */
function all(impact: string): Record<string, string> {
  const stages = Object.keys(crypto.stages)
  return Object.fromEntries(stages.map((stage) => [stage, untouched.includes(stage) ? 'new' : impact]))
}

function without(topology: Topology, stage: string): Topology {
  const { [stage]: _gone, ...stages } = topology.stages
  return { ...topology, stages }
}

test('nothing changed: every state is kept', async () => {
  expect(await impacts(crypto)).toEqual({ stores: all('kept'), others: [] })
})

test('another parameter: every snapshot is taken over, since the last run ended with one', async () => {
  const nbbo = crypto.stages.nbbo as StageDeclaration
  const edited = {
    ...crypto,
    stages: { ...crypto.stages, nbbo: { ...nbbo, params: { ...nbbo.params, stale_after_ms: 1 } } },
  }
  expect(await impacts(edited)).toEqual({ stores: all('migrated'), others: [] })
})

test('a stage less: its state is lost, and the directory is begun anew', async () => {
  const { stores, others } = await impacts(without(crypto, 'audit-sink'))
  expect(stores).toEqual({ ...all('rebuilt'), 'audit-sink': 'lost' })
  expect(others).toContainEqual(['tasks', 'replace', 'TASKS_CHANGED'])
})

test('a stage more: it is new, and the directory is begun anew', async () => {
  const twin = { ...(crypto.stages['pattern-scorer'] as StageDeclaration), to: {} }
  const { stores, others } = await impacts({ ...crypto, stages: { ...crypto.stages, twin } })
  expect(stores).toEqual({ ...all('rebuilt'), twin: 'new' })
  expect(others).toEqual([['tasks', 'replace', 'TASKS_CHANGED']])
})

test('other partitions: keys would move', async () => {
  const nbbo = { ...crypto.topics['market.nbbo.v1']!, partitions: 2 }
  const { stores, others } = await impacts({ ...crypto, topics: { ...crypto.topics, 'market.nbbo.v1': nbbo } })
  expect(stores.normalizer).toBe('rebuilt')
  expect(others).toContainEqual(['market.nbbo.v1', 'replace', 'TOPIC_MISMATCH'])
})

test('the command says it, and what does not go together is wrong use', async () => {
  const said = await aitrader('plan', '--data', dir)
  expect(said).toMatchObject({ code: 0, stdout: expect.stringContaining('    normalizer: kept\n') })
  expect(said.stdout).toMatch(/nothing to change\n$/)
  expect(await aitrader('plan', '--data', dir, '--kafka', 'x:1')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--data goes without --kafka'),
  })
  expect(await aitrader('plan', '--data', join(folder, 'nowhere'))).toMatchObject({ code: 2 })
})
