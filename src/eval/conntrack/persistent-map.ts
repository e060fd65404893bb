/**
 * A map as a value: setting a key makes a new map that shares all but a path of nodes with the old one. A hash trie of
 * 32 branches a level; keys of one hash share a leaf. Cost of each operation: the depth, at most seven nodes.
 */
export type PersistentMap<V> = { readonly size: number; readonly root: Node<V> | null }

type Node<V> = Branch<V> | Leaf<V>
/** `children` holds those whose bit is set, in order. */
type Branch<V> = { readonly bits: number; readonly children: readonly Node<V>[] }
type Leaf<V> = { readonly hash: number; readonly entries: readonly (readonly [string, V])[] }

export const EMPTY_MAP: PersistentMap<never> = { size: 0, root: null }

export function mapGet<V>({ root }: PersistentMap<V>, key: string): V | null {
  const hash = hashOf(key)
  let node = root
  for (let shift = 0; node !== null; shift += 5) {
    if ('hash' in node) {
      const found = node.hash === hash ? node.entries.find(([each]) => each === key) : undefined
      return found === undefined ? null : found[1]
    }
    const bit = bitAt(hash, shift)
    if ((node.bits & bit) === 0) return null
    node = node.children[countBelow(node.bits, bit)] ?? null
  }
  return null
}

export function mapSet<V>(map: PersistentMap<V>, key: string, value: V): PersistentMap<V> {
  const grown = mapGet(map, key) === null ? 1 : 0
  return { size: map.size + grown, root: withKey(map.root, hashOf(key), 0, key, value) }
}

export function mapDelete<V>(map: PersistentMap<V>, key: string): PersistentMap<V> {
  if (mapGet(map, key) === null) return map
  return { size: map.size - 1, root: withoutKey(map.root, hashOf(key), 0, key) }
}

export function* mapValues<V>({ root }: PersistentMap<V>): Generator<V> {
  const open: Node<V>[] = root === null ? [] : [root]
  for (let node = open.pop(); node !== undefined; node = open.pop())
    if ('hash' in node) for (const [, value] of node.entries) yield value
    else open.push(...node.children)
}

/**
 * What is another value, or there in one of two maps only (null: in this one not). Cost: what they do not share, so
 * little where one was made from the other.
 */
export function* mapChanges<V>(
  before: PersistentMap<V>,
  after: PersistentMap<V>,
): Generator<{ readonly before: V | null; readonly after: V | null }> {
  const open: (readonly [Node<V> | null, Node<V> | null])[] = [[before.root, after.root]]
  for (let pair = open.pop(); pair !== undefined; pair = open.pop()) {
    const [one, other] = pair
    if (one === other) continue
    if (one !== null && other !== null && 'bits' in one && 'bits' in other)
      for (let bits = one.bits | other.bits; bits !== 0; bits &= bits - 1)
        open.push([childAt(one, bits & -bits), childAt(other, bits & -bits)])
    else {
      const old = entriesBelow(one)
      for (const [key, value] of entriesBelow(other)) {
        const was = old.get(key) ?? null
        old.delete(key)
        if (was !== value) yield { before: was, after: value }
      }
      for (const value of old.values()) yield { before: value, after: null }
    }
  }
}

function childAt<V>({ bits, children }: Branch<V>, bit: number): Node<V> | null {
  return (bits & bit) === 0 ? null : (children[countBelow(bits, bit)] ?? null)
}

function entriesBelow<V>(top: Node<V> | null): Map<string, V> {
  const found = new Map<string, V>()
  const open: Node<V>[] = top === null ? [] : [top]
  for (let node = open.pop(); node !== undefined; node = open.pop())
    if ('hash' in node) for (const [key, value] of node.entries) found.set(key, value)
    else open.push(...node.children)
  return found
}

function withKey<V>(
  node: Node<V> | null,
  hash: number,
  shift: number,
  key: string,
  value: V,
): Node<V> {
  if (node === null) return { hash, entries: [[key, value]] }
  if ('hash' in node) {
    if (node.hash === hash)
      return { hash, entries: [...node.entries.filter(([each]) => each !== key), [key, value]] }
    const above: Branch<V> = { bits: bitAt(node.hash, shift), children: [node] }
    return withKey(above, hash, shift, key, value)
  }
  const bit = bitAt(hash, shift)
  const at = countBelow(node.bits, bit)
  const children = [...node.children]
  if ((node.bits & bit) === 0) children.splice(at, 0, { hash, entries: [[key, value]] })
  else children[at] = withKey(children[at] ?? null, hash, shift + 5, key, value)
  return { bits: node.bits | bit, children }
}

function withoutKey<V>(
  node: Node<V> | null,
  hash: number,
  shift: number,
  key: string,
): Node<V> | null {
  if (node === null) return null
  if ('hash' in node) {
    const entries = node.entries.filter(([each]) => each !== key)
    return entries.length === 0 ? null : { hash: node.hash, entries }
  }
  const bit = bitAt(hash, shift)
  const at = countBelow(node.bits, bit)
  const left = withoutKey(node.children[at] ?? null, hash, shift + 5, key)
  const children = [...node.children]
  if (left !== null) {
    children[at] = left
    return { bits: node.bits, children }
  }
  children.splice(at, 1)
  return children.length === 0 ? null : { bits: node.bits & ~bit, children }
}

function bitAt(hash: number, shift: number): number {
  return 1 << ((hash >>> shift) & 31)
}

/** How many bits are set below a bit. */
function countBelow(bits: number, bit: number): number {
  let rest = bits & (bit - 1)
  let count = 0
  for (; rest !== 0; rest &= rest - 1) count += 1
  return count
}

/** FNV-1a of 32 bits. */
function hashOf(key: string): number {
  let hash = 0x811c_9dc5
  for (let i = 0; i < key.length; i += 1)
    hash = Math.imul(hash ^ key.charCodeAt(i), 0x0100_0193) >>> 0
  return hash
}
