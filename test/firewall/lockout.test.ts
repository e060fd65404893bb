import { describe, expect, it } from 'vitest'
import { parseStorages } from '../../src/config/storage.ts'
import { auditLockout, type LockoutAudit } from '../../src/firewall/lockout/audit.ts'
import type { NodeFirewall } from '../../src/firewall/node-firewall.ts'
import { openFirewall } from '../../src/firewall/node-firewall.ts'
import { sourceFile } from '../../src/source/source-file.ts'
import { makeTree, SMALL_NODE } from '../support/tree.ts'

const CLUSTER: Readonly<Record<string, string>> = {
  ...SMALL_NODE,
  'etc/hosts': '10.0.0.1 pve1\n10.0.0.2 pve2\n',
  'etc/pve/nodes/pve2/host.fw': '[OPTIONS]\nenable: 1\n',
  'etc/pve/corosync.conf': [
    'totem { transport: knet }',
    'nodelist {',
    '  node {\n    name: pve1\n    ring0_addr: 10.0.0.1\n    ring1_addr: 10.1.0.1\n  }',
    '  node {\n    name: pve2\n    ring0_addr: 10.0.0.2\n    ring1_addr: 10.1.0.2\n  }',
    '}',
  ].join('\n'),
}

function opened(
  files: Readonly<Record<string, string>>,
  backend: 'iptables' | 'nftables',
): NodeFirewall {
  const root = makeTree(files)
  const { firewall, diagnostics } = openFirewall({
    ...{ root, node: 'pve1', guest: null, hostIp: null, localNetwork: null, backend },
  })
  if (firewall === null) throw new Error(diagnostics.map(({ message }) => message).join('; '))
  return firewall
}

function audited(
  firewall: NodeFirewall,
  admin: readonly string[] = [],
  current: NodeFirewall | null = null,
  session: string | null = null,
): LockoutAudit {
  const found = auditLockout(firewall, current, { admin, session, nodes: [] })
  if ('unknown' in found) throw new Error(`unknown: ${found.unknown.join()}`)
  return found
}

/** Ids of needs by what became of them, each once. */
function byKind({ audited: all }: LockoutAudit, kind: string): readonly string[] {
  return [...new Set(all.filter(({ proof }) => proof.kind === kind).map(({ need }) => need.id))]
}

const rules = (text: string, options = ''): Readonly<Record<string, string>> => ({
  ...CLUSTER,
  'etc/pve/firewall/cluster.fw': `[OPTIONS]\nenable: 1\n${options}\n[RULES]\n${text}\n`,
})

