import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { showAddr } from '../../src/ip/address.ts'
import { type Cidr, parseCidr, rangeOf } from '../../src/ip/prefix.ts'
import { firewallBridge, guestDevice, guestOfDevice } from '../../src/topology/devices.ts'
import { representative, type SetMember } from '../../src/topology/names.ts'
import '../support/fixed-seed.ts'

const cidr = (text: string): Cidr => {
  const parsed = parseCidr(text)
  if (parsed === null) throw new Error(text)
  return parsed
}
const members = (texts: readonly string[]): readonly SetMember[] =>
  texts.map((text) => ({ cidr: cidr(text.replace('!', '')), nomatch: text.startsWith('!') }))

describe('representative', () => {
  it.each([
    [['10.0.0.5'], '10.0.0.5'],
    [['10.0.0.0/24'], '10.0.0.1'],
    [['10.0.0.0/31'], '10.0.0.0'],
    [['0.0.0.0/0'], '1.0.0.0'],
    [['0.0.0.0/1'], '1.0.0.0'],
    [['fd00::/64'], 'fd00::1'],
    [['!10.0.0.0/25', '10.0.0.0/24'], '10.0.0.128'],
    [['10.0.0.0/24', '!10.0.0.1'], '10.0.0.2'],
    [['!10.0.0.0/24', '10.0.0.5'], '10.0.0.5'],
    [['10.0.0.0/25', '!10.0.0.0/26', '!10.0.0.64/26', '10.9.0.1'], '10.9.0.1'],
    [['!10.0.0.0/24'], null],
    [[], null],
  ])('of %j is %s', (texts, expected) => {
    const found = representative(members(texts), null)
    expect(found === null ? null : showAddr(found)).toBe(expected)
  })

  it('of a family only', () => {
    const found = representative(members(['10.0.0.5', 'fd00::5']), 6)
    expect(found === null ? null : showAddr(found)).toBe('fd00::5')
  })

  it('law: it is in a member and in no longer prefix that excludes', () => {
    const member = fc.record({
      cidr: fc
        .tuple(fc.bigInt({ min: 0n, max: 0xffff_ffffn }), fc.integer({ min: 20, max: 32 }))
        .map(
          ([bits, prefix]): Cidr => ({ address: { version: 4, bits: bits & 0xff_ffffn }, prefix }),
        ),
      nomatch: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(member, { maxLength: 6 }), (set) => {
        const found = representative(set, null)
        if (found === null) return
        const holding = set.filter((each) => {
          const { lo, hi } = rangeOf(each.cidr)
          return lo <= found.bits && found.bits <= hi
        })
        const longest = Math.max(...holding.map((each) => each.cidr.prefix))
        expect(holding.some((each) => !each.nomatch)).toBe(true)
        const decide = holding.filter((each) => each.cidr.prefix === longest)
        expect(decide.some((each) => !each.nomatch) || longest === 32).toBe(true)
      }),
    )
  })
})

describe('device names', () => {
  it('are those of Proxmox', () => {
    const nic = { index: 1 }
    expect(guestDevice({ type: 'qemu', vmid: 105 }, nic)).toBe('tap105i1')
    expect(guestDevice({ type: 'lxc', vmid: 105 }, nic)).toBe('veth105i1')
    expect(firewallBridge({ type: 'lxc', vmid: 105 }, nic, 'linux')).toEqual({
      bridge: 'fwbr105i1',
      guestPort: 'veth105i1',
      networkPort: 'fwln105i1',
      peer: 'fwpr105p1',
    })
    expect(firewallBridge({ type: 'qemu', vmid: 105 }, nic, 'ovs')).toMatchObject({
      networkPort: 'fwln105o1',
      peer: 'fwln105o1',
    })
  })

  it('tell their guest', () => {
    expect(guestOfDevice('fwpr105p1')).toEqual({ vmid: 105, index: 1 })
    expect(guestOfDevice('tap105i0')).toEqual({ vmid: 105, index: 0 })
    expect(guestOfDevice('eno1')).toBeNull()
    expect(guestOfDevice('tap105')).toBeNull()
  })
})
