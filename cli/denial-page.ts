import { denialCodes } from '../processors/execution/controls/codes.ts'

/**
 * The page for compliance: every reason for which an order can be denied, from the one list of codes. It says nothing
 * that the list does not.
 */
export function denialPageFile(): { path: string; text: string } {
  const rows = Object.entries(denialCodes).map(([code, { control, rule, meaning, measured, limit }]) =>
    row(control, `\`${code}\``, meaning, measured, limit, rule),
  )
  return {
    path: 'docs/generated/denial-codes.md',
    text: `<!-- Made by \`aitrader generate\` from processors/execution/controls/codes.ts; changes here are overwritten. -->
# Denial codes

Every reason for which the stage \`execution\` denies an order before it is sent. All controls are asked for every
decision, in the order of this page, and each verdict is recorded in the Order with what was measured and what the limit
was; the first denial is the order's reason. A control that lacks data denies. None can be switched off.

${row('control', 'code', 'meaning', 'measured', 'limit', 'rule')}${row('---', '---', '---', '---', '---', '---')}${rows.join('')}`,
  }
}

function row(...cells: string[]): string {
  return `| ${cells.join(' | ')} |\n`
}
