import type { Json } from '../netfilter/nft/command.ts'
import { isList, isObject, type JsonObject } from '../netfilter/nft/json.ts'

/**
 * What stands in for the tables of bridges on a kernel without nf_conntrack_bridge and nft_reject_bridge: states are
 * told by marks that a chain of inet has set (frames go through it by br_netfilter), a bridge by its ports, and a
 * reject is a drop. Rule by rule the same, so that numbers stay; see README.md.
 */

/** Marks in place of states. */
const MARKS = { new: 1, established: 2, related: 3, invalid: 4, untracked: 5 } as const

/** Table that marks packets by their state, at each bridge anew: it is asked for by br_netfilter. */
export const STATE_MARKS = `table inet pvefw_state {
	chain p { type filter hook prerouting priority mangle; meta mark set ct state map { ${marksText()} }; }
	chain o { type filter hook output priority mangle; meta mark set ct state map { ${marksText()} }; }
}`

function marksText(): string {
  return Object.entries(MARKS)
    .map(([state, mark]) => `${state} : ${mark}`)
    .join(', ')
}

/** What the name of a chain begins with that calls a base chain of the ruleset, which is none there. */
export const CALLER = 'pvefw-'

/** br_netfilter calls IP in the middle of the bridge's hook, at 0 (NF_BR_PRI_BRNF): the mark is set behind it only. */
const BEHIND_IP = 1

/** The commands of a ruleset in words such a kernel takes; `ports` by bridge. */
export function standIn(
  commands: readonly JsonObject[],
  ports: ReadonlyMap<string, readonly string[]>,
): readonly JsonObject[] {
  return commands.flatMap((command): readonly JsonObject[] => {
    const [[verb, body] = ['', null]] = Object.entries(command)
    if (!isObject(body)) return [command]
    const [[kind, object] = ['', null]] = Object.entries(body)
    if (!isObject(object)) return [command]
    const again = (changed: Json): JsonObject => ({ [verb]: { [kind]: changed } })
    if (object['family'] === 'inet')
      return kind === 'chain' && object['hook'] === 'forward' && verb === 'add'
        ? called(object, ports, again)
        : [command]
    if (object['family'] !== 'bridge') return [command]
    switch (kind) {
      case 'chain':
        return [again(object['hook'] === 'prerouting' ? { ...object, prio: BEHIND_IP } : object)]
      case 'rule': {
        const expr = object['expr']
        return [
          again({ ...object, expr: isList(expr) ? expr.flatMap(statements) : (expr ?? null) }),
        ]
      }
      case 'element':
        return object['name'] === 'bridge-map' ? pairs(object, ports, again) : [command]
      default:
        return [command]
    }
  })
}

/** A base chain of IP that sees what is forwarded: frames that are bridged pass it by. */
function called(
  chain: JsonObject,
  ports: ReadonlyMap<string, readonly string[]>,
  again: (changed: Json) => JsonObject,
): readonly JsonObject[] {
  const { family, table, name } = chain
  const caller = `${CALLER}${String(name)}`
  const place = { family: family ?? null, table: table ?? null }
  const rule = (...expr: readonly Json[]): JsonObject => ({
    add: { rule: { ...place, chain: caller, expr } },
  })
  const device = (key: string, bridge: string): Json => ({
    match: { op: '==', left: { meta: { key } }, right: bridge },
  })
  return [
    { add: { chain: { ...place, name: name ?? null } } },
    again({ ...chain, name: caller }),
    { flush: { chain: { ...place, name: caller } } },
    ...[...ports.keys()].map((bridge) =>
      rule(device('iifname', bridge), device('oifname', bridge), { accept: null }),
    ),
    rule({ jump: { target: name ?? null } }),
  ]
}

/** A reject with an error of one family is of packets of that family: nft says so by itself. */
function statements(one: Json): readonly Json[] {
  const reject = isObject(one) ? one['reject'] : undefined
  if (!isObject(one) || reject === undefined) return [statement(one)]
  const type = isObject(reject) ? reject['type'] : undefined
  const family = type === 'icmp' ? 'ip' : type === 'icmpv6' ? 'ip6' : null
  const drop: Json = { drop: null }
  if (family === null) return [drop]
  return [{ match: { op: '==', left: { meta: { key: 'protocol' } }, right: family } }, drop]
}

function statement(one: Json): Json {
  if (!isObject(one)) return one
  // the mark of a connection: no rule asks for it
  const mangle = one['mangle']
  if (isObject(mangle) && isObject(mangle['key']) && 'ct' in mangle['key']) return { counter: null }
  const match = one['match']
  if (isObject(match) && isState(match['left'])) {
    const { right } = match
    const names = isList(right) ? right : [right ?? null]
    const marks = names.map(markOf)
    const value: Json = marks.length === 1 ? (marks[0] ?? null) : { set: marks }
    const op = match['op'] === '!=' ? '!=' : '=='
    return { match: { op, left: MARK, right: value } }
  }
  const vmap = one['vmap']
  if (!isObject(vmap)) return one
  const { key, data } = vmap
  if (isState(key)) {
    const set = isObject(data) && isList(data['set']) ? data['set'] : []
    const elements = set.map((element) =>
      isList(element) ? [markOf(element[0]), element[1] ?? null] : element,
    )
    return { vmap: { key: MARK, data: { set: elements } } }
  }
  return { vmap: { ...vmap, key: devices(key ?? null) } }
}

const MARK: Json = { meta: { key: 'mark' } }

function isState(left: Json | undefined): boolean {
  const ct = left !== undefined && isObject(left) ? left['ct'] : undefined
  return ct !== undefined && isObject(ct) && ct['key'] === 'state'
}

function markOf(state: Json | undefined): Json {
  if (typeof state !== 'string' || !(state in MARKS)) throw new Error(`no state: ${String(state)}`)
  return MARKS[state as keyof typeof MARKS]
}

/** `ibrname . obrname` becomes `iifname . oifname`. */
function devices(key: Json): Json {
  if (!isObject(key)) return key
  const { concat, meta } = key
  if (isList(concat)) return { concat: concat.map(devices) }
  const name = meta !== undefined && isObject(meta) ? meta['key'] : undefined
  if (name === 'ibrname') return { meta: { key: 'iifname' } }
  return name === 'obrname' ? { meta: { key: 'oifname' } } : key
}

/** An element about a bridge is one about each two of its ports. */
function pairs(
  element: JsonObject,
  ports: ReadonlyMap<string, readonly string[]>,
  again: (changed: Json) => JsonObject,
): readonly JsonObject[] {
  const elements = element['elem']
  const all = (isList(elements) ? elements : []).flatMap((one): readonly Json[] => {
    if (!isList(one)) return []
    const [key, verdict = null] = one
    const names = key !== undefined && isObject(key) && isList(key['concat']) ? key['concat'] : []
    const own = ports.get(String(names[0])) ?? []
    return own.flatMap((from) =>
      own.flatMap((to) => (from === to ? [] : [[{ concat: [from, to] }, verdict]])),
    )
  })
  return all.length === 0 ? [] : [again({ ...element, elem: all })]
}
