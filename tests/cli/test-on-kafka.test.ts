import { expect, it } from 'vitest'
import { topicNames } from '../../connectors/kafka/admin.ts'
import { openKafka } from '../../connectors/kafka/index.ts'
import { describeWithKafkaAndRegistry } from '../servers/index.ts'
import { aitrader } from './command.ts'

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
