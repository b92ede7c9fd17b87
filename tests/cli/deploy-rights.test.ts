import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeWithRegistry, type Kafka, startKafka } from '../servers/index.ts'
import { aitrader, capture, captureLines, type Ended, newFolder } from './command.ts'
import { inProcess, smallTopology } from './deploy-site.ts'

/** A cluster that lets nobody do anything without a rule, but its unnamed administrator. */

const SECRET = 'alice-s-secret'
const AS_ALICE = {
  AITRADER_KAFKA_SASL_MECHANISM: 'PLAIN',
  AITRADER_KAFKA_SASL_USERNAME: 'alice',
  AITRADER_KAFKA_SASL_PASSWORD: SECRET,
}

describeWithRegistry('a cluster with an authorizer', ({ url: registry }) => {
  let kafka: Kafka

  beforeAll(async () => {
    kafka = await startKafka({
      own: true,
      listeners: { NAMED: 'SASL_PLAINTEXT' },
      properties: {
        'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
        'super.users': 'User:ANONYMOUS',
        'listener.name.named.sasl.enabled.mechanisms': 'PLAIN',
        'listener.name.named.plain.sasl.jaas.config': `org.apache.kafka.common.security.plain.PlainLoginModule required user_alice="${SECRET}";`,
      },
    })
  }, 120_000)

  afterAll(async () => kafka?.stop())

  const { file, name } = smallTopology()
  const admin = (command: string, ...more: string[]) =>
    inProcess(command, '--kafka', kafka.bootstrap, '--registry', registry, '--topology', file, ...more)
  const alice = async (work: (address: string) => Promise<Ended>): Promise<Ended> => {
    const before = { ...process.env }
    Object.assign(process.env, AS_ALICE)
    try {
      return await work(kafka.listeners.NAMED as string)
    } finally {
      process.env = before
    }
  }

  test('without any right: one message, a hint, and nothing is made', async () => {
    const ended = await alice((address) =>
      inProcess('apply', '--kafka', address, '--registry', registry, '--topology', file, '--yes'),
    )
    expect(ended.code).toBe(4)
    expect(ended.stderr).toMatch(/\(KAFKA_DENIED\)\n {2}\S/)
    expect(ended.stderr).not.toContain(SECRET)
    const planned = await admin('plan', '--json')
    const made = (JSON.parse(planned.stdout) as { changes: { kind: string; action: string }[] }).changes
    expect(made.filter(({ kind }) => kind === 'topic').every(({ action }) => action === 'create')).toBe(true)
    expect(JSON.parse(planned.stdout)).toMatchObject({ update: 0, empty: false })
  })

  test('the rights that are planned are applied, and are enough to run', async () => {
    const applied = await admin('apply', '--principal', 'User:alice')
    expect([applied.code, applied.stdout.trim().split('\n').at(-1)]).toEqual([
      0,
      'applied; nothing remains to be changed',
    ])
    expect(applied.stdout).toContain(`+ allow User:alice Write on transactional-id ${name}.*`)
    const planned = await admin('plan', '--principal', 'User:alice', '--detailed-exitcode')
    expect(planned.code).toBe(0)

    const lines = await captureLines(3, 100)
    const path = capture(newFolder(), 'frames.txt', lines)
    const ran = await alice((address) =>
      aitrader(
        ...['run', '--kafka', address, '--registry', registry, '--topology', file],
        ...['--replay', path, '--format', 'binance-spot', '--once', '--json'],
      ),
    )
    expect([ran.code, ran.stderr.includes('DENIED')]).toEqual([0, false])
    expect(JSON.parse(ran.stdout.trim().split('\n').at(-1) ?? '')).toMatchObject({ frames: lines.length })
  })
})
