import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from '../../cli/compose.ts'
import { lintTopology } from '../../cli/topology-file.ts'
import { shippedWorld } from '../../cli/world.ts'
import { lint } from '../../runtime/topology/lint.ts'

const page = readFileSync(join(ROOT, 'docs/topology-files.md'), 'utf8')
const blocks = [...page.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, text]) => text as string)
const crypto = join(ROOT, 'topology/crypto.yaml')
const world = await shippedWorld()

test('the page has blocks', () => expect(blocks).toHaveLength(5))

test.each(blocks.map((text) => [text.split('\n', 1)[0], text]))(
  'the block `%s` can be laid over as it is',
  (_, text) => {
    const { all } = lint(readFileSync(crypto, 'utf8'), crypto, world, {
      overlays: [{ file: 'block.yaml', text: text as string }],
      include: (path) => {
        const file = join(ROOT, 'topology', path)
        return { file, text: readFileSync(file, 'utf8') }
      },
    })
    expect(all).toEqual([])
  },
)

test('the shipped overlay has no finding', () => {
  expect(lintTopology(crypto, world, [join(ROOT, 'topology/overlays/prod.yaml')], { environment: {} }).all).toEqual([])
})
