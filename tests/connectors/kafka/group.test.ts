/** Members share lanes, keep them through a rebalance, and give them up when they no longer count. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Cluster } from '../../../connectors/kafka/cluster.ts'
import { CODE } from '../../../connectors/kafka/errors.ts'
import { type GroupHandle, type GroupOptions, joinGroup } from '../../../connectors/kafka/group.ts'
import { openWire, WIRE_CLIENTS } from '../../../connectors/kafka/wires.ts'
import { type AppError, RetriableError } from '../../../runtime/api/index.ts'
import { describeWithKafka } from '../../servers/index.ts'
import { FakeCoordinator } from './fake-coordinator.ts'

const LANES = ['a', 'b', 'c', 'd']
const SESSION_MS = 6_000
const BEAT_MS = 500

/** Runs what it is assigned at once, and notes everything it is told. */
class Runner {
  owned: readonly string[] = []
  held: readonly string[] | undefined
  readonly told: string[] = []
  readonly can: readonly string[]
  failure: AppError | undefined

  constructor(can: readonly string[] = LANES) {
    this.can = can
  }

  options(cluster: GroupOptions['cluster'], group_id = 'group'): GroupOptions {
    return {
      cluster,
      group_id,
      session_timeout_ms: SESSION_MS,
      metadata: () => ({ can: this.can, owned: this.owned, ...(this.held === undefined ? {} : { held: this.held }) }),
      on_assigned: (lanes, taken) => {
        this.owned = lanes
        this.told.push(taken.size === 0 ? lanes.join('') : `${lanes.join('')} (${[...taken].join('')} from the living)`)
      },
      on_lost: () => {
        this.owned = []
        this.told.push('lost')
      },
      on_failed: (error) => {
        this.failure = error
      },
    }
  }
}

