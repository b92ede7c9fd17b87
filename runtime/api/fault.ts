/**
 * The three kinds of failure, and refusals apart from them.
 *
 * A *data fault* sends one record to the dead-letter topic and the task goes on. A *retriable* failure belongs to the
 * outside world and is tried again within bounds. A *broken invariant* stops the task before it commits.
 */

/** Bad data. Thrown by codecs and decoders; processors return `fault(...)` instead. */
export class DataFault extends Error {
  readonly code: string
  readonly detail: Readonly<Record<string, unknown>>
  constructor(code: string, message: string, detail: Readonly<Record<string, unknown>> = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'DataFault'
    this.code = code
    this.detail = detail
  }
}

export type Domain = 'user' | 'external' | 'internal'

/**
 * An error that ends a command. `exit_code`: 1 findings, 2 wrong use, 3 data or state damaged, 4 outside world
 * (design: exit codes). `hint` says what the user can do next.
 */
export class AppError extends Error {
  readonly code: string
  readonly exit_code: 1 | 2 | 3 | 4
  readonly hint: string | undefined
  constructor(code: string, message: string, options: { exit_code: 1 | 2 | 3 | 4; hint?: string; cause?: unknown }) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'AppError'
    this.code = code
    this.exit_code = options.exit_code
    this.hint = options.hint
  }
}

/** A failure of the outside world that may pass. */
export class RetriableError extends Error {
  readonly code: string
  constructor(code: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'RetriableError'
    this.code = code
  }
}

/** A fact the code relies on did not hold. The task stops before it commits. */
export class InvariantError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'InvariantError'
  }
}

/** On in production: a broken invariant must stop a task before it commits. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InvariantError(message)
}
