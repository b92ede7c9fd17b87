/** The cluster finds who answers, repeats what may pass, and says clearly what does not. */
import { describe, expect, it } from 'vitest'
import { Cluster, type Target } from '../../../connectors/kafka/cluster.ts'
import { endTxn } from '../../../connectors/kafka/requests/end-txn.ts'
import { initProducerId } from '../../../connectors/kafka/requests/init-producer-id.ts'
import { listOffsets } from '../../../connectors/kafka/requests/list-offsets.ts'
import { openWire, WIRE_CLIENTS } from '../../../connectors/kafka/wires.ts'
import { RetriableError } from '../../../runtime/api/index.ts'
import { describeWithKafka } from '../../servers/index.ts'
import { fakeBroker } from './fake-broker.ts'
import { type Fate, proxyTo, through } from './proxy.ts'
import {
  codeAnswer,
  coordinatorAnswer,
  metadataAnswer,
  offsetAnswer,
  ScriptedWire,
  type Sent,
} from './scripted-wire.ts'

const BOOTSTRAP = [{ host: 'broker', port: 9_001 }]
const TXN: Target = { coordinator: 'transaction', key: 'lane' }
const LEADER: Target = { leader: { topic: 'quotes', partition: 1 } }
const END = { transactional_id: 'lane', producer_id: 1, producer_epoch: 0, commit: true }
const OFFSETS = {
  isolation: 'read_committed',
  topics: [{ topic: 'quotes', partitions: [{ partition: 1, timestamp_ms: -1 }] }],
} as const
const [LIST_OFFSETS, METADATA, FIND_COORDINATOR, API_VERSIONS, INIT_PRODUCER_ID, END_TXN] = [2, 3, 10, 18, 22, 26]

const lost = () => new RetriableError('KAFKA_DISCONNECTED', 'the connection ended before the answer')

/** Answers by request: a list is used up one by one, its last entry stays. */
async function scripted(script: Record<number, (Buffer | Error)[]>) {
  const answers: Record<number, (Buffer | Error)[]> = { [METADATA]: [metadataAnswer({})], ...script }
  const wire = new ScriptedWire(({ api_key }: Sent) => {
    const list = answers[api_key] ?? []
    const answer = list.length > 1 ? list.shift()! : list[0]!
    if (answer instanceof Error) throw answer
    return answer
  })
  const cluster = await Cluster.connect(wire, BOOTSTRAP)
  wire.sent.length = 0
  return { cluster, wire }
}

