import { type Diagnostic, diagnostic } from '../../../source/diagnostic.ts'
import { blockedEarly } from './check-file.ts'
import { nicIndex } from './guest-conf.ts'
import type { NftGuest, NftIpSet, NftNic } from './model.ts'
import { flag, verdict } from './options.ts'

/** Names what the file of a guest says about its NICs, addresses and policies without that coming true. */
export function checkGuest(guest: NftGuest, found: Diagnostic[]): void {
  checkSets(guest, found)
  const ipfilter = flag(guest.fw, 'ipfilter', false)
  if (ipfilter.value) for (const nic of guest.nics) checkFilteredNic(guest, nic, found)
  for (const option of ['dhcp', 'ndp'] as const) {
    const { value, span } = flag(guest.fw, option, true)
    if (value) continue
    const what = option === 'dhcp' ? 'DHCP' : 'neighbour discovery'
    found.push(blockedEarly(option, span, what, 'the guest'))
  }
  const policy = verdict(guest.fw, 'policy_in', 'DROP')
  if (policy.value === 'REJECT')
    found.push(
      diagnostic(
        'note',
        'nftables/reject-in-drops',
        policy.span,
        'REJECT of incoming packets silently drops them: the kernel cannot reject where they enter the guest',
        { help: 'expect time-outs instead of refused connections at the sender' },
      ),
    )
  checkInterfaces(guest, found)
}

/** Index of the NIC whose address filter a set is; null for all other sets (`Ipset::ipfilter`). */
export function ipfilterIndex(name: string): number | null {
  return name.startsWith('ipfilter-') ? nicIndex(name.slice(9)) : null
}

function checkSets({ fw, nics }: NftGuest, found: Diagnostic[]): void {
  const on = flag(fw, 'ipfilter', false).value
  for (const [name, set] of fw.ipsets) {
    if (name === 'management') {
      found.push(
        diagnostic(
          'warning',
          'nftables/guest-management-set',
          set.span,
          'an IPSet `management` of a guest is never created',
          {
            help: 'give it another name: a rule that uses it makes nft refuse the whole update',
          },
        ),
      )
      continue
    }
    const index = ipfilterIndex(name)
    if (index === null) continue
    const nic = nics.find((candidate) => candidate.index === index)
    if (nic?.firewall !== true || name !== `ipfilter-net${index}`)
      found.push(
        diagnostic(
          'warning',
          'nftables/ipfilter-unused',
          set.span,
          nic === undefined
            ? `the guest has no \`net${index}\`, so the set is not created`
            : `the set is not created: \`net${index}\` has no \`firewall=1\`, or the name of the set has a zero too many`,
          { help: 'set `firewall=1` on the NIC, or remove the set' },
        ),
      )
    else if (!on)
      found.push(
        diagnostic(
          'warning',
          'nftables/ipfilter-not-enforced',
          set.span,
          `no rule uses the set without \`ipfilter: 1\`: the guest may send from any address on \`net${index}\``,
          { help: 'set `ipfilter: 1` in the options of the guest' },
        ),
      )
  }
}

function checkFilteredNic({ vmid, type, fw }: NftGuest, nic: NftNic, found: Diagnostic[]): void {
  if (!nic.firewall) return
  const set = fw.ipsets.get(`ipfilter-net${nic.index}`)
  const { span } = flag(fw, 'ipfilter', false)
  if (set !== undefined) {
    if (!hasLinkLocal(set))
      found.push(
        diagnostic(
          'warning',
          'nftables/ipfilter-no-link-local',
          set.span,
          `IPv6 of \`net${nic.index}\` does not work: nothing is added to the set, not even the link-local address`,
          { help: 'add the link-local address of the guest (fe80::/10 for any) if it uses IPv6' },
        ),
      )
    return
  }
  if (nic.ip !== null) return
  found.push(
    diagnostic(
      'warning',
      'nftables/ipfilter-no-ipv4',
      span,
      `guest ${vmid} can send no IPv4 on \`net${nic.index}\`: ${type === 'ct' ? 'its address is not in its configuration' : 'the address of a VM is not known'} and there is no IPSet \`ipfilter-net${nic.index}\``,
      {
        help: `add \`[IPSET ipfilter-net${nic.index}]\` with the addresses of the guest (and 0.0.0.0 for DHCP)`,
        related: [{ span: nic.span, message: 'the NIC' }],
      },
    ),
  )
}

function hasLinkLocal({ entries }: NftIpSet): boolean {
  return entries.some(
    ({ nomatch, item }) =>
      !nomatch &&
      (item.kind === 'alias' ||
        (item.kind === 'cidr' &&
          item.cidr.address.version === 6 &&
          (item.cidr.prefix < 10 || item.cidr.address.bits >> 118n === 0x3fan))),
  )
}

/** `-i netN` of a NIC the guest has not, or that is not filtered, never matches. */
function checkInterfaces({ fw, nics }: NftGuest, found: Diagnostic[]): void {
  for (const { enabled, body } of fw.rules) {
    const { iface } = body
    const index = iface === null || !enabled ? null : nicIndex(iface.value)
    if (iface === null || index === null) continue
    const nic = nics.find((candidate) => candidate.index === index)
    if (nic?.firewall === true) continue
    found.push(
      diagnostic(
        'warning',
        'nftables/iface-without-nic',
        iface.span,
        nic === undefined
          ? `the rule never matches: the guest has no \`${iface.value}\``
          : `the rule never matches: \`${iface.value}\` has no \`firewall=1\``,
        {
          help: nic === undefined ? 'name a NIC of the guest' : 'set `firewall=1` on the NIC',
          related: nic === undefined ? [] : [{ span: nic.span, message: 'the NIC' }],
        },
      ),
    )
  }
}
