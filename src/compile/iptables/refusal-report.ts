import { quoted } from '../../config/dialect/iptables/complaints.ts'
import type { RestoreStep } from '../../netfilter/restore.ts'
import { type Diagnostic, diagnostic } from '../../source/diagnostic.ts'
import type { RefusedLine } from './hold.ts'
import { said } from './said.ts'

/** Refused lines that are told; a broken rule is refused once for each NIC and family. */
const mostTold = 100

/**
 * One diagnostic for each line of a file that a tool refuses: for the first with what it costs, for the others
 * that they come next.
 */
export function reportRefusals(refused: readonly RefusedLine[]): readonly Diagnostic[] {
  const told = new Map<string, RefusedLine>()
  for (const one of refused) {
    const span = spanOf(one)
    const where = span === null ? one.line.text : `${span.file.path}:${span.start}`
    const key = `${where} ${one.message}`
    if (!told.has(key)) told.set(key, one)
    if (told.size >= mostTold) break
  }
  return [...told.values()].map((one, index) => tell(one, index === 0))
}

function tell(one: RefusedLine, first: boolean): Diagnostic {
  const { step, line, message } = one
  const span = spanOf(one)
  const which = span === null ? quoted(line.text.trim()) : 'what this becomes'
  const what = `${TOOLS[step]} refuses ${which}: ${said(message)}`
  const cost = first
    ? `the update ends here, and ${LOST[step]}`
    : 'it would end the update once the lines before it are corrected'
  return diagnostic('error', 'compile/restore-refused', span, `${what}; ${cost}`, {
    help: 'correct the line: pve-firewall tries again every ten seconds and fails each time',
  })
}

function spanOf({ line: { origin } }: RefusedLine): Diagnostic['span'] {
  return origin.span
}

const TOOLS: Readonly<Record<RestoreStep, string>> = {
  ipset: 'ipset restore',
  v4: 'iptables-restore',
  v4raw: 'iptables-restore',
  v6: 'ip6tables-restore',
  v6raw: 'ip6tables-restore',
  ebtables: 'ebtables-restore',
}

/** What is not updated when a step is refused. */
const LOST: Readonly<Record<RestoreStep, string>> = {
  ipset: 'no rule of the node is updated',
  v4: 'no rule of the node is updated, only its sets',
  v4raw: 'neither the raw table, nor IPv6, nor the layer-2 filter is updated',
  v6: 'neither IPv6 nor the layer-2 filter is updated, while IPv4 is',
  v6raw: 'neither the raw table of IPv6 nor the layer-2 filter is updated',
  ebtables: 'the layer-2 filter is not updated',
}
