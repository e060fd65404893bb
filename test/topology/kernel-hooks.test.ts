import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { isProblem } from '../../src/packet/problem.ts'
import { NO_NAMES } from '../../src/packet/query.ts'
import { parseEndpoint } from '../../src/topology/endpoint.ts'
import { pathFor } from '../../src/topology/path.ts'
import { attachBoth, type FirmPlace } from '../../src/topology/place.ts'
import { type Topology, topologyOf } from '../../src/topology/topology.ts'
import { showHop, treeOf, vm } from './support.ts'

/** The network in which the hooks of kernel-hooks.txt were recorded; vmbr2.10 and vmbr0.70 are addresses of the host. */
const topology = topologyOf(
  treeOf({
    'etc/hosts': '10.0.0.1 pve1\n',
    'etc/network/interfaces': `
iface lo inet loopback
iface eno1 inet manual
iface vmbr0 inet static
	address 10.0.0.1/24
	gateway 10.0.0.254
	bridge-ports eno1
iface vmbr0.70 inet static
	address 10.0.70.1/24
iface vmbr1 inet static
	address 10.0.1.1/24
	bridge-ports eno2
iface vmbr2 inet static
	address 10.0.2.1/24
	bridge-ports eno3
	bridge-vlan-aware yes
iface vmbr2.10 inet static
	address 10.0.10.1/24
iface vmbr3 inet manual
	bridge-ports eno5
	bridge-vlan-aware yes
iface eno4 inet static
	address 10.0.4.1/24
`,
    'etc/pve/sdn/.running-config': JSON.stringify({
      zones: {
        ids: { za: { type: 'vlan', bridge: 'vmbr3' }, zp: { type: 'vlan', bridge: 'vmbr1' } },
      },
      vnets: { ids: { vnet50: { zone: 'za', tag: 50 }, vnet60: { zone: 'zp', tag: 60 } } },
    }),
    ...vm(100, ['virtio=BC:24:11:00:01:00,bridge=vmbr0,firewall=1']),
    ...vm(101, ['virtio=BC:24:11:00:01:01,bridge=vmbr0,firewall=1']),
    ...vm(102, ['virtio=BC:24:11:00:01:02,bridge=vmbr0']),
    ...vm(103, ['virtio=BC:24:11:00:01:03,bridge=vmbr1,firewall=1']),
    ...vm(200, ['virtio=BC:24:11:00:02:00,bridge=vmbr2,tag=10']),
    ...vm(201, ['virtio=BC:24:11:00:02:01,bridge=vmbr2,tag=10']),
    ...vm(203, ['virtio=BC:24:11:00:02:03,bridge=vmbr2']),
    ...vm(204, ['virtio=BC:24:11:00:02:04,bridge=vmbr2,tag=10,firewall=1']),
    ...vm(300, ['virtio=BC:24:11:00:03:00,bridge=vmbr1,tag=30']),
    ...vm(400, ['virtio=BC:24:11:00:04:00,bridge=vnet50']),
    ...vm(401, ['virtio=BC:24:11:00:04:01,bridge=vnet60']),
  }),
  'iptables',
)

const recorded = readFileSync(new URL('kernel-hooks.txt', import.meta.url), 'utf8')
const cases = recorded
  .split('\n\n')
  .filter((block) => !block.startsWith('#'))
  .map((block) => block.trim().split('\n'))
  .map(([title = '', ...hooks]) => ({ title, hooks: hooks.map((hook) => hook.trim()) }))

describe('the hooks of a packet are those Linux ran', () => {
  it.each(cases)('$title', ({ title, hooks }) => {
    expect(hooksOf(topology, title)).toEqual(hooks)
  })

  it('VLAN-aware bridge: IP tables see a frame in FORWARD only if it comes and leaves untagged', () => {
    const forwards = (title: string): readonly string[] =>
      hooksOf(topology, title).filter((hook) => hook.startsWith('ip forward'))
    expect(forwards('vm200 -> vm201')).toEqual(['ip forward vmbr2>vmbr2 phys tap200i0>tap201i0'])
    expect(forwards('vm200 -> outside:vmbr2')).toEqual([])
    expect(forwards('outside:vmbr2 -> vm200')).toEqual([])
    expect(forwards('vm203 -> outside:vmbr2')).toEqual([
      'ip forward vmbr2>vmbr2 phys tap203i0>eno3',
    ])
  })

  it('a guest that tags its frames itself passes its firewall bridge unseen by IP tables', () => {
    const seen = hooksOf(topology, 'vm103 -> outside:vmbr1 vlan 40')
    expect(seen.filter((hook) => hook.startsWith('ip '))).toEqual([])
    expect(seen).toContain('bridge forward tap103i0>fwln103i0')
  })
})

function hooksOf(topology: Topology, title: string): readonly string[] {
  const match = /^(\S+) -> (\S+)(?: vlan (\d+))?( arp)?$/.exec(title)
  const from = placeOf(topology, match?.[1] ?? '')
  const to = placeOf(topology, match?.[2] ?? '')
  const vlan = match?.[3] === undefined ? null : Number(match[3])
  const ends = attachBoth(topology.wiring, from, to, vlan)
  if (isProblem(ends)) throw new Error(ends.message)
  const family = match?.[4] === undefined ? 4 : null
  const path = pathFor(topology.wiring, ends.from.attachment, ends.to.attachment, { family })
  if (isProblem(path)) throw new Error(path.message)
  expect(path.legs).toHaveLength(1)
  return path.legs.flatMap(({ hops }) => hops).flatMap(showHop)
}

function placeOf(topology: Topology, text: string): FirmPlace {
  const endpoint = parseEndpoint(topology, text, null, NO_NAMES)
  if (isProblem(endpoint)) throw new Error(endpoint.message)
  const { place } = endpoint
  if (place.kind !== 'guest') return place
  const nic = place.guest.nics[0]
  if (nic === undefined) throw new Error('no NIC')
  return { ...place, nic }
}
