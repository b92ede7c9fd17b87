import type { Link, Trace } from './trace.ts'

/** A trace as a tree for people: each record once, under the first that it caused. */
export function treeOf(trace: Trace): string {
  const links = new Map(trace.chain.map((link) => [link.id, link]))
  const lines = [`${trace.kind} ${trace.id}  ${trace.ok ? 'ok' : 'NOT OK'}, from ${trace.frames.length} frames`]
  const shown = new Set<string>()
  const show = (id: string, indent: string, last: boolean, root: boolean): void => {
    const link = links.get(id)
    const branch = root ? '' : last ? '└─ ' : '├─ '
    if (link === undefined || shown.has(id)) {
      lines.push(`${indent}${branch}${id} (see above)`)
      return
    }
    shown.add(id)
    lines.push(`${indent}${branch}${lineOf(link)}`)
    const below = root ? indent : `${indent}${last ? '   ' : '│  '}`
    for (const [index, cause] of link.causes.entries()) show(cause, below, index === link.causes.length - 1, false)
  }
  show(trace.id, '', true, true)
  return lines.join('\n')
}

function lineOf({ id, record, topic, partition, offset, sealed_by, reason }: Link): string {
  const where = topic === null ? '' : `  ${record} at ${topic}/${partition}@${offset}`
  const sealed = sealed_by === null ? '' : `  sealed by ${sealed_by}`
  return `${id}${where}${sealed}${reason === undefined ? '' : `  !! ${reason}`}`
}
