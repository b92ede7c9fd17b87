import { METRICS, type MetricSpec } from './metric-list.ts'

/** The page for operators: every metric, from the one list of them. It says nothing that the list does not. */
export function metricsPageFile(): { path: string; text: string } {
  const rows = Object.entries<MetricSpec>(METRICS).map(([name, { type, labels, help, of = ['run', 'up'] }]) => {
    const where = of.map((command) => `\`${command}\``).join(', ')
    return row(`\`${name}\``, type, labels.map((label) => `\`${label}\``).join(', '), where, help)
  })
  return {
    path: 'docs/generated/metrics.md',
    text: `<!-- Made by \`aitrader generate\` from cli/metric-list.ts; changes here are overwritten. -->
# Metrics

What \`aitrader run\`, \`up\` and \`sink\` serve at \`/metrics\` with \`--listen\`. A lane is what moves between processes as
one; \`up\` is one lane, \`all\`. Counters begin at zero with each process. Besides these, \`aitrader_process_*\` are what Node
says of the process: memory, processor time, garbage collection, the main thread's event loop.

${row('metric', 'type', 'labels', 'of', 'what it says')}${row('---', '---', '---', '---', '---')}${rows.join('')}`,
  }
}

function row(...cells: string[]): string {
  return `| ${cells.join(' | ')} |\n`
}
