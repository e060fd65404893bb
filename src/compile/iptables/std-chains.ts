import type { Means } from '../../netfilter/origin.ts'

/** One line of a built-in chain: its text, what it decides, and why it is there. */
export type StdLine = readonly [text: string, means: Means, why: string]

const setMark: readonly StdLine[] = [
  [
    ' -j MARK --set-mark 0x80000000/0x80000000',
    null,
    'remembers in the packet mark that a guest or group rule accepted the packet',
  ],
]

const logDrop = 'the offending packet is dropped here, with a log line if a level is set'
const smb = 'Windows file sharing noise is dropped before the policy line, so that it is not logged'
const smbReject =
  'Windows file sharing noise is rejected before the policy line, so that it is not logged'
const upnp = 'UPnP noise is dropped before the policy line, so that it is not logged'
const notSyn =
  'TCP that does not start a connection is dropped before the policy line, so that it is not logged'
const dnsReply = 'late DNS answers are dropped before the policy line, so that they are not logged'
const invalid = 'packets conntrack calls INVALID are dropped before the policy line'
const critical = 'ICMP errors that connections need are accepted even when the policy is to drop'
const broadcast =
  'broadcast and multicast are dropped before the policy line, so that they are not logged'
const flags = 'this combination of TCP flags never occurs in honest traffic'

const dropTail: readonly StdLine[] = [
  ['-m conntrack --ctstate INVALID -j DROP', 'drop', invalid],
  ['-p udp --match multiport --dports 135,445 -j DROP', 'drop', smb],
  ['-p udp --dport 137:139 -j DROP', 'drop', smb],
  ['-p udp --sport 137 --dport 1024:65535 -j DROP', 'drop', smb],
  ['-p tcp --match multiport --dports 135,139,445 -j DROP', 'drop', smb],
  ['-p udp --dport 1900 -j DROP', 'drop', upnp],
  ['-p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN -j DROP', 'drop', notSyn],
  ['-p udp --sport 53 -j DROP', 'drop', dnsReply],
]

const rejectTail: readonly StdLine[] = [
  ['-m conntrack --ctstate INVALID -j DROP', 'drop', invalid],
  ['-p udp --match multiport --dports 135,445 -j PVEFW-reject', 'reject', smbReject],
  ['-p udp --dport 137:139 -j PVEFW-reject', 'reject', smbReject],
  ['-p udp --sport 137 --dport 1024:65535 -j PVEFW-reject', 'reject', smbReject],
  ['-p tcp --match multiport --dports 135,139,445 -j PVEFW-reject', 'reject', smbReject],
  ['-p udp --dport 1900 -j DROP', 'drop', upnp],
  ['-p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN -j DROP', 'drop', notSyn],
  ['-p udp --sport 53 -j DROP', 'drop', dnsReply],
]

const head4: readonly StdLine[] = [
  [' -j PVEFW-DropBroadcast', null, broadcast],
  ['-p icmp -m icmp --icmp-type fragmentation-needed -j ACCEPT', 'accept', critical],
  ['-p icmp -m icmp --icmp-type time-exceeded -j ACCEPT', 'accept', critical],
]

// The port is 43 (whois) although the comment in Firewall.pm speaks of auth (113).
const head6: readonly StdLine[] = [
  [
    '-p tcp --dport 43 -j PVEFW-reject',
    'reject',
    'TCP port 43 is rejected under IPv6 (meant to be the auth service)',
  ],
  [' -j PVEFW-DropBroadcast', null, broadcast],
  ['-p icmpv6 -m icmpv6 --icmpv6-type destination-unreachable -j ACCEPT', 'accept', critical],
  ['-p icmpv6 -m icmpv6 --icmpv6-type time-exceeded -j ACCEPT', 'accept', critical],
  ['-p icmpv6 -m icmpv6 --icmpv6-type packet-too-big -j ACCEPT', 'accept', critical],
]

