import type { HopTrace, Outcome } from '../eval/trace.ts'
import { passOrigin, type VerdictOrigin } from '../eval/verdict-origin.ts'
import { showAddr } from '../ip/address.ts'
import { showMac } from '../ip/mac.ts'
import { FIELDS, type FieldName } from '../netfilter/field.ts'
import type { Hop } from '../netfilter/hook.ts'
import type { Origin, Via } from '../netfilter/origin.ts'
import { PROTO, TCP_FLAG } from '../netfilter/packet.ts'
import type { RejectWith, Rule } from '../netfilter/ruleset.ts'
import { lineNumber, lineSpan, type Span } from '../source/source-file.ts'
import { unreachable } from '../source/unreachable.ts'
import { showBytes } from './escape.ts'
import { type FileNames, showPlace, showPlaceBehind } from './file-names.ts'

/** Bytes of a configuration line that are quoted; lines may be of any length. */
const quoted = 240

/** What an origin quotes: a rule itself, but of an option the whole line, not only its value. */
export function quotedSpan({ kind, span }: Pick<Origin, 'kind' | 'span'>): Span | null {
  if (span === null || kind === 'rule') return span
  return lineSpan(span.file, lineNumber(span.file, span.start))
}

/** A line of a configuration as it stands there, made safe to show. */
export function quoteLine(span: Span): string {
  return showBytes(span.file.text.slice(span.start, span.end).trim().replaceAll('\t', ' '), quoted)
}

/** `packets to guest 105, net0`: what a chain is for; null for a chain that has no such words. */
export function chainPurpose(name: string): string | null {
  const guest = /^(?:tap|veth)(\d+)i(\d+)-(IN|OUT)$/.exec(name)
  if (guest !== null)
    return `packets ${guest[3] === 'IN' ? 'to' : 'from'} guest ${guest[1]}, net${guest[2]}`
  const group = /^GROUP-(.+)-(IN|OUT)$/.exec(name)
  if (group !== null)
    return `security group ${group[1]}, ${group[3] === 'IN' || group[2] === 'IN' ? 'incoming' : 'outgoing'}`
  return nftPurpose(name) ?? PURPOSES[name] ?? null
}

/** The same for a chain of proxmox-firewall: `guest-105-in`, `group-web-in`, `bridge-vnet1`. */
function nftPurpose(name: string): string | null {
  const guest = /^guest-(\d+)-(in|out)$/.exec(name)
  if (guest !== null) return `packets ${guest[2] === 'in' ? 'to' : 'from'} guest ${guest[1]}`
  const group = /^group-(.+)-(in|out|forward)$/.exec(name)
  if (group !== null) return `security group ${group[1]}, ${DIRECTIONS[group[2] ?? '']}`
  const vnet = /^bridge-(.+)$/.exec(name)
  return vnet === null || name === 'bridge-map' ? null : `vnet ${vnet[1]}`
}

const DIRECTIONS: Readonly<Record<string, string>> = {
  in: 'incoming',
  out: 'outgoing',
  forward: 'forwarded',
}

const PURPOSES: Readonly<Record<string, string>> = {
  'PVEFW-HOST-IN': 'packets to the host',
  'PVEFW-HOST-OUT': 'packets from the host',
  'host-in': 'packets to the host',
  'host-out': 'packets from the host',
  'host-forward': 'what the host forwards',
  'cluster-in': 'packets to the hosts of the cluster',
  'cluster-out': 'packets from the hosts of the cluster',
  'cluster-forward': 'what the hosts of the cluster forward',
  'default-in': 'what is decided before any rule',
  'default-out': 'what is decided before any rule',
  'PVEFW-Drop': 'what a DROP policy looks at first',
  'PVEFW-Reject': 'what a REJECT policy looks at first',
}

/** The devices of a hop: `fwbr105i0: fwln105i0 → tap105i0`, `vmbr0 (eno1) → host`. */
export function hopDevices(hop: Hop): string {
  const came = hop.iif === null ? (hop.bridgeIn ?? '?') : withPort(hop.iif, hop.physin)
  const goes = hop.oif === null ? (hop.bridgeOut ?? '?') : withPort(hop.oif, hop.physout)
  switch (hop.hook) {
    case 'input':
      return `${came} → host`
    case 'output':
      return `host → ${goes}`
    case 'forward':
      return hop.physout === null || hop.physin === null
        ? `${came} → ${goes}`
        : `${hop.iif ?? hop.ibrname ?? 'bridge'}: ${hop.physin} → ${hop.physout}`
    case 'prerouting':
    case 'ingress':
      return came
    case 'postrouting':
    case 'egress':
      return `→ ${goes}`
    default:
      return unreachable(hop.hook)
  }
}

