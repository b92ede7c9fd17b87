import type { Producer, Transaction } from '../api/broker.ts'
import { RetriableError } from '../api/fault.ts'
import type { EngineOptions } from './options.ts'

/** A commit refused this often is given up: the outside does not recover. */
const MAX_ATTEMPTS = 50

/** The commits of an engine on their way to the broker, one at a time; one that is refused for good ends all. */
export class Transactions {
  /** Number of the last one begun. */
  number = 0
  /** Resolves when it is durable; undefined when none is. */
  under_way: Promise<void> | undefined
  /** What ended all. */
  failure: unknown
  private readonly producer: Producer
  private readonly options: Pick<EngineOptions, 'observer' | 'backOff'>

  constructor(producer: Producer, options: Pick<EngineOptions, 'observer' | 'backOff'>) {
    this.producer = producer
    this.options = options
  }

  /** Begins one, when none is under way; calls `durable` first thing when it is, and resolves then. Nothing of it may change until then. */
  send(transaction: Transaction, durable: () => void): Promise<void> {
    const number = ++this.number
    const { observer } = this.options
    observer?.committing?.(number)
    this.under_way = this.untilDurable(transaction).then(
      () => {
        durable()
        this.under_way = undefined
        observer?.durable?.(number)
      },
      (error: unknown) => {
        this.failure = error
        throw error
      },
    )
    return this.under_way
  }

  /** Sends the same bytes again while the broker says that nothing was written. */
  private async untilDurable(transaction: Transaction): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.producer.commit(transaction)
      } catch (error) {
        if (!(error instanceof RetriableError) || attempt >= MAX_ATTEMPTS) throw error
        this.options.observer?.retried?.()
        await this.options.backOff?.(attempt)
      }
    }
  }
}
