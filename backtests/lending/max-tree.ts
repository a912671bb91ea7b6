/** Places of one group, or all where there are fewer. */
const GROUP_PLACES = 64

/**
 * Numbers of 0 and above in numbered places, with the maxima of ever larger groups over them: which places hold more than a bound
 * is found without looking at the others. Node 1 is the largest of all, nodes 2n and 2n + 1 are under node n, and place p is at
 * `width + p`. Group g, of `span` places, is node `groups + g`.
 */
export type MaxTree = {
  readonly width: number
  readonly nodes: Float64Array
  readonly span: number
  readonly groups: number
}

export function maxTree(places: number): MaxTree {
  let width = 1
  while (width < places) width *= 2
  const span = Math.min(GROUP_PLACES, width)
  return { width, nodes: new Float64Array(2 * width), span, groups: width / span }
}

export function setValue({ width, nodes }: MaxTree, place: number, value: number): void {
  let node = width + place
  nodes[node] = value
  for (node >>= 1; node > 0; node >>= 1) {
    const left = nodes[2 * node] ?? 0
    const right = nodes[2 * node + 1] ?? 0
    const largest = Math.max(left, right)
    // Nothing changes further up, and most changes end here after a step or two.
    if (nodes[node] === largest) return
    nodes[node] = largest
  }
}

export function valueAt({ width, nodes }: MaxTree, place: number): number {
  return nodes[width + place] ?? 0
}

export function largestValue({ nodes }: MaxTree): number {
  return nodes[1] ?? 0
}

export function largestOfGroup({ groups, nodes }: MaxTree, group: number): number {
  return nodes[groups + group] ?? 0
}

/** Of the first `places`, the one with the largest value, the lowest of several; -1 where all of them are 0. */
export function placeOfLargest({ width, nodes }: MaxTree, places: number): number {
  let best = 0
  let largest = 0
  let node = 1
  // The first places are a few whole groups: whatever is left of the way down to the first place beyond.
  for (let span = width, start = 0; start < places; ) {
    const whole = start + span <= places
    if (whole && (nodes[node] ?? 0) > largest) {
      largest = nodes[node] ?? 0
      best = node
    }
    if (whole) {
      start += span
      node += 1
    } else {
      span /= 2
      node *= 2
    }
  }
  if (best === 0) return -1
  while (best < width) best = (nodes[2 * best] ?? 0) === largest ? 2 * best : 2 * best + 1
  return best - width
}

/** Writes the places of a group whose value is above the bound into `found`, in ascending order, and says how many there are. */
export function placesAbove(
  { width, nodes, groups }: MaxTree,
  group: number,
  bound: number,
  found: Int32Array,
): number {
  const top = groups + group
  let count = 0
  for (let node = top; ; node += 1) {
    while (node < width && (nodes[node] ?? 0) > bound) node *= 2
    if ((nodes[node] ?? 0) > bound) found[count++] = node - width
    // Up from every right-hand part, then on to the next.
    while (node % 2 === 1 && node > top) node >>= 1
    if (node === top) return count
  }
}
