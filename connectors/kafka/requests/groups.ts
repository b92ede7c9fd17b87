/** Groups as seen from outside: which there are, who is in them, and their end. */
import type { KafkaRequest } from '../request.ts'
import type { CodeOutput } from './group-membership.ts'

export interface ListedGroup {
  readonly group_id: string
  /** `consumer`, or `aitrader` for lanes. */
  readonly protocol_type: string
  /** `Empty`, `Stable`, `PreparingRebalance`, `CompletingRebalance`, `Dead`. */
  readonly state: string
}

/** Each broker answers for the groups that it coordinates. */
export const listGroups: KafkaRequest<
  Record<string, never>,
  { readonly error_code: number; readonly groups: readonly ListedGroup[] }
> = {
  name: 'ListGroups',
  api_key: 16,
  api_version: 4,
  flexible: true,
  encode(w) {
    w.compactArray([], () => {}).tags()
  },
  decode(r) {
    r.i32() // Throttle time.
    const error_code = r.i16()
    const groups = r.compactArray(() => {
      const group = { group_id: r.compactString(), protocol_type: r.compactString(), state: r.compactString() }
      r.tags()
      return group
    })
    return { error_code, groups }
  },
  errors: (output) => [output.error_code],
  acl: () => ({ resource: 'cluster', name: '', operation: 'Describe' }),
}

export interface DescribedGroup extends ListedGroup {
  readonly error_code: number
  readonly protocol: string
  readonly members: readonly {
    readonly member_id: string
    readonly instance_id: string | null
    readonly client_id: string
    readonly host: string
    readonly metadata: Buffer
    readonly assignment: Buffer
  }[]
}

export const describeGroup: KafkaRequest<
  { readonly group_id: string },
  { readonly groups: readonly DescribedGroup[] }
> = {
  name: 'DescribeGroups',
  api_key: 15,
  api_version: 4,
  encode(w, input) {
    w.array([input.group_id], (group) => w.string(group)).bool(false)
  },
  decode(r) {
    r.i32() // Throttle time.
    return {
      groups: r.array(() => {
        const error_code = r.i16()
        const group_id = r.string()
        const state = r.string()
        const protocol_type = r.string()
        const protocol = r.string()
        const members = r.array(() => ({
          member_id: r.string(),
          instance_id: r.nullableString(),
          client_id: r.string(),
          host: r.string(),
          metadata: r.bytes32(),
          assignment: r.bytes32(),
        }))
        r.i32() // Permitted operations: not asked for.
        return { error_code, group_id, state, protocol_type, protocol, members }
      }),
    }
  },
  errors: (output) => output.groups.map((group) => group.error_code),
  acl: (input) => ({ resource: 'group', name: input.group_id, operation: 'Describe' }),
}

export const deleteGroup: KafkaRequest<{ readonly group_id: string }, CodeOutput> = {
  name: 'DeleteGroups',
  api_key: 42,
  api_version: 1,
  encode(w, input) {
    w.array([input.group_id], (group) => w.string(group))
  },
  decode(r) {
    r.i32() // Throttle time.
    const codes = r.array(() => {
      r.string() // Group.
      return r.i16()
    })
    return { error_code: codes[0] ?? 0 }
  },
  errors: (output) => [output.error_code],
  acl: (input) => ({ resource: 'group', name: input.group_id, operation: 'Delete' }),
}
