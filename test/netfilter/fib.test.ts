import { describe, expect, it } from 'vitest'
import { parseAddr } from '../../src/ip/address.ts'
import { contains } from '../../src/ip/range-set.ts'
import { addressesOfType, addressType, type Fib } from '../../src/netfilter/fib.ts'

const one = (text: string) => {
  const bits = parseAddr(text)?.bits ?? 0n
  return { lo: bits, hi: bits }
}

const fib: Fib = {
  local4: [one('10.5.0.1')],
  local6: [one('fd00::1')],
  broadcast4: [one('10.5.0.255')],
  anycast6: [one('fd00::')],
}

/** Asked of Linux 6.18 with an address 10.5.0.1/24 (`-m addrtype`). */
const facts: readonly (readonly [string, string])[] = [
  ['0.0.0.0', 'broadcast'],
  ['0.1.2.3', 'unicast'],
  ['255.255.255.255', 'broadcast'],
  ['10.5.0.255', 'broadcast'],
  ['10.5.0.0', 'unicast'],
  ['10.5.0.1', 'local'],
  ['10.5.0.7', 'unicast'],
  ['127.0.0.0', 'local'],
  ['127.255.255.255', 'broadcast'],
  ['224.0.0.5', 'multicast'],
  ['239.255.255.255', 'multicast'],
  ['240.0.0.1', 'unicast'],
  ['8.8.8.8', 'unicast'],
  ['::1', 'local'],
  ['fd00::1', 'local'],
  ['fd00::', 'anycast'],
  ['fd00::2', 'unicast'],
  ['ff02::1', 'multicast'],
]

describe('the routing tables of a host', () => {
  it.each(facts)('take %s for %s', (text, type) => {
    const address = parseAddr(text)
    expect(address === null ? null : addressType(fib, address.version, address.bits)).toBe(type)
  })

  it('never take an address for a type it cannot be of', () => {
    for (const [text] of facts) {
      const address = parseAddr(text)
      if (address === null) continue
      const type = addressType(fib, address.version, address.bits)
      expect(contains(addressesOfType(address.version, type), address.bits), text).toBe(true)
    }
  })
})
