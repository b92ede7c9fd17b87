/** What a failed connection means to the user. No error made here holds a secret or a library's error that might. */
import { AppError, RetriableError } from '../../runtime/api/index.ts'
import { type Address, addressText } from './address.ts'
import { wantsTls } from './frame-guard.ts'
import type { Sasl, Security } from './security.ts'

/** Messages and codes of an error and all its causes. */
function traits(error: unknown): { text: string; codes: ReadonlySet<string> } {
  const texts: string[] = []
  const codes = new Set<string>()
  const queue: unknown[] = [error]
  for (let index = 0; index < queue.length && index < 16; index++) {
    const one = queue[index]
    if (typeof one !== 'object' || one === null) continue
    const { name, message, code, type, cause, errors } = one as Record<string, unknown>
    for (const text of [name, message]) if (typeof text === 'string') texts.push(text)
    for (const id of [code, type]) if (typeof id === 'string') codes.add(id)
    queue.push(cause)
    if (Array.isArray(errors)) queue.push(...errors)
  }
  return { text: texts.join('; '), codes }
}

/** `AppError` `KAFKA_AUTH` or `KAFKA_TLS`, else `RetriableError` `KAFKA_UNREACHABLE` or `KAFKA_PROTOCOL`. */
export function connectFailure(address: Address, security: Security, error: unknown): AppError | RetriableError {
  if (error instanceof AppError) return error
  const at = addressText(address)
  const { text, codes } = traits(error)
  if (/requires TLS/i.test(text)) return wantsTls()
  if (error instanceof RetriableError) return new RetriableError(error.code, `connecting to ${at}: ${error.message}`)
  const { sasl } = security
  if (sasl !== undefined && /SASL|authentication/i.test(text)) {
    return new AppError(
      'KAFKA_AUTH',
      `connecting to ${at}: the broker did not accept ${sasl.mechanism} authentication`,
      {
        exit_code: 4,
        hint: 'check AITRADER_KAFKA_SASL_MECHANISM, _USERNAME and _PASSWORD_FILE (or _TOKEN_FILE), and the listener',
      },
    )
  }
  const tls_code = [...codes].find((code) =>
    /^(ERR_TLS|ERR_SSL|ERR_OSSL|EPROTO|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)/.test(code),
  )
  if (security.tls !== undefined && tls_code !== undefined) return tlsFailure(at, tls_code, text)
  if (security.tls !== undefined && /TLS|SSL|secure/i.test(text) && !codes.has('ECONNREFUSED')) {
    return tlsFailure(at, 'handshake failed', text)
  }
  const reason = [...codes].filter((code) => /^E[A-Z]+$/.test(code)).join(', ') || 'the server closed the connection'
  return new RetriableError('KAFKA_UNREACHABLE', `connecting to ${at}: ${reason}`)
}

function tlsFailure(at: string, code: string, text: string): AppError {
  const plain = /wrong version number|secure TLS connection was established|verify the broker supports TLS/i.test(text)
  return new AppError('KAFKA_TLS', `connecting to ${at}: TLS could not be set up (${code})`, {
    exit_code: 4,
    hint: plain
      ? 'the listener may not speak TLS: use its TLS port, or unset AITRADER_KAFKA_TLS_CA_FILE and AITRADER_KAFKA_TLS'
      : 'check AITRADER_KAFKA_TLS_CA_FILE, that the certificate names this host, and the client certificate if one is wanted',
  })
}

export function notAccepted(address: Address, sasl: Sasl): AppError {
  const at = addressText(address)
  return new AppError('KAFKA_AUTH', `connecting to ${at}: the broker did not accept ${sasl.mechanism} authentication`, {
    exit_code: 4,
    hint: 'check AITRADER_KAFKA_SASL_MECHANISM, _USERNAME and _PASSWORD_FILE (or _TOKEN_FILE), and the listener',
  })
}
