/**
 * Makes an element. Children that are not nodes become text, so nothing that a server says is ever parsed as HTML.
 * @param {string} tag
 * @param {Record<string, string | number | boolean>} attributes `class`, `aria-…`, …; false leaves one out.
 * @param {...(Node | string)} children
 */
export function el(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children)
}

/** The same for SVG. */
export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children)
}

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false) node.setAttribute(name, value === true ? '' : String(value))
  }
  node.append(...children)
  return node
}

/** Sets text where it changed: an untouched node costs no layout and disturbs no selection. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text
}

export function setData(node, name, value) {
  if (node.dataset[name] !== value) node.dataset[name] = value
}

/** A long hexadecimal value, shortened, with a button that copies the whole. */
export function copyable(value, label, shown = shortHex(value)) {
  const button = el('button', { type: 'button', class: 'copy', 'aria-label': `Copy ${label}` }, 'Copy')
  const code = el('code', { title: value }, shown)
  button.addEventListener('click', async () => {
    const done = await copy(value)
    if (!done) code.textContent = value
    button.textContent = done ? 'Copied' : 'Shown'
    setTimeout(() => setText(button, 'Copy'), 1_600)
  })
  return el('span', { class: 'copyable' }, code, button)
}

export function shortHex(value) {
  return value.length > 14 ? `${value.slice(0, 8)}…${value.slice(-4)}` : value
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    // No permission, or a page that is not served from this machine: the whole value is shown to be selected by hand.
    return false
  }
}
