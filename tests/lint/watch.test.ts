import { mkdirSync, mkdtempSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test, vi } from 'vitest'
import { lintCommand } from '../../cli/commands/lint.ts'
import { watchFiles } from '../../cli/lint/watch.ts'

const folder = mkdtempSync(join(tmpdir(), 'aitrader-watch-'))
afterAll(() => rmSync(folder, { recursive: true }))

const GOOD = `name: x
description: Nothing.
owner: tests
sources: {}
topics: {}
stages: {}
`

test('a watched file is checked again after every change, until the command is interrupted', async () => {
  const file = join(folder, 'x.yaml')
  writeFileSync(file, GOOD)
  let out = ''
  let look = () => {}
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += String(text)
    look()
    return true
  })
  const says = (text: string) =>
    new Promise<void>((resolve) => {
      look = () => {
        if (out.includes(text)) resolve()
      }
      look()
    })
  try {
    const ended = lintCommand().parseAsync([file, '--watch'], { from: 'user' })
    await says(`${file}: no findings\n`)
    // Written beside and renamed, as editors do.
    writeFileSync(`${file}.new`, `${GOOD}more: 1\n`)
    renameSync(`${file}.new`, file)
    await says(`${file}: 1 finding\n`)
    unlinkSync(file)
    await says(`cannot read ${file}: there is no such file\n`)
    writeFileSync(file, GOOD.replace('owner', 'owmer'))
    await says('did you mean `owner`?')
    process.emit('SIGINT')
    await ended
    expect(process.exitCode).toBeUndefined()
  } finally {
    spy.mockRestore()
  }
})

test('files that a watched one names are watched, too, as soon as it names them', async () => {
  const file = join(folder, 'y.yaml')
  const library = join(folder, 'library.yaml')
  writeFileSync(file, GOOD)
  let out = ''
  let look = () => {}
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += String(text)
    look()
    return true
  })
  const says = (text: string) =>
    new Promise<void>((resolve) => {
      look = () => {
        if (!out.includes(text)) return
        out = ''
        resolve()
      }
      look()
    })
  try {
    const ended = lintCommand().parseAsync([file, '--watch'], { from: 'user' })
    await says(`${file}: no findings\n`)
    writeFileSync(file, `${GOOD}include: [library.yaml]\n`)
    await says('INCLUDE_INVALID')
    writeFileSync(library, 'templates: {}\n')
    await says(`${file}: no findings\n`)
    writeFileSync(library, 'templates: 1\n')
    await says('WRONG_TYPE')
    process.emit('SIGTERM')
    await ended
  } finally {
    spy.mockRestore()
  }
})

test('it says what it watches and how it ends, beside the findings', async () => {
  const topologies = mkdtempSync(join(folder, 'topologies-'))
  writeFileSync(join(topologies, 'a.yaml'), GOOD)
  mkdirSync(join(topologies, 'parts'))
  let [out, err] = ['', '']
  let look = () => {}
  const spies = [
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      out += String(text)
      return true
    }),
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
      err += String(text)
      look()
      return true
    }),
  ]
  const says = (text: string) =>
    new Promise<void>((resolve) => {
      look = () => {
        if (err.includes(text)) resolve()
      }
      look()
    })
  try {
    const ended = lintCommand().parseAsync([topologies, '--watch', '--json'], { from: 'user' })
    await says(`watching ${topologies}/*.yaml; Ctrl-C ends it\n`)
    expect(out).toBe('')
    // A file that comes into a watched folder is looked at, too, and what it names.
    writeFileSync(join(topologies, 'b.yaml'), `${GOOD}include: [parts/library.yaml]\n`)
    await says(`watching ${topologies}/*.yaml and 1 file named there; Ctrl-C ends it\n`)
    expect(out).toContain('INCLUDE_INVALID')
    process.emit('SIGINT')
    await ended
  } finally {
    for (const spy of spies) spy.mockRestore()
  }
})

test('what goes wrong while it looks ends the watch with it', async () => {
  const file = join(folder, 'z.yaml')
  writeFileSync(file, GOOD)
  let looks = 0
  const watching = watchFiles(
    [file],
    () => {
      if (++looks === 2) throw new Error('broken')
      writeFileSync(file, 'other')
      return [file]
    },
    new AbortController().signal,
  )
  await expect(watching).rejects.toThrow('broken')
})

test('a folder that is not there cannot be watched, which is wrong use', async () => {
  const ended = lintCommand().parseAsync([join(folder, 'no', 'x.yaml'), '--watch'], { from: 'user' })
  await expect(ended).rejects.toMatchObject({ code: 'FILE_UNREADABLE', exit_code: 2 })
})
