/** Which broker keeps a group or a transactional id. */
import type { KafkaRequest } from '../request.ts'

export type CoordinatorKind = 'group' | 'transaction'

export interface FindCoordinatorInput {
  readonly kind: CoordinatorKind
  readonly key: string
}

export interface FindCoordinatorOutput {
  readonly error_code: number
  readonly error_message: string | null
  readonly node_id: number
  readonly host: string
  readonly port: number
}

export const findCoordinator: KafkaRequest<FindCoordinatorInput, FindCoordinatorOutput> = {
  name: 'FindCoordinator',
  api_key: 10,
  api_version: 2,
  encode(w, input) {
    w.string(input.key).i8(input.kind === 'group' ? 0 : 1)
  },
  decode(r) {
    r.i32() // Throttle time.
    return {
      error_code: r.i16(),
      error_message: r.nullableString(),
      node_id: r.i32(),
      host: r.string(),
      port: r.i32(),
    }
  },
  errors: (output) => [output.error_code],
  acl: (input) => ({
    resource: input.kind === 'group' ? 'group' : 'transactional-id',
    name: input.key,
    operation: 'Describe',
  }),
}
