/** Being a member of a group: join, take the leader's assignment, stay alive, leave. */
import type { ByteReader, ByteWriter } from '../bytes.ts'
import type { AclNeed, KafkaRequest } from '../request.ts'

const readAcl = (input: { readonly group_id: string }): AclNeed => ({
  resource: 'group',
  name: input.group_id,
  operation: 'Read',
})

export interface JoinGroupInput {
  readonly group_id: string
  readonly session_timeout_ms: number
  readonly rebalance_timeout_ms: number
  /** Empty for a newcomer, who is answered `MEMBER_ID_REQUIRED` and an id to come back with. */
  readonly member_id: string
  readonly instance_id: string | null
  readonly protocol_type: string
  readonly protocol: string
  readonly metadata: Uint8Array
}

export interface JoinGroupOutput {
  readonly error_code: number
  readonly generation: number
  readonly protocol: string
  readonly leader: string
  readonly member_id: string
  /** Empty for all but the leader. */
  readonly members: readonly { readonly member_id: string; readonly metadata: Buffer }[]
}

export const joinGroup: KafkaRequest<JoinGroupInput, JoinGroupOutput> = {
  name: 'JoinGroup',
  api_key: 11,
  api_version: 5,
  encode(w, input) {
    w.string(input.group_id).i32(input.session_timeout_ms).i32(input.rebalance_timeout_ms)
    w.string(input.member_id).nullableString(input.instance_id).string(input.protocol_type)
    w.array([input.protocol], (protocol) => w.string(protocol).bytes32(input.metadata))
  },
  decode(r) {
    r.i32() // Throttle time.
    return {
      error_code: r.i16(),
      generation: r.i32(),
      protocol: r.string(),
      leader: r.string(),
      member_id: r.string(),
      members: r.array(() => {
        const member_id = r.string()
        r.nullableString() // Instance.
        return { member_id, metadata: r.bytes32() }
      }),
    }
  },
  errors: (output) => [output.error_code],
  acl: readAcl,
}

export interface MemberInput {
  readonly group_id: string
  readonly generation: number
  readonly member_id: string
  readonly instance_id: string | null
}

function encodeMember(w: ByteWriter, input: MemberInput): void {
  w.string(input.group_id).i32(input.generation).string(input.member_id).nullableString(input.instance_id)
}

export interface SyncGroupInput extends MemberInput {
  /** From the leader; empty from all others. */
  readonly assignments: readonly { readonly member_id: string; readonly assignment: Uint8Array }[]
}

export interface SyncGroupOutput {
  readonly error_code: number
  readonly assignment: Buffer
}

export const syncGroup: KafkaRequest<SyncGroupInput, SyncGroupOutput> = {
  name: 'SyncGroup',
  api_key: 14,
  api_version: 3,
  encode(w, input) {
    encodeMember(w, input)
    w.array(input.assignments, (one) => w.string(one.member_id).bytes32(one.assignment))
  },
  decode(r) {
    r.i32() // Throttle time.
    return { error_code: r.i16(), assignment: r.bytes32() }
  },
  errors: (output) => [output.error_code],
  acl: readAcl,
}

export interface CodeOutput {
  readonly error_code: number
}

function decodeCode(r: ByteReader): CodeOutput {
  r.i32() // Throttle time.
  return { error_code: r.i16() }
}

export const heartbeat: KafkaRequest<MemberInput, CodeOutput> = {
  name: 'Heartbeat',
  api_key: 12,
  api_version: 3,
  encode: encodeMember,
  decode: decodeCode,
  errors: (output) => [output.error_code],
  acl: readAcl,
}

export const leaveGroup: KafkaRequest<Omit<MemberInput, 'generation'>, CodeOutput> = {
  name: 'LeaveGroup',
  api_key: 13,
  api_version: 3,
  encode(w, input) {
    w.string(input.group_id)
    w.array([input], (member) => w.string(member.member_id).nullableString(member.instance_id))
  },
  decode(r) {
    const { error_code } = decodeCode(r)
    const members = r.array(() => {
      r.string() // Member.
      r.nullableString() // Instance.
      return r.i16()
    })
    return { error_code: error_code === 0 ? (members[0] ?? 0) : error_code }
  },
  errors: (output) => [output.error_code],
  acl: readAcl,
}
