import { type Diagnostic, diagnostic } from '../source/diagnostic.ts'
import { decodeBytes, quote, type Span } from '../source/source-file.ts'
import type { Report } from './report.ts'
import type { Guest, Nic } from './tree.ts'

/** NICs a guest can have: MAX_NETS of qemu-server, MAX_LXC_NETWORKS of pve-container. */
const MAX_NICS = 32

/** A line that is no entry, with what Proxmox prints for it. */
export function unreadableLine(span: Span, line: string, vmid: number): Diagnostic {
  const message = `\`${quote(span)}\` is not \`key: value\``
  return diagnostic('warning', 'config/guest-conf-line', span, message, {
    help: 'start the line with the key, a colon directly after it; Proxmox ignores this line',
    upstream: [`vm ${vmid} - unable to parse config: ${line}`],
  })
}

/** Two lines of one NIC. */
export function duplicateNic(nic: Nic, earlier: Nic, type: Guest['type']): Diagnostic {
  const kept = nic.error === null || type === 'lxc'
  const message = `\`${nic.id}\` stands twice; ${kept ? 'this line counts' : 'the earlier line counts, since this one does not parse'}`
  return diagnostic('warning', 'config/duplicate-nic', nic.span, message, {
    related: [{ span: earlier.span, message: 'the other line' }],
    help: 'remove one of the two lines',
  })
}

/** Reports what is wrong with a NIC that counts. */
export function reportNic(
  report: Report,
  nic: Nic,
  { vmid, type }: Pick<Guest, 'vmid' | 'type'>,
): void {
  if (nic.error !== null) report.add('config/invalid-nic', () => invalidNic(nic, vmid, type))
  else if (nic.firewall && nic.mac === null)
    report.add('config/nic-without-mac', () => nicWithoutMac(nic, type))
  if (nic.id !== `net${nic.index}` || nic.index >= MAX_NICS)
    report.add('config/invalid-nic-key', () => invalidKey(nic))
}

function nicWithoutMac(nic: Nic, type: Guest['type']): Diagnostic {
  const message = `\`${nic.id}\` has no MAC address: pve-firewall makes up another one each time it reads the line`
  const key = type === 'qemu' ? 'virtio=' : 'hwaddr='
  return diagnostic('warning', 'config/nic-without-mac', nic.span, message, {
    help: `write the MAC address the guest uses (${key}...), or the MAC filter drops everything it sends`,
  })
}

function invalidKey(nic: Nic): Diagnostic {
  const message = `\`${nic.id}\` is no NIC that Proxmox can start; pve-firewall makes rules for it all the same`
  return diagnostic('warning', 'config/invalid-nic-key', nic.span, message, {
    help: `use net0 to net${MAX_NICS - 1}, without leading zeros`,
  })
}

function invalidNic(nic: Nic, vmid: number, type: Guest['type']): Diagnostic {
  const error = nic.error ?? ''
  const reason = decodeBytes(error.replace(/^format error\n/, '').replaceAll('\n', '; '))
  return type === 'qemu'
    ? diagnostic('warning', 'config/invalid-nic', nic.span, `\`${nic.id}\` is ignored: ${reason}`, {
        help: `correct the line: to Proxmox VM ${vmid} has no such NIC, and no rule filters it`,
        upstream: [error],
      })
    : diagnostic(
        'error',
        'config/invalid-nic',
        nic.span,
        `\`${nic.id}\` cannot be read, which leaves the whole container unfiltered: ${reason}`,
        {
          help: `correct the line: until then container ${vmid} gets no rules on any of its NICs`,
          upstream: [error],
        },
      )
}
