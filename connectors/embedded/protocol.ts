import type { TopicSpec } from '../../runtime/api/index.ts'
import { AppError, InvariantError } from '../../runtime/api/index.ts'

/** What the main thread asks of the writer thread, in order, and what that answers. */

export type Request =
  | DeclareRequest
  | AcquireRequest
  | {
      readonly kind: 'trim'
      readonly stream_time_us: number
      readonly keep_from: ReadonlyMap<string, number>
    }
  | CommitRequest
  | { readonly kind: 'close' }

export interface DeclareRequest {
  readonly kind: 'declare'
  readonly topics: readonly TopicSpec[]
}

export interface AcquireRequest {
  readonly kind: 'acquire'
  readonly transactional_id: string
}

export interface CommitRequest {
  readonly kind: 'commit'
  readonly transactional_id: string
  readonly epoch: number
  /** The frame is the first `size_bytes` of this slot. */
  readonly slot: number
  readonly size_bytes: number
  /** Memory of the slot, with the first commit that uses it. */
  readonly memory?: SharedArrayBuffer
}

export type Message = Request & { readonly id: number }

/** `value`: the epoch of `acquire`, the records dropped by `trim`. */
export interface Reply {
  readonly id: number
  readonly value?: number
  readonly error?: WireError
}

/** An error as it crosses threads: a structured clone would lose its class. */
export interface WireError {
  readonly code: string
  readonly message: string
  readonly exit_code: 1 | 2 | 3 | 4
  readonly hint: string | undefined
}

/** First message of the writer thread. */
export interface Opened {
  readonly opened: true
  readonly error?: WireError
}

export interface WriterData {
  readonly path: string
}

export function toWire(error: unknown): WireError {
  if (error instanceof AppError) {
    const { code, message, exit_code, hint } = error
    return { code, message, exit_code, hint }
  }
  const message = error instanceof Error ? error.message : String(error)
  return { code: 'INVARIANT', message, exit_code: 3, hint: undefined }
}

export function fromWire(error: WireError): Error {
  if (error.code === 'INVARIANT') return new InvariantError(error.message)
  const { code, message, exit_code, hint } = error
  return new AppError(code, message, hint === undefined ? { exit_code } : { exit_code, hint })
}
