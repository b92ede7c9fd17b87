/** Rights on a cluster with an authorizer: those that a principal needs to run a topology, and the changes to get there. */
import type { Plan } from '../../runtime/plan/plan.ts'
import type { Acl, Actual, Change, Desired } from './model.ts'

/** The least that running every stage takes. */
export function neededAcls(plan: Plan, principal: string): Acl[] {
  const allow = (resource: Acl['resource'], pattern: Acl['pattern'], name: string, operations: readonly string[]) =>
    operations.map(
      (operation): Acl => ({
        resource,
        pattern,
        name,
        principal,
        host: '*',
        operation,
        permission: 'allow',
      }),
    )
  const { name } = plan.topology
  return [
    // Every topic is read again for its digest, for recovery and for audits; dropping old records is a deletion.
    ...plan.topics.flatMap((topic) => allow('topic', 'literal', topic.name, TOPIC_OPERATIONS)),
    ...allow('topic', 'prefixed', `${name}.`, TOPIC_OPERATIONS),
    ...allow('group', 'prefixed', name, ['Read']),
    ...allow('transactional-id', 'prefixed', `${name}.`, ['Write']),
  ]
}

const TOPIC_OPERATIONS = ['Read', 'Write', 'Delete', 'DescribeConfigs']

export function aclChanges(desired: Desired, actual: Actual): Change[] {
  if (desired.acls === undefined) return []
  const { needed, principal } = desired.acls
  const { acls } = actual
  if (acls === undefined) {
    const detail = ['not checked: the cluster has no authorizer, or does not tell this user']
    return [{ kind: 'acl', resource: principal, action: 'none', detail, destructive: false, steps: [] }]
  }
  return [
    ...needed.map((need) => neededChange(need, acls)),
    ...acls.filter((acl) => isExtra(acl, desired, needed)).map(extraChange),
  ]
}

function neededChange(need: Acl, acls: readonly Acl[]): Change {
  const common = { kind: 'acl' as const, resource: aclText(need), destructive: false }
  const denial = acls.find((acl) => acl.permission === 'deny' && applies(acl, need, true))
  if (denial !== undefined) {
    return {
      ...common,
      action: 'update',
      detail: [`denied by ${aclText(denial)}`],
      blocked: {
        code: 'ACL_DENIED',
        reason: `${aclText(need)} is denied by ${aclText(denial)}`,
        hint: 'somebody denied this on purpose: have that rule removed with kafka-acls, or give another --principal',
      },
      steps: [],
    }
  }
  if (acls.some((acl) => acl.permission === 'allow' && applies(acl, need, false))) {
    return { ...common, action: 'none', detail: [], steps: [] }
  }
  return { ...common, action: 'create', detail: [], steps: [{ do: 'create-acl', acl: need }] }
}

function extraChange(acl: Acl): Change {
  return {
    kind: 'acl',
    resource: aclText(acl),
    action: 'delete',
    detail: ['not needed to run this topology'],
    destructive: true,
    steps: [{ do: 'delete-acl', acl }],
  }
}

/** More than is needed, on what is the topology's own; rights elsewhere are none of our business. */
function isExtra(acl: Acl, desired: Desired, needed: readonly Acl[]): boolean {
  const { permission, principal, resource, name } = acl
  if (permission !== 'allow' || principal !== desired.acls?.principal) return false
  const ours =
    resource === 'topic' ? desired.topics.some((topic) => topic.name === name) || name === desired.prefix : false
  const ours_too = (resource === 'group' || resource === 'transactional-id') && name.startsWith(desired.topology)
  if (!ours && !ours_too) return false
  return !needed.some((need) => applies(acl, need, false) || applies(need, acl, false))
}

/** What an operation allows beside itself (Kafka, "Operations and resources"). */
const IMPLIED: Readonly<Record<string, readonly string[]>> = {
  Describe: ['Read', 'Write', 'Delete', 'Alter'],
  DescribeConfigs: ['AlterConfigs'],
}

/** Whether a rule speaks about a need: in whole, or with `partly` about some of it. */
function applies(acl: Acl, need: Acl, partly: boolean): boolean {
  if (acl.resource !== need.resource) return false
  if (acl.principal !== need.principal && acl.principal !== 'User:*') return false
  const denies = acl.permission === 'deny'
  if (acl.host !== '*' && !denies) return false
  const implied = denies ? [] : (IMPLIED[need.operation] ?? [])
  if (![need.operation, 'All', ...implied].includes(acl.operation)) return false
  if (acl.pattern === 'literal' && acl.name === '*') return true
  const whole = acl.pattern === 'prefixed' ? need.name.startsWith(acl.name) : isSame(acl, need)
  return whole || (partly && need.pattern === 'prefixed' && acl.name.startsWith(need.name))
}

function isSame(acl: Acl, need: Acl): boolean {
  return acl.name === need.name && need.pattern === 'literal'
}

function aclText({ permission, principal, operation, resource, pattern, name, host }: Acl): string {
  const where = `${resource} ${name}${pattern === 'prefixed' && name !== '' ? '*' : ''}`
  return `${permission} ${principal} ${operation} on ${where}${host === '*' ? '' : ` from ${host}`}`
}
