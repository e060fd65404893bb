import type { Json } from '../../netfilter/nft/command.ts'
import { ACCEPT, DROP, equal, jump, meta, payload, type Statement, unequal } from './expression.ts'
import {
  ALLOW_ICMP,
  BEFORE_BRIDGE,
  BY_STATE,
  baseChain,
  chain,
  DO_REJECT,
  goto,
  NDP,
  range,
  rule,
  type SkeletonSet,
  type SkeletonTable,
  SOURCE_V4,
  SOURCE_V6,
  STATE_WHY,
  set,
} from './skeleton-chain.ts'

const RETURN: Statement = { return: null }

function tcp(field: string, value: Json): Statement {
  return equal(payload('tcp', field), value)
}

function udp(field: string, value: Json): Statement {
  return equal(payload('udp', field), value)
}

/** Of these flags, which are set. */
function flags(...names: readonly string[]): Json {
  return { '&': [payload('tcp', 'flags'), names] }
}

function invalidTcp(why: string, ...matches: readonly Statement[]): ReturnType<typeof rule> {
  return rule(why, null, ...matches, goto('log-drop-invalid-tcp'))
}

const MULTICAST: Json = { prefix: { addr: '224.0.0.0', len: 4 } }
const HANDSHAKE = ['fin', 'syn', 'rst', 'ack'] as const
const ALL_FLAGS = ['fin', 'syn', 'rst', 'psh', 'ack', 'urg'] as const
const SMB_WHY = 'Windows file sharing noise is rejected before any rule is asked'

function managementSet(name: string, type: string): SkeletonSet {
  const why = 'who may reach the services of the node'
  return { kind: 'set', name, body: { type, flags: ['interval'], 'auto-merge': true }, why }
}

function synfloodSet(name: string, type: string): SkeletonSet {
  const why = 'how fast each source opens connections (protection_synflood)'
  return { kind: 'set', name, body: { type, flags: ['dynamic', 'timeout'], timeout: 60 }, why }
}

