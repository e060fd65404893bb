import type { QueryFields } from '../../src/packet/parse-fields.ts'
import { shellWords } from './console.ts'

/** What a line says must come out. `refused`: the backend loads none of this configuration. */
export type ExpectedVerdict = 'accept' | 'drop' | 'reject' | 'unknown' | 'refused'

/** `105.fw:7`. The file is the end of a path: `105.fw`, `pve2/host.fw`. */
export type Place = { readonly file: string; readonly line: number }

/** What follows `by`. A null place: for a policy its default, for a generated rule nothing is compared. */
export type By =
  | { readonly kind: 'rule'; readonly place: Place }
  | { readonly kind: 'policy' | 'generated'; readonly place: Place | null }
  | { readonly kind: 'none' }

/** What holds for a line by the section it stands in. */
export type Circumstances = {
  /** Empty: whatever backend the configuration chooses. */
  readonly backends: readonly ('iptables' | 'nftables')[]
  /** Null: the node of etc/hostname. */
  readonly node: string | null
}

export type Expectation = PacketExpectation | DiagnosticExpectation | FlowExpectation

/** `outside 192.168.1.53 -> vm105 tcp/80  ACCEPT  by 105.fw:7`; a line with a list of ports makes one each. */
export type PacketExpectation = Circumstances & {
  readonly kind: 'packet'
  readonly line: number
  /** The line with single blanks: reads as a fact. */
  readonly title: string
  readonly fields: QueryFields
  readonly verdict: ExpectedVerdict
  readonly by: By | null
  /** Chain of the last rule that matched; null: not said. */
  readonly chain: string | null
}

/** `warn: CODE FILE:LINE`: a diagnostic that must be reported. */
export type DiagnosticExpectation = Circumstances & {
  readonly kind: 'diagnostic'
  readonly line: number
  readonly title: string
  readonly code: string
  readonly place: Place | null
}

/** How a conversation ends: with all packets there, or with the first that is lost. */
export type FlowEnd = {
  readonly verdict: ExpectedVerdict
  /** Number of the packet; null: not said. */
  readonly at: number | null
  readonly by: By | null
  readonly chain: string | null
}

/** `flow: ARGUMENTS => ACCEPT; anew DROP at 1 by cluster.fw:5`: what `pvefw flow` must answer. */
export type FlowExpectation = Circumstances & {
  readonly kind: 'flow'
  readonly line: number
  readonly title: string
  readonly argv: readonly string[]
  readonly end: FlowEnd
  /** Of the conversation that is begun anew; null: not said. */
  readonly anew: FlowEnd | null
}

/** One-based line and column of what is wrong, and what. */
export type ExpectError = {
  readonly line: number
  readonly column: number
  readonly message: string
}

export type ExpectFile = {
  readonly expectations: readonly Expectation[]
  readonly errors: readonly ExpectError[]
}

type Token = { readonly text: string; readonly column: number }

/** A complaint about a token; caught by the line that reads it. */
type Bad = { readonly kind: 'bad'; readonly column: number; readonly message: string }

/** Verdict words as written; a Map, because the text is a user's and may be `constructor`. */
const VERDICTS: ReadonlyMap<string, ExpectedVerdict> = new Map<string, ExpectedVerdict>([
  ['ACCEPT', 'accept'],
  ['DROP', 'drop'],
  ['REJECT', 'reject'],
  ['UNKNOWN', 'unknown'],
  ['REFUSED', 'refused'],
])
const VERDICT_LIST = [...VERDICTS.keys()].join(', ')

/** Words that take a value between the protocol and the verdict, and the field of a query they fill. */
const WORDS: ReadonlyMap<string, 'state' | 'mac' | 'flags'> = new Map([
  ['state', 'state'],
  ['mac', 'mac'],
  ['flags', 'flags'],
] as const)

type Section = Circumstances & { readonly state: string | null }

const START: Section = { backends: [], node: null, state: null }

