/** What the topology's own topics hold of its runs and applies, and the state that they made. */
import type { Broker } from '../../runtime/api/index.ts'
import type { WriterCodecs } from '../../runtime/engine/options.ts'
import { type Plan, plan, type World } from '../../runtime/plan/plan.ts'
import { shippedWorld } from '../world.ts'
import { laneTexts } from './desired.ts'
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
  private readonly world: () => Promise<World>
  private opened: Promise<Broker> | undefined

  /** `open` connects; it is called anew after topics were made again, since a connection may remember the old ones. */
  constructor(
    open: () => Promise<Broker>,
    codecs: WriterCodecs | undefined,
    world: () => Promise<World> = shippedWorld,
  ) {
    this.open = open
    this.codecs = codecs
    this.world = world
  }

  /** What ran last; undefined where nothing ever did. */
  async run(): Promise<StoredRun | undefined> {
    return readRun(await this.broker())
  }

  async applied(): Promise<Applied | undefined> {
    return readApplied(await this.broker())
  }

  /** `now` is what is to run. */
  async recall(now: Plan): Promise<Remembered> {
    const broker = await this.broker()
    const [applied, run] = [await readApplied(broker), await readRun(broker)]
    if (run === undefined) return { applied, stores: [], producers: undefined, lanes: undefined }
    const before = await this.planned(run)
    return {
      applied,
      stores: await storedStores(broker, this.codecs, run, now, before),
      producers: run.producers,
      lanes: before === undefined ? undefined : laneTexts(before),
    }
  }

  /** The topology that ran, as tasks; undefined if it had a processor or record that this build has not. */
  private async planned({ topology }: StoredRun): Promise<Plan | undefined> {
    try {
      return plan(topology, await this.world())
    } catch {
      return undefined
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
  async rebuild(now: Plan, stage: string): Promise<number> {
    return rebuildStage(await this.stageOptions(now), stage)
  }

  /** Forgets a stage's state; of a stage that is no longer planned, everything. */
  async drop(now: Plan, stage: string): Promise<void> {
    const options = await this.stageOptions(now)
    if (now.stages.includes(stage)) return dropStage(options, stage)
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

  private async stageOptions(now: Plan): Promise<StageOptions> {
    const producers = (await this.run())?.producers ?? now.producers
    return { broker: await this.broker(), codecs: this.codecs, plan: now, producers }
  }
}
