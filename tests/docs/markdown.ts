import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../../cli/compose.ts'

/** A fenced block of a page, in the order of the page. */
export interface Block {
  readonly language: string
  readonly lines: readonly string[]
  /** Line of its fence, from 1. */
  readonly line: number
}

export function blocksOf(text: string): Block[] {
  const blocks: Block[] = []
  let open: { language: string; lines: string[]; line: number } | undefined
  for (const [index, line] of text.split('\n').entries()) {
    const fence = /^```(\w*)$/.exec(line)
    if (fence === null) open?.lines.push(line)
    else if (open === undefined) open = { language: fence[1] ?? '', lines: [], line: index + 1 }
    else {
      blocks.push(open)
      open = undefined
    }
  }
  if (open !== undefined) throw new Error(`the block of line ${open.line} has no end`)
  return blocks
}

export function page(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}

/** Every page that people write; generated ones have tests of their own. */
export function pages(): string[] {
  const below = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
  const docs = below.filter((name) => name.endsWith('.md') && !name.startsWith('generated'))
  return ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...docs.sort().map((name) => `docs/${name}`)]
}
