const canvas = document.getElementById('canvas')
const picture = canvas.querySelector('svg')
const details = document.getElementById('details')
const graph = JSON.parse(document.getElementById('graph').textContent)
const whole = picture.getAttribute('viewBox').split(/[ ,]+/).map(Number)
let view = whole.slice()

function show() {
  picture.setAttribute('viewBox', view.join(' '))
}

/** Enlarges by `factor` about a point of the window. */
function zoom(factor, clientX, clientY) {
  const box = picture.getBoundingClientRect()
  const scale = Math.max(view[2] / box.width, view[3] / box.height)
  const x = view[0] + view[2] / 2 + (clientX - box.left - box.width / 2) * scale
  const y = view[1] + view[3] / 2 + (clientY - box.top - box.height / 2) * scale
  const width = Math.min(whole[2] * 4, Math.max(whole[2] / 50, view[2] / factor))
  const by = width / view[2]
  view = [x - (x - view[0]) * by, y - (y - view[1]) * by, width, view[3] * by]
  show()
}

function zoomMiddle(factor) {
  const box = picture.getBoundingClientRect()
  zoom(factor, box.left + box.width / 2, box.top + box.height / 2)
}

picture.removeAttribute('width')
picture.removeAttribute('height')
canvas.addEventListener(
  'wheel',
  (event) => {
    event.preventDefault()
    zoom(event.deltaY < 0 ? 1.2 : 1 / 1.2, event.clientX, event.clientY)
  },
  { passive: false },
)
let held
canvas.addEventListener('pointerdown', (event) => {
  held = { x: event.clientX, y: event.clientY, view: view.slice(), moved: false }
})
window.addEventListener('pointermove', (event) => {
  if (held === undefined) return
  const box = picture.getBoundingClientRect()
  const scale = Math.max(view[2] / box.width, view[3] / box.height)
  const [dx, dy] = [event.clientX - held.x, event.clientY - held.y]
  held.moved ||= Math.abs(dx) + Math.abs(dy) > 4
  view = [held.view[0] - dx * scale, held.view[1] - dy * scale, view[2], view[3]]
  show()
})
window.addEventListener('pointerup', (event) => {
  const moved = held?.moved
  held = undefined
  if (moved === false) choose(event.target.closest?.('.node, .edge'))
})
document.getElementById('in').addEventListener('click', () => zoomMiddle(1.4))
document.getElementById('out').addEventListener('click', () => zoomMiddle(1 / 1.4))
document.getElementById('fit').addEventListener('click', () => {
  view = whole.slice()
  show()
})

function element(name, text) {
  const made = document.createElement(name)
  made.textContent = text
  return made
}

function choose(part) {
  for (const one of canvas.querySelectorAll('.chosen')) one.classList.remove('chosen')
  const found = part && graph[part.id]
  if (!found) return
  part.classList.add('chosen')
  const { declared, changes, ...plain } = found
  const parts = [element('h2', found.name ?? found.topic)]
  if (found.mark) parts.push(element('p', found.mark))
  if (changes) {
    const list = element('ul', '')
    for (const change of changes) list.append(element('li', change))
    parts.push(list)
  }
  parts.push(element('pre', JSON.stringify(declared ?? plain, null, 2)))
  details.replaceChildren(...parts)
}
