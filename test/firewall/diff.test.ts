import { describe, expect, it } from 'vitest'
import { diffNode, type NodeDiff } from '../../src/firewall/diff/diff.ts'
import { diffView } from '../../src/firewall/diff/view.ts'
import type { NodeFirewall } from '../../src/firewall/node-firewall.ts'
import { openFirewall } from '../../src/firewall/node-firewall.ts'
import { renderDiff } from '../../src/render/diff-lines.ts'
import { sourceFile } from '../../src/source/source-file.ts'
import { makeTree, SMALL_NODE } from '../support/tree.ts'

function opened(rules: string, guest = ''): NodeFirewall {
  const root = makeTree({
    ...SMALL_NODE,
    'etc/pve/firewall/cluster.fw': `[OPTIONS]\nenable: 1\n[RULES]\n${rules}\n`,
    'etc/pve/firewall/100.fw': `[OPTIONS]\nenable: 1\n[RULES]\n${guest}\n`,
  })
  const options = { root, node: null, guest: null, hostIp: null, localNetwork: null } as const
  const { firewall } = openFirewall({ ...options, backend: 'iptables' })
  if (firewall === null) throw new Error('not opened')
  return firewall
}

function lines(found: NodeDiff, before: NodeFirewall, after: NodeFirewall): readonly string[] {
  return renderDiff(diffView(found, before, after, ['old', 'new'])).map(({ pieces }) =>
    pieces.map(({ text }) => text).join(''),
  )
}

describe('what changes', () => {
  it('is told with a packet and both lines, and that there is nothing else', () => {
    const before = opened('', 'IN ACCEPT -source 10.0.0.0/24 -p tcp -dport 80')
    const after = opened('', 'IN ACCEPT -source 10.0.0.0/25 -p tcp -dport 80')
    expect(lines(diffNode(before, after), before, after)).toEqual([
      '1 change  pve1: old → new',
      'ACCEPT → DROP  outside → vm100, host → vm100',
      '    tcp 10.0.0.128-10.0.0.254 → any:80  NEW',
      '    as tcp 10.0.0.128:49152 → 192.168.0.1:80  NEW',
      '    was  100.fw:4  IN ACCEPT -source 10.0.0.0/24 -p tcp -dport 80',
      '    now  policy_in: DROP (default)',
      expect.stringMatching(/^odd packets {2}that no program sends change as well/),
      'nothing else changes: proved for every packet on 18 ways (IPv4, IPv6, ARP; all ends with one another)',
    ])
  })

  it('is nothing where rules are only written otherwise', () => {
    const before = opened(
      'IN ACCEPT -source 10.0.0.0/25 -p tcp -dport 80\nIN ACCEPT -source 10.0.0.128/25 -p tcp -dport 80',
    )
    const after = opened('IN HTTP(ACCEPT) -source 10.0.0.0/24')
    const { changes, odd, untold } = diffNode(before, after)
    expect({ changes, odd, untold }).toEqual({ changes: [], odd: [], untold: [] })
  })

  it('is nothing where a rule stands behind one that takes everything from it', () => {
    const before = opened('', 'IN DROP -p tcp\nIN ACCEPT -p tcp -dport 80')
    const after = opened('', 'IN DROP -p tcp')
    expect(diffNode(before, after).changes).toEqual([])
  })

  it('guests that only one side has are named', () => {
    const before = opened('')
    const after = before.edited((tree) => ({
      ...tree,
      guests: tree.guests.map((guest) => ({ ...guest, vmid: 101 })),
      guestFw: new Map([[101, sourceFile('etc/pve/firewall/101.fw', '[OPTIONS]\nenable: 1\n')]]),
    }))
    const { onlyBefore, onlyAfter } = diffNode(before, after)
    expect({ onlyBefore, onlyAfter }).toEqual({ onlyBefore: ['vm100'], onlyAfter: ['vm101'] })
  })
})