/** Reads an `expect` file. Wrong lines become errors; the others are read all the same. The grammar stands in scenarios/README.md. */
export function parseExpect(text: string): ExpectFile {
  const expectations: Expectation[] = []
  const errors: ExpectError[] = []
  let section = START
  for (const [index, lineText] of text.split('\n').entries()) {
    const line = index + 1
    const tokens = tokenize(lineText)
    const [first] = tokens
    if (first === undefined) continue
    if (first.text.startsWith('[')) {
      const next = readSection(tokens, section)
      if (isBad(next)) errors.push({ line, column: next.column, message: next.message })
      else section = next
      continue
    }
    const read =
      first.text === 'warn:'
        ? readWarn(tokens, line, section)
        : first.text === 'flow:'
          ? readFlow(tokens, line, section)
          : readPacket(tokens, line, section)
    if (isBad(read)) errors.push({ line, column: read.column, message: read.message })
    else expectations.push(...read)
  }
  return { expectations, errors }
}

/** Words of a line with their one-based columns; a `#` at the start of a word begins a comment. */
function tokenize(line: string): readonly Token[] {
  const tokens: Token[] = []
  for (const match of line.matchAll(/[^ \t\r]+/g)) {
    if (match[0].startsWith('#')) break
    tokens.push({ text: match[0], column: match.index + 1 })
  }
  return tokens
}

/** `[backend iptables nftables]`, `[node pve2]`, `[state established]`: holds until the next of its kind. */
function readSection(tokens: readonly Token[], section: Section): Section | Bad {
  const text = tokens.map((token) => token.text).join(' ')
  const start = tokens[0]?.column ?? 1
  const inner = /^\[ ?([a-z]+) ([^[\]]+?) ?\]$/.exec(text)
  if (inner === null) return bad(start, 'a section is [backend NAME], [node NAME] or [state NAME]')
  const values = (inner[2] ?? '').split(' ')
  const [value] = values
  if (inner[1] === 'backend') {
    const backends = values.filter((name) => name === 'iptables' || name === 'nftables')
    const unknown = values.find((name) => name !== 'iptables' && name !== 'nftables')
    return unknown === undefined
      ? { ...section, backends }
      : bad(start, `no such backend: ${unknown} (iptables, nftables)`)
  }
  if (value === undefined || values.length !== 1) return bad(start, `[${inner[1]}] takes one name`)
  if (inner[1] === 'node') return { ...section, node: value }
  if (inner[1] === 'state') return { ...section, state: value }
  return bad(start, `no such section: ${inner[1]} (backend, node, state)`)
}

function readWarn(
  tokens: readonly Token[],
  line: number,
  { backends, node }: Section,
): readonly Expectation[] | Bad {
  const [, code, where, more] = tokens
  if (code === undefined) return bad(after(tokens), 'expected the code of a diagnostic')
  if (more !== undefined) return bad(more.column, `nothing may follow FILE:LINE: ${more.text}`)
  const place = where === undefined ? null : readPlace(where)
  if (isBad(place)) return place
  const title = tokens.map((token) => token.text).join(' ')
  return [{ kind: 'diagnostic', line, title, code: code.text, place, backends, node }]
}

function readFlow(
  tokens: readonly Token[],
  line: number,
  { backends, node }: Section,
): readonly Expectation[] | Bad {
  const arrow = tokens.findIndex((token) => token.text === '=>')
  if (arrow === -1) return bad(after(tokens), 'expected `=>` and how the conversation ends')
  const title = tokens.map((token) => token.text).join(' ')
  const words = tokens.slice(1, arrow).map((token) => token.text)
  const argv = shellWords(words.join(' '))
  if (argv === null) return bad(tokens[1]?.column ?? 1, 'a quotation mark is not closed')
  const rest = tokens.slice(arrow + 1)
  const again = rest.findIndex((token) => token.text === 'anew')
  const end = readFlowEnd(again === -1 ? rest : rest.slice(0, again), after(tokens))
  if (isBad(end)) return end
  const anew = again === -1 ? null : readFlowEnd(rest.slice(again + 1), after(tokens))
  if (isBad(anew)) return anew
  return [{ kind: 'flow', line, title, argv, end, anew, backends, node }]
}