/** Table `inet proxmox-firewall` as the skeleton leaves it (resources/proxmox-firewall.nft). */
export const HOST_SKELETON: SkeletonTable = {
  chains: [
    DO_REJECT,
    chain(
      'accept-management',
      rule(
        'hosts in the management set may reach the services of the node',
        'accept',
        equal(SOURCE_V4, '@v4-dc/management'),
        unequal(SOURCE_V4, '@v4-dc/management-nomatch'),
        ACCEPT,
      ),
      rule(
        'hosts in the management set may reach the services of the node',
        'accept',
        equal(SOURCE_V6, '@v6-dc/management'),
        unequal(SOURCE_V6, '@v6-dc/management-nomatch'),
        ACCEPT,
      ),
    ),
    chain(
      'block-synflood',
      rule(
        'only packets that open a TCP connection are counted',
        null,
        unequal(flags(...HANDSHAKE), 'syn'),
        RETURN,
      ),
      rule('sources above the limit are dropped there', null, jump('ratelimit-synflood')),
      rule('everything else that comes here is dropped too, above the limit or not', 'drop', DROP),
    ),
    chain(
      'log-drop-invalid-tcp',
      rule('logs with tcp_flags_log_level', null, jump('log-invalid-tcp')),
      rule('TCP segments with impossible flags are dropped (tcpflags)', 'drop', DROP),
    ),
    chain(
      'block-invalid-tcp',
      invalidTcp(
        'FIN, PSH and URG together are a scan',
        equal(flags(...ALL_FLAGS), ['fin', 'psh', 'urg']),
      ),
      invalidTcp('a segment without flags is a scan', equal(flags(...ALL_FLAGS), 0)),
      invalidTcp('SYN and RST contradict each other', equal(flags('syn', 'rst'), ['syn', 'rst'])),
      invalidTcp('FIN and SYN contradict each other', equal(flags('fin', 'syn'), ['fin', 'syn'])),
      invalidTcp(
        'no connection is opened from port 0',
        tcp('sport', 0),
        equal(flags(...HANDSHAKE), 'syn'),
      ),
    ),
    ...NDP,
    chain(
      'block-smurfs',
      rule('a host without address may ask for one', null, equal(SOURCE_V4, '0.0.0.0'), RETURN),
      rule(
        'broadcasts are smurfs here',
        null,
        equal(meta('pkttype'), 'broadcast'),
        goto('log-drop-smurfs'),
      ),
      rule(
        'so are packets from multicast sources',
        null,
        equal(SOURCE_V4, MULTICAST),
        goto('log-drop-smurfs'),
      ),
    ),
    ALLOW_ICMP,
    chain(
      'log-drop-smurfs',
      rule('logs with smurf_log_level', null, jump('log-smurfs')),
      rule('smurfs are dropped (nosmurfs)', 'drop', DROP),
    ),
    chain(
      'default-in',
      rule(
        'the loopback interface is not filtered',
        'accept',
        equal(meta('iifname'), 'lo'),
        ACCEPT,
      ),
      rule('ICMP errors pass before anything else', null, jump('allow-icmp')),
      rule(STATE_WHY, null, BY_STATE),
      rule(
        'multicast memberships (IGMP) are accepted',
        'accept',
        equal(meta('l4proto'), 'igmp'),
        ACCEPT,
      ),
      rule(
        'web interface, VNC, SPICE proxy and SSH are open to the management set, before any rule is asked',
        null,
        tcp('dport', set(8006, range(5900, 5999), 3128, 22)),
        jump('accept-management'),
      ),
      rule(
        'corosync is open to everyone, before any rule is asked',
        'accept',
        udp('dport', range(5405, 5412)),
        ACCEPT,
      ),
      rule(SMB_WHY, null, udp('dport', set(135, range(137, 139), 445)), goto('do-reject')),
      rule(SMB_WHY, null, udp('sport', 137), udp('dport', range(1024, 65_535)), goto('do-reject')),
      rule(SMB_WHY, null, tcp('dport', set(135, 139, 445)), goto('do-reject')),
      rule('UPnP noise is dropped before any rule is asked', 'drop', udp('dport', 1900), DROP),
      rule('late DNS answers are dropped before any rule is asked', 'drop', udp('sport', 53), DROP),
    ),
    chain(
      'default-out',
      rule(
        'the loopback interface is not filtered',
        'accept',
        equal(meta('oifname'), 'lo'),
        ACCEPT,
      ),
      rule('ICMP errors pass before anything else', null, jump('allow-icmp')),
      rule(STATE_WHY, null, BY_STATE),
    ),
    BEFORE_BRIDGE,
    baseChain(
      'host-bridge-input',
      'input',
      -1,
      rule('packets to the host from a vnet with a firewall go through its chain', null, {
        vmap: { key: meta('iifname'), data: '@bridge-map' },
      }),
    ),
    baseChain(
      'host-bridge-output',
      'output',
      1,
      rule('packets of the host to a vnet with a firewall go through its chain', null, {
        vmap: { key: meta('oifname'), data: '@bridge-map' },
      }),
    ),
    baseChain(
      'input',
      'input',
      0,
      rule('what is decided before any rule', null, jump('default-in')),
      rule('conntrack helpers (nf_conntrack_helpers)', null, jump('ct-in')),
      rule('options of host.fw', null, jump('option-in')),
      rule('rules of host.fw', null, jump('host-in')),
      rule('rules of cluster.fw, and its policy', null, jump('cluster-in')),
    ),
    baseChain(
      'output',
      'output',
      0,
      rule('what is decided before any rule', null, jump('default-out')),
      rule('options of host.fw', null, jump('option-out')),
      rule('rules of host.fw', null, jump('host-out')),
      rule('rules of cluster.fw, and its policy', null, jump('cluster-out')),
    ),
    baseChain(
      'forward',
      'forward',
      0,
      rule(STATE_WHY, null, BY_STATE),
      rule('rules of host.fw', null, jump('host-forward')),
      rule('rules of cluster.fw, and its policy', null, jump('cluster-forward')),
    ),
  ],
  sets: [
    managementSet('v4-dc/management', 'ipv4_addr'),
    managementSet('v4-dc/management-nomatch', 'ipv4_addr'),
    managementSet('v6-dc/management', 'ipv6_addr'),
    managementSet('v6-dc/management-nomatch', 'ipv6_addr'),
    synfloodSet('v4-synflood-limit', 'ipv4_addr'),
    synfloodSet('v6-synflood-limit', 'ipv6_addr'),
    {
      kind: 'map',
      name: 'bridge-map',
      body: { type: 'ifname', map: 'verdict' },
      why: 'the chains of vnets with a firewall',
    },
  ],
  managed: [
    'ratelimit-synflood',
    'log-invalid-tcp',
    'log-smurfs',
    'option-in',
    'option-out',
    'cluster-in',
    'cluster-out',
    'host-in',
    'host-out',
    'cluster-forward',
    'host-forward',
    'ct-in',
    'invalid-conntrack',
  ],
}
