import { describe, expect, it } from 'vitest'
import { shortNames } from '../../src/render/file-names.ts'

describe('shortNames', () => {
  const names = shortNames([
    'etc/pve/firewall/105.fw',
    'etc/pve/nodes/pve1/host.fw',
    'etc/pve/nodes/pve2/host.fw',
    'etc/pve/nodes/pve1/lxc/105.conf',
    'etc/pve/nodes/pve1/qemu-server/105.conf',
    'etc/pve/nodes/pve2/lxc/105.conf',
  ])
  it.each([
    ['etc/pve/firewall/105.fw', '105.fw'],
    ['etc/pve/nodes/pve1/host.fw', 'pve1/host.fw'],
    ['etc/pve/nodes/pve1/qemu-server/105.conf', 'qemu-server/105.conf'],
    ['etc/pve/nodes/pve2/lxc/105.conf', 'pve2/lxc/105.conf'],
    ['etc/hosts', 'etc/hosts'],
  ])('%s is %s', (path, name) => {
    expect(names(path)).toBe(name)
  })
})
