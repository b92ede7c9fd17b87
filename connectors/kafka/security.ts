/** How to speak to brokers: TLS and SASL. */
import type { ConnectionOptions } from 'node:tls'

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
