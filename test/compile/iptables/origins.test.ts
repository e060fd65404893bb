import { describe, expect, it } from 'vitest'
import { compileIptables } from '../../../src/compile/iptables/compile.ts'
import { readIptables } from '../../../src/config/dialect/iptables/read.ts'
import type { Origin } from '../../../src/netfilter/origin.ts'
import type { Handed, RestoreLine } from '../../../src/netfilter/restore.ts'
import { position, type Span } from '../../../src/source/source-file.ts'
import { probeTree } from '../../support/probe-tree.ts'

const CLUSTER = `[OPTIONS]
enable: 1
policy_in: REJECT
[ALIASES]
office 192.0.2.0/24
[IPSET blacklist]
198.51.100.1
[group web]
IN HTTP(ACCEPT) -source office
OUT DROP -p tcp -dport 25 -log info
[RULES]
GROUP web -i vmbr0
IN ACCEPT -source +blacklist
`
const HOST = `[OPTIONS]
tcpflags: 1
log_level_in: info
`
const GUEST = `[OPTIONS]
enable: 1
ipfilter: 1
policy_out: DROP
[IPSET ipfilter-net0]
10.0.0.9
office
[RULES]
GROUP web
IN REJECT -p udp -dport 53
`

const handed = compileExample()

function compileExample(): Handed {
  const tree = probeTree({
    files: { 'cluster.fw': CLUSTER, 'host.fw': HOST, '100.fw': GUEST },
    guests: { qemu: { '100': { net0: 'virtio=BC:24:11:00:00:01,bridge=vmbr0,firewall=1' } } },
    facts: { local_network: '10.0.0.0/24' },
  })
  const compiled = compileIptables(tree, readIptables(tree))
  if (compiled.handed === null) throw new Error('does not compile')
  return compiled.handed
}

/** `text  <- what file:line means via`. */
function told({ text, origin }: RestoreLine): string {
  return `${text}  <- ${kindOf(origin)} ${place(origin.span)} ${origin.means ?? '-'}${viaOf(origin)}`
}

function kindOf(origin: Origin): string {
  if (origin.kind === 'policy') return origin.option
  return origin.kind === 'generated' ? origin.by : origin.kind
}

function viaOf(origin: Origin): string {
  if (origin.kind !== 'rule') return ''
  return origin.via.map(({ what, name, span }) => ` via ${what} ${name} ${place(span)}`).join('')
}

function place(span: Span | null): string {
  if (span === null) return '-'
  return `${span.file.path.split('/').at(-1)}:${position(span).line}`
}

function chain(name: string, table: 'v4' | 'v6' | 'ebtables' = 'v4'): readonly string[] {
  return (handed[table].chains.get(name) ?? []).map(told)
}

const GUEST_BY = 'ruleset_create_vm_chain'