function withPort(device: string, port: string | null): string {
  return port === null ? device : `${device} (${port})`
}

/** `security group web (105.fw:3), macro HTTP`; empty when a line was reached directly. */
export function showVia(via: readonly Via[], names: FileNames): string {
  return via
    .map(({ what, name, span }) => {
      const place = span === null ? '' : showPlaceBehind(span, names)
      return `${what === 'group' ? 'security group' : what} ${name}${place}`
    })
    .join(', ')
}

/** Where a verdict was decided, in a few words: `105.fw:7`, `policy_in (default)`, `end of FORWARD`. */
export function showOrigin(origin: VerdictOrigin, names: FileNames): string {
  const place = origin.span === null ? null : showPlace(origin.span, names)
  switch (origin.kind) {
    case 'rule':
      return place ?? 'a rule'
    case 'policy':
      if (origin.option === null) return `end of ${origin.chain?.name ?? 'chain'}`
      return place === null ? `${origin.option} (default)` : `${place} ${origin.option}`
    case 'generated':
      return place ?? `${origin.chain?.name ?? 'chain'} rule ${(origin.index ?? 0) + 1}`
    case 'none':
      return origin.hop?.lost === undefined ? 'nothing' : 'conntrack'
    default:
      return unreachable(origin.kind)
  }
}

/** Who let a packet pass a hop, or stopped it there. */
export function hopVerdict(
  hop: HopTrace,
  isLast: boolean,
  outcome: Outcome,
  decided: VerdictOrigin,
  names: FileNames,
): { readonly word: string; readonly outcome: Outcome | null; readonly by: string } {
  if (isLast && outcome !== 'accept')
    return { word: outcome.toUpperCase(), outcome, by: showOrigin(decided, names) }
  const origin = passOrigin(hop)
  const silent = origin.kind === 'none' || (origin.kind === 'policy' && origin.option === null)
  if (silent) return { word: 'pass', outcome: null, by: '' }
  return { word: 'accept', outcome: 'accept', by: showOrigin(origin, names) }
}

/** What the sender of a rejected packet would see. */
export function showReply(reply: RejectWith): string {
  return reply === 'tcp-reset' ? 'TCP reset' : `ICMP ${reply.replace('-', ' ')}`
}

/** The value a packet had where a rule looked: `80`, `192.168.1.53`, `SYN,ACK`; `nothing` where it lacks the field. */
export function showActual(field: FieldName, value: bigint | number | string | null): string {
  if (value === null) return 'nothing'
  const { kind, bits } = FIELDS[field]
  if (kind === 'address' && typeof value === 'bigint')
    return showAddr({ version: bits === 32 ? 4 : 6, bits: value })
  if (field === 'ether saddr' || field === 'ether daddr' || field === 'arp saddr ether')
    return typeof value === 'number' ? showMac(value) : String(value)
  if (field === 'tcp flags' && typeof value === 'number') return showFlags(value)
  if ((field === 'meta mark' || field === 'ct mark') && typeof value === 'number')
    return `0x${value.toString(16)}`
  if (field === 'meta l4proto') return PROTOCOLS.get(Number(value)) ?? String(value)
  return String(value)
}

/** Names of the protocols that netfilter knows, by number. */
export const PROTOCOLS: ReadonlyMap<number, string> = new Map<number, string>(
  Object.entries(PROTO).map(([name, number]) => [number, name]),
)

export function showFlags(flags: number): string {
  const names = Object.entries(TCP_FLAG).filter(([, bit]) => (flags & bit) !== 0)
  return names.length === 0 ? 'none' : names.map(([name]) => name).join(',')
}

/** The text of a compiled rule, without the leading blank that empty matches leave. */
export function ruleText(rule: Rule): string {
  return showBytes(rule.text.trim(), quoted)
}
