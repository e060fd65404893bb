import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readNftables } from '../../../../src/config/dialect/nftables/read.ts'
import { position } from '../../../../src/source/source-file.ts'
import { bytes, mutated } from '../../../support/fuzz-text.ts'
import { type NftCase, nftAnswer, nftTree, oneGuest } from '../../../support/nftables-case.ts'
import { runs } from '../../../support/runs.ts'
import { spansFit } from '../../../support/spans.ts'

/** Errors the real program would die of, in its order, with file and line; the first is the refusal. */
function refusals(input: NftCase): readonly string[] {
  const { config } = nftAnswer(input)
  const found = config.diagnostics.filter(({ severity }) => severity === 'error')
  expect(config.refusal?.diagnostic ?? null).toBe(found[0] ?? null)
  return found.map(({ span, code }) =>
    span === null ? code : `${span.file.path.split('/').at(-1)}:${position(span).line} ${code}`,
  )
}

function cluster(...lines: readonly string[]): NftCase {
  return { files: { 'cluster.fw': lines.join('\n') } }
}

function errorOf(input: NftCase): string | null {
  return nftAnswer(input).config.refusal?.error ?? null
}

describe('sections', () => {
  it.each([
    ['[options]', null],
    ['[Rules]', null],
    ['[IPSET a]', null],
    ['[IPSET  a] # comment', null],
    ['[group a]#comment', null],
    ['  [RULES]  ', null],
    ['[RULES] # comment', 'invalid section "[RULES] # comment"'],
    ['[GROUP a]', 'invalid section "[GROUP a]"'],
    ['[ipset a]', 'invalid section "[ipset a]"'],
    ['[IPSETa]', 'incomplete ipset section'],
    ['[IPSET]', 'incomplete ipset section'],
    ['[IPSET 1a]', 'expected a name for the ipset at "1a]"'],
    ['[group a ]', "expected closing ']' in group section header"],
    ['[group a] b', 'trailing characters after group section: "b"'],
    ['rubbish', 'config line with no section: "rubbish"'],
    ['\ufeff[RULES]', 'config line with no section: "\\u{feff}[RULES]"'],
  ])('%s', (line, error) => {
    expect(errorOf(cluster(line))).toBe(error)
  })

  it('a name that stands twice is noticed when its second section ends', () => {
    const twice = cluster('[group a]', '[group a]', 'IN HTTP', '[RULES]')
    expect(refusals(twice)).toEqual([
      'cluster.fw:3 nftables/rule-verdict',
      'cluster.fw:2 nftables/duplicate-section',
    ])
  })

  it('after a misspelt header the lines below are still read for what they are', () => {
    expect(
      refusals(cluster('[GROUP a]', 'IN ACCEPT -log INFO', '[ipset b]', '10.0.0.1-10.0.0.2')),
    ).toEqual([
      'cluster.fw:1 nftables/section-invalid',
      'cluster.fw:2 nftables/log-level',
      'cluster.fw:3 nftables/section-invalid',
      'cluster.fw:4 nftables/ipset-entry',
    ])
  })

  it('only cluster.fw has groups, host.fw has neither aliases nor IPSets', () => {
    const files = {
      'cluster.fw': '',
      'host.fw': '[ALIASES]\na 10.0.0.1\n[group g]\n[IPSET s]\n',
    }
    expect(refusals({ files })).toEqual([
      'host.fw:4 nftables/not-declared-here',
      'host.fw:3 nftables/not-declared-here',
      'host.fw:2 nftables/not-declared-here',
    ])
    expect(errorOf(oneGuest('[group g]'))).toBe('guest firewall config cannot declare groups')
  })
})

describe('lines', () => {
  it('a comment that is not UTF-8 is as bad as anything else', () => {
    expect(errorOf(cluster('[RULES]', '# tempor\xe4r'))).toBe('stream did not contain valid UTF-8')
  })

  it('errors come in the order of the lines, damaged ones among them', () => {
    expect(refusals(cluster('[RULES]', 'IN HTTP', '# \xe4', 'IN FTP'))).toEqual([
      'cluster.fw:2 nftables/rule-verdict',
      'cluster.fw:3 nftables/not-utf8',
      'cluster.fw:4 nftables/rule-verdict',
    ])
  })

  it('options are judged at the end of the file, doubles at once', () => {
    const found = refusals(
      cluster('[OPTIONS]', 'enable: maybe', 'x: 1', 'x: 2', '[RULES]', 'IN HTTP'),
    )
    expect(found).toEqual([
      'cluster.fw:4 nftables/option-duplicate',
      'cluster.fw:6 nftables/rule-verdict',
      'cluster.fw:2 nftables/option-value',
    ])
  })

  it.each([
    ['enable: 2', 'invalid value: string "2", expected a boolean-like value'],
    ['enable: YES', null],
    ['policy_in: reject', null],
    ['policy_in: NONE', "invalid verdict \"NONE\", expected one of 'ACCEPT', 'REJECT' or 'DROP'"],
    ['enable', 'expected colon separated key and value, found "enable"'],
    ['log_ratelimit: 1,burst=3,rate=9/minute', null],
    ['log_ratelimit: rate=1/week', 'Invalid time scale provided'],
    ['log_ratelimit: rate=1/', 'empty unit specification'],
    ['log_ratelimit: rate=x', 'invalid digit found in string'],
    ['log_ratelimit: burst=99999999999999999999', 'number too large to fit in target type'],
    ['log_ratelimit: enable=1,', 'not a boolean: ""'],
    ['log_ratelimit: limit=1', 'Invalid value for Key found in log_ratelimit!'],
    ['log_ratelimit: rate=', 'invalid value in log_ratelimit'],
    ['Enable: maybe', null],
  ])('%s', (option, error) => {
    expect(errorOf(cluster('[OPTIONS]', option))).toBe(error)
  })

  it('an empty log level is an error, unlike with pve-firewall', () => {
    expect(errorOf({ files: { 'cluster.fw': '', 'host.fw': '[OPTIONS]\nlog_level_in:\n' } })).toBe(
      'invalid log level ""',
    )
  })

  it.each([
    ['net 10.0.0.0/8 # comment', null],
    ['net 10.0.0.0/8 comment', 'trailing characters in alias: "comment"'],
    ['net', 'expected a value for alias "net"'],
    ['1net 10.0.0.1', 'expected an alias name'],
    ['net 10.0.0.1-10.0.0.2', 'invalid IP address: invalid IPv6 address syntax'],
    ['net fd00::/129', 'invalid netmask'],
    ['net 10.0.0.1\nNET 10.0.0.2', 'duplicate alias: NET 10.0.0.2'],
  ])('alias %s', (alias, error) => {
    expect(errorOf(cluster('[ALIASES]', alias))).toBe(error)
  })

  it.each([
    ['! 10.0.0.0/8', null],
    ['0.0.0.0/0', null],
    ['dc/web', null],
    ['!', 'missing value'],
    ['+other', 'Invalid address in IPSet: +other'],
    ['10.0.0.1 10.0.0.2', 'trailing characters in ipset entry: "10.0.0.2"'],
  ])('entry %s', (entry, error) => {
    expect(errorOf(cluster('[IPSET s]', entry))).toBe(error)
  })
})

