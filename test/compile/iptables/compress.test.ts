import { describe, expect, it } from 'vitest'
import { compressIp6 } from '../../../src/compile/iptables/compress.ts'

// Answers of Net::IP 1.26's ip_compress_address.
const FACTS: readonly (readonly [string, string, string])[] = [
  ['leading zeros go', '2001:0db8:0001:0002:0003:0004:0005:0006', '2001:db8:1:2:3:4:5:6'],
  ['letters become small', 'FE80::AbCd', 'fe80::abcd'],
  ['one zero group stays', '0:1B05:AC82:0:9EDD:9C67:2:1', '0:1b05:ac82:0:9edd:9c67:2:1'],
  ['of two runs at the ends the first goes', '0:0:0:0:5205:1D:0:0', '::5205:1d:0:0'],
  ['a run in the middle beats one at the start', '0:0:6A9:0:0:10:381E:9', '0:0:6a9::10:381e:9'],
  ['a run at the end', 'AD92:0:0:12:0:0:0:0', 'ad92:0:0:12::'],
  ['four octets at the end become hex', '0:10:41F4:0:0:0:55.43.78.164', '0:10:41f4::372b:4ea4'],
  ['a group written as :: is counted again', 'E6E6::0005:0:000f:0007', 'e6e6::5:0:f:7'],
  ['all zeros', '::', '::'],
  ['loopback', '0:0:0:0:0:0:0:1', '::1'],
]

describe('IPv6 addresses in sets are shortened as Net::IP does', () => {
  it.each(FACTS)('%s', (_, text, short) => {
    expect(compressIp6(text)).toBe(short)
  })
})