describe('a cluster', () => {
  it('learns brokers, controller and name when it connects', async () => {
    const { cluster, wire } = await scripted({})
    expect(cluster.cluster_id).toBe('cluster-a')
    expect(await cluster.controller()).toBe(1)
    expect(wire.nodes.map(({ node_id, host, port }) => [node_id, host, port])).toEqual([
      [1, 'broker', 9_001],
      [2, 'broker', 9_002],
      [3, 'broker', 9_003],
    ])
    expect(wire.sent).toEqual([])
  })

  it('asks once who leads, and again when that one does not', async () => {
    const { cluster, wire } = await scripted({
      [METADATA]: [
        metadataAnswer({}),
        metadataAnswer({ quotes: { leaders: [1, 2] } }),
        metadataAnswer({ quotes: { leaders: [1, 3] } }),
      ],
      [LIST_OFFSETS]: [
        offsetAnswer('quotes', 1, 0, 10),
        offsetAnswer('quotes', 1, 6),
        offsetAnswer('quotes', 1, 0, 11),
      ],
    })
    expect((await cluster.request(LEADER, listOffsets, OFFSETS)).partitions[0]?.offset).toBe(10)
    expect((await cluster.request(LEADER, listOffsets, OFFSETS)).partitions[0]?.offset).toBe(11)
    expect(wire.sent).toEqual([
      ['any', METADATA],
      [2, LIST_OFFSETS],
      [2, LIST_OFFSETS],
      ['any', METADATA],
      [3, LIST_OFFSETS],
    ])
  })

  it('waits for a leader where there is none', async () => {
    const { cluster } = await scripted({
      [METADATA]: [
        metadataAnswer({}),
        metadataAnswer({ quotes: { leaders: [1, -1] } }),
        metadataAnswer({ quotes: { leaders: [1, 2] } }),
      ],
    })
    await expect(cluster.leader('quotes', 1)).rejects.toMatchObject({ code: 'LEADER_NOT_AVAILABLE' })
    expect(await cluster.leader('quotes', 1)).toBe(2)
  })

  it('asks once who coordinates, and again when that one does not, or is gone', async () => {
    const { cluster, wire } = await scripted({
      [FIND_COORDINATOR]: [coordinatorAnswer(-1, 15), coordinatorAnswer(2), coordinatorAnswer(3), coordinatorAnswer(1)],
      [END_TXN]: [codeAnswer(0), codeAnswer(16), lost(), codeAnswer(51), codeAnswer(0)],
    })
    await cluster.request(TXN, endTxn, END)
    await cluster.request(TXN, endTxn, END)
    expect(wire.sent).toEqual([
      ['any', FIND_COORDINATOR],
      ['any', FIND_COORDINATOR],
      [2, END_TXN],
      [2, END_TXN],
      ['any', FIND_COORDINATOR],
      [3, END_TXN],
      ['any', FIND_COORDINATOR],
      [1, END_TXN],
      [1, END_TXN],
    ])
  })

  it('returns a code that no repetition changes, and those that are called an answer', async () => {
    const { cluster, wire } = await scripted({
      [FIND_COORDINATOR]: [coordinatorAnswer(2)],
      [END_TXN]: [codeAnswer(48), codeAnswer(51)],
    })
    expect(await cluster.request(TXN, endTxn, END)).toEqual({ error_code: 48 })
    expect(await cluster.request(TXN, endTxn, END, { accept: [51] })).toEqual({ error_code: 51 })
    expect(wire.sent.filter(([, key]) => key === END_TXN)).toHaveLength(2)
  })

  it('sends once where a repetition matters, and still remembers what it learned', async () => {
    const { cluster, wire } = await scripted({
      [FIND_COORDINATOR]: [coordinatorAnswer(2), coordinatorAnswer(3)],
      [END_TXN]: [lost(), codeAnswer(16)],
    })
    const once = () => cluster.request(TXN, endTxn, END, { retry: false })
    await expect(once()).rejects.toMatchObject({ code: 'KAFKA_DISCONNECTED' })
    expect(await once()).toEqual({ error_code: 16 })
    await once()
    expect(wire.sent.map(([node]) => node)).toEqual(['any', 2, 'any', 3, 'any', 3])
  })

  it('names the permission that is missing, and asks no second time', async () => {
    const { cluster, wire } = await scripted({
      [FIND_COORDINATOR]: [coordinatorAnswer(2)],
      [END_TXN]: [codeAnswer(53)],
    })
    await expect(cluster.request(TXN, endTxn, END, { retry: false })).rejects.toMatchObject({
      code: 'KAFKA_DENIED',
      exit_code: 4,
      message:
        'EndTxn at the coordinator of transaction lane: no permission for transactional-id lane (TRANSACTIONAL_ID_AUTHORIZATION_FAILED)',
      hint: 'grant Write: kafka-acls --add --allow-principal User:NAME --operation Write --transactional-id lane',
    })
    expect(wire.sent).toHaveLength(2)
  })

  it('gives up at the deadline with what it last heard', async () => {
    const { cluster } = await scripted({
      [FIND_COORDINATOR]: [coordinatorAnswer(2)],
      [END_TXN]: [codeAnswer(51)],
    })
    const error = await cluster.request(TXN, endTxn, END, { deadline_ms: 20 }).catch((cause) => cause)
    expect([error.name, error.code]).toEqual(['RetriableError', 'CONCURRENT_TRANSACTIONS'])
  })

  it('says that a topic is not there', async () => {
    const { cluster } = await scripted({
      [METADATA]: [metadataAnswer({}), metadataAnswer({ quotes: { error_code: 3 } })],
    })
    await expect(cluster.request(LEADER, listOffsets, OFFSETS)).rejects.toMatchObject({
      code: 'KAFKA_NO_TOPIC',
      message: 'there is no topic quotes',
    })
  })

  it('ends waiting requests when it is closed or called off', async () => {
    const { cluster, wire } = await scripted({
      [FIND_COORDINATOR]: [coordinatorAnswer(2)],
      [END_TXN]: [codeAnswer(51)],
    })
    const calling = new AbortController()
    const called = cluster.request(TXN, endTxn, END, { signal: calling.signal })
    const waiting = cluster.request(TXN, endTxn, END)
    calling.abort(new Error('called off'))
    await expect(called).rejects.toThrow('called off')
    await cluster.close()
    await expect(waiting).rejects.toMatchObject({ code: 'KAFKA_CLOSED' })
    expect(wire.closed).toBe(true)
  })

  it('reports a broker that is not there once, with the address and what to check', async () => {
    const gone = await fakeBroker(() => undefined)
    await gone.close()
    const wire = await openWire('kafkajs', { bootstrap: [gone.address] })
    const error = await Cluster.connect(wire, [gone.address], { deadline_ms: 20 }).catch((cause) => cause)
    const at = `127.0.0.1:${gone.address.port}`
    expect([error.code, error.exit_code, error.message]).toEqual([
      'KAFKA_UNREACHABLE',
      4,
      `no Kafka broker answers at ${at}: connecting to ${at}: ECONNREFUSED`,
    ])
    expect(error.hint).toBe(
      'check host and port, that the broker runs, and that its listener is the one for this network',
    )
  })
})

