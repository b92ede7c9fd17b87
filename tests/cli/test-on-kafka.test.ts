import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { topicNames } from '../../connectors/kafka/admin.ts'
import { openKafka } from '../../connectors/kafka/index.ts'
import { describeWithKafkaAndRegistry } from '../servers/index.ts'
import { aitrader, newFolder } from './command.ts'

/** Every shipped topology test on a real broker: the same records, byte for byte, as on the simulated one. */

describeWithKafkaAndRegistry('aitrader test --on kafka', ({ bootstrap, registry }) => {
  it('gives what the simulated broker gives, and leaves nothing behind', async () => {
    const before = new Set([...(await topics(bootstrap)), ...(await subjects(registry))])
    const simulated = await aitrader('test', '--json')
    const { code, stdout, stderr } = await aitrader(
      ...['test', '--json', '--on', 'kafka', '--kafka', bootstrap, '--registry', registry],
    )
    expect(code, stderr).toBe(0)
    expect(stdout).toBe(simulated.stdout)
    expect(stdout.trimEnd().split('\n').length).toBeGreaterThan(30)
    expect((await subjects(registry)).filter((name) => !before.has(name))).toEqual([])
    // Brokers hear of deletions one after another, and a little later.
    await expect.poll(() => made(bootstrap, before), { interval: 0, timeout: 60_000 }).toEqual([])
  }, 300_000)

  it('finds the same that is wrong, states and answers of effects among it', async () => {
    const folder = newFolder()
    const file = join(folder, 'wrong.test.yaml')
    writeFileSync(file, mistaken(readFileSync('tests/topology/state-and-effects.test.yaml', 'utf8')))
    const on = (...args: string[]) => aitrader('test', file, '--json', ...args)
    const simulated = await on()
    const found = simulated.stdout
      .trimEnd()
      .split('\n')
      .flatMap((line) => JSON.parse(line).differences)
    expect(found.map(({ topic, kind, actual }) => [topic, kind, actual])).toEqual([
      ['predictions.v1', 'field', 0.75],
      ['inference-enricher', 'state', 0.5],
      ['nbbo', 'state', undefined],
    ])
    expect(simulated.code).toBe(1)
    for (const ground of [['embedded'], ['kafka', '--kafka', bootstrap, '--registry', registry]]) {
      const { code, stdout } = await on('--on', ...ground)
      expect([code, stdout]).toEqual([1, simulated.stdout])
    }
    rmSync(folder, { recursive: true })
  }, 60_000)

  it('says what a broker that is not there lacks', async () => {
    const { code, stderr } = await aitrader(
      ...['test', '--on', 'kafka', '--kafka', '127.0.0.1:21699', '--registry', registry],
    )
    expect(stderr).toMatch(/no Kafka broker answers at 127\.0\.0\.1:21699.*\(KAFKA_UNREACHABLE\)\n {2}\S/)
    expect(code).toBe(4)
  })

  it('says what a registry that is not there lacks', async () => {
    const nowhere = 'http://127.0.0.1:21698/apis/ccompat/v7'
    const { code, stderr } = await aitrader(...['test', '--on', 'kafka', '--kafka', bootstrap, '--registry', nowhere])
    expect(stderr).toContain('(REGISTRY_UNREACHABLE)')
    expect(code).toBe(4)
  })
})

/** One expectation of a record, one of a state and one of a key's absence are wrong. */
function mistaken(text: string): string {
  return text
    .replace('probability_up: 0.75, expires', 'probability_up: 0.7, expires')
    .replace('breakout: { value: 0.5,', 'breakout: { value: 0.6,')
    .replace('SOLUSDT: null\n', 'ETHUSD: {}\n')
}

/** Topics of such runs that were not there before. */
async function made(bootstrap: string, before: ReadonlySet<string>): Promise<string[]> {
  return (await topics(bootstrap)).filter((name) => !before.has(name))
}

async function topics(bootstrap: string): Promise<string[]> {
  const [host, port] = bootstrap.split(':') as [string, string]
  const broker = await openKafka({ bootstrap: [{ host, port: Number(port) }], topology: 'none' })
  const names = await topicNames(broker.cluster).finally(() => broker.close())
  return names.filter((name) => name.startsWith('test-'))
}

async function subjects(registry: string): Promise<string[]> {
  const names = (await (await fetch(`${registry}/subjects`)).json()) as string[]
  return names.filter((name) => name.startsWith('test-'))
}