/** `DROP at 2 by policy in PVEFW-Drop`. */
function readFlowEnd(tokens: readonly Token[], end: number): FlowEnd | Bad {
  const [word, at, number] = tokens
  const verdict = VERDICTS.get(word?.text ?? '')
  if (verdict === undefined) return bad(word?.column ?? end, `expected a verdict: ${VERDICT_LIST}`)
  const isNumbered = at?.text === 'at'
  if (isNumbered && !/^[1-9]\d{0,3}$/.test(number?.text ?? ''))
    return bad(number?.column ?? end, 'expected the number of a packet')
  const tail = readTail(tokens.slice(isNumbered ? 3 : 1), end)
  return isBad(tail) ? tail : { verdict, at: isNumbered ? Number(number?.text) : null, ...tail }
}

function readPacket(
  tokens: readonly Token[],
  line: number,
  section: Section,
): readonly Expectation[] | Bad {
  const arrow = tokens.findIndex((token) => token.text === '->')
  if (arrow === -1) return bad(after(tokens), 'expected `->` between the two ends of the packet')
  const at = tokens.findIndex((token, index) => index > arrow && VERDICTS.has(token.text))
  if (at === -1) return bad(after(tokens), `expected a verdict: ${VERDICT_LIST}`)
  const from = readEndpoint(tokens.slice(0, arrow), 'before', tokens[arrow])
  if (isBad(from)) return from
  const middle = tokens.slice(arrow + 1, at)
  const firstWord = middle.findIndex((token) => WORDS.has(token.text))
  const head = firstWord === -1 ? middle : middle.slice(0, firstWord)
  const proto = head.at(-1)
  if (proto === undefined || head.length < 2)
    return bad(tokens[at]?.column ?? 1, 'expected an end and a protocol, such as `vm105 tcp/80`')
  const to = readEndpoint(head.slice(0, -1), 'after', proto)
  if (isBad(to)) return to
  if (to.port !== null)
    return bad(proto.column, 'the destination port follows the protocol: tcp/80')
  const words = readWords(firstWord === -1 ? [] : middle.slice(firstWord), tokens[at])
  if (isBad(words)) return words
  const what = readProtocol(proto)
  if (isBad(what)) return what
  const tail = readTail(tokens.slice(at + 1), after(tokens))
  if (isBad(tail)) return tail
  const shown = (tokensOf: readonly Token[]) => tokensOf.map((token) => token.text).join(' ')
  const before = shown(tokens.slice(0, tokens.indexOf(proto)))
  const rest = shown(tokens.slice(tokens.indexOf(proto) + 1))
  return what.map(({ text, fields }) => ({
    kind: 'packet' as const,
    line,
    title: `${before} ${text} ${rest}`,
    backends: section.backends,
    node: section.node,
    fields: {
      ...(section.state === null ? {} : { state: section.state }),
      ...words,
      ...fields,
      from: from.end,
      to: to.end,
      ...(from.address === null ? {} : { src: from.address }),
      ...(from.port === null ? {} : { sport: from.port }),
      ...(to.address === null ? {} : { dst: to.address }),
    },
    verdict: VERDICTS.get(tokens[at]?.text ?? '') ?? 'unknown',
    ...tail,
  }))
}

type End = {
  readonly end: string
  readonly address: string | null
  readonly port: string | null
}

/** `outside`, `vm105/net1`, `host 192.168.1.10`, `outside 1.1.1.1:53`, `outside [2001:db8::1]:53`. */
function readEndpoint(
  tokens: readonly Token[],
  side: 'before' | 'after',
  next: Token | undefined,
): End | Bad {
  const [end, address, more] = tokens
  if (end === undefined) return bad(next?.column ?? 1, `expected an end ${side} \`->\``)
  if (more !== undefined)
    return bad(more.column, `an end is a place and at most one address: ${more.text}`)
  if (address === undefined) return { end: end.text, address: null, port: null }
  const parts =
    /^\[([^\]]+)\]:(\d+)$/.exec(address.text) ?? /^([^:]+):(\d+)$/.exec(address.text) ?? null
  if (parts === null) return { end: end.text, address: address.text, port: null }
  return { end: end.text, address: parts[1] ?? '', port: parts[2] ?? '' }
}

type What = { readonly text: string; readonly fields: QueryFields }

