/** Commits or aborts the open transaction. Sent again after success it succeeds again. */
import type { KafkaRequest } from '../request.ts'

export interface EndTxnInput {
  readonly transactional_id: string
  readonly producer_id: number
  readonly producer_epoch: number
  readonly commit: boolean
}

export interface EndTxnOutput {
  readonly error_code: number
}

export const endTxn: KafkaRequest<EndTxnInput, EndTxnOutput> = {
  name: 'EndTxn',
  api_key: 26,
  api_version: 2,
  encode(w, input) {
    w.string(input.transactional_id).i64(input.producer_id).i16(input.producer_epoch).bool(input.commit)
  },
  decode(r) {
    r.i32() // Throttle time.
    return { error_code: r.i16() }
  },
  errors: (output) => [output.error_code],
  acl: (input) => ({ resource: 'transactional-id', name: input.transactional_id, operation: 'Write' }),
}
