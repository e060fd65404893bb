import type { FieldName } from '../netfilter/field.ts'
import type { Match, Values } from '../netfilter/match.ts'
import type { Statement } from '../netfilter/ruleset.ts'
import { parseHostNetwork } from './address.ts'
import { matchModule } from './match-modules.ts'
import { interfaceNames } from './match-terms.ts'
import { addTerm, type Draft, flushUnknown, load, makeTerm, setProtocol } from './rule-draft.ts'
import { findTarget, isOtherTarget } from './targets.ts'
import { parseUnsigned, textBetween } from './words.ts'

/** An option of iptables itself. `read` is told where in the line it is, and gives null or why it is refused. */
export type BaseOption = {
  readonly name: string
  readonly args: number
  readonly negatable: boolean
  /** Its bit among those given; 0: it may be repeated. */
  readonly once: number
  readonly read: (draft: Draft, at: number, negate: boolean) => string | null
}

/** What messages call an option. */
function base(
  name: string,
  spellings: readonly string[],
  read: BaseOption['read'],
  more: Partial<BaseOption> = {},
): readonly (readonly [string, BaseOption])[] {
  const option: BaseOption = { name, args: 1, negatable: true, once: 0, read, ...more }
  return [name, ...spellings].map((spelling) => [spelling, option])
}

/** The value of the option at `at`. */
function valueAt({ line }: Draft, at: number): string {
  return line.words[at + 1] ?? ''
}

/** The option at `at` and so many values, as they stand there. */
function textAt({ line }: Draft, at: number, args: number, negate: boolean): string {
  return textBetween(line, negate ? at - 1 : at, at + 1 + args)
}

function readAddresses(side: 'source' | 'dest'): BaseOption['read'] {
  return (draft, at, negate) => {
    const list = valueAt(draft, at)
    if (!list.includes(','))
      return addTerm(draft, addressTerm(draft, side, textAt(draft, at, 1, negate), list, negate))
    if (negate) return '! not allowed with multiple source or destination IP addresses'
    const option = draft.line.words[at]
    const turns: Statement[] = []
    for (const element of list.split(',')) {
      const term = addressTerm(draft, side, `${option} ${element}`, element, false)
      if (typeof term === 'string') return term
      turns.push(term)
    }
    // the first stands for all of them until the rules are written out
    draft[side] = { slot: draft.terms.length, turns }
    draft.terms.push(turns[0] ?? null)
    return null
  }
}

function addressTerm(
  draft: Draft,
  side: 'source' | 'dest',
  text: string,
  element: string,
  negate: boolean,
): Statement | string {
  const known = draft.made.get(text)
  if (known !== undefined) return known
  const { version } = draft.reader
  const network = parseHostNetwork(version, element)
  if (network === 'scattered') return makeTerm(draft, text, { kind: 'opaque', text })
  if ('error' in network) return makeTerm(draft, text, network.error)
  const end = side === 'source' ? 'saddr' : 'daddr'
  const field: FieldName = version === 4 ? `ip ${end}` : `ip6 ${end}`
  const values: Values = { kind: 'addresses', ranges: [network] }
  return makeTerm(draft, text, { kind: 'field', field, values, negate })
}

function readInterface(field: 'meta iifname' | 'meta oifname'): BaseOption['read'] {
  return (draft, at, negate) => {
    const name = valueAt(draft, at)
    if (name === '') return 'Empty interface is likely to be undesired'
    const text = textAt(draft, at, 1, negate)
    return addTerm(
      draft,
      draft.made.get(text) ?? makeTerm(draft, text, interfaceMatch(field, name, negate)),
    )
  }
}

function interfaceMatch(
  field: 'meta iifname' | 'meta oifname',
  name: string,
  negate: boolean,
): Match | string {
  const values = interfaceNames(name)
  return typeof values === 'string' ? values : { kind: 'field', field, values, negate }
}