describe('what is lost', () => {
  it.each<
    readonly [string, string, string, 'iptables' | 'nftables', readonly string[], readonly string[]]
  >([
    ['nothing with the defaults', '', '', 'iptables', [], []],
    [
      'a rule in front of the automatic ones',
      'IN DROP -p tcp -dport 8006',
      '',
      'iptables',
      [],
      ['cluster/web', 'admin/web'],
    ],
    [
      'the same where they stand in front',
      'IN DROP -p tcp -dport 8006',
      '',
      'nftables',
      [],
      ['cluster/migration'],
    ],
    [
      'administrators nobody lets in',
      '',
      '',
      'iptables',
      ['10.9.0.0/16'],
      ['admin/ssh', 'admin/web', 'admin/vnc', 'admin/spice'],
    ],
    ['migration with nftables', '', '', 'nftables', [], ['cluster/migration']],
    [
      'a way out',
      '',
      'policy_out: DROP',
      'iptables',
      [],
      [
        'cluster/corosync-1',
        'cluster/migration',
        'outbound/dns-udp',
        'outbound/dns-tcp',
        'outbound/ntp',
        'outbound/updates',
      ],
    ],
    [
      'answers, by a rule for connections that are open',
      'OUT DROP -p tcp -sport 22',
      '',
      'iptables',
      [],
      [],
    ],
  ])('%s', (_, text, options, backend, admin, lost) => {
    const found = audited(opened(rules(text, options), backend), admin)
    expect(byKind(found, 'lost')).toEqual(lost)
  })

  it('links of corosync, each by its port, unless the node itself opens the way', () => {
    const shut = 'IN DROP -p udp -dport 5406'
    const rescued = audited(opened(rules(shut), 'iptables'))
    expect(byKind(rescued, 'lost')).toEqual([])
    const link = rescued.audited.find(({ need }) => need.id === 'cluster/corosync-1')
    expect(link?.proof).toEqual({ kind: 'proved', withinRates: false, asAnswers: true })
    const lost = audited(opened(rules(`${shut}\nOUT DROP -p udp -dport 5406`), 'iptables'))
    expect(byKind(lost, 'lost')).toEqual(['cluster/corosync-1'])
  })

  it('the client of the session that asks', () => {
    const found = audited(opened(CLUSTER, 'iptables'), [], null, '203.0.113.9 50000 10.0.0.1 22')
    const lost = found.audited.filter(({ proof }) => proof.kind === 'lost')
    expect(new Set(lost.map(({ need }) => need.between))).toEqual(
      new Set([
        'from 203.0.113.9 (this session) to pve1',
        'from 203.0.113.9 (this session) to pve2',
      ]),
    )
  })

  it('what was lost before the change is told apart', () => {
    const before = opened(rules('IN DROP -p tcp -dport 22'), 'iptables')
    const after = opened(rules('IN DROP -p tcp -dport 22,8006'), 'iptables')
    const found = audited(after, [], before).audited.filter(({ proof }) => proof.kind === 'lost')
    const ids = (already: boolean): ReadonlySet<string> =>
      new Set(
        found.filter(({ before: old }) => (old !== null) === already).map(({ need }) => need.id),
      )
    expect(ids(true)).toEqual(new Set(['admin/ssh', 'cluster/ssh']))
    expect(ids(false)).toEqual(new Set(['cluster/web', 'admin/web']))
  })

  it('those whom the rules of today let in', () => {
    const before = opened(rules('IN ACCEPT -source 10.7.0.0/16 -p tcp -dport 22'), 'iptables')
    const found = audited(opened(rules(''), 'iptables'), [], before).audited
    const lost = found.filter(({ proof }) => proof.kind === 'lost')
    expect(lost.map(({ need }) => [need.id, need.between])).toEqual([
      ['admin/ssh', 'from those who may today to pve1'],
      ['admin/ssh', 'from those who may today to pve2'],
    ])
  })

  it('servers of storage.cfg, and what of it cannot be known', () => {
    const storage = 'nfs: tank\n\tserver 10.5.0.1\n\tpath /mnt\n\npbs: safe\n\tserver backup.lab\n'
    const files = { ...rules('', 'policy_out: DROP'), 'etc/pve/storage.cfg': storage }
    const found = audited(opened(files, 'iptables'))
    expect(byKind(found, 'lost')).toContain('storage/nfs')
    expect(found.blind.map(({ what }) => what)).toEqual(['storage safe', 'storage safe'])
  })
})

it('storage.cfg is read as Proxmox reads it', () => {
  const text =
    'nfs: a\n\tserver 10.0.0.9\n\tnodes pve1,pve2\nnot a line\npbs: b\n  port 8008\n  disable\n'
  const found = parseStorages(sourceFile('storage.cfg', text))
  expect(
    found.map(({ type, id, nodes, disabled, properties }) => [
      ...[type, id.value, nodes, disabled],
      Object.fromEntries([...properties].map(([key, { value }]) => [key, value])),
    ]),
  ).toEqual([
    ['nfs', 'a', ['pve1', 'pve2'], false, { server: '10.0.0.9', nodes: 'pve1,pve2' }],
    ['pbs', 'b', null, true, { port: '8008', disable: '' }],
  ])
})