const tcpflags: readonly StdLine[] = [
  ['-p tcp -m tcp --tcp-flags FIN,SYN,RST,PSH,ACK,URG FIN,PSH,URG -g PVEFW-logflags', null, flags],
  ['-p tcp -m tcp --tcp-flags FIN,SYN,RST,PSH,ACK,URG NONE -g PVEFW-logflags', null, flags],
  ['-p tcp -m tcp --tcp-flags SYN,RST SYN,RST -g PVEFW-logflags', null, flags],
  ['-p tcp -m tcp --tcp-flags FIN,SYN FIN,SYN -g PVEFW-logflags', null, flags],
  ['-p tcp -m tcp --sport 0 --tcp-flags FIN,SYN,RST,ACK SYN -g PVEFW-logflags', null, flags],
]

/** Line that PVEFW-smurflog and PVEFW-logflags end with; a log line stands before it when a level is set. */
export const logDropLine: StdLine = [' -j DROP', 'drop', logDrop]

/**
 * The chains that exist whatever is configured, `$pve_std_chains_conf` of Firewall.pm (which has them from
 * Shorewall), as the lines they come out as. PVEFW-smurflog and PVEFW-logflags are made by {@link logDropLine}.
 */
export const STD_CHAINS: Readonly<Record<4 | 6, ReadonlyMap<string, readonly StdLine[]>>> = {
  4: new Map<string, readonly StdLine[]>([
    ['PVEFW-SET-ACCEPT-MARK', setMark],
    [
      'PVEFW-DropBroadcast',
      [
        ['-m addrtype --dst-type BROADCAST -j DROP', 'drop', broadcast],
        ['-m addrtype --dst-type MULTICAST -j DROP', 'drop', broadcast],
        ['-m addrtype --dst-type ANYCAST -j DROP', 'drop', broadcast],
        ['-d 224.0.0.0/4 -j DROP', 'drop', broadcast],
      ],
    ],
    [
      'PVEFW-reject',
      [
        ['-m addrtype --dst-type BROADCAST -j DROP', 'drop', 'broadcasts are never answered'],
        ['-s 224.0.0.0/4 -j DROP', 'drop', 'multicast sources are never answered'],
        ['-p icmp -j DROP', 'drop', 'ICMP is dropped where other protocols are rejected'],
        ['-p tcp -j REJECT --reject-with tcp-reset', 'reject', 'TCP is rejected with a reset'],
        [
          '-p udp -j REJECT --reject-with icmp-port-unreachable',
          'reject',
          'UDP is rejected with port unreachable',
        ],
        [
          '-p icmp -j REJECT --reject-with icmp-host-unreachable',
          'reject',
          'never reached: ICMP was dropped above',
        ],
        [
          ' -j REJECT --reject-with icmp-host-prohibited',
          'reject',
          'other protocols are rejected with host prohibited',
        ],
      ],
    ],
    ['PVEFW-Drop', [...head4, ...dropTail]],
    ['PVEFW-Reject', [...head4, ...rejectTail]],
    ['PVEFW-tcpflags', tcpflags],
    [
      'PVEFW-smurfs',
      [
        ['-s 0.0.0.0/32 -j RETURN', null, 'DHCP clients have no address yet: no smurfs'],
        [
          '-m addrtype --src-type BROADCAST -g PVEFW-smurflog',
          null,
          'a broadcast address as source is an attack (smurf)',
        ],
        [
          '-s 224.0.0.0/4 -g PVEFW-smurflog',
          null,
          'a multicast address as source is an attack (smurf)',
        ],
      ],
    ],
  ]),
  6: new Map<string, readonly StdLine[]>([
    ['PVEFW-SET-ACCEPT-MARK', setMark],
    ['PVEFW-DropBroadcast', [['-d ff00::/8 -j DROP', 'drop', broadcast]]],
    [
      'PVEFW-reject',
      [
        ['-p icmpv6 -j DROP', 'drop', 'ICMPv6 is dropped where other protocols are rejected'],
        ['-p tcp -j REJECT --reject-with tcp-reset', 'reject', 'TCP is rejected with a reset'],
        [
          '-p udp -j REJECT --reject-with icmp6-port-unreachable',
          'reject',
          'UDP is rejected with port unreachable',
        ],
        [
          ' -j REJECT --reject-with icmp6-adm-prohibited',
          'reject',
          'other protocols are rejected with administratively prohibited',
        ],
      ],
    ],
    ['PVEFW-Drop', [...head6, ...dropTail]],
    ['PVEFW-Reject', [...head6, ...rejectTail]],
    ['PVEFW-tcpflags', tcpflags],
  ]),
}
