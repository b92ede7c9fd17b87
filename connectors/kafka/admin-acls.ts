/** Permissions as an operator sees them. */
import type { Cluster } from './cluster.ts'
import { check } from './errors.ts'
import * as request from './requests/acls.ts'

const SECURITY_DISABLED = 54

/** Undefined if the cluster has no authorizer, so that everybody may do everything. */
export async function describeAcls(
  cluster: Cluster,
  filter: request.AclFilter = {},
): Promise<readonly request.Acl[] | undefined> {
  const { error_code, error_message, acls } = await cluster.request('any', request.describeAcls, filter)
  if (error_code === SECURITY_DISABLED) return undefined
  check(error_code, 'reading permissions', { message: error_message })
  return acls
}

/** One that is there already stays. */
export async function createAcls(cluster: Cluster, acls: readonly request.Acl[]): Promise<void> {
  const { results } = await cluster.request('controller', request.createAcls, acls)
  for (const { error_code, error_message } of results)
    check(error_code, 'granting a permission', { message: error_message })
}

/** Answers those that are gone. */
export async function deleteAcls(cluster: Cluster, filters: readonly request.AclFilter[]): Promise<request.Acl[]> {
  const { results } = await cluster.request('controller', request.deleteAcls, filters)
  return results.flatMap(({ error_code, error_message, deleted }) => {
    check(error_code, 'taking permissions away', { message: error_message })
    return deleted
  })
}
