/**
 * Kafka's error codes: their names, what to do about each, and our errors made of them.
 *
 * What to do: `retry` (wait and send again), `metadata` (the same after asking who leads), `coordinator` (the same
 * after asking who coordinates), `denied` (an ACL is missing), `auth` (who we are was not accepted), `fenced` (another
 * producer or member took over), `final` (the request itself is wrong, or the caller decides).
 */
import { AppError, RetriableError } from '../../runtime/api/index.ts'
import type { AclNeed } from './request.ts'

export type ErrorClass = 'none' | 'retry' | 'metadata' | 'coordinator' | 'denied' | 'auth' | 'fenced' | 'final'

const TABLE: Readonly<Record<number, readonly [name: string, what: ErrorClass]>> = {
  [-1]: ['UNKNOWN_SERVER_ERROR', 'final'],
  0: ['NONE', 'none'],
  1: ['OFFSET_OUT_OF_RANGE', 'final'],
  2: ['CORRUPT_MESSAGE', 'retry'],
  3: ['UNKNOWN_TOPIC_OR_PARTITION', 'metadata'],
  4: ['INVALID_FETCH_SIZE', 'final'],
  5: ['LEADER_NOT_AVAILABLE', 'metadata'],
  6: ['NOT_LEADER_OR_FOLLOWER', 'metadata'],
  7: ['REQUEST_TIMED_OUT', 'retry'],
  8: ['BROKER_NOT_AVAILABLE', 'metadata'],
  9: ['REPLICA_NOT_AVAILABLE', 'metadata'],
  10: ['MESSAGE_TOO_LARGE', 'final'],
  11: ['STALE_CONTROLLER_EPOCH', 'final'],
  12: ['OFFSET_METADATA_TOO_LARGE', 'final'],
  13: ['NETWORK_EXCEPTION', 'metadata'],
  14: ['COORDINATOR_LOAD_IN_PROGRESS', 'retry'],
  15: ['COORDINATOR_NOT_AVAILABLE', 'coordinator'],
  16: ['NOT_COORDINATOR', 'coordinator'],
  17: ['INVALID_TOPIC_EXCEPTION', 'final'],
  18: ['RECORD_LIST_TOO_LARGE', 'final'],
  19: ['NOT_ENOUGH_REPLICAS', 'retry'],
  20: ['NOT_ENOUGH_REPLICAS_AFTER_APPEND', 'retry'],
  21: ['INVALID_REQUIRED_ACKS', 'final'],
  22: ['ILLEGAL_GENERATION', 'fenced'],
  23: ['INCONSISTENT_GROUP_PROTOCOL', 'final'],
  24: ['INVALID_GROUP_ID', 'final'],
  25: ['UNKNOWN_MEMBER_ID', 'fenced'],
  26: ['INVALID_SESSION_TIMEOUT', 'final'],
  27: ['REBALANCE_IN_PROGRESS', 'final'],
  28: ['INVALID_COMMIT_OFFSET_SIZE', 'final'],
  29: ['TOPIC_AUTHORIZATION_FAILED', 'denied'],
  30: ['GROUP_AUTHORIZATION_FAILED', 'denied'],
  31: ['CLUSTER_AUTHORIZATION_FAILED', 'denied'],
  32: ['INVALID_TIMESTAMP', 'final'],
  33: ['UNSUPPORTED_SASL_MECHANISM', 'auth'],
  34: ['ILLEGAL_SASL_STATE', 'auth'],
  35: ['UNSUPPORTED_VERSION', 'final'],
  36: ['TOPIC_ALREADY_EXISTS', 'final'],
  37: ['INVALID_PARTITIONS', 'final'],
  38: ['INVALID_REPLICATION_FACTOR', 'final'],
  39: ['INVALID_REPLICA_ASSIGNMENT', 'final'],
  40: ['INVALID_CONFIG', 'final'],
  41: ['NOT_CONTROLLER', 'metadata'],
  42: ['INVALID_REQUEST', 'final'],
  43: ['UNSUPPORTED_FOR_MESSAGE_FORMAT', 'final'],
  44: ['POLICY_VIOLATION', 'final'],
  45: ['OUT_OF_ORDER_SEQUENCE_NUMBER', 'final'],
  46: ['DUPLICATE_SEQUENCE_NUMBER', 'final'],
  47: ['INVALID_PRODUCER_EPOCH', 'fenced'],
  48: ['INVALID_TXN_STATE', 'final'],
  49: ['INVALID_PRODUCER_ID_MAPPING', 'final'],
  50: ['INVALID_TRANSACTION_TIMEOUT', 'final'],
  51: ['CONCURRENT_TRANSACTIONS', 'retry'],
  52: ['TRANSACTION_COORDINATOR_FENCED', 'final'],
  53: ['TRANSACTIONAL_ID_AUTHORIZATION_FAILED', 'denied'],
  54: ['SECURITY_DISABLED', 'final'],
  55: ['OPERATION_NOT_ATTEMPTED', 'final'],
  56: ['KAFKA_STORAGE_ERROR', 'metadata'],
  57: ['LOG_DIR_NOT_FOUND', 'final'],
  58: ['SASL_AUTHENTICATION_FAILED', 'auth'],
  59: ['UNKNOWN_PRODUCER_ID', 'final'],
  60: ['REASSIGNMENT_IN_PROGRESS', 'final'],
  65: ['DELEGATION_TOKEN_AUTHORIZATION_FAILED', 'denied'],
  67: ['INVALID_PRINCIPAL_TYPE', 'final'],
  68: ['NON_EMPTY_GROUP', 'final'],
  69: ['GROUP_ID_NOT_FOUND', 'final'],
  70: ['FETCH_SESSION_ID_NOT_FOUND', 'retry'],
  71: ['INVALID_FETCH_SESSION_EPOCH', 'retry'],
  72: ['LISTENER_NOT_FOUND', 'metadata'],
  73: ['TOPIC_DELETION_DISABLED', 'final'],
  74: ['FENCED_LEADER_EPOCH', 'metadata'],
  75: ['UNKNOWN_LEADER_EPOCH', 'metadata'],
  76: ['UNSUPPORTED_COMPRESSION_TYPE', 'final'],
  77: ['STALE_BROKER_EPOCH', 'final'],
  78: ['OFFSET_NOT_AVAILABLE', 'metadata'],
  79: ['MEMBER_ID_REQUIRED', 'final'],
  80: ['PREFERRED_LEADER_NOT_AVAILABLE', 'metadata'],
  81: ['GROUP_MAX_SIZE_REACHED', 'final'],
  82: ['FENCED_INSTANCE_ID', 'fenced'],
  83: ['ELIGIBLE_LEADERS_NOT_AVAILABLE', 'metadata'],
  84: ['ELECTION_NOT_NEEDED', 'final'],
  85: ['NO_REASSIGNMENT_IN_PROGRESS', 'final'],
  86: ['GROUP_SUBSCRIBED_TO_TOPIC', 'final'],
  87: ['INVALID_RECORD', 'final'],
  88: ['UNSTABLE_OFFSET_COMMIT', 'retry'],
  89: ['THROTTLING_QUOTA_EXCEEDED', 'retry'],
  90: ['PRODUCER_FENCED', 'fenced'],
  91: ['RESOURCE_NOT_FOUND', 'final'],
  92: ['DUPLICATE_RESOURCE', 'final'],
  93: ['UNACCEPTABLE_CREDENTIAL', 'auth'],
  100: ['UNKNOWN_TOPIC_ID', 'metadata'],
  103: ['INCONSISTENT_TOPIC_ID', 'metadata'],
  105: ['TRANSACTIONAL_ID_NOT_FOUND', 'final'],
  106: ['FETCH_SESSION_TOPIC_ID_ERROR', 'metadata'],
  120: ['TRANSACTION_ABORTABLE', 'final'],
}

