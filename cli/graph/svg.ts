import { instance } from '@viz-js/viz'

/** Lays a picture in the language of Graphviz out, as one SVG element. Graphviz runs inside: no program, no network. */
export async function layOut(dot: string): Promise<string> {
  const viz = await instance()
  const svg = viz.renderString(dot, { format: 'svg', engine: 'dot' })
  // What is before the element is for files of their own; comments repeat names.
  return `${svg
    .slice(svg.indexOf('<svg'))
    .replaceAll(/<!--[\s\S]*?-->\n?/g, '')
    .trimEnd()}\n`
}
