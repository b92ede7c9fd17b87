import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEmbedded, openEmbeddedReader } from '../../connectors/embedded/index.ts'
import type { Broker, Reader } from '../../runtime/api/index.ts'
import { MemoryStore } from '../../runtime/log/memory-store.ts'
import { SimulatedLog } from '../../runtime/log/simulated.ts'

/** A log of its own for one test, behind the broker that is held to the suite. */
export interface LogUnderTest {
  /** The broker of the process that writes. */
  readonly broker: Broker
  /** Ends that process and starts another on the same log. */
  restart(): Promise<Broker>
  /** A process that only reads, beside the writer. */
  reader(): Promise<Reader>
  dispose(): Promise<void>
}

export interface BrokerKind {
  readonly name: string
  create(): Promise<LogUnderTest>
}

const simulated: BrokerKind = {
  name: 'simulated',
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
      dispose: () => broker.close(),
    }
  },
}

const embedded: BrokerKind = {
  name: 'embedded',
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
      async dispose() {
        for (const reader of readers) await reader.close()
        await broker.close()
        rmSync(dir, { recursive: true, force: true })
      },
    }
  },
}

export const brokers: readonly BrokerKind[] = [simulated, embedded]
