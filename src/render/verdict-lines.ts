import { isOwnChain, isOwnTable, tableName } from '../audit/ownership.ts'
import type { Outcome } from '../eval/trace.ts'
import type { VerdictOrigin } from '../eval/verdict-origin.ts'
import type { Rule, Table } from '../netfilter/ruleset.ts'
import { unreachable } from '../source/unreachable.ts'
import type { Answer, Headline, Overruled } from './answer.ts'
import { showPlace, showPlaceBehind } from './file-names.ts'
import type { Look } from './look.ts'
import { line, type Piece, piece, type StyledLine } from './styled.ts'
import { chainPurpose, quotedSpan, quoteLine, ruleText, showReply, showVia } from './words.ts'

/** Mark of a verdict on terminals. */
export const GLYPH: Readonly<Record<Outcome, string>> = {
  accept: '✔',
  drop: '✘',
  reject: '↩',
  unknown: '?',
}

/** `DROP  tcp 192.168.1.53:49152 → vm105 192.168.1.105:80  NEW` */
export function renderHeadline(answer: Answer, look: Pick<Look, 'glyphs'>): StyledLine {
  const { outcome, hops } = answer.trace
  const state = hops.at(-1)?.state
  const glyph = look.glyphs ? `${GLYPH[outcome]} ` : ''
  const packet = `  ${showHeadline(answer.headline)}`
  const isIp = answer.trace.packet.l3.kind === 'ip' || answer.trace.packet.l3.kind === 'ip6'
  const seen = state === undefined || !isIp ? '' : `  ${state.toUpperCase()}`
  return line(
    [piece(`${glyph}${outcome.toUpperCase()}`, outcome), piece(packet, 'strong'), seen],
    6,
  )
}

export function showHeadline({ proto, from, src, to, dst }: Headline): string {
  // an end without a name is outside; one whose address is not known either is nothing but that
  const end = (name: string | null, address: string | null): string =>
    [name, address].filter((part) => part !== null).join(' ') || 'outside'
  return `${proto} ${end(from, src)} → ${end(to, dst)}`
}

/** Lines that came too late are told up to here; JSON has all. */
const mostOverruled = 3

/** The deciding line and, below it, the way to it, the reason, and what came too late. */
export function renderDecision(answer: Answer): readonly StyledLine[] {
  const { origin, names } = answer
  const lines = [line([piece('by', 'faint'), '  ', ...decidingLine(answer)], 4)]
  const say = (text: string): void => {
    lines.push(line([`    ${text}`], 4))
  }
  const via = showVia(origin.via, names)
  if (via !== '') say(`through ${via}`)
  for (const reason of reasons(answer)) say(reason)
  const traced = nftTraced(answer)
  if (traced !== null) say(traced)
  for (const remark of answer.remarks) say(remark)
  for (const later of answer.overruled.slice(0, mostOverruled))
    say(overruledSentence(later, answer))
  const untold = answer.overruled.length - mostOverruled
  if (untold > 0) say(`so would ${untold} more ${untold === 1 ? 'line' : 'lines'}`)
  if (answer.trace.reply !== null) {
    const { with: kind, reachesSender, why } = answer.trace.reply
    const because = why === null ? '' : `: ${why}`
    if (reachesSender) say(`the sender gets the answer (${showReply(kind)})`)
    else say(`the sender never gets the answer (${showReply(kind)})${because}`)
  }
  return lines
}

/** Where the kernel's own trace ends: `inet proxmox-firewall cluster-in rule 3`. */
function nftTraced({ backend, kernel }: Answer): string | null {
  if (backend !== 'nftables' || kernel === null) return null
  return `nft monitor trace ends at ${kernel.replaceAll(':', ' ')}`
}

/** The line itself, quoted, after its place; a description where there is no line. */
export function decidingLine({
  origin,
  names,
  trace,
}: Pick<Answer, 'origin' | 'names' | 'trace'>): readonly (Piece | string)[] {
  const place = origin.span === null ? null : piece(showPlace(origin.span, names), 'place')
  if (origin.rule?.origin.kind === 'imported') {
    const where = piece(liveRule(origin, origin.rule), 'place')
    const text = piece(ruleText(origin.rule), trace.outcome)
    return [...(place === null ? [] : [place, '  ']), where, '  ', text]
  }
  switch (origin.kind) {
    case 'rule':
    case 'policy': {
      const line =
        origin.option === null ? origin.span : quotedSpan({ kind: 'policy', span: origin.span })
      if (place !== null && line !== null)
        return [place, '  ', piece(quoteLine(line), trace.outcome)]
      if (origin.kind === 'rule') return ['a rule']
      if (origin.option !== null)
        return [
          piece(`${origin.option}: ${trace.outcome.toUpperCase()}`, trace.outcome),
          ' (default)',
        ]
      return ['the end of ', piece(liveChain(origin), 'place'), ...policyOf(origin)]
    }
    case 'generated': {
      const { rule, chain, index } = origin
      const number = chain === null || index === null ? 'a rule' : `${chain.name}:${index + 1}`
      const option =
        origin.span === null ? [] : [piece(showPlaceBehind(origin.span, names), 'place')]
      const text = rule === null ? '' : ruleText(rule)
      return [piece(number, 'place'), '  ', piece(text, trace.outcome), ...option]
    }
    case 'none':
      return [origin.hop?.lost === undefined ? 'no rule' : 'conntrack']
    default:
      return unreachable(origin.kind)
  }
}

