import { compareBytes, keccak } from './bytes.ts'
import { invariant } from './errors.ts'

/**
 * The root of OpenZeppelin's standard Merkle tree with leaves in the order given, so that `MerkleProof.verify` and its npm
 * package prove against it: leaf = keccak256(keccak256(value)), twice so that an inner node can't pass for a leaf; an inner
 * node hashes its children in byte order; the tree is the array of 2n−1 nodes whose last n hold the leaves backwards.
 * @param values ABI-encoded leaf values, at least one.
 */
export function merkleRoot(values: readonly Uint8Array[]): Uint8Array {
  const [root] = treeOf(values)
  invariant(root !== undefined, 'a Merkle tree has a root')
  return root
}

/**
 * The siblings from a leaf up to below the root: what `MerkleProof.verify` takes.
 * @param index Of the leaf among the values.
 */
export function merkleProof(values: readonly Uint8Array[], index: number): Uint8Array[] {
  invariant(
    Number.isInteger(index) && index >= 0 && index < values.length,
    `a leaf of 0..${values.length - 1} was needed, got ${index}`,
  )
  const tree = treeOf(values)
  const proof: Uint8Array[] = []
  for (let at = tree.length - 1 - index; at > 0; at = (at - 1) >> 1) {
    const sibling = tree[at % 2 === 0 ? at - 1 : at + 1]
    invariant(sibling !== undefined, 'every node but the root has a sibling')
    proof.push(sibling)
  }
  return proof
}

/** The root that a value and its proof lead to; the value is proved when that is the root that was signed. */
export function rootOfProof(value: Uint8Array, proof: readonly Uint8Array[]): Uint8Array {
  return proof.reduce<Uint8Array>((node, sibling) => hashPair(node, sibling), keccak(keccak(value)))
}

function treeOf(values: readonly Uint8Array[]): readonly Uint8Array[] {
  invariant(values.length > 0, 'a Merkle tree needs a leaf')
  const tree: Uint8Array[] = new Array(2 * values.length - 1)
  values.forEach((value, index) => {
    tree[tree.length - 1 - index] = keccak(keccak(value))
  })
  for (let index = values.length - 2; index >= 0; index -= 1) {
    tree[index] = hashPair(tree[2 * index + 1], tree[2 * index + 2])
  }
  return tree
}

function hashPair(left: Uint8Array | undefined, right: Uint8Array | undefined): Uint8Array {
  invariant(left !== undefined && right !== undefined, 'an inner node has two children')
  return compareBytes(left, right) < 0 ? keccak(left, right) : keccak(right, left)
}
