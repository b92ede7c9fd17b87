/** A wire whose answers a test makes up, and the bytes of the answers that a cluster learns from. */
import { ByteReader, ByteWriter } from '../../../connectors/kafka/bytes.ts'
import type { KafkaNode, NodeRef, SendOptions, Wire } from '../../../connectors/kafka/wire.ts'

export interface Sent {
  readonly node: NodeRef
  readonly api_key: number
  readonly body: ByteReader
  readonly options: SendOptions
}

export class ScriptedWire implements Wire {
  readonly client = 'kafkajs'
  readonly named = false
  readonly sent: [NodeRef, number][] = []
  nodes: readonly KafkaNode[] = []
  closed = false
  readonly #answer: (sent: Sent) => Buffer | Promise<Buffer>

  constructor(answer: (sent: Sent) => Buffer | Promise<Buffer>) {
    this.#answer = answer
  }

  async request(node: NodeRef, api_key: number, _version: number, body: Buffer, options: SendOptions = {}) {
    this.sent.push([node, api_key])
    return this.#answer({ node, api_key, body: new ByteReader(body), options })
  }

  setNodes(nodes: readonly KafkaNode[]) {
    this.nodes = nodes
  }

  async close() {
    this.closed = true
  }
}

export interface TopicAnswer {
  readonly error_code?: number
  /** Leader of each partition. */
  readonly leaders?: readonly number[]
}

/** Metadata v12 with brokers 1 to 3, of which 1 is the controller. */
export function metadataAnswer(topics: Readonly<Record<string, TopicAnswer>>): Buffer {
  const w = new ByteWriter().i32(0)
  w.compactArray([1, 2, 3], (node) =>
    w
      .i32(node)
      .compactString('broker')
      .i32(9_000 + node)
      .uvarint(0)
      .tags(),
  )
  w.compactNullableString('cluster-a').i32(1)
  w.compactArray(Object.entries(topics), ([topic, { error_code = 0, leaders = [] }]) => {
    w.i16(error_code).compactNullableString(topic).raw(Buffer.alloc(16, 7)).bool(false)
    w.compactArray([...leaders.entries()], ([partition, leader]) => {
      w.i16(0).i32(partition).i32(leader).i32(0)
      for (const nodes of [[1, 2], [1], []]) w.compactArray(nodes, (node) => w.i32(node))
      w.tags()
    })
    w.i32(0).tags()
  })
  return w.tags().bytes()
}

/** FindCoordinator v2. */
export function coordinatorAnswer(node_id: number, error_code = 0): Buffer {
  return new ByteWriter()
    .i32(0)
    .i16(error_code)
    .nullableString(null)
    .i32(node_id)
    .string('broker')
    .i32(9_000 + node_id)
    .bytes()
}

/** An answer that holds a code alone (EndTxn, Heartbeat). */
export function codeAnswer(error_code: number): Buffer {
  return new ByteWriter().i32(0).i16(error_code).bytes()
}

/** ListOffsets v7 for one partition. */
export function offsetAnswer(topic: string, partition: number, error_code: number, offset = -1): Buffer {
  const w = new ByteWriter().i32(0)
  w.compactArray([topic], (name) => {
    w.compactString(name)
    w.compactArray([partition], (one) => w.i32(one).i16(error_code).i64(-1).i64(offset).i32(0).tags()).tags()
  })
  return w.tags().bytes()
}
