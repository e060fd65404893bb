import type { Json } from '../../netfilter/nft/command.ts'
import { ACCEPT, DROP, equal, jump, meta, payload, type Statement } from './expression.ts'
import {
  ALLOW_ICMP,
  ARP,
  BEFORE_BRIDGE,
  BY_STATE,
  baseChain,
  chain,
  DO_REJECT,
  NDP,
  NOT_ARP,
  rule,
  type SkeletonSet,
  type SkeletonTable,
  STATE_WHY,
  set,
} from './skeleton-chain.ts'

/** DHCP by both of its ports: from the first to the second. */
function dhcp(v4: readonly [number, number], v6: readonly [number, number]): Statement {
  const ports: Json = { concat: [payload('udp', 'sport'), payload('udp', 'dport')] }
  return equal(ports, set({ concat: v4 }, { concat: v6 }))
}

const TO_CLIENT = dhcp([67, 68], [547, 546])
const TO_SERVER = dhcp([68, 67], [546, 547])
const ADVERTS = equal(payload('icmpv6', 'type'), set('nd-router-advert', 'nd-redirect'))

function map(name: string, type: Json, why: string): SkeletonSet {
  return { kind: 'map', name, body: { type, map: 'verdict' }, why }
}

/** Table `bridge proxmox-firewall-guests` as the skeleton leaves it (resources/proxmox-firewall.nft). */
export const GUEST_SKELETON: SkeletonTable = {
  chains: [
    chain('allow-dhcp-in', rule('DHCP answers may come in (dhcp)', 'accept', TO_CLIENT, ACCEPT)),
    chain('allow-dhcp-out', rule('DHCP queries may go out (dhcp)', 'accept', TO_SERVER, ACCEPT)),
    chain('block-dhcp-in', rule('DHCP answers may not come in (dhcp: 0)', 'drop', TO_CLIENT, DROP)),
    chain('block-dhcp-out', rule('DHCP queries may not go out (dhcp: 0)', 'drop', TO_SERVER, DROP)),
    ...NDP,
    chain(
      'allow-ra-out',
      rule(
        'the guest may send router advertisements and redirects (radv: 1)',
        'accept',
        ADVERTS,
        ACCEPT,
      ),
    ),
    chain(
      'block-ra-out',
      rule(
        'the guest may not send router advertisements and redirects (radv)',
        'drop',
        ADVERTS,
        DROP,
      ),
    ),
    ALLOW_ICMP,
    DO_REJECT,
    chain('pre-vm-out', rule(STATE_WHY, null, NOT_ARP, BY_STATE)),
    baseChain(
      'vm-out',
      'prerouting',
      0,
      rule('ICMP errors pass before anything else', null, jump('allow-icmp')),
      rule('frames of a filtered NIC go through the OUT chain of its guest', null, {
        vmap: { key: meta('iifname'), data: '@vm-map-out' },
      }),
    ),
    chain(
      'pre-vm-in',
      rule(STATE_WHY, null, NOT_ARP, BY_STATE),
      rule('ARP to guests is not filtered', 'accept', ARP, ACCEPT),
    ),
    baseChain(
      'vm-in',
      'postrouting',
      0,
      rule('ICMP errors pass before anything else', null, jump('allow-icmp')),
      rule('frames to a filtered NIC go through the IN chain of its guest', null, {
        vmap: { key: meta('oifname'), data: '@vm-map-in' },
      }),
    ),
    BEFORE_BRIDGE,
    baseChain(
      'forward',
      'forward',
      0,
      rule('frames between ports of a vnet with a firewall go through its chain', null, {
        vmap: { key: { concat: [meta('ibrname'), meta('obrname')] }, data: '@bridge-map' },
      }),
    ),
  ],
  sets: [
    map('vm-map-in', 'ifname', 'the IN chain of each filtered NIC'),
    map('vm-map-out', 'ifname', 'the OUT chain of each filtered NIC'),
    map('bridge-map', ['ifname', 'ifname'], 'the chains of vnets with a firewall'),
  ],
  managed: ['invalid-conntrack'],
}