describe('a member', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms)

  async function join(coordinator: FakeCoordinator, runner = new Runner()): Promise<[Runner, GroupHandle]> {
    const joining = joinGroup(runner.options(coordinator.cluster))
    await pass(BEAT_MS)
    return [runner, await joining]
  }

  it('alone has all lanes, and beats without being told anything more', async () => {
    const coordinator = new FakeCoordinator()
    const [runner, member] = await join(coordinator)
    expect([runner.told, member.member_id, member.generation]).toEqual([['abcd'], 'm1', 1])
    await pass(60_000)
    expect(runner.told).toEqual(['abcd'])
    expect(coordinator.log).toEqual(['m1 joins {"can":["a","b","c","d"],"owned":[],"generation":-1}'])
  })

  it('shares with a newcomer, who hears which lanes the living still run', async () => {
    const coordinator = new FakeCoordinator()
    const [first] = await join(coordinator)
    const [second] = await join(coordinator)
    expect(first.told).toEqual(['abcd', 'cd'])
    expect(second.told).toEqual(['ab (ab from the living)'])
    expect(coordinator.log.slice(1)).toEqual([
      'm2 joins {"can":["a","b","c","d"],"owned":[],"generation":-1}',
      'm1 joins {"can":["a","b","c","d"],"owned":["a","b","c","d"],"generation":1}',
    ])
  })

  it('leaves lanes with whom they were given to, whoever still runs them', async () => {
    const coordinator = new FakeCoordinator()
    const [first, handle] = await join(coordinator)
    first.held = LANES
    const [second] = await join(coordinator)
    const [third] = await join(coordinator)
    const shares = [first, second, third].map((runner) => runner.told.at(-1))
    // `first` ends its lanes one by one, and nothing moves but what that sets free.
    for (const held of [['a', 'b'], ['d'], ['d']]) {
      first.held = held
      handle.rejoin()
      await pass(2 * BEAT_MS)
    }
    expect(shares).toEqual(['d', 'ab (ab from the living)', 'c (c from the living)'])
    expect(second.told.slice(-3)).toEqual(['ab (ab from the living)', 'ab', 'ab'])
    expect(third.told.slice(-3)).toEqual(['c', 'c', 'c'])
  })

  it('keeps its lanes through a rebalance that another holds up', async () => {
    const coordinator = new FakeCoordinator()
    const [first, handle] = await join(coordinator)
    const [second] = await join(coordinator)
    const silent = { member_id: 'silent', metadata: Buffer.from('{}') } as never
    coordinator.cluster.request('any', { name: 'JoinGroup' } as never, silent)
    await pass(BEAT_MS)
    // From here on the silent one, a member now, does not come when all are called together.
    handle.rejoin()
    await pass(2 * SESSION_MS - BEAT_MS)
    expect([first.told, second.told, coordinator.generation]).toEqual([
      ['abcd', 'cd', 'cd'],
      ['ab (ab from the living)', 'ab'],
      3,
    ])
    coordinator.expel('silent')
    await pass(0)
    expect([first.told.at(-1), second.told.at(-1), coordinator.generation]).toEqual(['cd', 'ab', 4])
  })

  it('hands its lanes over at once when it leaves', async () => {
    const coordinator = new FakeCoordinator()
    const [first, handle] = await join(coordinator)
    const [second] = await join(coordinator)
    await handle.leave()
    await pass(BEAT_MS)
    expect([first.told, second.told]).toEqual([
      ['abcd', 'cd'],
      ['ab (ab from the living)', 'abcd'],
    ])
    await handle.leave()
    expect(coordinator.log.filter((line) => line.endsWith('leaves'))).toEqual(['m1 leaves'])
  })

  it('leaves while its join is held up, without waiting for it', async () => {
    const coordinator = new FakeCoordinator()
    const [, handle] = await join(coordinator)
    await join(coordinator)
    handle.rejoin()
    await pass(0)
    await handle.leave()
    expect(coordinator.log.at(-1)).toBe('m1 leaves')
  })

  it('asked to, joins anew with what it can run by then', async () => {
    const coordinator = new FakeCoordinator()
    const runner = new Runner()
    const [, handle] = await join(coordinator, runner)
    Object.assign(runner, { can: ['a', 'z'] })
    handle.rejoin()
    await pass(0)
    expect(runner.told).toEqual(['abcd', 'az'])
  })

  it.each([
    ['does not know it', CODE.UNKNOWN_MEMBER_ID, 'm2'],
    ['has gone on without it', CODE.ILLEGAL_GENERATION, 'm1'],
  ])('loses its lanes when the coordinator %s, and joins anew', async (_name, code, member_id) => {
    const coordinator = new FakeCoordinator()
    const [runner, handle] = await join(coordinator)
    if (code === CODE.UNKNOWN_MEMBER_ID) coordinator.expel('m1')
    coordinator.next.set('Heartbeat', code)
    await pass(BEAT_MS)
    expect(runner.told).toEqual(['abcd', 'lost', 'abcd'])
    expect(handle.member_id).toBe(member_id)
    expect(coordinator.log.at(-1)).toBe(`${member_id} joins {"can":["a","b","c","d"],"owned":[],"generation":1}`)
  })

  it('loses its lanes when it cannot reach the coordinator for a session, and not before', async () => {
    const coordinator = new FakeCoordinator()
    const [runner] = await join(coordinator)
    const { request } = coordinator.cluster
    coordinator.cluster.request = async () => {
      throw new RetriableError('KAFKA_UNREACHABLE', 'nobody there')
    }
    await pass(SESSION_MS - BEAT_MS)
    expect(runner.told).toEqual(['abcd'])
    await pass(BEAT_MS)
    expect(runner.told).toEqual(['abcd', 'lost'])
    coordinator.cluster.request = request
    coordinator.expel('m1')
    await pass(BEAT_MS)
    expect(runner.told).toEqual(['abcd', 'lost', 'abcd'])
  })

  it('survives a coordinator that moves', async () => {
    const coordinator = new FakeCoordinator()
    const [runner] = await join(coordinator)
    coordinator.next.set('Heartbeat', CODE.NOT_COORDINATOR)
    await pass(BEAT_MS)
    coordinator.next.set('Heartbeat', new RetriableError('KAFKA_DISCONNECTED', 'gone'))
    await pass(60_000)
    expect(runner.told).toEqual(['abcd'])
  })

  it('does not wait in its heartbeats for what it tells', async () => {
    const coordinator = new FakeCoordinator()
    const runner = new Runner()
    const options = { ...runner.options(coordinator.cluster), on_assigned: () => new Promise(() => {}) as never }
    const joining = joinGroup(options)
    await pass(BEAT_MS)
    const handle = await joining
    const [second] = await join(coordinator)
    expect(handle.generation).toBe(2)
    expect(second.told).toEqual(['bd'])
  })

  it.each([
    ['no permission', 30, 'KAFKA_DENIED'],
    ['a group of another kind', 23, 'KAFKA_REFUSED'],
  ])('with %s fails, at first and later', async (_name, code, expected) => {
    const refused = new FakeCoordinator()
    refused.next.set('JoinGroup', code)
    await expect(joinGroup(new Runner().options(refused.cluster))).rejects.toMatchObject({ code: expected })
    const coordinator = new FakeCoordinator()
    const [runner, handle] = await join(coordinator)
    coordinator.next.set('Heartbeat', code)
    await pass(BEAT_MS)
    expect([runner.told, runner.failure?.code]).toEqual([['abcd', 'lost'], expected])
    await handle.leave()
  })

  it('whose instance another process took ends, FENCED', async () => {
    const coordinator = new FakeCoordinator()
    const [runner] = await join(coordinator)
    coordinator.next.set('Heartbeat', CODE.FENCED_INSTANCE_ID)
    await pass(BEAT_MS)
    expect([runner.told, runner.failure?.code]).toEqual([['abcd', 'lost'], 'FENCED'])
  })

  it('gives nothing to a member whose data it cannot read', async () => {
    const coordinator = new FakeCoordinator()
    const [runner] = await join(coordinator)
    const request = { name: 'JoinGroup' } as never
    coordinator.cluster.request('any', request, { member_id: 'odd', metadata: Buffer.from('[{') } as never)
    await pass(BEAT_MS)
    expect(runner.told).toEqual(['abcd', 'abcd'])
  })
})

