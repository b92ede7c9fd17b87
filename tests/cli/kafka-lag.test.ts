import { afterAll, beforeAll, expect, test } from 'vitest'
import { lagCommand } from '../../cli/commands/lag.ts'
import { txnCommand } from '../../cli/commands/txn.ts'
import type { Lag, LaneLag } from '../../cli/deployed/lag.ts'
import { shippedWorld } from '../../cli/world.ts'
import { joinGroup } from '../../connectors/kafka/group.ts'
import { planLanes } from '../../runtime/plan/lanes.ts'
import { plan } from '../../runtime/plan/plan.ts'
import { OpenTransaction } from '../connectors/kafka/open-transaction.ts'
import { describeWithKafkaAndRegistry } from '../servers/index.ts'
import { inProcess } from './in-process.ts'
import { newWorld, runLanes, type World } from './kafka-world.ts'

/** How far lanes are behind, to the record; and the transaction that holds a partition up, found and ended. */

const MARKET = { duration_ms: 1_000 }

describeWithKafkaAndRegistry('lag and transactions', (servers) => {
  let world: World

  beforeAll(async () => {
    world = await newWorld(servers)
    await (await runLanes(world, MARKET, ['market'])).ended
  })
  afterAll(async () => {
    await world?.close()
  })

  const lag = async (): Promise<{ code: number | null; found: Lag; of: (lane: string) => LaneLag | undefined }> => {
    const { code, stdout } = await inProcess(lagCommand(), '--json', ...world.at)
    const found = JSON.parse(stdout) as Lag
    return { code, found, of: (name) => found.lanes.find(({ lane }) => lane === name) }
  }
  const txn = (...args: readonly string[]) => {
    const [kafka, address] = world.at as [string, string]
    return inProcess(txnCommand(), ...args, kafka, address, '--topology', world.name)
  }

  test('a lane that nobody runs is behind by every record that it has not read', async () => {
    const { code, of } = await lag()
    expect(code).toBe(1)
    const planned = plan(world.topology, await shippedWorld())
    const lanes = planLanes(planned)
    const digests = await world.target.broker.digests()
    const trading = lanes.lanes.find(({ name }) => name === 'trading')
    const outside = new Set(
      trading?.tasks
        .flatMap((task) => task.inputs)
        .filter(({ topic, partition }) => !lanes.writers(topic, partition).includes(trading.number))
        .map(({ topic }) => topic.name),
    )
    const records = [...outside].reduce((sum, name) => sum + (digests[name]?.records ?? 0), 0)
    expect(records).toBeGreaterThan(0)
    expect(of('trading')).toEqual({
      lane: 'trading',
      owner: null,
      ended: false,
      frontier_us: null,
      behind_us: null,
      records_behind: records,
      counted: true,
      last_commit_ms_ago: null,
    })
    expect(of('market')).toMatchObject({ ended: true, records_behind: 0, behind_us: 0 })
    expect(of('market')?.last_commit_ms_ago).toBeGreaterThanOrEqual(0)
    const { stdout } = await inProcess(lagCommand(), ...world.at)
    expect(stdout).toMatch(new RegExp(`^trading  ${records} records +not begun +- +nobody$`, 'm'))
  })

  test('who runs a lane is told; what has ended needs nobody', async () => {
    const member = await joinGroup({
      cluster: world.target.broker.cluster,
      group_id: world.name,
      session_timeout_ms: 10_000,
      metadata: () => ({ can: ['trading'], owned: [] }),
      on_assigned: () => {},
      on_lost: () => {},
    })
    try {
      expect((await lag()).of('trading')?.owner).toEqual({ client_id: 'aitrader', host: '127.0.0.1' })
    } finally {
      await member.leave()
    }
    await (await runLanes(world, MARKET, ['trading', 'audit'])).ended
    const { code, found } = await lag()
    expect(code).toBe(0)
    expect(found.lanes.map(({ records_behind, behind_us, ended }) => ({ records_behind, behind_us, ended }))).toEqual(
      found.lanes.map(() => ({ records_behind: 0, behind_us: 0, ended: true })),
    )
    expect(found.held).toEqual([])
  })

  test('an open transaction that holds records back is found and ended', async () => {
    const topic = world.topic('fills.global.v1')
    const id = `${world.name}.stuck`
    const stuck = await OpenTransaction.begin(world.target.broker.cluster, id)
    await stuck.write(topic, 0, [{ key: 'k', body: 'x' }])
    const { found } = await lag()
    expect(found.held).toEqual([{ topic, partition: 0, held: 1, producer_id: expect.any(Number), id, hangs: false }])
    const listed = JSON.parse((await txn('list', '--json')).stdout)
    expect(listed.held).toEqual(found.held)
    expect(listed.transactions.find((row: { id: string }) => row.id === id)).toMatchObject({
      state: 'Ongoing',
      partitions: [`${topic}/0`],
    })
    expect((await txn('list')).stdout).toContain(
      `${topic}/0: 1 offsets are held back; the transaction of ${id} is open\n`,
    )
    expect(await txn('abort', 'stuck')).toEqual({ code: 0, stdout: 'aborted: stuck\n', stderr: '' })
    expect((await lag()).found.held).toEqual([])
    const again = await txn('abort', 'stuck')
    expect(again).toMatchObject({ code: 2, stdout: '' })
    expect(again.stderr).toContain(`${id} has no open transaction (KAFKA_NO_TRANSACTION)`)
  })

  test('one that its coordinator forgot is ended where it stands', async () => {
    const topic = world.topic('positions.v1')
    const stuck = await OpenTransaction.begin(world.target.broker.cluster, `${world.name}.forgotten`)
    await stuck.write(topic, 0, [{ key: 'k', body: 'x' }])
    const producer_id = String((await lag()).found.held[0]?.producer_id)
    expect((await txn('abort', producer_id, '--hanging', `${topic}/0`)).stdout).toBe(`aborted: ${producer_id}\n`)
    expect((await lag()).found.held).toEqual([])
    await txn('abort', 'forgotten')
  })
})
