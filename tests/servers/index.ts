/**
 * Tests that need a real server say so by name:
 *
 *     describeWithKafka('transactions', ({ bootstrap }) => { it('commits', async () => { ... }) })
 *
 * Where the server cannot be had, the tests are skipped under a name that holds the reason, or fail if it is required:
 * `AITRADER_REQUIRE=kafka,registry`.
 */
import { describe, inject, it } from 'vitest'
import { type ServerName, sharedServer } from './shared.ts'

export { startKafka } from './kafka.ts'
export type { Kafka } from './kafka-port.ts'

/** `bootstrap` is shared by all files of the run: use names of topics, groups and ids that no other test has. */
export function describeWithKafka(name: string, body: (kafka: { bootstrap: string }) => void): void {
  describeWith(name, ['kafka'], ([bootstrap]) => body({ bootstrap: bootstrap! }))
}

/** `url` is the Confluent-compatible API of a registry that all files of the run share. */
export function describeWithRegistry(name: string, body: (registry: { url: string }) => void): void {
  describeWith(name, ['registry'], ([url]) => body({ url: url! }))
}

export function describeWithKafkaAndRegistry(
  name: string,
  body: (servers: { bootstrap: string; registry: string }) => void,
): void {
  describeWith(name, ['kafka', 'registry'], ([bootstrap, url]) => body({ bootstrap: bootstrap!, registry: url! }))
}

/** For tests with a server of their own: `describe`, or what skips or fails by the shared one's reason. */
function describeWith(name: string, servers: readonly ServerName[], body: (addresses: string[]) => void): void {
  describe(name, async () => {
    const answers = await Promise.all(servers.map((server) => sharedServer(inject('servers_socket'), server)))
    const missing = answers.flatMap((answer) => ('missing' in answer ? [answer.missing] : []))
    const addresses = answers.map((answer) => ('missing' in answer ? '' : answer.address))
    if (missing.length === 0) return body(addresses)
    const reason = missing.join('; ')
    const required = servers.filter((server) => (process.env.AITRADER_REQUIRE ?? '').split(',').includes(server))
    if (required.length > 0) {
      it(`has the required ${required.join(' and ')}`, () => {
        throw new Error(reason)
      })
    } else {
      console.warn(`skipped: ${name}: ${reason}`)
      describe.skip(reason, () => body(addresses))
    }
  })
}
