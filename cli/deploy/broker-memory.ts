/** Memory and state of a topology through the broker port, so that any broker can stand behind it. */
import type { Broker } from '../../runtime/api/index.ts'
import type { Memory } from './memory.ts'
import type { Applied, Desired } from './model.ts'
import type { Remembered } from './observe.ts'
import { appliedPut, readApplied, readRun, type StoredRun } from './stored-run.ts'

/** Of what is written by `apply` and `reset`; no lane is called so. */
const TRANSACTIONAL_ID = 'deployment.apply'

/** A broker that hears of topics which others made. */
export type RefreshedBroker = Broker & { refresh(): Promise<void> }

export class BrokerMemory implements Memory {
  private readonly broker: RefreshedBroker

  constructor(broker: RefreshedBroker) {
    this.broker = broker
  }

  run(): Promise<StoredRun | undefined> {
    return readRun(this.broker)
  }

  async recall(_desired: Desired): Promise<Remembered> {
    return { applied: await readApplied(this.broker), stores: [], producers: undefined }
  }

  async remember(applied: Applied): Promise<void> {
    await this.broker.refresh()
    const known = await readApplied(this.broker)
    if (JSON.stringify(known) === JSON.stringify(applied)) return
    const producer = await this.broker.producer(TRANSACTIONAL_ID)
    await producer.commit({ batches: [], puts: [appliedPut(applied)] })
  }

  async rebuild(_stage: string): Promise<void> {}

  async drop(_stage: string): Promise<void> {}
}
