import { closeSync, ftruncateSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { type LoadResult, loadTree } from '../../src/config/load.ts'
import { makeTree, SMALL_NODE } from '../support/tree.ts'

function load(root: string): LoadResult {
  return loadTree({ root, node: null, guest: null, hostIp: null, localNetwork: null })
}

function errors({ diagnostics }: LoadResult): readonly string[] {
  return diagnostics.filter(({ severity }) => severity === 'error').map(({ message }) => message)
}

it('a node of thousands of guests loads whole', () => {
  const guests = Array.from({ length: 2_000 }, (_, i) => [
    [
      `etc/pve/nodes/pve1/lxc/${1000 + i}.conf`,
      'net0: name=eth0,bridge=vmbr0,hwaddr=BC:24:11:00:00:01,firewall=1\n',
    ],
    [`etc/pve/firewall/${1000 + i}.fw`, '[RULES]\nIN ACCEPT\n'],
  ])
  const result = load(makeTree({ ...SMALL_NODE, ...Object.fromEntries(guests.flat()) }))
  expect(result.tree?.guests).toHaveLength(2_001)
  expect(result.tree?.guestFw.size).toBe(2_001)
  expect(errors(result)).toEqual([])
})

it('a tree larger than any /etc/pve is read up to there', () => {
  const root = makeTree(SMALL_NODE)
  for (let vmid = 101; vmid <= 170; vmid += 1) {
    const fd = openSync(join(root, `etc/pve/firewall/${vmid}.fw`), 'w')
    ftruncateSync(fd, 2 * 1024 * 1024)
    closeSync(fd)
  }
  const result = load(root)
  expect(result.tree?.guestFw.size).toBeLessThan(66)
  expect(errors(result)[0]).toContain('the files of this tree are larger than 134217728 bytes')
})
