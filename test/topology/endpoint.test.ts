import { describe, expect, it } from 'vitest'
import { showAddr } from '../../src/ip/address.ts'
import { isProblem } from '../../src/packet/problem.ts'
import { parseEndpoint } from '../../src/topology/endpoint.ts'
import { nameTablesOf } from '../../src/topology/name-tables.ts'
import { LAB, LAB_TREE } from './lab.ts'

const tables = nameTablesOf(LAB_TREE)

/** `vm105/net1`, `outside:vmbr0 fixed`, `host pve1` ..., then the address it stands for. */
function placeOf(text: string, scope: number | null = null): string {
  const endpoint = parseEndpoint(LAB, text, scope, tables)
  if (isProblem(endpoint)) return endpoint.code
  const { place, address } = endpoint
  const said = address === null ? '' : ` ${showAddr(address)}`
  switch (place.kind) {
    case 'host':
      return `host ${place.node}${said}`
    case 'guest':
      return `${place.guest.vmid}${place.nic === null ? '' : `/${place.nic.id}`}${said}`
    case 'port':
      return `port ${place.port} of ${place.bridge}`
    default:
      return `outside ${place.device ?? '?'}${place.fixed ? ' fixed' : ''}${said}`
  }
}

describe('parseEndpoint', () => {
  it.each([
    ['host', 'host pve1'],
    ['pve1', 'host pve1'],
    ['pve2', 'host pve2'],
    ['outside', 'outside ?'],
    ['outside:vmbr1', 'outside vmbr1'],
    ['outside:eno2', 'outside vmbr1'],
    ['outside:eno4', 'outside eno4 fixed'],
    ['outside:tailscale0', 'outside tailscale0 fixed'],
    ['vm105', '105'],
    ['105', '105'],
    ['ct106', '106'],
    ['105/net1', '105/net1'],
    ['vm105/net1', '105/net1'],
    ['web01', '105'],
    ['WEB01', '105'],
    ['web01/net1', '105/net1'],
    ['remote', '205'],
    ['192.168.1.105', '105/net0 192.168.1.105'],
    ['10.1.0.5', '105/net1 10.1.0.5'],
    ['192.168.1.106', '106/net0 192.168.1.106'],
    ['fd00::6', '106/net0 fd00::6'],
    ['192.168.1.108', '108/net0 192.168.1.108'],
    ['192.168.1.10', 'host pve1 192.168.1.10'],
    ['10.99.0.10', 'host pve1 10.99.0.10'],
    ['127.0.0.1', 'host pve1 127.0.0.1'],
    ['192.168.1.11', 'host pve2 192.168.1.11'],
    ['10.99.0.11', 'host pve2 10.99.0.11'],
    ['192.168.1.53', 'outside vmbr0 fixed 192.168.1.53'],
    ['10.1.0.77', 'outside vmbr1 fixed 10.1.0.77'],
    ['10.99.0.99', 'outside eno4 fixed 10.99.0.99'],
    ['8.8.8.8', 'outside ? 8.8.8.8'],
    ['2001:db8::1', 'outside ? 2001:db8::1'],
    ['10.8.0.0/24', 'outside ? 10.8.0.1'],
    ['web', '105/net0 192.168.1.105'],
    ['dc/web', '105/net0 192.168.1.105'],
    ['dc/faraway', 'outside ? 203.0.113.7'],
    ['+admins', 'outside vmbr0 fixed 192.168.1.53'],
    ['+dc/admins', 'outside vmbr0 fixed 192.168.1.53'],
    ['+management', 'outside vmbr0 fixed 192.168.1.1'],
    ['vmbr0/tap999i0', 'port tap999i0 of vmbr0'],
    ['vmbr0/eno1', 'outside vmbr0'],
    ['vmbr0/veth106i0', '106/net0'],
    ['105:80/tcp', '105'],
    ['[fd00::6]:80', '106/net0 fd00::6'],
  ])('%s is %s', (text, expected) => {
    expect(placeOf(text)).toBe(expected)
  })

  it('`guest/` names are those of the guest at the other end', () => {
    expect(placeOf('guest/friend', 105)).toBe('outside vmbr0 fixed 192.168.1.77')
    expect(placeOf('+guest/mine', 105)).toBe('outside vmbr0 fixed 192.168.1.78')
    expect(placeOf('friend', 105)).toBe('outside vmbr0 fixed 192.168.1.77')
    expect(placeOf('guest/friend')).toBe('topology/unknown-name')
    expect(placeOf('guest/friend', 106)).toBe('topology/unknown-name')
  })

  it.each([
    ['999', 'topology/unknown-endpoint'],
    ['vm106', 'topology/wrong-guest-type'],
    ['ct105', 'topology/wrong-guest-type'],
    ['105/net7', 'topology/no-nic'],
    ['twin', 'topology/ambiguous-endpoint'],
    ['wbe01', 'topology/unknown-endpoint'],
    ['vmbr0', 'topology/unknown-endpoint'],
    ['outside:vmbr4', 'topology/unknown-device'],
    ['outside:eno9', 'topology/unknown-device'],
    ['vmbr0/tap105i0', 'topology/unknown-device'],
    ['vmbr0/an-interface-too-long', 'topology/unknown-device'],
    ['dc/nothing', 'topology/unknown-name'],
    ['+nothing', 'topology/unknown-name'],
    ['+nobody', 'topology/unknown-name'],
    ['192.168.1.255', 'topology/many-receivers'],
    ['224.0.0.251', 'topology/many-receivers'],
    ['255.255.255.255', 'topology/many-receivers'],
    ['ff02::1', 'topology/many-receivers'],
    ['', 'query/bad-endpoint'],
  ])('%s is refused: %s', (text, code) => {
    expect(placeOf(text)).toBe(code)
  })

  it.each([
    ['wbe01', 'did you mean `web01`?'],
    ['pve3', 'did you mean `pve1`, `pve2`?'],
    ['outside:vmbr4', 'did you mean `vmbr0`, `vmbr1`, `vmbr2`?'],
    ['vm106', 'say `ct106`'],
    ['twin', 'say `vm107`, or `dc/twin` for an alias'],
    ['105/net7', 'it has net0, net1'],
    ['vmbr0/tap105i0', 'say `105/net0`'],
    ['+amdins', 'did you mean `+admins`?'],
    ['vmbr1', 'say `outside:vmbr1` for what is behind its port, or `vmbr1/PORT`'],
  ])('%s: %s', (text, help) => {
    expect(parseEndpoint(LAB, text, null, tables)).toMatchObject({ kind: 'problem', help })
  })

  it('says which member stands for a set or a network', () => {
    expect(parseEndpoint(LAB, 'dc/lan', null, tables)).toMatchObject({
      notes: ['192.168.1.1 stands for all of `dc/lan`'],
    })
    expect(parseEndpoint(LAB, '+admins', null, tables)).toMatchObject({
      notes: ['192.168.1.53 stands for all of `+admins`'],
    })
    expect(parseEndpoint(LAB, 'dc/faraway', null, tables)).toMatchObject({ notes: [] })
  })
})