describeWithKafka('members of a real group', ({ bootstrap }) => {
  const [host, port] = bootstrap.split(':')
  const at = [{ host: host!, port: Number(port) }]

  it.each(WIRE_CLIENTS)('share, hand over and inherit over %s', async (client) => {
    const runners = [new Runner(), new Runner(), new Runner()]
    const group = `group-test-${client}`
    const start = async (runner: Runner) => {
      const cluster = await Cluster.connect(await openWire(client, { bootstrap: at }), at)
      return [await joinGroup(runner.options(cluster, group)), cluster] as const
    }
    const settled = (expected: string[]) =>
      expect
        .poll(
          () =>
            runners
              .map((runner) => runner.owned.length)
              .sort()
              .join(),
          { timeout: 30_000, interval: 20 },
        )
        .toBe(expected.join())
    const first = await start(runners[0]!)
    const [second, third] = await Promise.all([start(runners[1]!), start(runners[2]!)])
    await settled(['1', '1', '2'])
    expect(runners.flatMap((runner) => runner.owned).sort()).toEqual(LANES)
    await first[0].leave()
    runners[0]!.owned = []
    await settled(['0', '2', '2'])
    expect(runners.flatMap((runner) => runner.owned).sort()).toEqual(LANES)
    for (const [handle] of [second, third]) await handle.leave()
    for (const [, cluster] of [first, second, third]) await cluster.close()
  })
})
