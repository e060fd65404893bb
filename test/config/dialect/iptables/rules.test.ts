import { describe, expect, it } from 'vitest'
import type { FwRule } from '../../../../src/config/dialect/iptables/model.ts'
import { clusterFile, complaints, helpFor, printedFor, readFw } from '../../../support/fw-text.ts'

const FIELDS = [
  'macro',
  'iface',
  'proto',
  'dport',
  'sport',
  'source',
  'dest',
  'log',
  'icmpType',
  'comment',
] as const

/** `in ACCEPT proto=tcp dport=22 v4`; `off` when disabled. */
function show(rule: FwRule): string {
  const fields = FIELDS.flatMap((field) => {
    const value = rule[field]
    return value === null ? [] : [`${field}=${value.value}`]
  })
  const family = rule.ipVersion === null ? [] : [`v${rule.ipVersion}`]
  const state = rule.enabled ? [] : ['off']
  return [rule.type, rule.action.value, ...fields, ...family, ...state].join(' ')
}

function shown(line: string): string {
  const [rule] = clusterFile(
    `[ALIASES]\nlan 10.0.0.0/8\nsix fd00::1\n[IPSET web]\n[RULES]\n${line}`,
  ).rules
  return rule === undefined ? 'none' : show(rule)
}

describe('a rule line', () => {
  it.each([
    ['IN ACCEPT', 'in ACCEPT'],
    ['in\t ACCEPT', 'in ACCEPT'],
    ['|IN ACCEPT', 'in ACCEPT off'],
    ['IN ACCEPT # a # b ', 'in ACCEPT comment=a # b'],
    ['IN ACCEPT#', 'in ACCEPT comment='],
    ['IN ssh(DROP)', 'in DROP macro=SSH'],
    ['OUT ACCEPT -p tcp -dport 22,80 -sport 1:2', 'out ACCEPT proto=tcp dport=22,80 sport=1:2'],
    ['IN DROP --proto udp --dport 53 --sport 53', 'in DROP proto=udp dport=53 sport=53'],
    ['IN DROP -proto udp\t -i vmbr0', 'in DROP iface=vmbr0 proto=udp'],
    ['IN DROP -source 10.0.0.1 --dest lan', 'in DROP source=10.0.0.1 dest=lan v4'],
    ['IN DROP -source six', 'in DROP source=six v6'],
    ['IN DROP -source +web', 'in DROP source=+web'],
    ['IN DROP -source +guest/web', 'in DROP source=+guest/web'],
    ['IN DROP -source guest/LAN', 'in DROP source=guest/LAN v4'],
    ['IN DROP -p icmp', 'in DROP proto=icmp v4'],
    ['IN DROP -p icmpv6', 'in DROP proto=icmpv6 v6'],
    ['IN DROP -p 58', 'in DROP proto=58'],
    ['IN DROP -p icmp -icmp-type any', 'in DROP proto=icmp icmpType=any v4'],
    ['IN DROP -p icmp -dport 65535', 'in DROP proto=icmp dport=65535 v4'],
    ['IN DROP -p icmpv6 -dport echo-reply', 'in DROP proto=icmpv6 dport=echo-reply v6'],
    ['IN DROP -log info-p tcp', 'in DROP proto=tcp log=info'],
    ['IN DROP -p tcp -p udp', 'in DROP proto=udp'],
    ['GROUP Ops -i vmbr0', 'group Ops iface=vmbr0'],
    ['IN HTTP(ACCEPT) -p tcp -dport 80', 'in ACCEPT macro=HTTP proto=tcp dport=80'],
    ['IN x(ACCEPT)(DROP)', 'in DROP macro=x(ACCEPT)'],
    ['IN 0(DROP)', 'in DROP'],
    ['IN DROP -p tcp -dport 0', 'in DROP proto=tcp dport=0'],
  ])('%s', (line, expected) => {
    expect(shown(line)).toBe(expected)
  })

  it('points at each of its parts', () => {
    const text = '[RULES]\n|IN SSH(DROP) -i vmbr0 -source 10.0.0.1  # hi '
    const [rule] = clusterFile(text).rules
    const parts = [rule, rule?.macro, rule?.action, rule?.iface, rule?.source, rule?.comment].map(
      (part) => text.slice(part?.span.start, part?.span.end),
    )
    expect(parts).toEqual([
      ...['|IN SSH(DROP) -i vmbr0 -source 10.0.0.1  # hi', 'SSH', 'DROP'],
      ...['vmbr0', '10.0.0.1', 'hi'],
    ])
  })
})

