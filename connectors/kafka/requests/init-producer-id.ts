/**
 * Takes a transactional id: fences its older producer and aborts that one's open transaction. `producer_id` and
 * `producer_epoch` are -1 for a newcomer, and an existing producer's own to raise its epoch (fails if it was fenced).
 */
import type { KafkaRequest } from '../request.ts'

export interface InitProducerIdInput {
  readonly transactional_id: string | null
  readonly transaction_timeout_ms: number
  readonly producer_id: number
  readonly producer_epoch: number
}

export interface InitProducerIdOutput {
  readonly error_code: number
  readonly producer_id: number
  readonly producer_epoch: number
}

export const initProducerId: KafkaRequest<InitProducerIdInput, InitProducerIdOutput> = {
  name: 'InitProducerId',
  api_key: 22,
  api_version: 4,
  flexible: true,
  encode(w, input) {
    w.compactNullableString(input.transactional_id)
    w.i32(input.transaction_timeout_ms).i64(input.producer_id).i16(input.producer_epoch).tags()
  },
  decode(r) {
    r.i32() // Throttle time.
    return { error_code: r.i16(), producer_id: r.i64(), producer_epoch: r.i16() }
  },
  errors: (output) => [output.error_code],
  acl: (input) => ({ resource: 'transactional-id', name: input.transactional_id ?? '', operation: 'Write' }),
}
