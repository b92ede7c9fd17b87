import type { Command } from 'commander'
import { vi } from 'vitest'
import { AppError } from '../../runtime/api/index.ts'
import type { Ended } from './command.ts'

/**
 * A command in this process: a dozen processes would cost more than what they test. Not for two at a time: they share
 * the streams that are listened to here.
 */
export async function inProcess(command: Command, ...args: readonly string[]): Promise<Ended> {
  const heard = { stdout: '', stderr: '' }
  const spies = (['stdout', 'stderr'] as const).map((stream) =>
    vi.spyOn(process[stream], 'write').mockImplementation((text) => {
      heard[stream] += String(text)
      return true
    }),
  )
  const before = process.exitCode
  process.exitCode = undefined
  try {
    await command.exitOverride().parseAsync([...args], { from: 'user' })
    return { code: Number(process.exitCode ?? 0), ...heard }
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    const { message, code, hint, exit_code } = error
    const stderr = `${heard.stderr}aitrader: ${message} (${code})\n${hint === undefined ? '' : `  ${hint}\n`}`
    return { code: exit_code, stdout: heard.stdout, stderr }
  } finally {
    process.exitCode = before
    for (const spy of spies) spy.mockRestore()
  }
}