/** Line below [RULES]; what is complained about; help; what the real program prints. */
const REFUSED: readonly (readonly [string, string, string, readonly string[]])[] = [
  [
    'IN',
    '1 config/bad-rule IN',
    'a rule is `IN ACCEPT -p tcp -dport 22`, `IN SSH(ACCEPT)` or `GROUP name`',
    ['F: unable to parse rule: IN'],
  ],
  [
    '| IN DROP',
    '1 config/bad-rule | IN DROP',
    'no blank may follow the `|` that disables a rule',
    ['F: unable to parse rule:  IN DROP'],
  ],
  [
    'IN DROP -s 10.0.0.1',
    '9 config/bad-rule-option -s 10.0.0.1',
    'the option is called `-source` here',
    ['F: unable to parse rule parameters: -s 10.0.0.1'],
  ],
  [
    'IN DROP --p tcp',
    '9 config/bad-rule-option --p tcp',
    'write `-p`',
    ['F: unable to parse rule parameters: --p tcp'],
  ],
  [
    'IN DROP --i vmbr0',
    '9 config/bad-rule-option --i vmbr0',
    'write `-i`',
    ['F: unable to parse rule parameters: --i vmbr0'],
  ],
  [
    'IN DROP -p  tcp',
    '9 config/bad-rule-option -p  tcp',
    'exactly one blank stands between `-p` and its value',
    ['F: unable to parse rule parameters: -p  tcp'],
  ],
  [
    'IN DROP -p',
    '9 config/bad-rule-option -p',
    '`-p` needs a value',
    ['F: unable to parse rule parameters: -p'],
  ],
  [
    'IN DROP -log INFO',
    '9 config/bad-rule-option -log INFO',
    'the level is one of emerg, alert, crit, err, warning, notice, info, debug and nolog, in lower case',
    ['F: unable to parse rule parameters: -log INFO'],
  ],
  [
    'IN DROP -log information',
    '18 config/bad-rule-option rmation',
    'behind direction and action stand only options such as `-p tcp -dport 80`',
    ['F: unable to parse rule parameters: rmation'],
  ],
  [
    'IN DROP -sorce lan',
    '9 config/bad-rule-option -sorce lan',
    'did you mean `-source`?',
    ['F: unable to parse rule parameters: -sorce lan'],
  ],
  [
    'GROUP ops -p tcp',
    '11 config/bad-rule-option -p tcp',
    'a GROUP line takes nothing but `-i`: put the conditions into the group',
    ['F: unable to parse rule parameters: -p tcp'],
  ],
  [
    'IN DROP net0 tcp 22',
    '9 config/bad-rule-option net0 tcp 22',
    'values need their option: `-i net0`, `-source 10.0.0.1`, `-dest +set`, `-p tcp`, `-dport 80`',
    ['F: unable to parse rule parameters: net0 tcp 22'],
  ],
  [
    'IN\xc2\xa0DROP -p tcp',
    '12 config/bad-rule-option tcp',
    'replace the no-break spaces by ordinary blanks',
    ['F: unable to parse rule parameters: tcp'],
  ],
  [
    'FOO DROP',
    '1 config/rule-type FOO',
    'a rule starts with IN, OUT, FORWARD, GROUP',
    ["  type: invalid rule type 'foo' for rule_env 'cluster'"],
  ],
  [
    'IN accept',
    '4 config/unknown-action accept',
    'actions are written in upper case: `ACCEPT`',
    ["  action: unknown action 'accept'"],
  ],
  [
    'IN SSH',
    '4 config/unknown-action SSH',
    'a macro needs its action: `SSH(ACCEPT)`',
    ["  action: unknown action 'SSH'"],
  ],
  [
    'IN HTTP(accept)',
    '4 config/unknown-action HTTP(accept)',
    'actions are written in upper case: `HTTP(ACCEPT)`',
    ["  action: unknown action 'HTTP(accept)'"],
  ],
  [
    'FORWARD REJECT',
    '9 config/unknown-action REJECT',
    'use DROP',
    ['  action: cannot define REJECT rules on forward chain'],
  ],
  [
    'GROUP a,b',
    '7 config/bad-group-name a,b',
    'a name has at least two of the letters, digits, `-` and `_`, and starts with a letter',
    ['  action: invalid characters in security group name'],
  ],
  [
    'IN SHS(DROP)',
    '4 config/unknown-macro SHS',
    'did you mean `SSH`?',
    ["  macro: unknown macro 'SHS'"],
  ],
  [
    'IN PBS(DROP)',
    '4 config/unknown-macro PBS',
    'only the nftables backend knows it: write `-p tcp -dport 8007`',
    ["  macro: unknown macro 'PBS'"],
  ],
  [
    'IN 8006(DROP)',
    '4 config/unknown-macro 8006',
    'for a port write `ACCEPT -p tcp -dport 8006`',
    ["  macro: unknown macro '8006'"],
  ],
  [
    'IN DROP -i my-if',
    '12 config/bad-interface my-if',
    '2 to 21 letters, digits and `_`, starting with a letter, perhaps `.VLAN` or `:N`; no wildcards',
    ["  iface: invalid network interface name 'my-if'"],
  ],
  [
    'IN DROP -p TCP',
    '12 config/unknown-protocol TCP',
    'names are written as there: `tcp`',
    ["  proto: unknown protocol 'TCP'"],
  ],
  [
    'IN DROP -p !tcp',
    '12 config/unknown-protocol !tcp',
    'rules have no negation: put a DROP rule before',
    ["  proto: unknown protocol '!tcp'"],
  ],
  [
    'IN DROP -p tcp -dport 22,99999',
    '26 config/bad-port 99999',
    'ports end at 65535',
    ["  dport: invalid port '99999'"],
  ],
  [
    'IN DROP -p tcp -dport 80-90',
    '23 config/bad-port 80-90',
    'a range is written with a colon: `80:90`',
    ["  dport: invalid port '80-90'"],
  ],
  [
    'IN DROP -p tcp -dport 90:80',
    '23 config/bad-port 90:80',
    'a range has both ends, the smaller first: `1:1024`',
    ["  dport: backwards range '90:80' not allowed, did you mean '80:90'?"],
  ],
  [
    'IN DROP -p tcp -dport 80,',
    '23 config/bad-port 80,',
    'remove the comma at the end',
    ['  dport: extraneous commas in list'],
  ],
  [
    'IN DROP -p tcp -sport echo-reply',
    '23 config/bad-port echo-reply',
    'use a number or a name of etc/services (first column)',
    ["  sport: invalid port 'echo-reply'"],
  ],
  [
    'IN DROP -p icmp -dport any,8',
    '24 config/bad-port any,8',
    'a list holds at most 15 numbers, a range counts two; split the rule',
    ['  dport: ICMP ports not allowed in port range'],
  ],
  [
    'IN DROP -p tcp -dport 1,2,3,4,5,6,7,8,9,10,11,12,13,14:15,16',
    '23 config/bad-port 1,2,3,4,5,6,7,8,9,10,11,12,13,14:15,16',
    'a list holds at most 15 numbers, a range counts two; split the rule',
    ['  dport: too many entries in port list (> 15 numbers)'],
  ],
  [
    'IN DROP -p gre -dport 22',
    '23 config/protocol-without-ports 22',
    'ports go with tcp, udp, udplite, dccp and sctp',
    ["  dport: protocol 'gre' does not support ports"],
  ],
  [
    'IN DROP -p icmp -sport 8',
    '24 config/protocol-without-ports 8',
    'ports go with tcp, udp, udplite, dccp and sctp',
    ["  sport: protocol 'icmp' does not support ports"],
  ],
  [
    'IN DROP -p icmp -icmp-type 8',
    '28 config/bad-icmp-type 8',
    'numbers are refused here, but `-p icmp -dport 8` works',
    ["  icmp-type: invalid icmp-type '8' for proto 'icmp'"],
  ],
  [
    'IN DROP -p icmp -icmp-type any -dport 8',
    '28 config/bad-icmp-type any',
    'remove `-dport`',
    ["  icmp-type: 'icmp-type' cannot be specified together with 'dport'"],
  ],
  [
    'IN DROP -p tcp -icmp-type any',
    '27 config/protocol-needed any',
    'add `-p icmp` or `-p icmpv6`',
    ["  proto: missing property - 'icmp-type' requires this property"],
  ],
  [
    'IN DROP -source 10.0.0.1/24',
    '17 config/bad-address 10.0.0.1/24',
    'bits behind the prefix must be zero: write the network address before `/24`',
    ['  source: invalid IP address: Invalid prefix 00001010000000000000000000000001/24'],
  ],
  [
    'IN DROP -source 10.0.0.1,fd00::1',
    '26 config/bad-address fd00::1',
    'write a rule for each family',
    ["  source: detected mixed ipv4/ipv6 addresses in address list '10.0.0.1,fd00::1'"],
  ],
  [
    'IN DROP -source 10.0.0.1-10.0.0.2,10.0.0.9',
    '17 config/bad-address 10.0.0.1-10.0.0.2,10.0.0.9',
    'write a rule for each range',
    ["  source: you can't use a range in a list"],
  ],
  [
    'IN DROP -source !10.0.0.1',
    '17 config/bad-address !10.0.0.1',
    'rules have no negation: put a DROP rule before',
    ['  source: invalid IP address: Invalid chars in IP !10.0.0.1'],
  ],
  [
    'IN DROP -source 10.0.0.1 -dest fd00::1',
    '32 config/mixed-families fd00::1',
    'write a rule for each family',
    ['  dest: detected mixed ipv4/ipv6 addresses in rule'],
  ],
  [
    'IN DROP -source +Web',
    '17 config/unknown-ipset +Web',
    'names of sets are stored in lower case: write `+web`',
    ["  source: no such ipset 'Web'"],
  ],
  [
    'IN DROP -source +lan',
    '17 config/unknown-ipset +lan',
    '`lan` is an alias, write it without `+`',
    ["  source: no such ipset 'lan'"],
  ],
  [
    'IN DROP -source +wbe',
    '17 config/unknown-ipset +wbe',
    'did you mean `web`?',
    ["  source: no such ipset 'wbe'"],
  ],
  [
    'IN DROP -source +late',
    '17 config/unknown-ipset +late',
    'it is defined only in line 7: move the definition above its use',
    ["  source: no such ipset 'late'"],
  ],
  [
    'IN DROP -source +management',
    '17 config/unknown-ipset +management',
    '`management` can be used in rules only if cluster.fw defines `[IPSET management]` above them',
    ["  source: no such ipset 'management'"],
  ],
  [
    'IN DROP -source +foo/web',
    '17 config/unknown-ipset +foo/web',
    'write `+name`, `+dc/name`, `+guest/name` or `+sdn/name`',
    ["  source: invalid ipset name '+foo/web'"],
  ],
  [
    'IN DROP -source web',
    '17 config/unknown-alias web',
    '`web` is a set: write `+web`',
    ["  source: no such alias 'web'"],
  ],
  [
    'IN DROP -source lna',
    '17 config/unknown-alias lna',
    'did you mean `lan`?',
    ["  source: no such alias 'lna'"],
  ],
  [
    'IN DNS(DROP) -p tcp',
    '17 config/macro-conflict tcp',
    'leave it out, or write the rule without the macro',
    ["  proto: parameter 'proto' already define in macro (value = 'udp')"],
  ],
]

