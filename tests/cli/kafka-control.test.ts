import { afterAll, beforeAll, expect, test } from 'vitest'
import { auditCommand } from '../../cli/commands/audit.ts'
import { controlCommand } from '../../cli/commands/control.ts'
import { stateCommand } from '../../cli/commands/state.ts'
import { topicCommand } from '../../cli/commands/topic.ts'
import { REQUESTS } from '../../cli/run/requests.ts'
import { shippedWorld } from '../../cli/world.ts'
import { joinGroup } from '../../connectors/kafka/group.ts'
import { BatchBuilder, NO_CAUSES } from '../../runtime/log/batch.ts'
import { planLanes } from '../../runtime/plan/lanes.ts'
import { plan } from '../../runtime/plan/plan.ts'
import { Control } from '../../schemas/generated/index.ts'
import { describeWithKafkaAndRegistry } from '../servers/index.ts'
import { inProcess } from './in-process.ts'
import { newWorld, type Running, runLanes, type World } from './kafka-world.ts'

/** Operators' orders reach the process that runs the sources, each exactly once, whoever dies in between. */

describeWithKafkaAndRegistry('control on Kafka', (servers) => {
  let world: World
  let running: Running

  beforeAll(async () => {
    world = await newWorld(servers)
  })
  afterAll(async () => {
    await running?.stop()
    await world?.close()
  })

  const control = (...args: readonly string[]) => inProcess(controlCommand(), ...args, ...world.at)
  const recorded = async () => {
    const { stdout } = await inProcess(topicCommand(), 'read', world.topic('control.v1'), '--json', ...world.at)
    return stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as { id: string; stream_time_us: number; value: Control })
  }

  test('an order that nobody takes stands, and is taken before the first frame', async () => {
    running = await runLanes(world, { speed: 2 }, [])
    const killed = await control('kill', '--timeout', '50ms')
    expect(killed).toEqual({
      code: 4,
      stdout: '',
      stderr:
        'aitrader: no process runs the sources (CONTROL_UNANSWERED)\n' +
        '  the order stands: it is taken as soon as a process runs the sources, before the next frame; `aitrader run` starts one\n',
    })
    expect(await recorded()).toEqual([])
    running = await runLanes(world, { speed: 2 })
    const resumed = await control('resume', '--json')
    expect(resumed.stderr).toBe('')
    const [first, second] = await recorded()
    // Nothing had passed yet: the halt stands at the first instant there is.
    expect(first).toMatchObject({
      id: 'control:0',
      stream_time_us: 1,
      value: { scope: 'firm', trading_state: 'HALTED' },
    })
    expect(JSON.parse(resumed.stdout)).toEqual({
      scope: 'firm',
      trading_state: 'ACTIVE',
      cancel_open: false,
      actor: 'operator',
      reason: '',
      by: 'process',
      id: 'control:1',
      stream_time_us: second?.stream_time_us,
    })
  })

  test('is in force when the command ends, and show tells of it', async () => {
    const args = ['--scope', 'symbol:BTCUSDT', '--actor', 'desk-7', '--reason', 'drill']
    expect((await control('kill', ...args)).stdout).toBe(
      'symbol:BTCUSDT: trading halted, open orders are cancelled (the running process took it)\n',
    )
    const shown = JSON.parse((await control('show', '--json')).stdout)
    expect(shown).toMatchObject({
      running: false,
      scopes: [
        { scope: 'firm', trading_state: 'ACTIVE', offset: 1 },
        { scope: 'symbol:BTCUSDT', trading_state: 'HALTED', actor: 'desk-7', reason: 'drill', offset: 2 },
      ],
    })
  })

  test('whoever is in the group and was given the sources is who runs them', async () => {
    const { lanes } = planLanes(plan(world.topology, await shippedWorld()))
    const can = lanes.map(({ name }) => name)
    const member = await joinGroup({
      cluster: world.target.broker.cluster,
      group_id: world.name,
      session_timeout_ms: 10_000,
      metadata: () => ({ can, owned: [] }),
      on_assigned: () => {},
      on_lost: () => {},
    })
    try {
      expect((await control('show')).stdout).toMatch(/^a process runs the sources\nfirm {12}ACTIVE /)
    } finally {
      await member.leave()
    }
  })

  test('what is no order changes nothing and is said; the next one is taken', async () => {
    const { broker, registry } = world.target
    const [version] = await registry.versions(`${world.name}.requests-value`)
    const wrong = new BatchBuilder(REQUESTS, 0, version?.id as number)
    const order: Control = { scope: 'desk', trading_state: 'HALTED', cancel_open: true, actor: 'operator', reason: '' }
    wrong.append(Control, order, 'desk', 'somebody', 0, 1, NO_CAUSES)
    await (await broker.producer('somebody')).commit({ batches: [wrong.batch()], puts: [] })
    expect((await control('resume', '--scope', 'symbol:BTCUSDT')).code).toBe(0)
    expect((await recorded()).map(({ id }) => id)).toEqual(['control:0', 'control:1', 'control:2', 'control:3'])
    const refused = running.events.filter((event) => event.startsWith('order refused'))
    expect(refused).toEqual([
      'order refused {"source":"control","id":"somebody:0","error":"\\"desk\\" is not a scope"}',
    ])
  })

  test('a successor goes on behind what was taken: nothing is lost, nothing comes twice', async () => {
    const fenced = running
    running = await runLanes(world, { speed: 2 })
    // Nobody told the one before: it is fenced at its next commit.
    expect((await fenced.ended).map(({ kind }) => kind)).toEqual(['fenced', 'fenced', 'fenced'])
    const killed = JSON.parse((await control('kill', '--json')).stdout)
    expect(killed).toMatchObject({ id: 'control:4', by: 'process' })
    const states = (await recorded()).map(({ value }) => `${value.scope} ${value.trading_state}`)
    expect(states).toEqual([
      'firm HALTED',
      'firm ACTIVE',
      'symbol:BTCUSDT HALTED',
      'symbol:BTCUSDT ACTIVE',
      'firm HALTED',
    ])
  })

  test('a wrong order is refused and leaves nothing', async () => {
    const ended = await control('kill', '--scope', 'symbol:BTCUSD')
    expect(ended).toMatchObject({ code: 2, stdout: '' })
    expect(ended.stderr).toContain('did you mean `symbol:BTCUSDT`?')
    expect(await recorded()).toHaveLength(5)
  })

  test('the trail holds beside the running lanes, orders included', async () => {
    const verified = await inProcess(auditCommand(), 'verify', '--json', ...world.at)
    expect(JSON.parse(verified.stdout)).toMatchObject({ ok: true })
    // A torn read would not come to what the journal says, and be refused.
    for (const stage of ['book-builder', 'execution', 'audit-sink']) {
      const read = await inProcess(stateCommand(), stage, '--json', ...world.at)
      expect(read).toMatchObject({ code: 0, stderr: '' })
    }
    const replayed = await inProcess(auditCommand(), 'replay', '--json', ...world.at)
    expect(JSON.parse(replayed.stdout)).toMatchObject({ different: 0 })
  })
})