/** Protocols iptables knows without /etc/protocols: `xtables_chain_protos`, libxtables/xtables.c. */
const ownProtocols: ReadonlyMap<string, number> = new Map([
  ['tcp', 6],
  ['sctp', 132],
  ['udp', 17],
  ['udplite', 136],
  ['icmp', 1],
  ['icmpv6', 58],
  ['ipv6-icmp', 58],
  ['esp', 50],
  ['ah', 51],
  ['ipv6-mh', 135],
  ['mh', 135],
  ['all', 0],
])

/** `xtables_parse_protocol`: a number, or a name in lower case. Zero means any. */
function readProtocol(draft: Draft, at: number, negate: boolean): string | null {
  const name = valueAt(draft, at).toLowerCase()
  const number =
    draft.reader.facts.protocols.get(name) ?? ownProtocols.get(name) ?? parseUnsigned(name, 255)
  if (number === null) return `unknown protocol "${name}" specified`
  if (number === 0 && negate) return 'rule would never match protocol'
  setProtocol(draft, number, negate)
  const text = textAt(draft, at, 1, negate)
  const known = draft.made.get(text)
  if (known !== undefined) return addTerm(draft, known)
  const ranges = number === 0 ? [{ lo: 0, hi: 255 }] : [{ lo: number, hi: number }]
  const values: Values = { kind: 'numbers', ranges }
  const match: Match = { kind: 'field', field: 'meta l4proto', values, negate }
  return addTerm(draft, makeTerm(draft, text, match))
}

function readModule(draft: Draft, at: number): string | null {
  const name = valueAt(draft, at)
  const module = matchModule(name)
  if (module === undefined) {
    flushUnknown(draft)
    draft.unknownModule = textAt(draft, at, 1, false)
    return null
  }
  if (module.version !== null && module.version !== draft.reader.version)
    return `Couldn't load match \`${name}':No such file or directory`
  load(draft, module, at)
  return null
}

function readJump(goto: boolean): BaseOption['read'] {
  return (draft, at) => {
    const name = valueAt(draft, at)
    // no chain has the name of a target
    const target = goto ? null : (findTarget(name) ?? null)
    draft.named = {
      name,
      goto,
      target,
      run: { from: at, to: at + 2, apart: null },
      options: null,
      others: null,
    }
    if (target !== null) return null
    const { isBuiltIn, isChain } = draft.reader
    if (isChain(name) || isBuiltIn(name)) return null
    if (goto) return `goto '${name}' is not a chain`
    return isOtherTarget(name) ? null : `Couldn't load target \`${name}':No such file or directory`
  }
}

/** `-4` in ip6tables-restore and `-6` in iptables-restore make it pass over the line. */
function readFamily(version: 4 | 6): BaseOption['read'] {
  return (draft) => {
    if (draft.reader.version !== version) draft.skipped = true
    return null
  }
}

/** Whether a packet is a later fragment is nothing a question says. */
function readFragment(draft: Draft, at: number, negate: boolean): null {
  const text = textAt(draft, at, 0, negate)
  draft.terms.push({ kind: 'match', match: { kind: 'opaque', text }, text })
  return null
}

const never = { negatable: false }

/** The options of iptables itself, by every spelling. */
export const BASE_OPTIONS: ReadonlyMap<string, BaseOption> = new Map([
  ...base('-s', ['--source', '--src'], readAddresses('source'), { once: 1 }),
  ...base('-d', ['--destination', '--dst'], readAddresses('dest'), { once: 2 }),
  ...base('-p', ['--protocol', '--proto'], readProtocol, { once: 4 }),
  ...base('-i', ['--in-interface'], readInterface('meta iifname'), { once: 8 }),
  ...base('-o', ['--out-interface'], readInterface('meta oifname'), { once: 16 }),
  ...base('-j', ['--jump'], readJump(false), { ...never, once: 32 }),
  ...base('-g', ['--goto'], readJump(true), { ...never, once: 32 }),
  ...base('-m', ['--match'], readModule, never),
  ...base('-f', ['--fragments', '--fragment'], readFragment, { args: 0, once: 64 }),
  ...base('-c', ['--set-counters'], () => null, { ...never, args: 2, once: 128 }),
  ...base('-4', ['--ipv4'], readFamily(4), { ...never, args: 0 }),
  ...base('-6', ['--ipv6'], readFamily(6), { ...never, args: 0 }),
])
