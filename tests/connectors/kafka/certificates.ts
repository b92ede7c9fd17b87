/** An authority, a server's certificate for this machine and a client's, made anew for a test. */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Certificates {
  readonly ca_file: string
  /** Signed by nobody that anybody knows. */
  readonly other_ca_file: string
  readonly client_cert_file: string
  readonly client_key_file: string
  /** Key and certificate together, as a broker takes them. */
  readonly server_pem_file: string
}

export function makeCertificates(folder: string): Certificates {
  const at = (name: string) => join(folder, name)
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' })
  const key = (name: string) =>
    openssl('genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', at(`${name}.key`))
  const authority = (name: string) => {
    key(name)
    openssl('req', '-x509', '-key', at(`${name}.key`), '-days', '2', '-subj', `/CN=${name}`, '-out', at(`${name}.crt`))
  }
  const signed = (name: string, extension: string) => {
    key(name)
    writeFileSync(at(`${name}.ext`), extension)
    openssl('req', '-new', '-key', at(`${name}.key`), '-subj', `/CN=${name}`, '-out', at(`${name}.csr`))
    const by = ['-CA', at('ca.crt'), '-CAkey', at('ca.key'), '-CAcreateserial']
    openssl(
      'x509',
      '-req',
      '-in',
      at(`${name}.csr`),
      ...by,
      '-days',
      '2',
      '-extfile',
      at(`${name}.ext`),
      '-out',
      at(`${name}.crt`),
    )
  }
  authority('ca')
  authority('other')
  signed('server', 'subjectAltName=DNS:localhost,IP:127.0.0.1')
  signed('client', 'extendedKeyUsage=clientAuth')
  writeFileSync(at('server.pem'), readFileSync(at('server.key'), 'utf8') + readFileSync(at('server.crt'), 'utf8'))
  return {
    ca_file: at('ca.crt'),
    other_ca_file: at('other.crt'),
    client_cert_file: at('client.crt'),
    client_key_file: at('client.key'),
    server_pem_file: at('server.pem'),
  }
}
