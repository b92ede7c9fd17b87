/** Which requests, in which versions, a broker takes. Allowed before authentication. */
import type { KafkaRequest } from '../request.ts'

export interface ApiVersionsOutput {
  readonly error_code: number
  readonly apis: readonly { readonly api_key: number; readonly min_version: number; readonly max_version: number }[]
}

export const apiVersions: KafkaRequest<Record<string, never>, ApiVersionsOutput> = {
  name: 'ApiVersions',
  api_key: 18,
  api_version: 0,
  encode() {},
  decode: (r) => ({
    error_code: r.i16(),
    apis: r.array(() => ({ api_key: r.i16(), min_version: r.i16(), max_version: r.i16() })),
  }),
  errors: (output) => [output.error_code],
}
