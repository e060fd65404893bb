import { SKELETON } from '../compile/nftables/skeleton.ts'
import { nftFiles } from '../firewall/nft-files.ts'
import type { NodeFirewall } from '../firewall/node-firewall.ts'
import type { NftCommand } from '../netfilter/nft/command.ts'
import { applyNftCommands } from '../read/nft/apply.ts'
import { renderHanded } from '../render/iptables-save.ts'
import { renderNftScript } from '../render/nft-script.ts'
import { STATE_MARKS, standIn } from './stand-in.ts'

/** One text that is handed to a tool. */
export type Step = {
  /** `v4.rules`, `ruleset.json`: the name `pvefw compile` gives it. */
  readonly name: string
  readonly script: string
}

/** What of a ruleset could be loaded. */
export type Loaded =
  | { readonly kind: 'loaded' }
  | { readonly kind: 'refused'; readonly step: string; readonly message: string }

/** Which ebtables there is: the kernel's own tables, or nft behind its name. */
export type Ebtables = 'ebtables-legacy' | 'ebtables-nft'

/**
 * The texts of an update as its program hands them to the tools, in its order (Firewall.pm `apply_ruleset`,
 * proxmox-firewall `handle_firewall`). One that is refused ends the update. `translated`: the ports of each bridge, where
 * something must stand in for the tables of bridges (stand-in.ts).
 */
export function stepsOf(
  firewall: NodeFirewall,
  ebtables: Ebtables,
  translated: ReadonlyMap<string, readonly string[]> | null = null,
): readonly Step[] {
  if (firewall.backend === 'nftables') {
    if (translated !== null && firewall.compiled.state === 'compiled') {
      const inWords = ({ json, ...rest }: NftCommand): readonly NftCommand[] =>
        standIn([json], translated).map((other) => ({ json: other, ...rest }))
      const skeleton = applyNftCommands(SKELETON.flatMap(inWords)).tables
      const nftables = firewall.compiled.commands.flatMap(inWords).map(({ json }) => json)
      return [
        { name: 'skeleton.nft', script: fed('nft -f -', renderNftScript(skeleton)) },
        { name: 'ruleset.json', script: fed('nft -j -f -', JSON.stringify({ nftables })) },
      ]
    }
    const files = nftFiles(firewall.compiled)
    return [
      { name: 'skeleton.nft', script: fed('nft -f -', files['skeleton.nft']) },
      { name: 'ruleset.json', script: fed('nft -j -f -', files['ruleset.json']) },
    ]
  }
  const { handed } = firewall.compiled
  if (handed === null) return []
  const texts = renderHanded(handed)
  return [
    { name: 'ipset.txt', script: fed('ipset restore', texts['ipset.txt']) },
    { name: 'v4.rules', script: fed('iptables-legacy-restore -n', texts['v4.rules']) },
    { name: 'v4raw.rules', script: fed('iptables-legacy-restore -n', texts['v4raw.rules']) },
    { name: 'v6.rules', script: fed('ip6tables-legacy-restore -n', texts['v6.rules']) },
    { name: 'v6raw.rules', script: fed('ip6tables-legacy-restore -n', texts['v6raw.rules']) },
    { name: 'ebtables.txt', script: fed(`${ebtables}-restore`, texts['ebtables.txt']) },
  ]
}

/** A command with a text as its input, the text's bytes as they are. */
function fed(command: string, text: string): string {
  let end = 'END'
  while (text.includes(end)) end += 'X'
  return `${command} <<'${end}'\n${text}${text.endsWith('\n') ? '' : '\n'}${end}\n`
}

/**
 * Empties everything a former ruleset left, and makes the kernel tell what it does: TRACE of iptables, nftrace of nft,
 * and what reaches the host. Fails if a part of it does.
 */
export function cleared(
  backend: 'iptables' | 'nftables',
  callsIp: boolean,
  translated: boolean = false,
): string {
  const calls = `for n in iptables ip6tables; do echo ${callsIp || translated ? 1 : 0} > /proc/sys/net/bridge/bridge-nf-call-$n; done`
  return backend === 'iptables'
    ? `${EMPTY_IPTABLES}
${calls}
nft -f - <<'END'
flush ruleset
${PROBE}
END
iptables-legacy-restore <<'END'
${WATCHED_RAW}
END
ip6tables-legacy-restore <<'END'
${WATCHED_RAW}
END
`
    : `${calls}
nft -f - <<'END'
flush ruleset
${PROBE}
${translated ? STATE_MARKS : ''}
table inet pvefw_watch {
	chain p { type filter hook prerouting priority -400; meta nftrace set 1 accept; }
	chain o { type filter hook output priority -400; meta nftrace set 1 accept; }
}
table bridge pvefw_watch {
	chain p { type filter hook prerouting priority -400; meta nftrace set 1 accept; }
	chain o { type filter hook output priority -400; meta nftrace set 1 accept; }
}
END
`
}

/** Without `-n`, restore empties a table first; then nothing holds a set any more. */
const EMPTY_IPTABLES = `for i in iptables-legacy-restore ip6tables-legacy-restore; do printf '*filter\\nCOMMIT\\n*raw\\nCOMMIT\\n' | $i; done
ipset destroy`

const WATCHED_RAW = `*raw
-A PREROUTING -j TRACE
-A OUTPUT -j TRACE
COMMIT`

/**
 * Stands behind everything else at the host's input, conntrack's confirmation included (of two hooks of one priority
 * the one that came later runs first: nf_hook_entries_grow, net/netfilter/core.c): tells and swallows what arrives.
 */
const PROBE = `table inet pvefw_probe {
	chain i { type filter hook input priority 2147483647; iifname "lo" accept; log group 5; drop; }
}`
