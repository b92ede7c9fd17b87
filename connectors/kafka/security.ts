/**
 * How to speak to brokers: TLS and SASL, read from the environment or from files it names, never from a topology.
 *
 * | variable | meaning |
 * | --- | --- |
 * | `AITRADER_KAFKA_TLS` | `true`: TLS with the machine's trusted authorities; implied by any of the next three |
 * | `AITRADER_KAFKA_TLS_CA_FILE` | PEM of the authority that signed the brokers' certificates |
 * | `AITRADER_KAFKA_TLS_CERT_FILE`, `_TLS_KEY_FILE` | PEM of this client's certificate and key |
 * | `AITRADER_KAFKA_TLS_KEY_PASSPHRASE_FILE` | what opens the key |
 * | `AITRADER_KAFKA_TLS_SERVER_NAME` | the name the brokers' certificates must bear, if not their host's |
 * | `AITRADER_KAFKA_SASL_MECHANISM` | `PLAIN`, `SCRAM-SHA-256`, `SCRAM-SHA-512` or `OAUTHBEARER` |
 * | `AITRADER_KAFKA_SASL_USERNAME` or `_USERNAME_FILE`, `_PASSWORD` or `_PASSWORD_FILE` | for the first three |
 * | `AITRADER_KAFKA_SASL_TOKEN_FILE` | for the last; read again for every connection, so that it can be renewed |
 *
 * A file's last line break does not count. What is missing, doubled or unreadable is `KAFKA_SECURITY` (exit 2), which
 * names variables and files, never what is in them.
 */
import { readFile } from 'node:fs/promises'
import { type ConnectionOptions, createSecureContext } from 'node:tls'
import { AppError } from '../../runtime/api/index.ts'

export type Sasl =
  | {
      readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512'
      readonly username: string
      readonly password: string
    }
  | { readonly mechanism: 'OAUTHBEARER'; readonly token: () => Promise<string> }

/** Without `tls` in clear; without `sasl` unnamed (or by the certificate in `tls`). */
export interface Security {
  readonly tls?: ConnectionOptions
  readonly sasl?: Sasl
}

type Environment = Readonly<Record<string, string | undefined>>

const PREFIX = 'AITRADER_KAFKA_'
const MECHANISMS = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER'] as const

export async function readSecurity(env: Environment): Promise<Security> {
  const tls = await readTls(env)
  const sasl = await readSasl(env)
  return { ...(tls === undefined ? {} : { tls }), ...(sasl === undefined ? {} : { sasl }) }
}

async function readTls(env: Environment): Promise<ConnectionOptions | undefined> {
  const wanted = given(env, 'TLS')
  if (wanted !== undefined && wanted !== 'true' && wanted !== 'false') {
    throw wrong(`${PREFIX}TLS is neither true nor false`)
  }
  const ca = await fromFile(env, 'TLS_CA_FILE')
  const cert = await fromFile(env, 'TLS_CERT_FILE')
  const key = await fromFile(env, 'TLS_KEY_FILE')
  const passphrase = await fromFile(env, 'TLS_KEY_PASSPHRASE_FILE')
  const servername = given(env, 'TLS_SERVER_NAME')
  if ((cert === undefined) !== (key === undefined)) {
    throw wrong(`${PREFIX}TLS_CERT_FILE and ${PREFIX}TLS_KEY_FILE belong together and only one is set`)
  }
  if (wanted === 'false' && (ca ?? cert) !== undefined) {
    throw wrong(`${PREFIX}TLS is false and ${ca === undefined ? 'a client certificate' : 'an authority'} is given`)
  }
  if (wanted !== 'true' && (ca ?? cert) === undefined) return undefined
  const options = {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert, key: key as string }),
    ...(passphrase === undefined ? {} : { passphrase: withoutLineEnd(passphrase) }),
    ...(servername === undefined ? {} : { servername }),
  }
  try {
    createSecureContext(options)
  } catch (error) {
    // Without its message and cause: they may quote the key.
    const { code = 'unreadable' } = error as NodeJS.ErrnoException
    throw wrong(`the certificates or the key that ${PREFIX}TLS_... name cannot be used (${code})`)
  }
  return options
}

async function readSasl(env: Environment): Promise<Sasl | undefined> {
  const mechanism = given(env, 'SASL_MECHANISM')
  if (mechanism === undefined) {
    const stray = [
      'SASL_USERNAME',
      'SASL_USERNAME_FILE',
      'SASL_PASSWORD',
      'SASL_PASSWORD_FILE',
      'SASL_TOKEN_FILE',
    ].find((name) => given(env, name) !== undefined)
    if (stray !== undefined) throw wrong(`${PREFIX}${stray} is set and ${PREFIX}SASL_MECHANISM is not`)
    return undefined
  }
  const known = MECHANISMS.find((name) => name === mechanism)
  if (known === undefined) throw wrong(`${PREFIX}SASL_MECHANISM is none of ${MECHANISMS.join(', ')}`)
  if (known === 'OAUTHBEARER') {
    const token = async () => withoutLineEnd((await fromFile(env, 'SASL_TOKEN_FILE')) ?? '')
    if ((await token()) === '') throw wrong(`OAUTHBEARER needs a token in ${PREFIX}SASL_TOKEN_FILE`)
    return { mechanism: known, token }
  }
  return {
    mechanism: known,
    username: await valueOrFile(env, 'SASL_USERNAME', known),
    password: await valueOrFile(env, 'SASL_PASSWORD', known),
  }
}

async function valueOrFile(env: Environment, name: string, mechanism: string): Promise<string> {
  const value = given(env, name)
  const content = await fromFile(env, `${name}_FILE`)
  if (value !== undefined && content !== undefined)
    throw wrong(`${PREFIX}${name} and ${PREFIX}${name}_FILE are both set`)
  const found = value ?? (content === undefined ? '' : withoutLineEnd(content))
  if (found === '') throw wrong(`${mechanism} needs ${PREFIX}${name} or ${PREFIX}${name}_FILE`)
  return found
}

/** An empty variable is one that is not set: compose files write them so. */
function given(env: Environment, name: string): string | undefined {
  const value = env[PREFIX + name]
  return value === '' ? undefined : value
}

async function fromFile(env: Environment, name: string): Promise<string | undefined> {
  const path = given(env, name)
  if (path === undefined) return undefined
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw wrong(`${PREFIX}${name} names ${path}, which cannot be read (${(error as NodeJS.ErrnoException).code})`)
  }
}

function withoutLineEnd(text: string): string {
  return text.replace(/\r?\n$/, '')
}

function wrong(message: string): AppError {
  return new AppError('KAFKA_SECURITY', message, {
    exit_code: 2,
    hint: 'see docs: TLS and SASL are set by environment variables and files only',
  })
}
