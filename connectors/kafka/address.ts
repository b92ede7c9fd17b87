/** Where brokers are. */

export interface Address {
  readonly host: string
  readonly port: number
}

export interface KafkaNode extends Address {
  readonly node_id: number
}

export function addressText(address: Address): string {
  return `${address.host}:${address.port}`
}