describe('a rule that is refused', () => {
  it.each(REFUSED)('%s', (line, complaint, help, prints) => {
    const text = `[ALIASES]\nlan 10.0.0.0/8\n[IPSET web]\n[RULES]\n${line}\n\n[IPSET late]`
    const skipped = prints.some((print) => print.startsWith('F'))
    const prefix = 'cluster.fw (line 5)'
    const title = `${prefix} - errors in rule parameters: ${line}`
    expect(complaints(text)).toEqual([`5:${complaint}`])
    expect(helpFor(text)).toEqual([help])
    expect(printedFor(text)).toEqual(
      skipped ? prints.map((print) => print.replace('F', prefix)) : [title, ...prints],
    )
    expect(clusterFile(text).rules.map(({ errors }) => errors.length)).toEqual(skipped ? [] : [1])
  })

  it('for two reasons has two complaints, the first with the title', () => {
    const text = '[RULES]\nIN DROP -dport 22'
    expect(complaints(text)).toEqual([
      '2:16 config/protocol-without-ports 22',
      '2:16 config/protocol-needed 22',
    ])
    expect(printedFor(text)).toEqual([
      'Use of uninitialized value $proto in hash element at PVE/Firewall.pm line 1872.',
      'Use of uninitialized value $proto in concatenation (.) or string at PVE/Firewall.pm line 1872.',
      'cluster.fw (line 2) - errors in rule parameters: IN DROP -dport 22',
      "  dport: protocol '' does not support ports",
      "  proto: missing property - 'dport' requires this property",
    ])
  })

  it('because an alias is of the other family is skipped altogether', () => {
    const text = '[ALIASES]\nsix fd00::1\n[RULES]\nIN DROP -source 10.0.0.1 -dest six'
    expect(clusterFile(text).rules).toEqual([])
    expect(complaints(text)).toEqual(['4:32 config/mixed-families six'])
    expect(printedFor(text)).toEqual([
      'cluster.fw (line 4): detected mixed ipv4/ipv6 addresses in rule',
    ])
  })

  it('in silence repeats what Net::IP said of an earlier address', () => {
    const nine = 'IN DROP -source 1:2:3:4:5:6:7:8:9'
    expect(
      printedFor(`[RULES]\n${nine}\nIN DROP -source x:\n${nine}`).filter((line) =>
        line.startsWith('  '),
      ),
    ).toEqual([
      '  source: invalid IP address:',
      '  source: invalid IP address: Invalid IP address x:',
      '  source: invalid IP address: Invalid IP address x:',
    ])
  })
})

