import type { FieldName } from '../netfilter/field.ts'
import type { Values } from '../netfilter/match.ts'
import type { Statement } from '../netfilter/ruleset.ts'
import { parseHostNetwork } from './address.ts'
import { matchModule } from './match-modules.ts'
import { interfaceNames } from './match-terms.ts'
import { type Draft, flushUnknown, load, statementOf } from './rule-draft.ts'
import { findTarget, OPAQUE_TARGETS } from './targets.ts'
import { joinWords, parseUnsigned } from './words.ts'

/** An option of iptables itself. `read` gives null, or why it is refused. */
export type BaseOption = {
  readonly name: string
  readonly args: number
  readonly negatable: boolean
  readonly once: boolean
  readonly read: (
    draft: Draft,
    option: string,
    values: readonly string[],
    negate: boolean,
  ) => string | null
}

/** What messages call an option. */
function base(
  name: string,
  spellings: readonly string[],
  read: BaseOption['read'],
  more: Partial<BaseOption> = {},
): readonly (readonly [string, BaseOption])[] {
  const option: BaseOption = { name, args: 1, negatable: true, once: true, read, ...more }
  return [name, ...spellings].map((spelling) => [spelling, option])
}

function readAddresses(side: 'source' | 'dest'): BaseOption['read'] {
  return (draft, option, [list = ''], negate) => {
    const elements = list.split(',')
    if (negate && elements.length > 1)
      return '! not allowed with multiple source or destination IP addresses'
    const { version } = draft.reader
    const end = side === 'source' ? 'saddr' : 'daddr'
    const field: FieldName = version === 4 ? `ip ${end}` : `ip6 ${end}`
    const turns: Statement[] = []
    for (const element of elements) {
      const text = joinWords([...(negate ? ['!'] : []), option, element])
      const statement = statementOf(draft, text, () => {
        const network = parseHostNetwork(version, element)
        if (network === 'scattered') return { kind: 'opaque', text }
        if ('error' in network) return network.error
        const values: Values = { kind: 'addresses', ranges: [network] }
        return { kind: 'field', field, values, negate }
      })
      if (typeof statement === 'string') return statement
      turns.push(statement)
    }
    if (turns.length > 1) draft[side] = { slot: draft.terms.length, turns }
    draft.terms.push(turns[0] ?? null)
    return null
  }
}

function readInterface(field: 'meta iifname' | 'meta oifname'): BaseOption['read'] {
  return (draft, option, [name = ''], negate) => {
    if (name === '') return 'Empty interface is likely to be undesired'
    const text = joinWords([...(negate ? ['!'] : []), option, name])
    const statement = statementOf(draft, text, () => {
      const values = interfaceNames(name)
      return typeof values === 'string' ? values : { kind: 'field', field, values, negate }
    })
    if (typeof statement === 'string') return statement
    draft.terms.push(statement)
    return null
  }
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
function readProtocol(
  draft: Draft,
  option: string,
  [word = '']: readonly string[],
  negate: boolean,
): string | null {
  const name = word.toLowerCase()
  const number =
    parseUnsigned(name, 255) ??
    draft.reader.facts.protocols.get(name) ??
    ownProtocols.get(name) ??
    null
  if (number === null) return `unknown protocol "${name}" specified`
  if (number === 0 && negate) return 'rule would never match protocol'
  draft.protocol = number
  draft.protocolNegated = negate
  const text = joinWords([...(negate ? ['!'] : []), option, word])
  const ranges = number === 0 ? [{ lo: 0, hi: 255 }] : [{ lo: number, hi: number }]
  const statement = statementOf(draft, text, () => ({
    kind: 'field',
    field: 'meta l4proto',
    values: { kind: 'numbers', ranges },
    negate,
  }))
  if (typeof statement === 'string') return statement
  draft.terms.push(statement)
  return null
}

function readModule(draft: Draft, option: string, [name = '']: readonly string[]): string | null {
  const prefix = `${option} ${name}`
  const module = matchModule(name)
  if (module === undefined) {
    flushUnknown(draft)
    draft.unknownModule = prefix
    return null
  }
  if (module.version !== null && module.version !== draft.reader.version)
    return `Couldn't load match \`${name}':No such file or directory`
  load(draft, module, prefix)
  return null
}

function readJump(goto: boolean): BaseOption['read'] {
  return (draft, _, [name = '']) => {
    const { isBuiltIn, isChain } = draft.reader
    draft.targetName = name
    draft.goto = goto
    if (isChain(name) || isBuiltIn(name)) return null
    if (goto) return `goto '${name}' is not a chain`
    draft.target = findTarget(name) ?? null
    if (draft.target !== null || OPAQUE_TARGETS.has(name)) return null
    return `Couldn't load target \`${name}':No such file or directory`
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
function readFragment(draft: Draft, option: string, _: readonly string[], negate: boolean): null {
  const text = negate ? `! ${option}` : option
  draft.terms.push({ kind: 'match', match: { kind: 'opaque', text }, text })
  return null
}

const never = { negatable: false }
/** The options of iptables itself, by every spelling. */
export const BASE_OPTIONS: ReadonlyMap<string, BaseOption> = new Map([
  ...base('-s', ['--source', '--src'], readAddresses('source')),
  ...base('-d', ['--destination', '--dst'], readAddresses('dest')),
  ...base('-p', ['--protocol', '--proto'], readProtocol),
  ...base('-i', ['--in-interface'], readInterface('meta iifname')),
  ...base('-o', ['--out-interface'], readInterface('meta oifname')),
  ...base('-j', ['--jump'], readJump(false), never),
  ...base('-g', ['--goto'], readJump(true), never),
  ...base('-m', ['--match'], readModule, { ...never, once: false }),
  ...base('-f', ['--fragments', '--fragment'], readFragment, { args: 0 }),
  ...base('-c', ['--set-counters'], () => null, { ...never, args: 2 }),
  ...base('-4', ['--ipv4'], readFamily(4), { ...never, args: 0, once: false }),
  ...base('-6', ['--ipv6'], readFamily(6), { ...never, args: 0, once: false }),
])
