import { resolve } from 'node:path'
import { flag, optionsOf } from '../compile/iptables/options.ts'
import { type NodeFirewall, openFirewall } from '../node-firewall.ts'
import { type Diagnostic, diagnostic } from '../source/diagnostic.ts'
import type { Arguments } from './arguments.ts'

export type Configuration =
  | {
      readonly kind: 'opened'
      readonly firewall: NodeFirewall
      readonly warnings: readonly Diagnostic[]
    }
  | { readonly kind: 'usage'; readonly message: string }
  | { readonly kind: 'unreadable'; readonly diagnostics: readonly Diagnostic[] }

/** Reads and compiles what `--root` and its companions name. `guest`: whose node is meant if nothing else says. */
export function openConfiguration(
  given: Arguments,
  cwd: string,
  guest: string | null,
): Configuration {
  const said = (name: string): string | null => given.text.get(name) ?? null
  const backend = said('backend') ?? 'auto'
  if (backend === 'nftables')
    return {
      kind: 'usage',
      message:
        'the nftables backend is not built in yet; --backend iptables answers what pve-firewall would do',
    }
  const root = said('root') ?? '/'
  if (root === '') return { kind: 'usage', message: '--root is empty' }
  const { firewall, diagnostics } = openFirewall({
    root: resolve(cwd, root),
    node: said('node'),
    guest,
    hostIp: said('host-ip'),
    localNetwork: said('local-network'),
  })
  if (firewall === null) return { kind: 'unreadable', diagnostics }
  return { kind: 'opened', firewall, warnings: backend === 'auto' ? otherBackend(firewall) : [] }
}

/** `nftables: 1` hands the node over to proxmox-firewall where that is installed: the iptables rules are then removed. */
function otherBackend({ config, tree }: NodeFirewall): readonly Diagnostic[] {
  const option = flag(optionsOf(config.host), 'nftables', false)
  if (!option.on || option.span === null) return []
  return [
    diagnostic(
      'warning',
      'backend/other-chosen',
      option.span,
      `${tree.node} runs the nftables backend; this answer is what the iptables backend would do`,
      { help: 'say --backend iptables if that is what you want to know' },
    ),
  ]
}
