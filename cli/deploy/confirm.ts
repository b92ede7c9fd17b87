/** Asks before something goes for good. */
import { createInterface } from 'node:readline/promises'
import { AppError } from '../../runtime/api/index.ts'
import { count } from './topics.ts'

/**
 * Resolves if the user says yes. AppErrors (exit 2): `NOT_CONFIRMED`, and `CONFIRMATION_NEEDED` where nobody can be
 * asked.
 */
export async function confirm(destructive: number): Promise<void> {
  const what = `${count(destructive, 'change deletes', 'changes delete')} something for good`
  if (!process.stdin.isTTY) {
    throw new AppError('CONFIRMATION_NEEDED', `nothing was changed: ${what}, and nobody can be asked here`, {
      exit_code: 2,
      hint: 'read the plan above, then run the same command with --yes',
    })
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const answer = await terminal.question(`${what}; go on? Only "yes" will do: `)
    if (answer.trim() === 'yes') return
  } finally {
    terminal.close()
  }
  throw new AppError('NOT_CONFIRMED', 'nothing was changed: the answer was not yes', { exit_code: 2 })
}
