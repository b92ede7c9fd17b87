import { expect, test } from 'vitest'
import { FRAME_FAULTS } from '../../connectors/simulated-market/moods/faults.ts'
import { MARKET_MOODS, type MarketMood, MOOD_PARAMETERS } from '../../connectors/simulated-market/moods/table.ts'
import { page } from './markdown.ts'

/** The page on the simulated market has the table of moods that the code has. */

const text = page('docs/simulated-market.md')

test('the table of moods is that of the code; a difference shows the rows to paste', () => {
  const moods = Object.keys(MARKET_MOODS) as MarketMood[]
  const rows = Object.entries(MOOD_PARAMETERS).map(([name, meaning]) => {
    const values = moods.map((mood) => MARKET_MOODS[mood][name as keyof typeof MOOD_PARAMETERS].toLocaleString('en-US'))
    return `| \`${name}\` | ${values.join(' | ')} | ${meaning} |`
  })
  const head = `| parameter | ${moods.map((mood) => `\`${mood}\``).join(' | ')} | meaning |`
  const table = [head, `|---|${'---:|'.repeat(moods.length)}---|`, ...rows].join('\n')
  expect(text.match(/^\| parameter \|[\s\S]*?(?=\n\n)/m)?.[0]).toBe(table)
})

test('every kind of fault has a parameter', () => {
  expect(FRAME_FAULTS.map((fault) => `${fault}_ppm`).filter((name) => !(name in MOOD_PARAMETERS))).toEqual([])
})
