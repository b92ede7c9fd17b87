/** The servers that other tests use: they serve, keep data over a restart, and end with their holder. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, it } from 'vitest'
import { isRunning } from './docker.ts'
import { describeWithKafka, describeWithRegistry, startKafka } from './index.ts'
import { commitOne, committedValues } from './one-transaction.ts'

describeWithKafka('the shared broker', ({ bootstrap }) => {
  it('commits a transaction', async () => {
    await commitOne(bootstrap, 'servers.shared', 'one')
    expect(await committedValues(bootstrap, 'servers.shared', 1)).toEqual(['one'])
  })
})

describeWithKafka('a broker of its own', () => {
  it('keeps what was committed when it is killed, on its address', { timeout: 120_000 }, async () => {
    const kafka = await startKafka({ own: true, properties: { 'log.segment.bytes': '1048576' } })
    await commitOne(kafka.bootstrap, 'servers.own', 'before')
    await kafka.restart('SIGKILL')
    await commitOne(kafka.bootstrap, 'servers.own', 'after')
    expect(await committedValues(kafka.bootstrap, 'servers.own', 2)).toEqual(['before', 'after'])
    await kafka.stop()
  })

  it('ends, and its folder with it, when its holder is killed', async () => {
    const holder = spawn(process.execPath, [join(import.meta.dirname, 'holder.worker.ts')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [line] = await once(createInterface({ input: holder.stdout }), 'line')
    const { folder, pid } = JSON.parse(line)
    expect([isRunning(pid), existsSync(folder)]).toEqual([true, true])
    holder.kill('SIGKILL')
    await expect.poll(() => [isRunning(pid), existsSync(folder)], { timeout: 20_000 }).toEqual([false, false])
  })
})

describeWithRegistry('the shared registry', ({ url }) => {
  it('registers a schema and gives it back', async () => {
    const headers = { 'content-type': 'application/vnd.schemaregistry.v1+json' }
    const schema = JSON.stringify({ type: 'record', name: 'Servers', fields: [{ name: 'a', type: 'long' }] })
    const body = JSON.stringify({ schema })
    const registered = await fetch(`${url}/subjects/servers-test-value/versions`, { method: 'POST', headers, body })
    const { id } = (await registered.json()) as { id: number }
    const answer = (await (await fetch(`${url}/schemas/ids/${id}`)).json()) as { schema: string }
    expect(JSON.parse(answer.schema)).toEqual(JSON.parse(schema))
  })
})
