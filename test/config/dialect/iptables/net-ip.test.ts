import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readNetIp } from '../../../../src/config/dialect/iptables/net-ip.ts'

function judged(text: string): string {
  const found = readNetIp(text)
  return found.kind === 'ok' ? `IPv${found.version}` : (found.message ?? 'in silence')
}

const ZEROS = '0'.repeat(31)

/** Each row was asked of Net::IP 1.26. */
describe('Net::IP', () => {
  it.each([
    ['an address', '10.0.0.1', 'IPv4'],
    ['a network', '10.0.0.0/8', 'IPv4'],
    ['a single number is 10.0.0.0', '10', 'IPv4'],
    ['missing quads are zero', '10/8', 'IPv4'],
    ['two quads', '1.2', 'IPv4'],
    ['leading zeros up to three digits', '010.001.0.1', 'IPv4'],
    ['four digits are not a quad', '0010.0.0.1', 'Not a valid IPv4 address 0010.0.0.1'],
    ['everything behind a slash but a number is ignored', '10.0.0.1/what', 'IPv4'],
    ['also a netmask', '10.0.0.0/255.255.255.0', 'IPv4'],
    ['also a second length', '10.0.0.1/24/25', 'IPv4'],
    ['a slash and nothing', '10.0.0.1/', 'Invalid chars in IP 10.0.0.1/'],
    ['host bits', '10.0.0.1/24', 'Invalid prefix 00001010000000000000000000000001/24'],
    ['length 0', '0.0.0.0/0', 'IPv4'],
    ['length 33', '0.0.0.0/33', 'Prefix length 33 is longer than IP address (32)'],
    [
      'the length is shown as written',
      '0.0.0.0/033',
      'Prefix length 033 is longer than IP address (32)',
    ],
    ['length 0 needs a zero address', '0.0.0.1/0', `Invalid prefix ${ZEROS}1/0`],
    ['a range', '10.0.0.1-10.0.0.9', 'IPv4'],
    ['a range of one', '10.0.0.1-10.0.0.1', 'IPv4'],
    [
      'a range backwards',
      '10.0.0.9-10.0.0.1',
      'Begin address is greater than End address 10.0.0.9 - 10.0.0.1',
    ],
    ['a range of numbers', '1-2', 'IPv4'],
    ['a range to another family', '10.0.0.1-fd00::1', 'Not a valid IPv4 address fd00::1'],
    [
      'a range from the other family',
      'fd00::1-5',
      'Begin and End addresses have different IP versions - fd00:0000:0000:0000:0000:0000:0000:0001 - 0005',
    ],
    ['a range to a number too large', '10.0.0.1-300', 'Invalid quad in IP address 300.0.0.0 - 300'],
    ['a range without end', '10.0.0.1-', 'Invalid chars in IP 10.0.0.1-'],
    ['nothing', '', 'Invalid chars in IP '],
    ['a negation', '!10.0.0.1', 'Invalid chars in IP !10.0.0.1'],
    ['a name with a dot', 'pve.lab', 'Invalid chars in IP pve.lab'],
    ['five quads', '1.2.3.4.5', 'Invalid IP address 1.2.3.4.5'],
    ['a quad above 255', '10.0.0.256', 'Invalid quad in IP address 10.0.0.256 - 256'],
    ['an empty quad', '10..0.1', 'Empty quad in IP address 10..0.1'],
    ['a dot in front', '.1', 'Invalid IP .1 - starts with a dot'],
    ['a dot behind', '1.', 'Invalid IP 1. - ends with a dot'],
    ['IPv6', 'fd00::1', 'IPv6'],
    ['IPv6 in capitals', 'FD00::A', 'IPv6'],
    ['all zeros', '::', 'IPv6'],
    ['eight groups', '1:2:3:4:5:6:7:8', 'IPv6'],
    ['an embedded IPv4 address', '::ffff:10.0.0.1', 'IPv6'],
    ['an IPv6 network', 'fd00::/8', 'IPv6'],
    ['IPv6 host bits', '::1/64', `Invalid prefix ${'0'.repeat(127)}1/64`],
    ['IPv6 length 129', '::/129', 'Prefix length 129 is longer than IP address (128)'],
    ['an IPv6 range', 'fd00::1-fd00::9', 'IPv6'],
    ['seven groups', '1:2:3:4:5:6:7', 'Invalid number of octets 1:2:3:4:5:6:7'],
    ['nine groups are refused in silence', '1:2:3:4:5:6:7:8:9', 'in silence'],
    ['so is a gap at the end of seven', '1:2:3:4:5:6:7::', 'in silence'],
    ['two gaps', '1::2::3', 'Invalid address 1::2::3 (More than one :: pattern)'],
    ['a colon in front', ':1', 'Invalid address :1 (starts with :)'],
    ['a colon behind', '1:2:3:4:5:6:7:', 'Invalid address 1:2:3:4:5:6:7: (ends with :)'],
    ['a lone colon', ':', 'Invalid number of octets :'],
    ['a zone', 'fe80::1%eth0', 'Invalid IP address fe80::1%eth0'],
    ['a group of five digits', '12345::', 'Invalid IP address 12345::'],
  ])('%s', (_, text, expected) => {
    expect(judged(text)).toBe(expected)
  })

  it('takes every IPv4 network without host bits, and no other', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.integer({ min: 0, max: 32 }), (address, length) => {
        const bits = address.split('.').reduce((sum, quad) => sum * 256 + Number(quad), 0)
        expect(judged(address)).toBe('IPv4')
        expect(judged(`${address}/${length}`) === 'IPv4').toBe(bits % 2 ** (32 - length) === 0)
      }),
    )
  })

  it('takes every IPv6 address of eight groups', () => {
    const group = fc.integer({ min: 0, max: 0xffff }).map((value) => value.toString(16))
    fc.assert(
      fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
        expect(judged(groups.join(':'))).toBe('IPv6')
      }),
    )
  })
})
