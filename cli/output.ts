/** Lines to a stream in large writes that wait for a slow reader. */
export class Output {
  private readonly stream: NodeJS.WriteStream
  private text = ''

  constructor(stream: NodeJS.WriteStream) {
    this.stream = stream
  }

  async line(text: string): Promise<void> {
    this.text += `${text}\n`
    if (this.text.length > 64 * 1024) await this.end()
  }

  async end(): Promise<void> {
    const text = this.text
    this.text = ''
    if (text !== '' && !this.stream.write(text))
      await new Promise<void>((resolve) => this.stream.once('drain', resolve))
  }
}