/** A chain; in what a node really holds, with its table: any program may have chains of any name. */
function liveChain(origin: VerdictOrigin): string {
  const chain = origin.chain?.name ?? 'the chain'
  const table = tableOf(origin)
  return table?.tool === undefined ? chain : `${tableName(table, 'imported')} ${chain}`
}

/** `iptables filter f2b-sshd:1`. */
function liveRule(origin: VerdictOrigin, rule: Rule): string {
  if (origin.chain !== null) return `${liveChain(origin)}:${(origin.index ?? 0) + 1}`
  // where it is not known whether a rule matches it is not among those that ran
  for (const { table } of origin.hop?.chains ?? [])
    for (const chain of table.chains.values()) {
      const index = chain.rules.indexOf(rule)
      if (index !== -1) return `${liveChain({ ...origin, chain })}:${index + 1}`
    }
  return 'a rule'
}

function tableOf({ hop, chain }: VerdictOrigin): Table | null {
  const tables = hop?.chains.map(({ table }) => table) ?? []
  return tables.find(({ chains }) => chains.get(chain?.name ?? '') === chain) ?? null
}

/** Of a chain that does not accept what comes to its end. */
function policyOf({ chain }: VerdictOrigin): readonly string[] {
  return chain?.base?.policy === 'drop' ? [', whose policy is DROP'] : []
}

/** Who made a rule or chain that is neither backend's; null for theirs and for rules of a configuration. */
function strangerOf(origin: VerdictOrigin): string | null {
  const table = tableOf(origin)
  if (table?.tool === undefined || isOwnTable(table)) return null
  const isImported = origin.rule === null || origin.rule.origin.kind === 'imported'
  if (!isImported || isOwnChain(origin.chain?.name ?? '')) return null
  return 'neither pve-firewall nor proxmox-firewall made it: another program of the node did'
}

function reasons(answer: Answer): readonly string[] {
  const { origin, trace } = answer
  if (trace.outcome === 'unknown') {
    const unsaid = UNSAID.find(({ field }) =>
      answer.filled.some((one) => one.field === field && one.value === 'unknown'),
    )
    const reason = undecided(trace)
    const advice = unsaid === undefined || !reason.includes(unsaid.words) ? [] : [unsaid.advice]
    return [`it cannot be said: ${reason}`, ...advice]
  }
  const purpose = purposeOf(origin)
  switch (origin.kind) {
    case 'rule':
      if (origin.staleMark)
        return [
          'the group itself was not entered on this interface, but the packet still carries the accept mark that ' +
            'the firewall of the sending guest gave it, and the test after the group looks only at the mark: this ' +
            'lets the guest reach every port of the host',
        ]
      return [`the first matching rule ${purpose}`, ...strangers(origin)]
    case 'policy': {
      if (origin.option === null && trace.outcome !== 'accept')
        return [`no rule of ${origin.chain?.name ?? 'the chain'} decides`, ...strangers(origin)]
      if (origin.option === null)
        return trace.hops.some((hop) => hop.chains.some((chain) => chain.hits.length > 0))
          ? ['no rule stopped the packet on its way']
          : ['no rule on the way looks at this packet']
      const first = `no rule ${purpose} decides, so ${origin.option} does`
      const detail = innermostReason(answer)
      return detail === null ? [first] : [first, detail]
    }
    case 'generated': {
      const why = origin.rule?.origin
      return why?.kind === 'generated' ? [why.why] : []
    }
    case 'none':
      if (origin.hop?.lost !== undefined) return [origin.hop.lost]
      return trace.hops.length === 0 ? [] : ['no chain saw the packet']
    default:
      return unreachable(origin.kind)
  }
}

function strangers(origin: VerdictOrigin): readonly string[] {
  const stranger = strangerOf(origin)
  return stranger === null ? [] : [stranger]
}

/** Fields a question may leave open, by the words in which an unknown verdict names them. */
const UNSAID = [
  { field: 'src', words: 'the source address', advice: 'say it with --src ADDRESS' },
  { field: 'dst', words: 'the destination address', advice: 'say it with --dst ADDRESS' },
  { field: 'dport', words: 'the destination port', advice: 'say it with --dport PORT' },
] as const

/** The last assumption of an unknown verdict says what would decide. */
function undecided({ assumptions }: Answer['trace']): string {
  return assumptions.at(-1)?.text ?? 'a rule on the way cannot be evaluated'
}

function purposeOf({ chain, via }: VerdictOrigin): string {
  const group = via.find((one) => one.what === 'group')
  if (group !== undefined) return `of security group ${group.name}`
  const name = chain?.name ?? 'this chain'
  const purpose = chainPurpose(name)
  return purpose === null ? `of ${name}` : `for ${purpose}`
}

/** What the shared chains of a policy say about the packet: `dropped before the policy line, so that it is not logged`. */
function innermostReason({ origin, trace }: Answer): string | null {
  if (trace.outcome === 'accept') return null
  let chain = trace.hops.at(-1)?.chains.at(-1) ?? null
  let rule = null
  for (; chain !== null; chain = chain.hits.at(-1)?.into ?? null)
    rule = chain.hits.at(-1)?.rule ?? rule
  if (rule === null || rule === origin.rule || rule.origin.kind !== 'generated') return null
  return rule.origin.why
}

function overruledSentence({ rule, would, first }: Overruled, { names }: Answer): string {
  const place = (one: typeof rule): string => {
    const { span } = one.origin
    return span === null ? `\`${ruleText(one)}\`` : showPlace(span, names)
  }
  return `${place(rule)} would ${would.toUpperCase()} it, but ${place(first)} comes first`
}
