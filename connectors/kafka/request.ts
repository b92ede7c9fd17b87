/** What describes one request of the protocol: its version, its bytes, and where its answer holds error codes. */
import type { ByteReader, ByteWriter } from './bytes.ts'

export interface KafkaRequest<Input, Output> {
  readonly name: string
  readonly api_key: number
  readonly api_version: number
  /** The version has tagged fields. */
  readonly flexible?: boolean
  encode(w: ByteWriter, input: Input): void
  /** About how many bytes `encode` writes, where they are many. */
  size?(input: Input): number
  decode(r: ByteReader): Output
  /** Error codes in the answer, 0 among them allowed. */
  errors(output: Output): Iterable<number>
  /** What a `*_AUTHORIZATION_FAILED` speaks about: resource and operation for the hint. */
  acl?(input: Input, error_code: number): AclNeed
}

/** An ACL that the principal lacks, in the words of `kafka-acls`. */
export interface AclNeed {
  readonly resource: 'cluster' | 'topic' | 'group' | 'transactional-id'
  readonly name: string
  readonly operation: string
}
