import { readIptables } from '../../src/config/dialect/iptables/read.ts'
import { loadTree } from '../../src/config/load.ts'
import type { Tree } from '../../src/config/tree.ts'
import { sourceFile } from '../../src/source/source-file.ts'
import { makeTree, SMALL_NODE } from './tree.ts'

export const CLUSTER_FW = `[OPTIONS]
enable: 1
policy_in: DROP
log_ratelimit: enable=1,rate=5/minute,burst=10
[ALIASES]
office 192.168.7.0/24 # here
six fd00::/64
[IPSET blacklist] # bad
1.2.3.4
!office
fe80::/10
[group web]
IN HTTP(ACCEPT) -source +dc/blacklist -log info
|OUT ACCEPT -p tcp -dport 80,443,8000:8010 -sport 1024:65535
IN ACCEPT -p icmp -icmp-type echo-request
[RULES]
GROUP web -i vmbr0
IN SSH(ACCEPT) -source dc/office -dest 10.0.0.1-10.0.0.9 # note \u00c3\u00a0
FORWARD DROP
`

export const GUEST_FW = `[OPTIONS]
enable: 1
ipfilter: 1
layer2_protocols: ARP,IPv4
[ALIASES]
me 10.0.0.5
[IPSET ipfilter-net0]
10.0.0.5
guest/me
[RULES]
IN ACCEPT -i net0 -source guest/me -p udp -dport domain
OUT REJECT -dest 2001:db8::/32 -p 58
GROUP web
`

export const HOST_FW = `[OPTIONS]
enable: 1
nf_conntrack_helpers: ftp,sip
log_level_in: info
[RULES]
IN Ping(ACCEPT) -i vmbr0
`

/** Reads .fw texts of a small node; to be called within a test. */
export function fwReader(): (texts: {
  readonly cluster?: string
  readonly host?: string
  readonly guest?: string
  readonly sdn?: unknown
}) => unknown {
  const options = { node: null, guest: null, hostIp: null, localNetwork: null }
  const base = loadTree({ root: makeTree(SMALL_NODE), ...options }).tree
  if (base === null) throw new Error('the small node does not load')
  return ({ cluster = CLUSTER_FW, host = HOST_FW, guest = GUEST_FW, sdn = null }) => {
    const tree: Tree = {
      ...base,
      clusterFw: sourceFile('cluster.fw', cluster),
      hostFw: sourceFile('host.fw', host),
      guestFw: new Map([[100, sourceFile('100.fw', guest)]]),
      vnetFw: new Map([['v0', sourceFile('v0.fw', guest)]]),
      sdn: { running: sdn, runningFile: null, ipam: sdn, ipamFile: null },
    }
    return readIptables(tree, { now: 1_700_000_000 })
  }
}