/** Codes that the code speaks of by name. */
export const CODE = {
  UNKNOWN_SERVER_ERROR: -1,
  OFFSET_OUT_OF_RANGE: 1,
  UNKNOWN_TOPIC_OR_PARTITION: 3,
  NOT_LEADER_OR_FOLLOWER: 6,
  REQUEST_TIMED_OUT: 7,
  MESSAGE_TOO_LARGE: 10,
  COORDINATOR_NOT_AVAILABLE: 15,
  NOT_COORDINATOR: 16,
  RECORD_LIST_TOO_LARGE: 18,
  ILLEGAL_GENERATION: 22,
  UNKNOWN_MEMBER_ID: 25,
  REBALANCE_IN_PROGRESS: 27,
  TOPIC_ALREADY_EXISTS: 36,
  OUT_OF_ORDER_SEQUENCE_NUMBER: 45,
  INVALID_PRODUCER_EPOCH: 47,
  INVALID_TXN_STATE: 48,
  INVALID_PRODUCER_ID_MAPPING: 49,
  CONCURRENT_TRANSACTIONS: 51,
  UNKNOWN_PRODUCER_ID: 59,
  GROUP_ID_NOT_FOUND: 69,
  MEMBER_ID_REQUIRED: 79,
  FENCED_INSTANCE_ID: 82,
  PRODUCER_FENCED: 90,
} as const

