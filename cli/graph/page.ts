import { readFileSync } from 'node:fs'
import type { Graph } from '../../runtime/topology/graph.ts'
import { diffSummary } from '../../runtime/topology/graph-diff.ts'

/**
 * One page that needs nothing else: the picture, which can be moved and enlarged, and what is declared of a node or an
 * edge when it is clicked. It asks no network for anything, and runs no code but its own (a policy in its head says so).
 */
export function page(graph: Graph, svg: string): string {
  const { topology, nodes, edges } = graph
  const { added, removed, changed } = diffSummary(graph)
  const different = added + removed + changed === 0 ? '' : ` · +${added} −${removed} ~${changed}`
  const details = {
    ...Object.fromEntries(nodes.map((node) => [node.id, node])),
    ...Object.fromEntries(edges.map((edge, number) => [`edge_${number}`, edge])),
  }
  const said = `${nodes.length} nodes, ${edges.length} edges${different}`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>${escapeHtml(topology)}</title>
<style>
${STYLE}</style>
</head>
<body>
<header><h1>${escapeHtml(topology)}</h1><p>${said}</p>
<button id="fit">Fit</button><button id="in" aria-label="Larger">+</button><button id="out" aria-label="Smaller">−</button></header>
<main id="canvas">
${svg}</main>
<aside id="details" aria-live="polite"><p>Click a node or an edge. Drag to move, turn the wheel to enlarge.</p></aside>
<script id="graph" type="application/json">${json(details)}</script>
<script>
${readFileSync(new URL('./page-script.js', import.meta.url), 'utf8')}</script>
</body>
</html>
`
}

/** \`<\` is written as its number: nothing in the data can end the script that holds it. */
function json(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c')
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}

const STYLE = `html, body { height: 100%; margin: 0; font: 14px/1.4 system-ui, sans-serif; color: #1f2328; background: #fff; }
body { display: grid; grid-template: auto 1fr / 1fr 22rem; }
header { grid-column: 1 / 3; display: flex; gap: 0.75rem; align-items: baseline; padding: 0.5rem 1rem; border-bottom: 1px solid #d0d7de; }
h1 { font-size: 1rem; margin: 0; } header p { margin: 0; flex: 1; color: #57606a; }
main { overflow: hidden; cursor: grab; touch-action: none; } main:active { cursor: grabbing; }
main svg { width: 100%; height: 100%; }
main .node, main .edge { cursor: pointer; } main .chosen :is(polygon, ellipse, path) { stroke-width: 3; }
main .aside:is(.chosen, :hover) path { stroke: #57606a; } main .aside:is(.chosen, :hover) text { fill: #1f2328; }
aside { overflow: auto; padding: 0.75rem 1rem; border-left: 1px solid #d0d7de; }
aside h2 { font-size: 0.95rem; margin: 0 0 0.5rem; } aside li { word-break: break-word; }
aside pre { white-space: pre-wrap; word-break: break-word; font-size: 12px; }
@media (max-width: 50rem) { body { grid-template: auto 1fr 14rem / 1fr; } header { grid-column: 1; } aside { border: 0; border-top: 1px solid #d0d7de; } }
`
