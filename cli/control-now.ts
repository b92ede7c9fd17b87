import { openEmbedded } from '../connectors/embedded/index.ts'
import { AppError, type Source } from '../runtime/api/index.ts'
import { type Order, Run } from '../runtime/engine/run.ts'
import { compose } from './compose.ts'
import { sendOrder } from './control-socket.ts'
import { openEngine, wallClock } from './engine.ts'
import type { RunFile } from './run-file.ts'

/** Longest wait for a process that holds the directory and does not listen yet, milliseconds. */
const PATIENCE_MS = 10_000
const RETRY_MS = 50

/**
 * Makes records from outside durable: by the process that runs the directory, or, where none does, by taking the lock and
 * writing them here. An order that may already have been taken is given again: twice halted is halted.
 */
export async function giveOrders(
  dir: string,
  run: RunFile,
  orders: readonly Order[],
): Promise<'process' | 'directory'> {
  const until_ms = performance.now() + PATIENCE_MS
  for (let given = 0; given < orders.length; ) {
    const reply = await sendOrder(dir, orders[given] as Order)
    if (reply?.ok === true) {
      given++
      continue
    }
    if (reply !== undefined) {
      throw new AppError('CONTROL_REFUSED', `the running process refused: ${reply.error ?? 'no reason given'}`, {
        exit_code: 2,
      })
    }
    try {
      await writeOrders(dir, run, orders.slice(given))
      return 'directory'
    } catch (error) {
      // Between the two: a process that has just begun, or is about to end.
      const locked = error instanceof AppError && error.code === 'DIRECTORY_LOCKED'
      if (!locked || performance.now() > until_ms) throw error
      await wallClock.wait(RETRY_MS)
    }
  }
  return 'process'
}

/** Recovers the directory's state, ingests the records just above the frontier, and commits; no other time passes. */
async function writeOrders(dir: string, { topology, source, seed }: RunFile, orders: readonly Order[]): Promise<void> {
  const broker = await openEmbedded(dir, {
    topology: topology.name,
    command: `aitrader ${process.argv.slice(2).join(' ')}`,
  })
  try {
    const composition = await compose(topology, source, seed)
    const engine = await openEngine(broker, composition)
    const stop = { requested: false }
    const { commit_interval_ms, commit_max_records, end_drain_ms } = topology
    let taken: () => void = () => {}
    const over = new Promise<void>((resolve) => {
      taken = resolve
    })
    const run = new Run({
      engine,
      feed: { name: 'feed', source: silent(source, over) },
      speed: Number.POSITIVE_INFINITY,
      once: false,
      commit_interval_ms,
      commit_max_records,
      end_drain_ms,
      clock: wallClock,
      stop,
    })
    const durable = Promise.all(orders.map((order) => run.order(order))).finally(() => {
      stop.requested = true
      taken()
    })
    await Promise.all([durable, run.run()])
  } finally {
    await broker.close()
  }
}

/** The directory's source, with nothing to say until `over`: its position stays where it is. */
function silent(identity: Source['identity'], over: Promise<void>): Source {
  return {
    identity,
    done: false,
    open: async () => {},
    take: () => undefined,
    ready: () => over,
    close: async () => {},
  }
}
