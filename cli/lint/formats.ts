import { type Finding, LINT_CODES, type LintCode, severityOf } from '../../runtime/topology/codes.ts'
import { formatFindings } from '../topology-file.ts'

/**
 * Findings as people, scripts and code hosts read them.
 *
 * `text`: a finding in two lines, then how many there are. `json`: an object a line, nothing else. `github`: workflow
 * commands, which mark the lines of a pull request. `sarif`: one SARIF 2.1.0 log, for code scanning.
 */
export const LINT_FORMATS = ['text', 'json', 'github', 'sarif'] as const
export type LintFormat = (typeof LINT_FORMATS)[number]

export interface LintOutcome {
  /** What was looked at, as named. */
  readonly files: readonly string[]
  readonly findings: readonly Finding[]
}

export function formatOutcome(outcome: LintOutcome, format: LintFormat, colour: boolean, version: string): string {
  const { findings } = outcome
  switch (format) {
    case 'json':
      return findings.map((finding) => `${JSON.stringify(finding)}\n`).join('')
    case 'github':
      return findings.map(githubCommand).join('')
    case 'sarif':
      return `${JSON.stringify(sarif(findings, version), null, 2)}\n`
    default:
      return `${formatFindings(findings, colour)}${summary(outcome)}`
  }
}

function summary({ files, findings }: LintOutcome): string {
  const warnings = findings.filter(({ code }) => severityOf(code) === 'warning').length
  const found = findings.length === 1 ? '1 finding' : `${findings.length || 'no'} findings`
  const mild = warnings === 0 ? '' : warnings === findings.length ? ', only warnings' : `, ${warnings} of them warnings`
  return `${files.length === 1 ? files[0] : `${files.length} files`}: ${found}${mild}\n`
}

/** https://docs.github.com/actions/reference/workflow-commands-for-github-actions: what it cuts at is escaped. */
function githubCommand({ file, line, column, code, message, hint }: Finding): string {
  const properties = { file, line, col: column, title: code }
  const given = Object.entries(properties).map(([name, value]) => `${name}=${escapeProperty(String(value))}`)
  return `::${severityOf(code)} ${given.join(',')}::${escapeData(`${message}\n${hint}`)}\n`
}

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}

/** Rules are those that were broken; paths stay relative, so that the host finds them in its checkout. */
function sarif(findings: readonly Finding[], version: string): object {
  const codes = [...new Set(findings.map(({ code }) => code))].sort()
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'aitrader lint',
            semanticVersion: version,
            rules: codes.map((code: LintCode) => ({
              id: code,
              shortDescription: { text: LINT_CODES[code] },
              defaultConfiguration: { level: severityOf(code) },
            })),
          },
        },
        columnKind: 'utf16CodeUnits',
        results: findings.map(({ file, line, column, code, message, hint }) => ({
          ruleId: code,
          ruleIndex: codes.indexOf(code),
          level: severityOf(code),
          message: { text: `${message}: ${hint}` },
          locations: [
            {
              physicalLocation: {
                artifactLocation: { uri: uriOf(file) },
                region: { startLine: line, startColumn: column },
              },
            },
          ],
        })),
      },
    ],
  }
}

function uriOf(file: string): string {
  const path = file.split(/[\\/]/).map(encodeURIComponent).join('/')
  return path.startsWith('/') ? `file://${path}` : path.replace(/^\.\//, '')
}
