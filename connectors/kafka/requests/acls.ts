/** Permissions: which there are, new ones, and their end. Words are those of `kafka-acls`. */
import type { ByteReader, ByteWriter } from '../bytes.ts'
import type { KafkaRequest } from '../request.ts'

/** Words by their number in the protocol; 1 is `any` in filters. */
const RESOURCES = [
  'unknown',
  'any',
  'topic',
  'group',
  'cluster',
  'transactional-id',
  'delegation-token',
  'user',
] as const
const PATTERNS = ['unknown', 'any', 'match', 'literal', 'prefixed'] as const
const OPERATIONS = [
  'Unknown',
  'Any',
  'All',
  'Read',
  'Write',
  'Create',
  'Delete',
  'Alter',
  'Describe',
  'ClusterAction',
  'DescribeConfigs',
  'AlterConfigs',
  'IdempotentWrite',
  'CreateTokens',
  'DescribeTokens',
  'TwoPhaseCommit',
] as const
const PERMISSIONS = ['unknown', 'any', 'deny', 'allow'] as const

export type AclResource = (typeof RESOURCES)[number]
export type AclPattern = (typeof PATTERNS)[number]
export type AclOperation = (typeof OPERATIONS)[number]
export type AclPermission = (typeof PERMISSIONS)[number]

export interface Acl {
  readonly resource: AclResource
  readonly name: string
  readonly pattern: AclPattern
  /** `User:NAME`. */
  readonly principal: string
  /** `*` for any. */
  readonly host: string
  readonly operation: AclOperation
  readonly permission: AclPermission
}

/** What is left out matches anything. `pattern` `match`: also prefixes and `*` that cover `name`. */
export type AclFilter = { readonly [field in keyof Acl]?: Acl[field] | undefined }

function encodeAcl(w: ByteWriter, acl: AclFilter): void {
  w.i8(RESOURCES.indexOf(acl.resource ?? 'any')).nullableString(acl.name ?? null)
  w.i8(PATTERNS.indexOf(acl.pattern ?? 'any'))
    .nullableString(acl.principal ?? null)
    .nullableString(acl.host ?? null)
  w.i8(OPERATIONS.indexOf(acl.operation ?? 'Any')).i8(PERMISSIONS.indexOf(acl.permission ?? 'any'))
}

function decodeRule(r: ByteReader): Pick<Acl, 'principal' | 'host' | 'operation' | 'permission'> {
  const principal = r.string()
  const host = r.string()
  return {
    principal,
    host,
    operation: OPERATIONS[r.i8()] ?? 'Unknown',
    permission: PERMISSIONS[r.i8()] ?? 'unknown',
  }
}

function decodeResource(r: ByteReader): Pick<Acl, 'resource' | 'name' | 'pattern'> {
  const resource = RESOURCES[r.i8()] ?? 'unknown'
  return { resource, name: r.string(), pattern: PATTERNS[r.i8()] ?? 'unknown' }
}

export interface AclResult {
  readonly error_code: number
  readonly error_message: string | null
}

export const describeAcls: KafkaRequest<AclFilter, AclResult & { readonly acls: readonly Acl[] }> = {
  name: 'DescribeAcls',
  api_key: 29,
  api_version: 1,
  encode: encodeAcl,
  decode(r) {
    r.i32() // Throttle time.
    const error_code = r.i16()
    const error_message = r.nullableString()
    const resources = r.array(() => {
      const resource = decodeResource(r)
      return r.array(() => ({ ...resource, ...decodeRule(r) }))
    })
    return { error_code, error_message, acls: resources.flat() }
  },
  errors: (output) => [output.error_code],
  acl: () => ({ resource: 'cluster', name: '', operation: 'Describe' }),
}

export const createAcls: KafkaRequest<readonly Acl[], { readonly results: readonly AclResult[] }> = {
  name: 'CreateAcls',
  api_key: 30,
  api_version: 1,
  encode(w, input) {
    w.array(input, (acl) => encodeAcl(w, acl))
  },
  decode(r) {
    r.i32() // Throttle time.
    return { results: r.array(() => ({ error_code: r.i16(), error_message: r.nullableString() })) }
  },
  errors: (output) => output.results.map((result) => result.error_code),
  acl: () => ({ resource: 'cluster', name: '', operation: 'Alter' }),
}

export const deleteAcls: KafkaRequest<
  readonly AclFilter[],
  { readonly results: readonly (AclResult & { readonly deleted: readonly Acl[] })[] }
> = {
  name: 'DeleteAcls',
  api_key: 31,
  api_version: 1,
  encode(w, input) {
    w.array(input, (filter) => encodeAcl(w, filter))
  },
  decode(r) {
    r.i32() // Throttle time.
    return {
      results: r.array(() => {
        const error_code = r.i16()
        const error_message = r.nullableString()
        const deleted = r.array(() => {
          r.i16() // Its own code: the filter's says enough.
          r.nullableString()
          return { ...decodeResource(r), ...decodeRule(r) }
        })
        return { error_code, error_message, deleted }
      }),
    }
  },
  errors: (output) => output.results.map((result) => result.error_code),
  acl: () => ({ resource: 'cluster', name: '', operation: 'Alter' }),
}
