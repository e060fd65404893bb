import { describe, expect, it } from 'vitest'
import { lint } from '../../src/firewall/lint/lint.ts'
import { openFirewall } from '../../src/firewall/node-firewall.ts'
import { lineNumber } from '../../src/source/source-file.ts'
import { makeTree, SMALL_NODE } from '../support/tree.ts'

type Files = Readonly<Record<string, string>>

/** Findings of lint itself, `FILE:LINE CODE`. */
function found(files: Files, backend: 'iptables' | 'nftables' = 'iptables'): readonly string[] {
  const root = makeTree({ ...SMALL_NODE, ...files })
  const options = { root, node: null, guest: null, hostIp: null, localNetwork: null } as const
  const { firewall } = openFirewall({ ...options, backend })
  if (firewall === null) throw new Error('not opened')
  return lint(firewall)
    .filter(({ code }) => code.startsWith('lint/'))
    .map(({ code, span }) => {
      const name = span === null ? '' : span.file.path.replace(/.*\//, '')
      return `${name}:${span === null ? 0 : lineNumber(span.file, span.start)} ${code}`
    })
}

const guest = (rules: string, options = 'enable: 1'): Files => ({
  'etc/pve/firewall/100.fw': `[OPTIONS]\n${options}\n[RULES]\n${rules}\n`,
})

const cluster = (text: string): Files => ({
  'etc/pve/firewall/cluster.fw': `[OPTIONS]\nenable: 1\n${text}\n`,
})

describe.each(['iptables', 'nftables'] as const)('rules that never decide, %s', (backend) => {
  it.each<readonly [string, Files, readonly string[]]>([
    [
      'every rule has its packets',
      guest('IN ACCEPT -p tcp -dport 80\nIN DROP -p tcp\nIN ACCEPT -p udp'),
      [],
    ],
    [
      'a larger rule comes first',
      guest('IN DROP -source 10.0.0.0/8\nIN ACCEPT -source 10.1.0.0/16 -p tcp -dport 80'),
      ['100.fw:5 lint/shadowed'],
    ],
    [
      'several rules together come first',
      guest(
        'IN DROP -p tcp -dport 1:99\nIN DROP -p tcp -dport 100:65535\nIN ACCEPT -p tcp -dport 80:120',
      ),
      ['100.fw:6 lint/shadowed'],
    ],
    [
      'the same again',
      guest('IN HTTP(ACCEPT)\nIN ACCEPT -p tcp -dport 80'),
      ['100.fw:5 lint/redundant'],
    ],
    [
      'after a rule for everything',
      guest('OUT DROP\nOUT ACCEPT -p udp -dport 53'),
      ['100.fw:5 lint/shadowed'],
    ],
    ['directions do not shadow one another', guest('IN DROP\nOUT ACCEPT'), []],
    [
      'a rule of a group that another group shadows for all who use them',
      {
        ...cluster(
          '[group first]\nIN DROP -p tcp -dport 22\n[group second]\nIN ACCEPT -p tcp -dport 22\nIN ACCEPT -p tcp -dport 80',
        ),
        ...guest('GROUP first\nGROUP second'),
      },
      ['cluster.fw:6 lint/shadowed'],
    ],
    [
      'a rule of a group that decides for one of two users',
      {
        ...cluster('[group first]\nIN ACCEPT -p tcp -dport 22\n[RULES]\nGROUP first'),
        ...guest('IN DROP -p tcp -dport 22\nGROUP first'),
      },
      [],
    ],
  ])('%s', (_, files, expected) => {
    expect(found(files, backend)).toEqual(expected)
  })
})

describe('switches and names', () => {
  it.each<readonly [string, Files, readonly string[]]>([
    ['a rule that is off', guest('|IN ACCEPT -p tcp'), ['100.fw:4 lint/disabled-rule']],
    ['a guest that is off', guest('IN ACCEPT -p tcp', 'enable: 0'), ['100.fw:2 lint/guest-off']],
    [
      'a NIC that is off',
      {
        ...guest('IN ACCEPT -p tcp'),
        'etc/pve/nodes/pve1/qemu-server/100.conf': 'net0: virtio=BC:24:11:00:00:01,bridge=vmbr0\n',
      },
      ['100.conf:1 lint/nic-off'],
    ],
    [
      'a group nobody uses, one without rules, a set and an alias nobody names',
      {
        ...cluster(
          '[ALIASES]\nspare 10.9.9.9\n[IPSET old]\n10.0.0.1\n[group first]\nIN ACCEPT -p tcp\n[group second]\n',
        ),
        ...guest('GROUP second'),
      },
      [
        'cluster.fw:4 lint/unused-alias',
        'cluster.fw:5 lint/unused-set',
        'cluster.fw:7 lint/unused-group',
        'cluster.fw:9 lint/empty-group',
      ],
    ],
    [
      'a cluster that is off',
      {
        'etc/pve/firewall/cluster.fw': '[OPTIONS]\nenable: 0\n[RULES]\nIN ACCEPT -p tcp\n',
      },
      ['cluster.fw:2 lint/cluster-off'],
    ],
  ])('%s', (_, files, expected) => {
    expect(found(files)).toEqual(expected)
  })
})
