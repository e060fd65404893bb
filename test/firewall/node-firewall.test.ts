import { describe, expect, it } from 'vitest'
import { answerOf } from '../../src/firewall/answer.ts'
import { ask } from '../../src/firewall/ask.ts'
import {
  isRefused,
  type NodeFirewall,
  type OpenOptions,
  openFirewall,
} from '../../src/firewall/node-firewall.ts'
import { parseArrow } from '../../src/packet/parse-arrow.ts'
import { isProblem } from '../../src/packet/problem.ts'
import type { Answer } from '../../src/render/answer.ts'
import { makeTree, SMALL_NODE } from '../support/tree.ts'

function open(
  files: Readonly<Record<string, string>>,
  more: Partial<OpenOptions> = {},
): NodeFirewall {
  const root = makeTree({ ...SMALL_NODE, ...files })
  const { firewall } = openFirewall({
    ...{ root, node: null, guest: null, hostIp: null, localNetwork: null },
    ...more,
  })
  if (firewall === null) throw new Error('nothing to read')
  return firewall
}

function answer(firewall: NodeFirewall, packet: string): Answer {
  const query = parseArrow(packet, firewall.tables)
  if (isProblem(query)) throw new Error(query.message)
  const asked = ask(firewall, query)
  if (asked.kind === 'refused') throw new Error(asked.problems[0]?.message)
  return answerOf(firewall, asked)
}

const host = (...lines: readonly string[]): Readonly<Record<string, string>> => ({
  'etc/pve/nodes/pve1/host.fw': ['[OPTIONS]', ...lines, ''].join('\n'),
})
const cluster = (...lines: readonly string[]): Readonly<Record<string, string>> => ({
  'etc/pve/firewall/cluster.fw': lines.join('\n'),
})

describe('the node’s switch', () => {
  const facts: readonly (readonly [
    name: string,
    files: Readonly<Record<string, string>>,
    backend: string,
    state: string,
  ])[] = [
    ['is not set', {}, 'iptables', 'compiled'],
    ['is on', host('nftables: 1'), 'nftables', 'compiled'],
    ['is off', host('nftables: 0'), 'iptables', 'compiled'],
    ['is `yes`, which pve-firewall does not read', host('nftables: yes'), 'iptables', 'compiled'],
    [
      'is on, but the cluster is off',
      { ...host('nftables: 1'), ...cluster('[OPTIONS]', 'enable: 0') },
      'iptables',
      'disabled',
    ],
    [
      'is on, but the cluster says `yes`, which pve-firewall does not read',
      { ...host('nftables: 1'), ...cluster('[OPTIONS]', 'enable: yes') },
      'iptables',
      'disabled',
    ],
    ['is spelled so that only pve-firewall reads it', host('NFTABLES: 1'), 'nftables', 'disabled'],
  ]
  it.each(facts)('%s', (_name, files, backend, state) => {
    const firewall = open(files)
    expect([firewall.backend, firewall.compiled.state]).toEqual([backend, state])
    const [taken] = answer(firewall, '1.1.1.1 -> 100:80/tcp').filled.slice(-1)
    expect(taken).toMatchObject({ field: 'backend', value: backend })
  })

  it('of a spelling that leaves the rules to the other program is complained about', () => {
    expect(open(host('nftables: yes')).choice.diagnostics).toMatchObject([
      { code: 'backend/switch-spelling', span: { start: 10, end: 23 } },
    ])
  })

  it('that no program reads as its own leaves nobody in charge', () => {
    expect(open(host('NFTABLES: 1')).choice.diagnostics).toMatchObject([
      { severity: 'error', code: 'backend/switch-spelling' },
    ])
    expect(open(host('nftables: 1')).choice.diagnostics).toEqual([])
  })

  it('does not matter where a backend is asked for', () => {
    const firewall = open(host('nftables: 1'), { backend: 'iptables' })
    expect(firewall.backend).toBe('iptables')
    expect(answer(firewall, '1.1.1.1 -> 100:80/tcp').filled).not.toContainEqual(
      expect.objectContaining({ field: 'backend' }),
    )
  })
})