export function errorName(error_code: number): string {
  return TABLE[error_code]?.[0] ?? `ERROR_${error_code}`
}

/** A code not in the table is `final`: sending it again would hide what a newer broker wants to say. */
export function errorClass(error_code: number): ErrorClass {
  return TABLE[error_code]?.[1] ?? 'final'
}

export function isRetriable(error_code: number): boolean {
  const what = errorClass(error_code)
  return what === 'retry' || what === 'metadata' || what === 'coordinator'
}

/** `KAFKA_DENIED`: names what was refused and the ACL that would allow it. */
export function denied(error_code: number, need: AclNeed | undefined, doing: string): AppError {
  const what =
    need === undefined ? 'this' : need.resource === 'cluster' ? 'the cluster' : `${need.resource} ${need.name}`
  const flag = need === undefined || need.resource === 'cluster' ? '--cluster' : `--${need.resource} ${need.name}`
  const hint =
    need === undefined
      ? 'grant this principal the missing ACL'
      : `grant ${need.operation}: kafka-acls --add --allow-principal User:NAME --operation ${need.operation} ${flag}`
  return new AppError('KAFKA_DENIED', `${doing}: no permission for ${what} (${errorName(error_code)})`, {
    exit_code: 4,
    hint,
  })
}

/**
 * The error for a code that ends `doing` (a gerund): `KAFKA_DENIED`, `KAFKA_AUTH`, `FENCED`, a `RetriableError` with
 * Kafka's name, or `AppError` `KAFKA_REFUSED` for the rest. `message` is what the broker adds.
 */
export function kafkaError(
  error_code: number,
  doing: string,
  options: { message?: string | null; acl?: AclNeed | undefined } = {},
): AppError | RetriableError {
  const name = errorName(error_code)
  const said = options.message ? `${name}, ${options.message}` : name
  switch (errorClass(error_code)) {
    case 'denied':
      return denied(error_code, options.acl, doing)
    case 'auth':
      return new AppError('KAFKA_AUTH', `${doing}: the broker did not accept who we are (${said})`, {
        exit_code: 4,
        hint: 'check the SASL mechanism, user name and password',
      })
    case 'fenced':
      return new AppError('FENCED', `${doing}: another process has taken over (${name})`, { exit_code: 4 })
    case 'retry':
    case 'metadata':
    case 'coordinator':
      return new RetriableError(name, `${doing}: ${said}`)
    default:
      return new AppError('KAFKA_REFUSED', `${doing}: the broker refused it (${said})`, { exit_code: 4 })
  }
}

/** Throws `kafkaError` unless the code is 0. */
export function check(
  error_code: number,
  doing: string,
  options: { message?: string | null; acl?: AclNeed | undefined } = {},
): void {
  if (error_code !== 0) throw kafkaError(error_code, doing, options)
}
