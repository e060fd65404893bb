import type { FieldName } from '../netfilter/field.ts'
import type { Values } from '../netfilter/match.ts'
import type { Statement } from '../netfilter/ruleset.ts'
import { parseHostNetwork } from './address.ts'
import { matchModule } from './match-modules.ts'
import { interfaceNames } from './match-terms.ts'
import { addTerm, type Draft, flushUnknown, load, setProtocol, termText } from './rule-draft.ts'
import { findTarget, isOtherTarget } from './targets.ts'
import { parseUnsigned } from './words.ts'

/** An option of iptables itself. `read` gives null, or why it is refused. */
export type BaseOption = {
  readonly name: string
  readonly args: number
  readonly negatable: boolean
  /** Its bit among those given; 0: it may be repeated. */
  readonly once: number
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
  const option: BaseOption = { name, args: 1, negatable: true, once: 0, read, ...more }
  return [name, ...spellings].map((spelling) => [spelling, option])
}

function readAddresses(side: 'source' | 'dest'): BaseOption['read'] {
  return (draft, option, [list = ''], negate) => {
    const { version } = draft.reader
    const end = side === 'source' ? 'saddr' : 'daddr'
    const field: FieldName = version === 4 ? `ip ${end}` : `ip6 ${end}`
    const add = (element: string): string | null => {
      const text = termText(draft, negate, option, [element])
      return addTerm(draft, text, () => {
        const network = parseHostNetwork(version, element)
        if (network === 'scattered') return { kind: 'opaque', text }
        if ('error' in network) return network.error
        const values: Values = { kind: 'addresses', ranges: [network] }
        return { kind: 'field', field, values, negate }
      })
    }
    if (!list.includes(',')) return add(list)
    if (negate) return '! not allowed with multiple source or destination IP addresses'
    const slot = draft.terms.length
    for (const element of list.split(',')) {
      const refusal = add(element)
      if (refusal !== null) return refusal
    }
    // the first stands for all of them until the rules are written out
    const turns = draft.terms.splice(slot) as Statement[]
    draft.terms.push(turns[0] ?? null)
    draft[side] = { slot, turns }
    return null
  }
}

function readInterface(field: 'meta iifname' | 'meta oifname'): BaseOption['read'] {
  return (draft, option, values, negate) => {
    const [name = ''] = values
    if (name === '') return 'Empty interface is likely to be undesired'
    return addTerm(draft, termText(draft, negate, option, values), () => {
      const names = interfaceNames(name)
      return typeof names === 'string' ? names : { kind: 'field', field, values: names, negate }
    })
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
  values: readonly string[],
  negate: boolean,
): string | null {
  const name = (values[0] ?? '').toLowerCase()
  const number =
    draft.reader.facts.protocols.get(name) ?? ownProtocols.get(name) ?? parseUnsigned(name, 255)
  if (number === null) return `unknown protocol "${name}" specified`
  if (number === 0 && negate) return 'rule would never match protocol'
  setProtocol(draft, number, negate)
  return addTerm(draft, termText(draft, negate, option, values), () => {
    const ranges = number === 0 ? [{ lo: 0, hi: 255 }] : [{ lo: number, hi: number }]
    return { kind: 'field', field: 'meta l4proto', values: { kind: 'numbers', ranges }, negate }
  })
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
    draft.targetName = name
    draft.goto = goto
    // no chain has the name of a target
    draft.target = goto ? null : (findTarget(name) ?? null)
    if (draft.target !== null) return null
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
function readFragment(draft: Draft, option: string, _: readonly string[], negate: boolean): null {
  const text = negate ? `! ${option}` : option
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
