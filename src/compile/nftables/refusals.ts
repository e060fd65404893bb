import type { Protocols } from '../../config/tree.ts'
import type { Json, NftCommand } from '../../netfilter/nft/command.ts'
import type { Origin } from '../../netfilter/origin.ts'
import { type Diagnostic, diagnostic } from '../../source/diagnostic.ts'
import type { Span } from '../../source/source-file.ts'
import { addJump, type ChainNode, newNode } from './check-jump.ts'
import { checkOverlap } from './check-overlap.ts'
import { checkStatements } from './check-rule.ts'
import { at, type Complaint, checkInterface, checkName, isList, textAt } from './complaint.ts'
import { DEFAULT_NFT_VERSION, isAtLeast } from './nft-version.ts'
import { SKELETON } from './skeleton.ts'

/** A command of the second transaction that nft or the kernel refuses, and with it all of them. */
export type NftRefusal = {
  /** Place in the list of commands. */
  readonly index: number
  /** What nft prints, behind `Error: `. */
  readonly message: string
  readonly diagnostic: Diagnostic
}

/** What a table holds as far as it matters here. */
type Held = {
  readonly chains: Map<string, ChainNode>
  /** By name, whether overlapping elements are merged. */
  readonly sets: Map<string, boolean>
}

type Judge = {
  /** By name: the two tables have different ones. */
  readonly tables: Map<string, Held>
  readonly protocols: Protocols
  readonly version: string
  /** Whether sets that are made merge overlapping elements: nft before 1.1.0 reads auto-merge from text only. */
  merges: boolean
}

const CONSEQUENCE =
  'nft refuses the whole update: the old rules stay, and after a boot guests are not filtered at all'

/**
 * Predicts what nft and the kernel refuse of the compiled commands (on top of the skeleton): one entry for
 * each line to blame, with the first command it spoils. Cost: linear, but for a sort of each set with old nft.
 */
export function predictRefusals(
  commands: readonly NftCommand[],
  protocols: Protocols,
  version: string = DEFAULT_NFT_VERSION,
): readonly NftRefusal[] {
  const judge: Judge = { tables: new Map(), protocols, version, merges: true }
  for (const { json } of SKELETON) judgeCommand(judge, json)
  judge.merges = isAtLeast(version, '1.1.0')
  const refusals: NftRefusal[] = []
  const seen = new Set<string>()
  commands.forEach((command, index) => {
    const complaint = judgeCommand(judge, command.json)
    if (complaint === null) return
    const span = spanOf(blamed(command, complaint.element))
    const key = `${complaint.code} ${span?.file.path} ${span?.start}`
    if (seen.has(key)) return
    seen.add(key)
    refusals.push({
      index,
      message: complaint.message,
      diagnostic: explain(command, complaint, span),
    })
  })
  return refusals
}

function explain(command: NftCommand, complaint: Complaint, span: Span | null): Diagnostic {
  const { code, cause, help, other } = complaint
  const otherSpan = other === null ? null : spanOf(blamed(command, other))
  const related = otherSpan === null ? [] : [{ span: otherSpan, message: 'the other entry' }]
  return diagnostic('error', code, span, `${cause}, so ${CONSEQUENCE}`, {
    help,
    related,
    upstream: ['error updating firewall rules: cannot execute nftables commands'],
  })
}

function blamed({ origin, elementOrigins }: NftCommand, element: number | null): Origin {
  return (element === null ? undefined : elementOrigins?.[element]) ?? origin
}

function spanOf(origin: Origin): Span | null {
  return origin.span
}

function judgeCommand(judge: Judge, json: NftCommand['json']): Complaint | null {
  const { add } = json
  if (add !== undefined) return judgeAdd(judge, add)
  const deleted = at(json['delete'], 'table')
  if (deleted !== undefined) judge.tables.delete(textAt(deleted, 'name') ?? '')
  return null
}

function judgeAdd(judge: Judge, add: Json): Complaint | null {
  const rule = at(add, 'rule')
  if (rule !== undefined) return judgeRule(judge, rule)
  const chain = at(add, 'chain')
  if (chain !== undefined) return judgeChain(held(judge, chain), chain)
  const set = at(add, 'set')
  if (set !== undefined) return judgeSet(held(judge, set), set, judge.merges)
  const element = at(add, 'element')
  return element === undefined ? null : judgeElements(judge, element)
}

function held({ tables }: Judge, object: Json): Held {
  const key = textAt(object, 'table') ?? ''
  const known = tables.get(key)
  if (known !== undefined) return known
  const made: Held = { chains: new Map(), sets: new Map() }
  tables.set(key, made)
  return made
}

function judgeChain({ chains }: Held, chain: Json): Complaint | null {
  const name = textAt(chain, 'name') ?? ''
  if (!chains.has(name)) chains.set(name, newNode())
  return checkName(name, 'chain of the security group')
}

function judgeSet({ sets }: Held, set: Json, merges: boolean): Complaint | null {
  const name = textAt(set, 'name') ?? ''
  if (!sets.has(name)) sets.set(name, merges)
  return checkName(name, 'nft set')
}

function judgeRule(judge: Judge, rule: Json): Complaint | null {
  const { chains, sets } = held(judge, rule)
  const expr = at(rule, 'expr')
  if (!isList(expr)) return null
  const { protocols, version } = judge
  const facts = { protocols, version, hasSet: (name: string): boolean => sets.has(name) }
  return (
    checkStatements(expr, facts) ??
    addJump(chains, textAt(rule, 'family') ?? '', textAt(rule, 'chain') ?? '', expr.at(-1) ?? null)
  )
}

function judgeElements(judge: Judge, element: Json): Complaint | null {
  const elements = at(element, 'elem')
  if (!isList(elements)) return null
  const name = textAt(element, 'name') ?? ''
  if (name.startsWith('vm-map-')) return checkDevices(elements)
  return held(judge, element).sets.get(name) === false ? checkOverlap(elements) : null
}

function checkDevices(elements: readonly Json[]): Complaint | null {
  for (const [index, item] of elements.entries()) {
    const device = isList(item) ? item[0] : null
    const found = typeof device === 'string' ? checkInterface(device) : null
    if (found !== null) return { ...found, element: index }
  }
  return null
}
