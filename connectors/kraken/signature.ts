/**
 * Signs requests to Kraken's private REST interface with an API key from the environment.
 *
 * `KRAKEN_API_KEY` and `KRAKEN_API_SECRET`, or `KRAKEN_CREDENTIALS`, a file of `{"key": "...", "secret": "..."}` that
 * nobody but its owner may read. The secret stays in this file: what is handed out signs, and cannot be printed.
 */
import { createHash, createHmac } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { AppError } from '../../runtime/api/index.ts'

/** Headers for a request of `body` to `path`, whose nonce is in the body, too. */
export type KrakenSigner = (path: string, nonce: string, body: string) => Readonly<Record<string, string>>

type Environment = Readonly<Record<string, string | undefined>>

/** An AppError `CREDENTIALS_MISSING`, `CREDENTIALS_EXPOSED` or `CREDENTIALS_MALFORMED` (exit 2). */
export function krakenSigner(env: Environment): KrakenSigner {
  const { key, secret } = credentials(env)
  const bytes = Buffer.from(secret, 'base64')
  if (key === '' || bytes.length === 0) throw malformed('it is empty')
  return (path, nonce, body) => {
    const inner = createHash('sha256').update(nonce).update(body).digest()
    const sign = createHmac('sha512', bytes).update(path).update(inner).digest('base64')
    return { 'api-key': key, 'api-sign': sign, 'content-type': 'application/x-www-form-urlencoded' }
  }
}

function credentials({ KRAKEN_API_KEY: key, KRAKEN_API_SECRET: secret, KRAKEN_CREDENTIALS: path }: Environment) {
  if (key !== undefined && secret !== undefined) return { key, secret }
  if (path !== undefined) return fromFile(path)
  throw new AppError('CREDENTIALS_MISSING', "Kraken's level3 needs an API key", {
    exit_code: 2,
    hint: 'set KRAKEN_API_KEY and KRAKEN_API_SECRET, or KRAKEN_CREDENTIALS to a file; of permissions the key needs the WebSocket interface only',
  })
}

function fromFile(path: string): { key: string; secret: string } {
  let text: string
  try {
    if ((statSync(path).mode & 0o077) !== 0) {
      throw new AppError('CREDENTIALS_EXPOSED', `others than its owner may read ${path}`, {
        exit_code: 2,
        hint: `chmod 600 ${path}`,
      })
    }
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof AppError) throw error
    throw malformed(`${path} cannot be read`)
  }
  try {
    const { key, secret } = JSON.parse(text) as { key?: unknown; secret?: unknown }
    if (typeof key === 'string' && typeof secret === 'string') return { key, secret }
  } catch {
    // What a parser says of it may repeat it.
  }
  throw malformed(`${path} is not {"key": "...", "secret": "..."}`)
}

function malformed(why: string): AppError {
  return new AppError('CREDENTIALS_MALFORMED', `the API key of Kraken: ${why}`, {
    exit_code: 2,
    hint: 'give KRAKEN_API_KEY and KRAKEN_API_SECRET as the venue shows them, or a file of both: docs/feeds.md',
  })
}
