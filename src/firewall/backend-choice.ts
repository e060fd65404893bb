import { flag, optionsOf } from '../compile/iptables/options.ts'
import { readIptables } from '../config/dialect/iptables/read.ts'
import { parseFlag } from '../config/dialect/nftables/options.ts'
import type { Tree } from '../config/tree.ts'
import { type Diagnostic, diagnostic } from '../source/diagnostic.ts'
import type { Span } from '../source/source-file.ts'
import type { Backend } from '../topology/devices.ts'

/** Which backend filters, and why. */
export type BackendChoice = {
  readonly backend: Backend
  /** It was asked for, whatever the node's switch says. */
  readonly asked: boolean
  /** Half a sentence for people: `host.fw says nftables: 1`. */
  readonly why: string
  /** The line that says so; null where none does. */
  readonly span: Span | null
  readonly diagnostics: readonly Diagnostic[]
}

/** What was asked for: a backend, or `auto` for the node's own switch. */
export type AskedBackend = Backend | 'auto'

/** Takes the backend asked for, or the node's own. */
export function chooseBackend(tree: Tree, asked: AskedBackend): BackendChoice {
  if (asked !== 'auto')
    return { backend: asked, asked: true, why: 'it was asked for', span: null, diagnostics: [] }
  return ownChoice(tree)
}

/**
 * What the node's switch comes to. pve-firewall decides for both (Firewall.pm `is_enabled_and_not_nftables`): unless
 * it reads `nftables: 1` in host.fw and `enable: 1` in cluster.fw it raises a flag at which proxmox-firewall removes its
 * tables. So a `yes`, which only proxmox-firewall takes for 1, leaves the node with iptables.
 */
function ownChoice(tree: Tree): BackendChoice {
  const mentioned = tree.hostFw?.text.toLowerCase().includes('nftables') ?? false
  if (!mentioned) return { ...otherwise, why: 'host.fw does not say `nftables: 1`' }
  const { cluster, host } = readIptables({ ...tree, guests: [], guestFw: new Map() })
  const chosen = flag(optionsOf(host), 'nftables', false)
  if (!chosen.on) return { ...otherwise, ...lenientSwitch(tree, chosen.span) }
  const why = 'host.fw says `nftables: 1`'
  if (flag(optionsOf(cluster), 'enable', false).on)
    return {
      backend: 'nftables',
      asked: false,
      why,
      span: chosen.span,
      diagnostics: chosen.span === null ? [] : misspelt(chosen.span),
    }
  return {
    ...otherwise,
    span: chosen.span,
    why: `${why}, but pve-firewall does not read \`enable: 1\` in cluster.fw`,
  }
}

/** Proxmox-firewall knows keys of options by their exact spelling only; then no program has rules for the node. */
function misspelt(span: Span): readonly Diagnostic[] {
  const { text } = span.file
  const line = text.slice(text.lastIndexOf('\n', span.start - 1) + 1, span.end).trimStart()
  if (line.startsWith('nftables')) return []
  return [
    diagnostic(
      'error',
      'backend/switch-spelling',
      span,
      'pve-firewall reads this in any case and removes its rules, proxmox-firewall in lower case only: nothing filters',
      { help: 'write `nftables: 1`' },
    ),
  ]
}

const otherwise = { backend: 'iptables', asked: false, span: null, diagnostics: [] } as const

/** A value that proxmox-firewall takes for yes and pve-firewall for nothing. */
function lenientSwitch(tree: Tree, span: Span | null): Omit<BackendChoice, 'backend' | 'asked'> {
  const none = { why: 'host.fw does not say `nftables: 1`', span, diagnostics: [] }
  if (span !== null || tree.hostFw === null) return none
  const found = switchLine(tree.hostFw.text)
  if (found === null || parseFlag(found.value) !== true) return none
  const own: Span = { file: tree.hostFw, start: found.start, end: found.end }
  return {
    why: `pve-firewall reads no \`nftables: 1\` in \`nftables: ${found.value}\``,
    span: own,
    diagnostics: [
      diagnostic(
        'warning',
        'backend/switch-spelling',
        own,
        'proxmox-firewall takes this for yes, pve-firewall does not and has it remove its tables: iptables filters',
        { help: 'write `nftables: 1`' },
      ),
    ],
  }
}

function switchLine(
  text: string,
): { readonly value: string; readonly start: number; readonly end: number } | null {
  const found = /^[ \t]*nftables[ \t]*:[ \t]*([a-zA-Z0-9]{1,9})[ \t]*\r?$/m.exec(text)
  if (found === null) return null
  const [line, value = ''] = found
  return { value, start: found.index, end: found.index + line.trimEnd().length }
}
