/** What operators' commands (`plan`, `apply`, `reset`, `txn`, `lag`) ask of a cluster and do to it. */
export * from './admin-acls.ts'
export * from './admin-groups.ts'
export * from './admin-topics.ts'
export * from './admin-transactions.ts'
export type { Acl } from './requests/acls.ts'