describe('every line knows why it is there', () => {
  it('rules of a host, its policy, and what is allowed without a rule', () => {
    const lines = chain('PVEFW-HOST-IN')
    expect(lines.slice(0, 10)).toEqual([
      '-i lo -j ACCEPT  <- enable_host_firewall - accept',
      '-m conntrack --ctstate INVALID -j DROP  <- ruleset_chain_add_conn_filters - drop',
      '-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT  <- ruleset_chain_add_conn_filters - accept',
      '-m set --match-set PVEFW-0-blacklist-v4 src -j PVEFW-blacklist  <- ruleset_chain_add_input_filters cluster.fw:6 -',
      '-m conntrack --ctstate INVALID,NEW -j PVEFW-smurfs  <- ruleset_chain_add_input_filters - -',
      '-p tcp -j PVEFW-tcpflags  <- ruleset_chain_add_input_filters host.fw:2 -',
      '-p igmp -j RETURN  <- enable_host_firewall - accept',
      '-i vmbr0 -j GROUP-web-IN  <- rule cluster.fw:12 - via group web cluster.fw:12',
      '-m mark --mark 0x80000000/0x80000000 -j RETURN  <- rule cluster.fw:12 accept via group web cluster.fw:12',
      '-m set --match-set PVEFW-0-blacklist-v4 src -j RETURN  <- rule cluster.fw:13 accept via ipset blacklist cluster.fw:6',
    ])
    expect(lines[10]).toContain('-p tcp --dport 8006 -j RETURN  <- enable_host_firewall')
    expect(lines.slice(-3)).toEqual([
      '-j PVEFW-Reject  <- policy_in cluster.fw:3 -',
      ' -m limit --limit 1/sec -j NFLOG --nflog-prefix ":0:6:PVEFW-HOST-IN: policy REJECT: "  <- policy_in cluster.fw:3 -',
      '-g PVEFW-reject  <- policy_in cluster.fw:3 reject',
    ])
  })

  it('rules of a group: the line in the group, through its header, macro and alias', () => {
    expect(chain('GROUP-web-IN')).toEqual([
      '-j MARK --set-mark 0x00000000/0x80000000  <- generate_group_rules - -',
      '-s 192.0.2.0/24 -p tcp --dport 80 -g PVEFW-SET-ACCEPT-MARK  <- rule cluster.fw:9 accept via group web cluster.fw:8 via macro HTTP cluster.fw:9 via alias office cluster.fw:5',
    ])
    expect(chain('GROUP-web-OUT').slice(1)).toEqual([
      '-p tcp --dport 25 -m limit --limit 1/sec -j NFLOG --nflog-prefix ":0:6:GROUP-web-OUT: "  <- rule cluster.fw:10 - via group web cluster.fw:8',
      '-p tcp --dport 25 -j DROP  <- rule cluster.fw:10 drop via group web cluster.fw:8',
    ])
  })

  it('the chains of a guest', () => {
    expect(chain('tap100i0-IN')).toEqual([
      `-j CONNMARK --set-mark 100  <- ${GUEST_BY} - -`,
      `-p udp --sport 67 --dport 68 -j ACCEPT  <- ${GUEST_BY} - accept`,
      '-j GROUP-web-IN  <- rule 100.fw:9 - via group web 100.fw:9',
      '-m mark --mark 0x80000000/0x80000000 -j ACCEPT  <- rule 100.fw:9 accept via group web 100.fw:9',
      '-p udp --dport 53 -j PVEFW-reject  <- rule 100.fw:10 reject',
      '-j PVEFW-Drop  <- policy_in - -',
      '-j DROP  <- policy_in - drop',
    ])
    expect(chain('tap100i0-OUT')).toEqual([
      `-j CONNMARK --set-mark 100  <- ${GUEST_BY} - -`,
      `-p udp --sport 68 --dport 67 -g PVEFW-SET-ACCEPT-MARK  <- ${GUEST_BY} - accept`,
      `-m mac ! --mac-source BC:24:11:00:00:01 -j DROP  <- ${GUEST_BY} 100.conf:1 drop`,
      `-m set ! --match-set PVEFW-100-ipfilter-net0-v4 src -j DROP  <- ${GUEST_BY} 100.fw:5 drop`,
      `-j MARK --set-mark 0x00000000/0x80000000  <- ${GUEST_BY} - -`,
      '-j GROUP-web-OUT  <- rule 100.fw:9 - via group web 100.fw:9',
      '-m mark --mark 0x80000000/0x80000000 -j RETURN  <- rule 100.fw:9 accept via group web 100.fw:9',
      '-j PVEFW-Drop  <- policy_out 100.fw:4 -',
      '-j DROP  <- policy_out 100.fw:4 drop',
    ])
    expect(chain('PVEFW-FWBR-OUT')).toEqual([
      '-m physdev --physdev-is-bridged --physdev-in tap100i0 -j tap100i0-OUT  <- generate_tap_rules_direction 100.conf:1 -',
    ])
  })

  it('entries of sets: the line of the entry, or why it was added', () => {
    const sets = new Map(handed.ipset.map((set) => [set.name, set]))
    const v4 = sets.get('PVEFW-100-ipfilter-net0-v4')
    expect([v4?.create, ...(v4?.adds ?? [])].map((line) => line && told(line))).toEqual([
      'create PVEFW-100-ipfilter-net0-v4 hash:net family inet hashsize 64 maxelem 64 bucketsize 12  <- rule 100.fw:5 -',
      'add PVEFW-100-ipfilter-net0-v4 10.0.0.9  <- rule 100.fw:6 - via ipset ipfilter-net0 100.fw:5',
      'add PVEFW-100-ipfilter-net0-v4 192.0.2.0/24  <- rule 100.fw:7 - via ipset ipfilter-net0 100.fw:5 via alias office cluster.fw:5',
    ])
    expect(sets.get('PVEFW-100-ipfilter-net0-v6')?.adds.map(told)).toEqual([
      'add PVEFW-100-ipfilter-net0-v6 fe80::/10 nomatch  <- compile_ipsets - -',
      'add PVEFW-100-ipfilter-net0-v6 fe80::be24:11ff:fe00:1  <- compile_ipsets 100.conf:1 -',
    ])
    expect(sets.get('PVEFW-0-management-v4')?.adds.map(told)).toEqual([
      'add PVEFW-0-management-v4 10.0.0.0/24  <- compile_ipsets - -',
    ])
  })

  it('no line is without a sentence or a place', () => {
    const tables = [handed.v4, handed.v4raw, handed.v6, handed.v6raw, handed.ebtables]
    const lines = tables.flatMap(({ hooks, chains }) => [
      ...hooks.map(({ line }) => line),
      ...[...chains.values()].flat(),
    ])
    for (const { text, origin } of lines)
      if (origin.kind === 'generated') expect(origin.why, text).toMatch(/^\S.{8,}[^.]$/)
  })
})

describe('labels of log lines', () => {
  it('quote what Firewall.pm has put into the rule by then', () => {
    const tree = probeTree({
      files: {
        'cluster.fw': '[OPTIONS]\nenable: 1\n[RULES]\nIN ACCEPT -log info\nOUT REJECT -log info\n',
        '100.fw': '[OPTIONS]\nenable: 1\n[RULES]\nOUT ACCEPT -log info\n',
      },
      guests: {
        qemu: {
          '100': {
            net0: 'virtio=BC:24:11:00:00:01,bridge=vmbr0,firewall=1',
            net1: 'virtio=BC:24:11:00:00:02,bridge=vmbr0,firewall=1',
          },
        },
      },
    })
    const compiled = compileIptables(tree, readIptables(tree)).handed
    const labels = (family: 'v4' | 'v6', name: string): readonly string[] =>
      (compiled?.[family].chains.get(name) ?? []).flatMap(
        ({ text }) => /"[^"]*: (\S+): "/.exec(text)?.[1] ?? [],
      )
    expect(labels('v4', 'PVEFW-HOST-IN')).toEqual(['ACCEPT'])
    expect(labels('v6', 'PVEFW-HOST-IN')).toEqual(['RETURN'])
    expect(labels('v4', 'PVEFW-HOST-OUT')).toEqual(['REJECT'])
    expect(labels('v6', 'PVEFW-HOST-OUT')).toEqual(['PVEFW-reject'])
    expect(labels('v4', 'tap100i0-OUT')).toEqual(['ACCEPT'])
    expect(labels('v4', 'tap100i1-OUT')).toEqual(['PVEFW-SET-ACCEPT-MARK'])
  })
})
