import type { Parsed } from '../source/diagnostic.ts'
import { decodeBytes, type Located, type SourceFile, type Span } from '../source/source-file.ts'
import { duplicateNic, reportNic, unreadableLine } from './guest-complaints.ts'
import { LXC_NET, QEMU_IPCONFIG, QEMU_NET } from './nic-schema.ts'
import { type Properties, parsePropertyString } from './property-string.ts'
import { openReport, type Report } from './report.ts'
import type { Guest, Nic } from './tree.ts'
import { isSpace, lineEnd } from './words.ts'

/**
 * Reads a guest's config as far as the firewall needs it: its name and NICs, of the part before the first
 * section (snapshots, pending changes). Sources: qemu-server `parse_vm_config`, pve-container
 * `parse_pct_config`. Of repeated keys the last counts; a VM ignores a `netN` line that does not parse, a
 * container keeps it and fails later.
 *
 * Every `net<digits>` is a NIC here, as for the compiler of pve-firewall, also where `parse_vm_config` knows
 * no such key.
 */
export function parseGuestConf(
  file: SourceFile,
  identity: Pick<Guest, 'vmid' | 'type' | 'node'>,
): Parsed<Guest> {
  const report = openReport(`\`${file.path}\``)
  const entries = readMainSection(file, identity, report)
  const ipconfigs = parseIpconfigs(identity.type === 'qemu' ? entries : [])
  const nics = new Map<string, Nic>()
  let name: string | null = null
  for (const { key, value } of entries) {
    if (key.value === (identity.type === 'qemu' ? 'name' : 'hostname')) {
      name = decodeBytes(value.value)
    } else if (/^net\d+$/.test(key.value)) {
      const nic = parseNic(identity.type, key, value, ipconfigs)
      const earlier = nics.get(nic.id)
      if (earlier !== undefined)
        report.add('config/duplicate-nic', () => duplicateNic(nic, earlier, identity.type))
      if (earlier !== undefined && nic.error !== null && identity.type === 'qemu') continue
      nics.delete(nic.id)
      if (nics.size < MOST_NICS) nics.set(nic.id, nic)
    }
  }
  for (const nic of nics.values()) reportNic(report, nic, identity)
  return {
    value: { ...identity, name, conf: file, nics: [...nics.values()] },
    diagnostics: report.diagnostics(),
  }
}

/** Most NICs that are kept of one guest: eight times what Proxmox knows. */
const MOST_NICS = 256

type Entry = { readonly key: Located<string>; readonly value: Located<string> }

/** The `key: value` lines before the first section that Proxmox's parser takes for entries. */
function readMainSection(
  file: SourceFile,
  { vmid, type }: Pick<Guest, 'vmid' | 'type'>,
  report: Report,
): readonly Entry[] {
  const entries: Entry[] = []
  const { text } = file
  const keyed = type === 'qemu' ? /[a-z][a-z_-]*\d*:/y : /[a-z][a-z_]*\d*:/y
  for (let start = 0; start < text.length; ) {
    const newline = lineEnd(text, start)
    let end = newline
    while (end > start && isSpace(text.charCodeAt(end - 1))) end -= 1
    const first = text.charCodeAt(start)
    if (end > start && first !== HASH) {
      if (first === BRACKET && isSection(type, text.slice(start, end))) break
      keyed.lastIndex = start
      if (keyed.test(text) && keyed.lastIndex < newline) {
        const key = text.slice(start, keyed.lastIndex - 1)
        if (isRelevant(key)) entries.push(entry(file, key, start, end))
      } else if (!isOtherLine(type, text, start, end)) {
        const [from, to] = [start, end]
        report.add('config/guest-conf-line', () =>
          unreadableLine({ file, start: from, end: to }, text.slice(from, newline), vmid),
        )
      }
    }
    start = newline + 1
  }
  return entries
}

function isRelevant(key: string): boolean {
  return key === 'name' || key === 'hostname' || key.startsWith('net') || key.startsWith('ipconfig')
}

const HASH = 35
const BRACKET = 91

/** Whether a stripped line opens a section. In a container's config other brackets are just bad lines. */
function isSection(type: Guest['type'], line: string): boolean {
  if (type === 'qemu') return line.indexOf(']') === line.length - 1
  return /^\[(?:pve:pending|[a-z][a-z0-9_-]+)\]$/i.test(line)
}

/** Raw LXC options, and `snapstate` anywhere in a line. */
function isOtherLine(type: Guest['type'], text: string, start: number, end: number): boolean {
  const line = text.slice(start, Math.min(end, start + 1000))
  if (type === 'lxc' && /^lxc\.[a-z0-9_.-]+(?:[ \t\r\f\v]*=|:)/.test(line)) return true
  return /snapstate:[ \t\r\f\v]*(?:prepare|delete)$/.test(line)
}

function entry(file: SourceFile, key: string, start: number, end: number): Entry {
  const colon = start + key.length
  let from = colon + 1
  while (from < end && isSpace(file.text.charCodeAt(from))) from += 1
  // A value of white space only: Perl backtracks and keeps its last byte.
  const to = Math.max(from, end)
  return {
    key: { value: key, span: { file, start, end: colon } },
    value: { value: file.text.slice(from, to) || ' ', span: { file, start: from, end: to } },
  }
}

/** Cloud-init's addresses by number of the NIC; a line that does not parse is none. */
function parseIpconfigs(
  entries: readonly Entry[],
): ReadonlyMap<string, { readonly parsed: Properties; readonly span: Span }> {
  const configs = new Map<string, { readonly parsed: Properties; readonly span: Span }>()
  for (const { key, value } of entries) {
    const number = /^ipconfig(\d+)$/.exec(key.value)?.[1]
    if (number === undefined) continue
    const parsed = parsePropertyString(QEMU_IPCONFIG, value.value)
    if (parsed.error === null) configs.set(number, { parsed, span: value.span })
  }
  return configs
}

function parseNic(
  type: Guest['type'],
  key: Located<string>,
  value: Located<string>,
  ipconfigs: ReadonlyMap<string, { readonly parsed: Properties; readonly span: Span }>,
): Nic {
  const digits = key.value.slice(3)
  const parsed = parsePropertyString(type === 'qemu' ? QEMU_NET : LXC_NET, value.value)
  const at = (name: string, of = parsed, base = value.span): Located<string> | null => {
    const found = of.values.get(name)
    if (found === undefined) return null
    const span = { ...base, start: base.start + found.start, end: base.start + found.end }
    return { value: found.text, span }
  }
  const config = ipconfigs.get(digits)
  const ip = (name: string) =>
    type === 'lxc' ? at(name) : config === undefined ? null : at(name, config.parsed, config.span)
  const tag = at('tag')
  const firewall = at('firewall')
  // PVE::LXC::Config `parse_lxc_network` takes a value Perl holds for false as an empty one.
  const empty = type === 'lxc' && value.value === '0'
  return {
    id: key.value,
    index: Number(digits),
    mac: at(type === 'qemu' ? 'macaddr' : 'hwaddr'),
    bridge: at('bridge'),
    tag: tag === null || !/^\+?\d{1,4}$/.test(tag.value) ? null : Number(tag.value),
    firewall: firewall?.value === '1',
    firewallSpan: firewall?.span ?? null,
    linkDown: at('link_down')?.value === '1',
    ip: ip('ip'),
    ip6: ip('ip6'),
    error: empty ? null : parsed.error,
    span: { file: key.span.file, start: key.span.start, end: value.span.end },
  }
}