describe('where a rule stands', () => {
  it.each([
    ['100.fw', '[RULES]\nFORWARD DROP', "  type: invalid rule type 'forward' for rule_env 'vm'"],
    ['200.fw', '[RULES]\nFORWARD DROP', "  type: invalid rule type 'forward' for rule_env 'ct'"],
    [
      '100.fw',
      '[RULES]\nIN DROP -i vmbr0',
      "  iface: value does not match the regex pattern 'net\\d+'",
    ],
    [
      'cluster.fw',
      '[group ops]\nGROUP web',
      "  type: invalid rule type 'group' for rule_env 'group'",
    ],
    [
      'cluster.fw',
      '[group ops]\nIN DROP -i vmbr0',
      '  type: parameter -i not allowed for this rule type',
    ],
  ])('%s: %j is refused', (name, text, prints) => {
    expect(printedFor(text, name)[1]).toBe(prints)
  })

  it('a guest sees the names of cluster.fw, and its own', () => {
    const { guests, diagnostics } = readFw({
      'cluster.fw': '[ALIASES]\nlan 10.0.0.0/8\n[IPSET web]\n',
      '100.fw': '[IPSET own]\n[RULES]\nIN DROP -source lan\nIN DROP -source +web -dest +own\n',
    })
    expect(diagnostics).toEqual([])
    expect(guests.get(100)?.rules).toHaveLength(2)
  })

  it('a group sees only those of cluster.fw', () => {
    const text = '[group ops]\nIN DROP -source +web\n[IPSET web]'
    expect(complaints(text)).toEqual(['2:17 config/unknown-ipset +web'])
  })
})

describe('what pve-firewall accepts without a word', () => {
  it.each([
    ['FORWARD DROP', '1 config/forward-ignored FORWARD'],
    ['GROUP Ops', '7 config/name-case Ops'],
    ['IN DROP -p 0', '12 config/zero-value 0'],
    ['IN DROP -p tcp -dport 0', '23 config/zero-value 0'],
    ['IN DROP -source 0', '17 config/zero-value 0'],
    ['IN DROP -i 0', '12 config/zero-value 0'],
    ['IN DROP -p tcp -p udp', '12 config/rule-option-repeated tcp'],
  ])('%s', (line, complaint) => {
    const text = `[RULES]\n${line}`
    expect(complaints(text)).toEqual([`2:${complaint}`])
    expect(printedFor(text)).toEqual([])
  })

  it('is not mentioned for a disabled rule', () => {
    expect(complaints('[RULES]\n|FORWARD DROP\n|GROUP Ops\n|IN DROP -p 0')).toEqual([])
  })
})
