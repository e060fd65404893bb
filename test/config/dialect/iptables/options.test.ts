import { describe, expect, it } from 'vitest'
import { findOption, OPTIONS, valueHelp } from '../../../../src/config/dialect/iptables/options.ts'
import { complaints, helpFor, NOW, printedFor, readFw } from '../../../support/fw-text.ts'

/** `key=value` of the options of a file. */
function options(text: string, name: string): readonly string[] {
  const { cluster, host, guests } = readFw({ [name]: text })
  const file = name === 'cluster.fw' ? cluster : name === 'host.fw' ? host : guests.get(100)
  return [...(file?.options ?? [])].map(([key, { value }]) => `${key}=${value}`)
}

describe('an option line', () => {
  it.each([
    ['cluster.fw', 'enable: 1', 'enable=1'],
    ['cluster.fw', 'ENABLE:1', 'enable=1'],
    ['cluster.fw', 'enable: \t001 ', 'enable=1'],
    ['cluster.fw', 'policy_in: drop', 'policy_in=DROP'],
    ['cluster.fw', 'log_ratelimit: 1,rate=5/minute', 'log_ratelimit=1,rate=5/minute'],
    ['cluster.fw', 'ebtables: 0', 'ebtables=0'],
    ['host.fw', 'log_level_in: WARNING', 'log_level_in=warning'],
    ['host.fw', 'log_level_in:', 'log_level_in='],
    ['host.fw', 'nf_conntrack_helpers: FTP,sip', 'nf_conntrack_helpers=ftp,sip'],
    ['host.fw', 'protection_synflood_rate: 99999999999999999999', 'protection_synflood_rate=1e+20'],
    ['host.fw', 'nftables: 1', 'nftables=1'],
    ['100.fw', 'ips_queues: 0:3', 'ips_queues=0:3'],
    ['100.fw', 'layer2_protocols: ARP,IPX,', 'layer2_protocols=ARP,IPX,'],
    ['100.fw', 'layer2_protocols: 0800', 'layer2_protocols=0800'],
    ['100.fw', 'dhcp: 0\r', 'dhcp=0'],
  ])('%s: %j', (name, line, expected) => {
    expect(options(`[OPTIONS]\n${line}`, name)).toEqual([expected])
  })

  it.each([
    [
      'cluster.fw',
      'enable: 1 # on',
      '9 config/bad-option-value 1 # on',
      'no comment may follow an option; the value is decimal digits',
    ],
    ['cluster.fw', 'enable: yes', '9 config/bad-option-value yes', 'the value is decimal digits'],
    [
      'cluster.fw',
      'enable : 1',
      '1 config/unknown-option enable',
      'the colon follows the key at once: `enable: 1`',
    ],
    [
      'cluster.fw',
      'enable=1',
      '1 config/unknown-option enable',
      'the colon follows the key at once: `enable: 1`',
    ],
    [
      'cluster.fw',
      'policy_in: ALLOW',
      '12 config/bad-option-value ALLOW',
      'the value is ACCEPT, DROP, REJECT',
    ],
    [
      'cluster.fw',
      'polcy_in: DROP',
      '1 config/unknown-option polcy_in',
      'did you mean `policy_in`?',
    ],
    [
      'cluster.fw',
      'dhcp: 1',
      '1 config/unknown-option dhcp',
      'it is an option of the file of a guest',
    ],
    [
      'cluster.fw',
      'Log_ratelimit: 1',
      '16 config/bad-option-value 1',
      'the value is such as `1,rate=10/second,burst=5`, without blanks and with the key in lower case',
    ],
    [
      'cluster.fw',
      'frobnicate: 1',
      '1 config/unknown-option frobnicate',
      'pve-firewall knows it in no file',
    ],
    ['host.fw', 'enable: 2', '9 config/bad-option-value 2', 'the value is `0` or `1`'],
    [
      'host.fw',
      'tcpflags: yes',
      '11 config/bad-option-value yes',
      'the value is `0` or `1`: write `1`',
    ],
    [
      'host.fw',
      'policy_in: DROP',
      '1 config/unknown-option policy_in',
      'it is an option of cluster.fw and of the file of a guest',
    ],
    [
      '100.fw',
      'log_level_in: bogus',
      '15 config/bad-option-value bogus',
      'the value is emerg, alert, crit, err, warning, notice, info, debug, nolog',
    ],
    [
      '100.fw',
      'ips_queues: a',
      '13 config/bad-option-value a',
      'the value is a queue number, or `first:last`',
    ],
    ['100.fw', 'enable:', '1 config/bad-option-value enable:', 'the value is `0` or `1`'],
  ])('%s: %j is refused', (name, line, complaint, help) => {
    const text = `[OPTIONS]\n${line}`
    expect(options(text, name)).toEqual([])
    expect(complaints(text, name)).toEqual([`2:${complaint}`])
    expect(helpFor(text, name)).toEqual([help])
    expect(printedFor(text, name)).toEqual([`${name} (line 2): can't parse option '${line}'`])
  })

  it.each([
    [
      'host.fw',
      'nf_conntrack_helpers: ftp,foo',
      'unknown helper foo at PVE/Firewall.pm line 1167.',
    ],
    ['host.fw', 'nf_conntrack_helpers: ftp,', 'extraneous commas in list'],
    ['100.fw', 'layer2_protocols: arp', 'unknown ethernet protocol type: arp'],
    ['100.fw', 'layer2_protocols: PPP', 'unknown ethernet protocol type: PPP'],
    ['100.fw', 'layer2_protocols: 2054', 'unknown ethernet protocol type: 2054'],
    ['100.fw', 'layer2_protocols: ARP,,IPX', 'unknown ethernet protocol type:'],
  ])('%s: %j is refused for a part of it', (name, line, says) => {
    expect(printedFor(`[OPTIONS]\n${line}`, name)).toEqual([`${name} (line 2): ${says}`])
  })

  it('overrides an earlier one of the same key', () => {
    const text = '[OPTIONS]\nenable: 1\nEnable: 0'
    expect(options(text, 'cluster.fw')).toEqual(['enable=0'])
    expect(complaints(text)).toEqual(['2:9 config/option-repeated 1'])
  })

  it.each([
    ['host.fw', 'nosmurfs: 0', '2:1 config/inverted-option nosmurfs'],
    ['host.fw', 'protection_limit: 5', '2:1 config/ignored-option protection_limit'],
    ['host.fw', 'log_level_forward: info', '2:1 config/ignored-option log_level_forward'],
    ['host.fw', 'nf_conntrack_max: 1000', '2:1 config/ignored-option nf_conntrack_max'],
    ['cluster.fw', 'policy_forward: DROP', '2:1 config/ignored-option policy_forward'],
  ])('%s: %j does not do what it seems to', (name, line, complaint) => {
    const text = `[OPTIONS]\n${line}`
    expect(complaints(text, name)).toEqual([complaint])
    expect(printedFor(text, name)).toEqual([])
  })

  it.each([
    ['an hour ago', NOW - 3600, '0'],
    ['just now', NOW - 60, String(NOW - 60)],
    ['in an hour', NOW + 3600, String(NOW + 3600)],
    ['long ago', 2, '0'],
  ])('enable of cluster.fw with a time %s', (_, time, expected) => {
    const text = `[OPTIONS]\nenable: ${time}`
    expect(options(text, 'cluster.fw')).toEqual([`enable=${expected}`])
    expect(complaints(text)).toEqual(['2:1 config/enable-timestamp enable'])
  })

  it('log_ratelimit that pve-firewall dies of silences what comes after cluster.fw', () => {
    const files = {
      'cluster.fw': '[OPTIONS]\nlog_ratelimit: rate=5/minute\nfoo',
      'host.fw': '[OPTIONS]\nfoo',
    }
    const { diagnostics } = readFw(files)
    expect(diagnostics.map(({ upstream }) => upstream)).toEqual([
      ["cluster.fw (line 3): can't parse option 'foo'"],
      [],
    ])
  })
})

describe('the table of options', () => {
  it('has every key once per file', () => {
    const keys = OPTIONS.map(({ scope, key }) => `${scope} ${key}`)
    expect(new Set(keys).size).toBe(keys.length)
    const count = (scope: string) => OPTIONS.filter((option) => option.scope === scope).length
    expect(['cluster', 'host', 'guest', 'vnet'].map(count)).toEqual([6, 20, 13, 3])
  })

  it('says of each what it does, where that is decided, and what it takes', () => {
    for (const { effect, source, value } of OPTIONS) {
      expect(effect).not.toBe('')
      expect(source).not.toBe('')
      expect(valueHelp(value)).not.toBe('')
    }
  })

  it.each([
    ['cluster', 'enable', '0'],
    ['cluster', 'policy_in', 'DROP'],
    ['host', 'enable', '1'],
    ['host', 'nosmurfs', '1'],
    ['guest', 'enable', '0'],
    ['guest', 'dhcp', '1'],
    ['guest', 'policy_out', 'ACCEPT'],
  ] as const)('%s: %s is %s when absent', (scope, key, expected) => {
    expect(findOption(scope, key)?.otherwise).toBe(expected)
  })
})
