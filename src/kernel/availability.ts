import { spawnSync } from 'node:child_process'
import type { Ebtables } from './load.ts'

/** What a machine needs to be asked, and how one gets it. */
const NEEDED = [
  ['unshare', 'util-linux'],
  ['nsenter', 'util-linux'],
  ['perl', 'perl-base'],
  ['ip', 'iproute2'],
  ['bridge', 'iproute2'],
  ['nft', 'nftables'],
] as const

const FOR_IPTABLES = [
  ['iptables-legacy-restore', 'iptables'],
  ['ip6tables-legacy-restore', 'iptables'],
  ['ipset', 'ipset'],
] as const

/** Which ebtables this machine's kernel takes, or why its kernel cannot be asked. */
export function availability(
  backend: 'iptables' | 'nftables',
): { readonly ebtables: Ebtables } | { readonly missing: string; readonly help: string } {
  if (process.platform !== 'linux')
    return { missing: 'this is not Linux', help: 'run it on a Debian machine, or on the node' }
  const needed = backend === 'iptables' ? [...NEEDED, ...FOR_IPTABLES] : NEEDED
  const absent = needed.filter(([program]) => !succeeds(`command -v ${program}`))
  if (absent.length > 0)
    return {
      missing: `there is no ${absent.map(([program]) => program).join(', ')}`,
      help: `install them: apt-get install ${[...new Set(absent.map(([, name]) => name))].join(' ')}`,
    }
  const spaces = process.getuid?.() === 0 ? '-nm' : '-Urnm'
  if (!succeeds(`unshare ${spaces} true`))
    return {
      missing: 'name spaces of its own are not to be had here',
      help: 'run it as root, or allow user name spaces (sysctl kernel.unprivileged_userns_clone=1)',
    }
  const inSpace = (command: string): boolean =>
    succeeds(
      `unshare ${spaces} sh -c 'mount -t tmpfs tmpfs /run && XTABLES_LOCKFILE=/run/x ${command}'`,
    )
  return { ebtables: inSpace('ebtables-legacy -L') ? 'ebtables-legacy' : 'ebtables-nft' }
}

function succeeds(command: string): boolean {
  const path = `${process.env['PATH'] ?? ''}:/usr/local/sbin:/usr/sbin:/sbin`
  return (
    spawnSync('sh', ['-c', command], { stdio: 'ignore', env: { ...process.env, PATH: path } })
      .status === 0
  )
}
