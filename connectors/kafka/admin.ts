/** What operators' commands (`plan`, `apply`, `reset`, `txn`, `lag`) ask of a cluster and do to it. */
export * from './admin-acls.ts'
export * from './admin-groups.ts'
export * from './admin-topics.ts'
export * from './admin-transactions.ts'
export type { Acl, AclFilter, AclOperation, AclPattern, AclPermission, AclResource } from './requests/acls.ts'
export type { ConfigEntry, ConfigSource } from './requests/configs.ts'
export type { DescribedGroup, ListedGroup } from './requests/groups.ts'
export type { ActiveProducer, DescribedTransaction, ListedTransaction } from './requests/transactions.ts'
