import { describe, expect, it } from 'vitest'
import { clusterFile, complaints, helpFor, printedFor, readFw } from '../../../support/fw-text.ts'

const NOT_ONE = 'value does not look like a valid IP address or CIDR network'

describe('an alias', () => {
  it.each([
    ['web 10.0.0.1', 'web=10.0.0.1 v4'],
    ['Web\t10.0.0.1', 'Web=10.0.0.1 v4'],
    ['web 10.0.0.1 # c', 'web=10.0.0.1 v4'],
    ['web 10.0.0.1#c', 'web=10.0.0.1 v4'],
    ['web 10.0.0.1/32', 'web=10.0.0.1 v4'],
    ['web 10.0.0.1/032', 'web=10.0.0.1/032 v4'],
    ['web 10.0.0.1/24', 'web=10.0.0.1/24 v4'],
    ['web 10.0.0.1/99', 'web=10.0.0.1/99 v4'],
    ['web fd00::1/128', 'web=fd00::1 v6'],
    ['web FD00::A', 'web=FD00::A v6'],
    ['web 1:2:3:4:5:6:7::', 'web=1:2:3:4:5:6:7:: v6'],
    ['!"$ ::ffff:10.0.0.1', '!"$=::ffff:10.0.0.1 v6'],
  ])('%j is taken', (line, expected) => {
    const [alias] = clusterFile(`[ALIASES]\n${line}`).aliases.values()
    expect(`${alias?.name}=${alias?.cidr} v${alias?.version}`).toBe(expected)
  })

  it.each([
    ['web 10.0.0.1-10.0.0.9'],
    ['web 10.0.0'],
    ['web 10.0.0.01'],
    ['web 10.0.0.256'],
    ['web 10.0.0.1/'],
    ['web 10.0.0.1/x'],
    ['web 10.0.0.1,10.0.0.2'],
    ['web 1:2:3:4:5:6:7:8:9'],
    ['web 1::2::3'],
    ['web 1:2:3:4:5:6:7::8'],
    ['web 12345::'],
    ['web pve.lab'],
  ])('%j has no address', (line) => {
    const text = `[ALIASES]\n${line}`
    expect(clusterFile(text).aliases.size).toBe(0)
    expect(complaints(text)).toEqual([`2:5 config/bad-address ${line.slice(4)}`])
    expect(printedFor(text)).toEqual([`cluster.fw (line 2): ${NOT_ONE}`])
  })

  it.each([
    ['web  10.0.0.1', 'exactly one blank stands between name and address'],
    ['web 10.0.0.1\r', 'save the file with Unix line ends'],
    ['web', 'an alias is a name, one blank, and an address or network: `office 192.168.1.0/24`'],
    [
      'web 10.0.0.1 x',
      'an alias is a name, one blank, and an address or network: `office 192.168.1.0/24`',
    ],
  ])('%j is none, which only Perl itself remarks', (line, help) => {
    const text = `[ALIASES]\n${line}`
    expect(clusterFile(text).aliases.size).toBe(0)
    expect(helpFor(text)).toEqual([help])
    expect(printedFor(text)).toEqual([
      'Use of uninitialized value in lc at PVE/Firewall.pm line 3544.',
    ])
  })

  it('is the last of its name, whatever the case', () => {
    const text = '[ALIASES]\nweb 10.0.0.1\nWEB 10.0.0.2'
    expect([...clusterFile(text).aliases].map(([key, { cidr }]) => `${key} ${cidr}`)).toEqual([
      'web 10.0.0.2',
    ])
    expect(complaints(text)).toEqual(['2:1 config/alias-redefined web 10.0.0.1'])
  })
})