/** `tcp/80`, `udp/53,123` (one packet each), `icmp/echo-request`, `vrrp`. */
function readProtocol(token: Token): readonly What[] | Bad {
  const slash = token.text.indexOf('/')
  const proto = slash === -1 ? token.text : token.text.slice(0, slash)
  if (slash === -1) return [{ text: proto, fields: { proto } }]
  const tail = token.text.slice(slash + 1)
  if (/^(icmp|icmpv6|ipv6-icmp)$/.test(proto)) {
    if (tail === '') return bad(token.column, 'expected an ICMP type after `/`')
    return [{ text: token.text, fields: { proto, icmpType: tail } }]
  }
  if (proto === 'ethertype') return [{ text: token.text, fields: { ethertype: tail } }]
  const ports = tail.split(',')
  if (ports.includes(''))
    return bad(token.column, `expected a port or a list of ports: ${token.text}`)
  return ports.map((dport) => ({ text: `${proto}/${dport}`, fields: { proto, dport } }))
}

/** `state established`, `mac 02:42:ac:11:00:02`, `flags SA`. */
function readWords(
  tokens: readonly Token[],
  verdict: Token | undefined,
): Partial<Record<'state' | 'mac' | 'flags', string>> | Bad {
  const fields: Partial<Record<'state' | 'mac' | 'flags', string>> = {}
  for (let i = 0; i < tokens.length; i += 2) {
    const name = tokens[i]
    const value = tokens[i + 1]
    const field = WORDS.get(name?.text ?? '')
    if (name === undefined || field === undefined)
      return bad(name?.column ?? 1, `expected state, mac, flags or a verdict: ${name?.text}`)
    if (value === undefined)
      return bad(verdict?.column ?? name.column, `expected a value after ${name.text}`)
    if (fields[field] !== undefined) return bad(name.column, `${name.text} is said twice`)
    fields[field] = value.text
  }
  return fields
}

/** `by 105.fw:7`, `by policy`, `by policy cluster.fw:3`, `by generated`, `by none`; then `in CHAIN`. */
function readTail(
  tokens: readonly Token[],
  end: number,
): { readonly by: By | null; readonly chain: string | null } | Bad {
  const [word] = tokens
  if (word === undefined) return { by: null, chain: null }
  if (word.text !== 'by') return bad(word.column, `expected \`by\` or the end: ${word.text}`)
  const where = tokens[1]
  if (where === undefined) return bad(end, 'expected FILE:LINE, policy, generated or none')
  const by = readBy(where, tokens[2])
  if (isBad(by)) return by
  const rest = tokens.slice(hasOwnPlace(by) ? 3 : 2)
  const [into, chain, more] = rest
  if (into === undefined) return { by, chain: null }
  if (into.text !== 'in') return bad(into.column, `expected \`in CHAIN\` or the end: ${into.text}`)
  if (chain === undefined) return bad(end, 'expected the name of a chain')
  if (more !== undefined) return bad(more.column, `nothing may follow the chain: ${more.text}`)
  return { by, chain: chain.text }
}

function readBy(where: Token, next: Token | undefined): By | Bad {
  if (where.text === 'none') return { kind: 'none' }
  if (where.text === 'policy' || where.text === 'generated') {
    const place = next === undefined || next.text === 'in' ? null : readPlace(next)
    return isBad(place) ? place : { kind: where.text, place }
  }
  const place = readPlace(where)
  return isBad(place) ? place : { kind: 'rule', place }
}

function hasOwnPlace(by: By): boolean {
  return (by.kind === 'policy' || by.kind === 'generated') && by.place !== null
}

function readPlace(token: Token): Place | Bad {
  const match = /^(.+):([1-9]\d{0,8})$/.exec(token.text)
  if (match === null) return bad(token.column, `expected FILE:LINE: ${token.text}`)
  return { file: match[1] ?? '', line: Number(match[2]) }
}

function bad(column: number, message: string): Bad {
  return { kind: 'bad', column, message }
}

function isBad(value: unknown): value is Bad {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'bad'
}

function after(tokens: readonly Token[]): number {
  const last = tokens.at(-1)
  return last === undefined ? 1 : last.column + last.text.length
}