describeWithKafka('a real cluster', ({ bootstrap }) => {
  it.each(WIRE_CLIENTS)('answers over %s who leads and who coordinates', async (client) => {
    const [host, port] = bootstrap.split(':')
    const at = [{ host: host!, port: Number(port) }]
    const cluster = await Cluster.connect(await openWire(client, { bootstrap: at }), at)
    expect(cluster.cluster_id).not.toBe('')
    const controller = await cluster.controller()
    expect(await cluster.coordinator('transaction', `cluster-test-${client}`)).toBe(controller)
    await expect(cluster.leader('cluster-test-nothing', 0)).rejects.toMatchObject({ code: 'KAFKA_NO_TOPIC' })
    await cluster.close()
  })

  it.each(WIRE_CLIENTS)('is reached over %s although connections end under every request', async (client) => {
    const [host, port] = bootstrap.split(':')
    const fates: Fate[] = ['request', 'answer', 'pass']
    // Every kind of request is lost on the way there, then on the way back, and then gets through.
    const proxy = await proxyTo({ host: host!, port: Number(port) }, (api_key, nth) =>
      api_key === API_VERSIONS ? 'pass' : fates[(nth - 1) % 3]!,
    )
    const wire = through(await openWire(client, { bootstrap: [proxy.address] }), proxy)
    const cluster = await Cluster.connect(wire, [proxy.address])
    const transactional_id = `cluster-test-lost-${client}`
    const to: Target = { coordinator: 'transaction', key: transactional_id }
    const init = { transactional_id, transaction_timeout_ms: 10_000, producer_id: -1, producer_epoch: -1 }
    const producer = await cluster.request(to, initProducerId, init)
    expect(producer.error_code).toBe(0)
    const end = cluster.request(to, endTxn, { transactional_id, ...producer, commit: false }, { retry: false })
    await expect(end).rejects.toMatchObject({ code: 'KAFKA_DISCONNECTED' })
    expect([...new Set(proxy.seen)]).toEqual([API_VERSIONS, METADATA, FIND_COORDINATOR, INIT_PRODUCER_ID, END_TXN])
    await cluster.close()
    proxy.close()
  })
})
