import { describe, expect, it } from 'vitest'
import { parseInterfaces } from '../../src/config/interfaces.ts'
import type { Interface } from '../../src/config/tree.ts'
import { showAddr } from '../../src/ip/address.ts'
import { showCidr } from '../../src/ip/prefix.ts'
import { quote, sourceFile } from '../../src/source/source-file.ts'

/** Reads a node's interfaces; `others` are files below the root that may be sourced. */
function read(main: string, others: Readonly<Record<string, string>> = {}) {
  return parseInterfaces(sourceFile('etc/network/interfaces', main), {
    read: (path) => (path in others ? sourceFile(path, others[path] ?? '') : null),
    list: (path) =>
      Object.keys(others)
        .filter((other) => other.startsWith(`${path.replace(/^\//, '')}/`))
        .map((other) => ({ name: other.slice(path.replace(/^\//, '').length + 1) })),
  })
}

function only(main: string): Interface {
  const { interfaces } = read(main).value.network
  if (interfaces.length !== 1) throw new Error(`${interfaces.length} interfaces`)
  return interfaces[0] as Interface
}

function named(main: string, name: string, others: Readonly<Record<string, string>> = {}) {
  return read(main, others).value.network.interfaces.find((found) => found.name === name)
}

const addressesOf = (found: Interface): readonly string[] =>
  found.addresses.map(({ value }) => showCidr(value))

describe('stanzas', () => {
  it('describe a bridge with addresses of both families', () => {
    const bridge = only(
      'auto vmbr0\niface vmbr0 inet static\n\taddress 10.0.0.1/24\n\taddress fd00::1/64\n\tgateway 10.0.0.254\n\tbridge-ports eno1 eno2\n\tbridge-vlan-aware yes\n',
    )
    expect(bridge).toMatchObject({
      name: 'vmbr0',
      kind: 'bridge',
      ports: ['eno1', 'eno2'],
      vlanAware: true,
      dynamic: false,
    })
    expect(addressesOf(bridge)).toEqual(['10.0.0.1/24', 'fd00::1/64'])
    expect(bridge.gateways.map(({ value }) => showAddr(value))).toEqual(['10.0.0.254'])
    expect(bridge.addresses.map(({ span }) => quote(span))).toEqual(['10.0.0.1/24', 'fd00::1/64'])
    expect(quote(bridge.span)).toBe('vmbr0')
  })

  it('of one name add up, also of another family and an alias', () => {
    const bridge = only(
      'iface vmbr0 inet static\n address 10.0.0.1/24\niface vmbr0 inet6 static\n address fd00::1\n netmask 64\niface vmbr0:1 inet static\n address 10.1.0.1\n netmask 255.255.0.0\n',
    )
    expect(addressesOf(bridge)).toEqual(['10.0.0.1/24', 'fd00::1/64', '10.1.0.1/16'])
  })

  it.each<[string, Interface['kind'], readonly string[]]>([
    ['iface lo inet loopback', 'loopback', []],
    ['iface eno1 inet manual', 'other', []],
    ['iface vmbr1 inet manual\n bridge_ports none\n bridge_stp off', 'bridge', []],
    ['iface vmbr1\n bridge-stp off', 'bridge', []],
    [
      'iface bond0 inet manual\n bond-slaves eno1 eno2\n bond-mode 802.3ad',
      'bond',
      ['eno1', 'eno2'],
    ],
    ['iface bond0 inet manual\n slaves eno1 eno1', 'bond', ['eno1']],
    ['iface eno1.5 inet manual', 'vlan', []],
    ['iface mgmt inet manual\n vlan-raw-device eno1', 'vlan', []],
    ['iface vmbr9 inet manual\n ovs_type OVSBridge\n ovs_ports eno1', 'ovs-bridge', ['eno1']],
    ['iface vmbr9 inet manual\n bridge-ports regex eth.*', 'bridge', []],
  ])('%j is a %s', (text, kind, ports) => {
    expect(only(text)).toMatchObject({ kind, ports })
  })

  it('of OVS ports name their bridge', () => {
    const text =
      'iface vmbr0 inet manual\n ovs_type OVSBridge\niface b0 inet manual\n ovs_bridge vmbr0\n ovs_type OVSBond\n ovs_bonds eno1 eno2\n'
    expect(named(text, 'vmbr0')).toMatchObject({ kind: 'ovs-bridge', ports: ['b0'] })
    expect(named(text, 'b0')).toMatchObject({ kind: 'bond', ports: ['eno1', 'eno2'] })
  })

  it.each(['off', 'no', '0'])('with bridge-vlan-aware %s are not aware', (text) => {
    expect(only(`iface vmbr0\n bridge-ports none\n bridge-vlan-aware ${text}`).vlanAware).toBe(
      false,
    )
  })

  it('have other names, comments and joined lines', () => {
    const found = only(
      '# iface x\niface enp1s0 inet static\n altname lan0 lan1\n # address 1.1.1.1/8\n address \\\n   10.0.0.1/24\n',
    )
    expect(found.altnames).toEqual(['lan0', 'lan1'])
    expect(addressesOf(found)).toEqual(['10.0.0.1/24'])
  })

  it('say when an address comes from outside', () => {
    const { value } = read('iface a inet dhcp\niface b inet6 auto\niface c inet manual\n')
    expect(value.network.interfaces.map(({ dynamic }) => dynamic)).toEqual([true, true, false])
    expect([...value.dynamic]).toEqual([4, 6])
  })

  it('with a bad address are complained about', () => {
    const { diagnostics } = read(
      'iface a inet static\n address 10.0.0.300/24\n address 10.0.0.1/24\n',
    )
    expect(diagnostics).toMatchObject([{ code: 'config/interfaces-address' }])
    expect(diagnostics[0]?.span && quote(diagnostics[0].span)).toBe('10.0.0.300/24')
    expect(
      read('iface a inet static\n address 10.0.0.1\n netmask 255.0.255.0\n').diagnostics,
    ).toEqual([])
  })
})

describe('source', () => {
  const vnet = { 'etc/network/interfaces.d/sdn': 'iface vnet0\n bridge_ports none\n' }

  it.each([
    'source /etc/network/interfaces.d/*',
    'source interfaces.d/sdn',
    'source interfaces.d/s?[a-n]',
    'source-directory /etc/network/interfaces.d',
  ])('%s reads the SDN', (line) => {
    const { value, diagnostics } = read(`${line}\n`, vnet)
    expect(value.network.interfaces).toMatchObject([{ name: 'vnet0', kind: 'bridge' }])
    expect(diagnostics).toEqual([])
  })

  it('is taken for written where the SDN is, with a warning', () => {
    const { value, diagnostics } = read('iface lo inet loopback\n', vnet)
    expect(value.network.interfaces.map(({ name }) => name)).toEqual(['lo', 'vnet0'])
    expect(diagnostics).toMatchObject([{ code: 'config/sdn-not-sourced' }])
  })

  it('in a circle ends', () => {
    const files = { 'etc/a': 'source b\niface a\n', 'etc/b': 'source a\nsource b\niface b\n' }
    const { value, diagnostics } = read('source ../a\n', files)
    expect(value.network.interfaces.map(({ name }) => name)).toEqual(['b', 'a'])
    expect(diagnostics.map(({ message }) => message)).toEqual([
      '`a`: a file sources itself',
      '`b`: a file sources itself',
    ])
  })

  it('of a chain without end ends', () => {
    const files = Object.fromEntries(
      Array.from({ length: 40 }, (_, i) => [`etc/f${i}`, `iface i${i}\nsource f${i + 1}\n`]),
    )
    const { value, diagnostics } = read('source ../f0\n', files)
    expect(value.network.interfaces).toHaveLength(16)
    expect(diagnostics).toMatchObject([{ code: 'config/interfaces-source' }])
  })

  it('never leaves the root and names what is not there', () => {
    const { value, diagnostics } = read('source ../../../../etc/x\nsource /nowhere\nsource d/*\n', {
      'etc/x': 'iface x\n',
    })
    expect(value.network.interfaces.map(({ name }) => name)).toEqual(['x'])
    expect(diagnostics.map(({ message }) => message)).toEqual(['`/nowhere`: there is no such file'])
  })
})
