import { expect, it } from 'vitest'
import { loadTree } from '../../src/config/load.ts'
import { edited } from '../../src/edit/configuration.ts'
import { isWrong } from '../../src/edit/problem.ts'
import { makeTree, SMALL_NODE } from '../support/tree.ts'

const ASKED = { node: null, guest: null, hostIp: null, localNetwork: null }

/** The config of guest 100 with this line, after a property of it was set; or what is wrong with that. */
function after(line: string, nic: string, key: string, value: string | null): string {
  const root = makeTree({ ...SMALL_NODE, 'etc/pve/nodes/pve1/qemu-server/100.conf': line })
  const { tree } = loadTree({ root, ...ASKED })
  if (tree === null) throw new Error('no tree')
  const change = { kind: 'nic', nic, key, value } as const
  const file = edited(
    tree,
    { target: { kind: 'guest', vmid: 100 }, change, by: '--set', asked: '--set' },
    () => null,
  )
  if (file === null) return line
  return isWrong(file) ? `${file.problem}; ${file.help}` : file.text
}

const NET0 = 'net0: virtio=BC:24:11:00:00:01,bridge=vmbr0,firewall=1,tag=5'

it.each([
  [NET0, 'firewall', '0', 'net0: virtio=BC:24:11:00:00:01,bridge=vmbr0,firewall=0,tag=5'],
  [NET0, 'firewall', null, 'net0: virtio=BC:24:11:00:00:01,bridge=vmbr0,tag=5'],
  [NET0, 'link_down', '1', `${NET0},link_down=1`],
  [NET0, 'macaddr', 'BC:24:11:00:00:02', NET0.replace(':01', ':02')],
  ['net0:e1000,firewall=1', 'firewall', '0', 'net0:e1000,firewall=0'],
  [
    `# web\r\n${NET0}\r\n[snap]\nnet0: e1000`,
    'tag',
    '6',
    `# web\r\n${NET0.replace('=5', '=6')}\r\n[snap]\nnet0: e1000`,
  ],
  [NET0, 'firewal', '1', 'a NIC has no property `firewal`; it has'],
  [NET0, 'firewall', 'maybe', '`firewall` of net0 cannot be `maybe`; firewall: type check'],
  [NET0, 'model', null, '`model` of net0 cannot be left out'],
])('%j: %s=%s', (line, key, value, expected) => {
  expect(after(line, 'net0', key, value)).toContain(expected)
})

it('a NIC that is not there is named with those that are', () => {
  expect(after(NET0, 'net1', 'firewall', '1')).toBe('guest 100 has no `net1`; it has net0')
})
