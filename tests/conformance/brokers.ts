import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe } from 'vitest'
import { openEmbedded, openEmbeddedReader } from '../../connectors/embedded/index.ts'
import { type KafkaBroker, type KafkaOptions, openKafka } from '../../connectors/kafka/index.ts'
import { WIRE_CLIENTS, type WireClient } from '../../connectors/kafka/wires.ts'
import type { Broker, Reader } from '../../runtime/api/index.ts'
import { MemoryStore } from '../../runtime/log/memory-store.ts'
import { SimulatedLog } from '../../runtime/log/simulated.ts'
import { describeWithKafka } from '../servers/index.ts'

/** A log of its own for one test, behind the broker that is held to the suite. */
export interface LogUnderTest {
  /** The broker of the process that writes. */
  readonly broker: Broker
  /** Ends that process and starts another on the same log. */
  restart(): Promise<Broker>
  /** A process that only reads, beside the writer. */
  reader(): Promise<Reader>
  /** Makes `partition` of a reader tell of everything that is committed now. */
  refresh(reader: Reader): Promise<void>
  dispose(): Promise<void>
}

export interface BrokerKind {
  readonly name: string
  /** Offsets count records from 0, without gaps, and a batch is read as it was written. */
  readonly dense: boolean
  /** Partitions of a topic that is wide for this broker. */
  readonly wide: number
  create(): Promise<LogUnderTest>
}

const simulated: BrokerKind = {
  name: 'simulated',
  dense: true,
  wide: 1_000,
  async create() {
    const store = new MemoryStore()
    let broker = new SimulatedLog(store).connect()
    return {
      get broker() {
        return broker
      },
      async restart() {
        await broker.close()
        broker = new SimulatedLog(store).connect()
        return broker
      },
      reader: async () => new SimulatedLog(store).connect(),
      refresh: async () => {},
      dispose: () => broker.close(),
    }
  },
}

const embedded: BrokerKind = {
  name: 'embedded',
  dense: true,
  wide: 1_000,
  async create() {
    const dir = mkdtempSync(join(tmpdir(), 'aitrader-log-'))
    const open = () => openEmbedded(dir, { topology: 'conformance', command: 'test' })
    let broker = await open()
    const readers: Reader[] = []
    return {
      get broker() {
        return broker
      },
      async restart() {
        await broker.close()
        broker = await open()
        return broker
      },
      async reader() {
        const reader = await openEmbeddedReader(dir)
        readers.push(reader)
        return reader
      },
      refresh: async () => {},
      async dispose() {
        for (const reader of readers) await reader.close()
        await broker.close()
        rmSync(dir, { recursive: true, force: true })
      },
    }
  },
}

/** Brokers that need no server. */
export const brokers: readonly BrokerKind[] = [simulated, embedded]

/** `body` for every broker: those above, and Kafka over each client, where a server can be had. */
export function describeEachBroker(body: (kind: BrokerKind) => void): void {
  describe.each(brokers)('$name broker', body)
  for (const client of WIRE_CLIENTS) {
    describeWithKafka(`kafka broker over ${client}`, ({ bootstrap }) => body(kafka(client, bootstrap)))
  }
}

/** Topics, stores and ids of each log bear a prefix of its own: all share one server. */
export function kafka(client: WireClient, bootstrap: string): BrokerKind {
  return {
    name: `kafka over ${client}`,
    dense: false,
    wide: 100,
    async create() {
      const prefix = `c${randomUUID()}.`
      const open = () => openKafka({ ...kafkaAt(bootstrap), client, prefix })
      let broker = await open()
      const readers: KafkaBroker[] = []
      return {
        get broker() {
          return broker
        },
        async restart() {
          await broker.close()
          broker = await open()
          return broker
        },
        async reader() {
          const reader = await open()
          readers.push(reader)
          return reader
        },
        refresh: (reader) => (reader as KafkaBroker).refresh(),
        async dispose() {
          for (const reader of readers) await reader.close()
          await broker.close()
        },
      }
    },
  }
}

/** Options of a broker for tests: few shards, short transactions. */
export function kafkaAt(bootstrap: string): KafkaOptions {
  const [host, port] = bootstrap.split(':') as [string, string]
  return { bootstrap: [{ host, port: Number(port) }], topology: 'conformance', state_shards: 2 }
}
