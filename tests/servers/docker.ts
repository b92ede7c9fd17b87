/** The Docker engine, if one answers here: its images, and the containers that killed runs left. No client is loaded. */
import { request } from 'node:http'
import { hostname } from 'node:os'
import { Unavailable } from './jars.ts'

/** The label of every container that these tests start: who holds it, `HOST/PID`. */
export const LABEL = 'aitrader.tests'
export const HOLDER = `${hostname()}/${process.pid}`

/** The first of `images` that the engine has; `Unavailable` if no engine answers or it has none. */
export async function localImage(images: readonly string[]): Promise<string> {
  await answeringEngine()
  for (const image of images) if ((await ask('GET', `/images/${image}/json`))?.status === 200) return image
  throw new Unavailable(`the Docker engine has no image ${images.join(' or ')}`)
}

export async function answeringEngine(): Promise<void> {
  if ((await ask('GET', '/_ping'))?.status !== 200) throw new Unavailable('no Docker engine answers')
}

/** Removes the containers whose holder, a process of this machine, is gone. */
export async function sweep(): Promise<void> {
  const filters = encodeURIComponent(JSON.stringify({ label: [LABEL] }))
  const answer = await ask('GET', `/containers/json?all=1&filters=${filters}`)
  const containers: { Id: string; Labels: Record<string, string> }[] = JSON.parse(answer?.body ?? '[]')
  for (const { Id, Labels } of containers) {
    const [host, pid] = Labels[LABEL]!.split('/')
    if (host === hostname() && !isRunning(Number(pid))) await ask('DELETE', `/containers/${Id}?force=1&v=1`)
  }
}

/** Ends a container by a signal and waits for its end. */
export async function killContainer(id: string, signal: NodeJS.Signals): Promise<void> {
  await ask('POST', `/containers/${id}/kill?signal=${signal}`)
  await ask('POST', `/containers/${id}/wait`)
}

/** Asks the engine; `null` where nobody answers. */
export function ask(method: string, path: string): Promise<{ status: number; body: string } | null> {
  return new Promise((resolve) => {
    const asked = request({ ...engine(), method, path, timeout: 60_000 }, async (response) => {
      let body = ''
      for await (const chunk of response) body += chunk
      resolve({ status: response.statusCode!, body })
    })
    asked.on('timeout', () => asked.destroy())
    asked.on('error', () => resolve(null))
    asked.end()
  })
}

function engine(): { socketPath: string } | { host: string; port: string } {
  const { protocol, pathname, hostname: host, port } = new URL(process.env.DOCKER_HOST ?? 'unix:///var/run/docker.sock')
  return protocol === 'unix:' ? { socketPath: pathname } : { host, port }
}

/** Whether a process of this machine lives. */
export function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'EPERM'
  }
}