describe('an entry of a set', () => {
  it.each([
    ['10.0.0.1', '10.0.0.1'],
    ['10.0.0.1/32 # c', '10.0.0.1'],
    ['10.0.0.1/24', '10.0.0.1/24'],
    ['10.0.0.1/33', '10.0.0.1/33'],
    ['!10.0.0.1', 'not 10.0.0.1'],
    ['! \t10.0.0.1', 'not 10.0.0.1'],
    ['fd00::/8\r', 'fd00::/8'],
    ['lan', 'lan'],
    ['!dc/LAN', 'not dc/LAN'],
    ['guest/lan', 'guest/lan'],
  ])('%j is taken', (line, expected) => {
    const text = `[ALIASES]\nlan 10.0.0.0/8\n[IPSET web]\n${line}`
    const [entry] = clusterFile(text).ipsets.get('web')?.entries ?? []
    expect(`${entry?.nomatch === true ? 'not ' : ''}${entry?.cidr}`).toBe(expected)
    expect(entry?.error).toBeNull()
    expect(printedFor(text)).toEqual([])
  })

  it.each([
    ['nosuch', 'unknown-alias', "no such alias 'nosuch'"],
    ['dc/nosuch', 'unknown-alias', "no such alias 'nosuch'"],
    ['0.0.0.0/0', 'zero-prefix', 'a zero prefix is not allowed in ipset entries'],
    ['::/00', 'zero-prefix', 'a zero prefix is not allowed in ipset entries'],
    ['10.0.0.9/32', 'duplicate-ipset-entry', "duplicate ipset entry for '10.0.0.9'"],
    ['10.0.0.1-10.0.0.9', 'bad-ipset-entry', NOT_ONE],
    ['+other', 'bad-ipset-entry', NOT_ONE],
    ['!', 'bad-ipset-entry', NOT_ONE],
    ['10/8', 'bad-ipset-entry', NOT_ONE],
  ])('%j is kept with an error', (line, code, says) => {
    const text = `[IPSET web]\n10.0.0.9\n${line}`
    const [, entry] = clusterFile(text).ipsets.get('web')?.entries ?? []
    expect(entry?.error?.code).toBe(`config/${code}`)
    expect(printedFor(text)).toEqual([
      `cluster.fw (line 3) - errors in ipset 'web': ${line}`,
      `  cidr: ${says}`,
    ])
  })

  it('is a duplicate also when negated, and of an entry with an error', () => {
    const text = '[IPSET web]\n10.0.0.1\n!10.0.0.1\nnosuch\nnosuch'
    expect(complaints(text)).toEqual([
      '3:2 config/duplicate-ipset-entry 10.0.0.1',
      '4:1 config/unknown-alias nosuch',
      '5:1 config/unknown-alias nosuch',
    ])
  })

  it('of two words makes Perl stumble over an undefined value', () => {
    const text = '[IPSET web]\n10.0.0.1 10.0.0.2 # c'
    const missing = 'Use of uninitialized value $cidr in'
    expect(complaints(text)).toEqual(['2:1 config/bad-ipset-entry 10.0.0.1 10.0.0.2'])
    expect(printedFor(text)).toEqual([
      ...[3577, 3398, 3401, 3592].map(
        (line) => `${missing} pattern match (m//) at PVE/Firewall.pm line ${line}.`,
      ),
      "cluster.fw (line 2) - errors in ipset 'web': 10.0.0.1 10.0.0.2",
      `  cidr: ${NOT_ONE}`,
      `${missing} hash element at PVE/Firewall.pm line 3609.`,
    ])
  })

  it('resolves an alias by its scope: the own one, then that of cluster.fw', () => {
    const { diagnostics } = readFw({
      'cluster.fw': '[ALIASES]\nlan 10.0.0.0/8\n',
      '100.fw':
        '[ALIASES]\nown 10.0.0.1\n[IPSET web]\nlan\ndc/lan\nguest/lan\nown\ndc/own\nguest/own\n',
    })
    expect(diagnostics.flatMap(({ upstream }) => upstream)).toEqual([
      "100.fw (line 6) - errors in ipset 'web': guest/lan",
      "  cidr: no such alias 'lan'",
      "100.fw (line 8) - errors in ipset 'web': dc/own",
      "  cidr: no such alias 'own'",
    ])
  })
})
