/** Whether a Docker engine answers here, and which images it has, without loading a client. */
import { request } from 'node:http'
import { Unavailable } from './jars.ts'

/** The label that every container of these tests wears, so that what a killed run left can be found. */
export const LABEL = 'aitrader.tests'

/** The first of `images` that the engine has; `Unavailable` if no engine answers or it has none. */
export async function localImage(images: readonly string[]): Promise<string> {
  if ((await ask('GET', '/_ping')) === null) throw new Unavailable('no Docker engine answers')
  for (const image of images) if ((await ask('GET', `/images/${image}/json`)) === 200) return image
  throw new Unavailable(`the Docker engine has no image ${images.join(' or ')}`)
}

/** The engine's status, `null` where nobody answers. */
export function ask(method: string, path: string): Promise<number | null> {
  return new Promise((resolve) => {
    const asked = request({ ...engine(), method, path, timeout: 5_000 }, (response) => {
      response.resume()
      resolve(response.statusCode ?? null)
    })
    asked.on('timeout', () => asked.destroy())
    asked.on('error', () => resolve(null))
    asked.end()
  })
}

function engine(): { socketPath: string } | { host: string; port: string } {
  const { protocol, pathname, hostname, port } = new URL(process.env.DOCKER_HOST ?? 'unix:///var/run/docker.sock')
  return protocol === 'unix:' ? { socketPath: pathname } : { host: hostname, port }
}
