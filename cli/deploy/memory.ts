/** What the topology's own topics hold of its runs and applies, and the state that they made. */
import type { Broker } from '../../runtime/api/index.ts'
import type { WriterCodecs } from '../../runtime/engine/options.ts'
import type { Plan } from '../../runtime/plan/plan.ts'
import type { Applied } from './model.ts'
import type { Remembered } from './observe.ts'
import { dropStage, forgetTask, rebuildStage, type StageOptions } from './rebuild-stage.ts'
import { appliedPut, readApplied, readRun, type StoredRun } from './stored-run.ts'
import { storedStores } from './stored-stores.ts'

/** Of what is written by `apply` and `reset`; no lane is called so. */
const TRANSACTIONAL_ID = 'deployment.apply'

/** Through the broker port, so that any broker can stand behind it. */
export class Memory {
  private readonly open: () => Promise<Broker>
  private readonly codecs: WriterCodecs | undefined
  private opened: Promise<Broker> | undefined

  /** `open` connects; it is called anew after topics were made again, since a connection may remember the old ones. */
  constructor(open: () => Promise<Broker>, codecs: WriterCodecs | undefined) {
    this.open = open
    this.codecs = codecs
  }

  /** What ran last; undefined where nothing ever did. */
  async run(): Promise<StoredRun | undefined> {
    return readRun(await this.broker())
  }

  async applied(): Promise<Applied | undefined> {
    return readApplied(await this.broker())
  }

  /** `plan` is what is to run now. */
  async recall(plan: Plan): Promise<Remembered> {
    const broker = await this.broker()
    const run = await readRun(broker)
    return {
      applied: await readApplied(broker),
      stores: run === undefined ? [] : await storedStores(broker, this.codecs, run, plan),
      producers: run?.producers,
    }
  }

  async remember(applied: Applied): Promise<void> {
    await this.forgetConnection()
    const broker = await this.broker()
    if (JSON.stringify(await readApplied(broker)) === JSON.stringify(applied)) return
    const producer = await broker.producer(TRANSACTIONAL_ID)
    await producer.commit({ batches: [], puts: [appliedPut(applied)] })
  }

  /** Computes a stage's state again; answers how many records were read. */
  async rebuild(plan: Plan, stage: string): Promise<number> {
    return rebuildStage(await this.stageOptions(plan), stage)
  }

  /** Forgets a stage's state; of a stage that is no longer planned, everything. */
  async drop(plan: Plan, stage: string): Promise<void> {
    const options = await this.stageOptions(plan)
    if (plan.stages.includes(stage)) return dropStage(options, stage)
    for (const task of options.producers) {
      if (task.startsWith(`${stage}/`)) await forgetTask(options.broker, TRANSACTIONAL_ID, task)
    }
  }

  /** The next call connects anew. */
  async forgetConnection(): Promise<void> {
    const { opened } = this
    this.opened = undefined
    await (await opened?.catch(() => undefined))?.close()
  }

  close(): Promise<void> {
    return this.forgetConnection()
  }

  private broker(): Promise<Broker> {
    this.opened ??= this.open()
    return this.opened
  }

  private async stageOptions(plan: Plan): Promise<StageOptions> {
    const producers = (await this.run())?.producers ?? plan.producers
    return { broker: await this.broker(), codecs: this.codecs, plan, producers }
  }
}