describe('guests', () => {
  const nic = (key: string, value: string): NftCase => ({
    ...oneGuest(),
    guests: { qemu: { 100: { [key]: value } } },
  })

  it.each([
    ['net0', 'virtio=BC:24:11:00:00:01,bridge=vmbr0,firewall=1', null],
    ['net0', 'model=e1000,macaddr=bc:24:11:0:0:1', null],
    ['net0', 'name=eth0,type=veth,hwaddr=BC:24:11:00:00:01,ip=dhcp,ip6=auto', null],
    ['net31', 'virtio=BC:24:11:00:00:01', 'Encountered invalid net key in cfg: net31'],
    ['network', 'x', 'Encountered invalid net key in cfg: network'],
    [
      'net0',
      'e1000e=BC:24:11:00:00:01',
      'not a valid network device property string: e1000e=BC:24:11:00:00:01',
    ],
    [
      'net0',
      'virtio,bridge=vmbr0',
      'not a valid network device property string: virtio,bridge=vmbr0',
    ],
    [
      'net0',
      'virtio=BC:24:11:00:00:01,firewall=2',
      'not a valid network device property string: virtio=BC:24:11:00:00:01,firewall=2',
    ],
    [
      'net0',
      'virtio=BC:24:11:00:00:01,,bridge=vmbr0',
      'not a valid network device property string: virtio=BC:24:11:00:00:01,,bridge=vmbr0',
    ],
    ['nets', '', null],
  ])('%s: %s', (key, value, error) => {
    expect(errorOf(nic(key, value))).toBe(error)
  })

  it.each([
    ['IN ACCEPT -i eth0', 'interface name must be of the form "net<number>"'],
    ['IN ACCEPT -i net99', null],
    ['FORWARD ACCEPT', 'found not allowed direction in firewall config: forward'],
  ])('%s', (rule, error) => {
    expect(errorOf(oneGuest('[RULES]', rule))).toBe(error)
  })

  it('guests of other nodes are not read', () => {
    const tree = nftTree(oneGuest('[RULES]', 'IN HTTP'))
    const elsewhere = tree.guests.map((guest) => ({ ...guest, node: 'pve2' }))
    expect(readNftables(tree).refusal).not.toBeNull()
    expect(readNftables({ ...tree, guests: elsewhere })).toMatchObject({
      refusal: null,
      guests: [],
    })
  })

  it('vnet files have FORWARD rules only, and short names', () => {
    const files = { 'cluster.fw': '' }
    expect(errorOf({ files, vnets: { v: '[RULES]\nIN ACCEPT\n' } })).toBe(
      'found not allowed direction in firewall config: in',
    )
    expect(errorOf({ files, vnets: { 'a-name-too-long-x': 'rubbish' } })).toBe('name is too long')
  })
})

describe('any bytes', () => {
  const sample =
    '[OPTIONS]\nenable: 1\n[ALIASES]\na 10.0.0.1\n[IPSET s]\n!10.0.0.0/8 # x\n[group g]\nIN HTTP(ACCEPT) -source +dc/s -log info\n[RULES]\n|IN ACCEPT -p tcp -dport 22,80:90 -i net0 # c\nGROUP g -i net0\n'

  it('are read without an exception, with spans inside the files', () => {
    fc.assert(
      fc.property(fc.oneof(bytes, mutated(sample)), (text) => {
        const files = { 'cluster.fw': text, 'host.fw': text, '100.fw': text }
        const { config, compiled } = nftAnswer({ ...oneGuest(), files })
        expect(spansFit([config, compiled])).toBe(true)
        for (const { help } of config.diagnostics) expect(help).not.toBeNull()
      }),
      { numRuns: runs(400) },
    )
  })
})