describe('what the nftables backend refuses', () => {
  const group = {
    ...host('nftables: 1'),
    ...cluster('[OPTIONS]', 'enable: 1', '[RULES]', 'GROUP no'),
  }

  it('leaves the fixed part of the rules in an empty kernel when it is nft that refuses', () => {
    const firewall = open(group)
    expect(isRefused(firewall)).toBe(true)
    const answered = answer(firewall, '1.1.1.1 -> host:80/tcp')
    expect(answered.trace.outcome).toBe('accept')
    expect(answered.remarks[0]).toMatch(/holds the fixed part of the rules only/)
    expect(answer(firewall, '1.1.1.1 -> host:1900/udp').trace.outcome).toBe('drop')
  })

  it('leaves nothing when proxmox-firewall cannot read it', () => {
    const firewall = open({ ...host('nftables: 1', 'log_level_in:') })
    expect([isRefused(firewall), firewall.compiled.held.tables]).toEqual([true, []])
    expect(answer(firewall, '1.1.1.1 -> host:1900/udp').trace.outcome).toBe('accept')
  })

  it('depends on the version of nft', () => {
    const flood = host('nftables: 1', 'protection_synflood: 1')
    expect(isRefused(open(flood))).toBe(true)
    const old = open(flood, { nftVersion: '1.0.6' })
    expect(isRefused(old)).toBe(false)
    expect(answer(old, '10.0.0.9 -> host:8006/tcp').trace.outcome).toBe('accept')
    expect(answer(old, '10.0.0.9 -> host:80/tcp').kernel).toBe(
      'inet:proxmox-firewall:ratelimit-synflood:rule:1',
    )
  })
})

describe('a cluster whose nodes run different backends', () => {
  const files = {
    ...host('nftables: 1'),
    'etc/pve/nodes/pve2/host.fw': '[OPTIONS]\nenable: 1\n',
    'etc/pve/nodes/pve2/qemu-server/200.conf':
      'net0: virtio=BC:24:11:00:00:02,bridge=vmbr0,firewall=1\n',
    'etc/pve/firewall/200.fw': '[OPTIONS]\nenable: 1\n[RULES]\nIN ACCEPT -p tcp -dport 80\n',
  }

  it('is asked on each node as that node filters', () => {
    const { trace, kernel } = answer(open(files), '100 -> 200:80/tcp')
    const of = (node: string): readonly string[] =>
      trace.hops
        .filter((hop) => hop.node === node)
        .flatMap(({ chains }) => chains.map(({ table }) => `${table.family} ${table.name}`))
    expect(trace.outcome).toBe('accept')
    expect(new Set(of('pve1'))).toEqual(new Set(['bridge proxmox-firewall-guests']))
    expect(of('pve2')).toContain('ip filter')
    expect(trace.hops.map(({ hop }) => hop.physout)).toContain('tap200i0')
    expect(kernel).toMatch(/^filter:tap200i0-IN:rule:\d+$/)
  })

  it('is dropped by the rules of the second', () => {
    const { trace, kernel } = answer(open(files), '100 -> 200:81/tcp')
    expect([trace.outcome, kernel]).toEqual(['drop', expect.stringMatching(/^filter:/)])
  })
})

describe('bridge-nf-call-iptables of a node with nftables', () => {
  const files = {
    ...host('nftables: 1'),
    ...cluster('[OPTIONS]', 'enable: 1', 'policy_forward: DROP'),
    'etc/pve/firewall/100.fw': '[OPTIONS]\nenable: 1\npolicy_in: ACCEPT\n',
  }
  const packet = '1.1.1.1 -> 100:80/tcp'

  it('is off: what is bridged passes no IP hook', () => {
    const { trace } = answer(open(files), packet)
    expect(trace.outcome).toBe('accept')
    expect(trace.hops.flatMap(({ hop }) => hop.families)).not.toContain('inet')
  })

  it('left on by pve-firewall: FORWARD rules and policies of the host cut off the guests', () => {
    const { trace, kernel } = answer(open(files, { bridgeNfCall: true }), packet)
    expect([trace.outcome, kernel]).toEqual([
      'drop',
      'inet:proxmox-firewall:cluster-forward:rule:1',
    ])
  })
})
