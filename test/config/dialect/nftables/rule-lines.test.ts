import { describe, expect, it } from 'vitest'
import { isRefused } from '../../../../src/config/dialect/nftables/refused.ts'
import { parseRule } from '../../../../src/config/dialect/nftables/rule.ts'
import { newTerms } from '../../../../src/config/dialect/nftables/terms.ts'
import { builtInServices } from '../../../../src/config/name-service.ts'
import { sourceFile } from '../../../../src/source/source-file.ts'

const TERMS = newTerms(builtInServices())

function read(text: string): ReturnType<typeof parseRule> {
  const bytes = Buffer.from(text, 'utf8').toString('latin1')
  return parseRule(sourceFile('cluster.fw', bytes), { start: 0, end: bytes.length }, TERMS)
}

/** The real program's error, with what the diagnostic points at. */
function refusal(text: string): readonly [error: string, at: string] | null {
  const found = read(text)
  if (!isRefused(found)) return null
  const { span } = found
  return [found.error, span === null ? '' : span.file.text.slice(span.start, span.end)]
}

const UNKNOWN =
  'unknown field `foo`, expected one of `p`, `proto`, `dport`, `sport`, `dest`, `source`, `i`, `iface`, `log`, `icmp-type`'

describe('what proxmox-firewall cannot read, in its words and at the right place', () => {
  it.each([
    ['ALLOW ACCEPT', "invalid direction: \"ALLOW\", expect 'IN', 'OUT' or 'FORWARD'", 'ALLOW'],
    ['group web', "invalid direction: \"group\", expect 'IN', 'OUT' or 'FORWARD'", 'group'],
    ['GROUPS web', 'Expected keyword GROUP', 'GROUPS'],
    ['GROUP', 'expected a name for rule group', 'GROUP'],
    ['GROUP web -p tcp', 'only interface parameter is permitted for group rules', 'tcp'],
    ['GROUP web -log x', 'invalid log level "x"', 'x'],
    ['||IN ACCEPT', 'expected a direction', '|IN ACCEPT'],
    ['IN', 'expected a verdict or macro name', 'IN'],
    ['IN HTTP', "invalid verdict \"HTTP\", expected one of 'ACCEPT', 'REJECT' or 'DROP'", 'HTTP'],
    [
      'IN HTTP/3(ACCEPT)',
      "invalid verdict \"HTTP\", expected one of 'ACCEPT', 'REJECT' or 'DROP'",
      'HTTP',
    ],
    ['IN HTTP( ACCEPT)', 'expected a verdict', 'HTTP('],
    ['IN HTTP(ACCEPT )', "expected closing ')' after verdict", 'HTTP(ACCEPT'],
    ['IN ACCEPT #', "expected an option starting with '-'", '#'],
    ['IN ACCEPT tcp', "expected an option starting with '-'", 'tcp'],
    ['IN ACCEPT - tcp', "expected a parameter name after '-'", '-'],
    ['IN ACCEPT -p', 'expected a value for "p"', '-p'],
    ['IN ACCEPT -foo 1', UNKNOWN, '-foo'],
    ['IN ACCEPT -p tcp -p udp', 'duplicate option in rule: p', '-p'],
    ['IN ACCEPT -p tcp --proto udp', 'duplicate field `proto`', '--proto'],
    ['IN ACCEPT -log INFO', 'invalid log level "INFO"', 'INFO'],
    ['IN ACCEPT -p icmp -dport 8 -icmp-type 8', 'dport and icmp-type are mutually exclusive', '8'],
    ['IN ACCEPT -source 10.0.0.0/33', 'invalid IP specification: 10.0.0.0/33', '10.0.0.0/33'],
    ['IN ACCEPT -source 10/8', 'invalid IP specification: 10/8', '10/8'],
    [
      'IN ACCEPT -source 1.1.1.1,fd00::1',
      'invalid IP specification: 1.1.1.1,fd00::1',
      '1.1.1.1,fd00::1',
    ],
    ['IN ACCEPT -source +foo/x', 'invalid IP specification: +foo/x', '+foo/x'],
    ['IN ACCEPT -source 1.1.1.1 -dest ::1', 'src and dst family must be equal', '::1'],
    ['IN ACCEPT -p tcp -dport 70000', 'invalid port specification: 70000', '70000'],
    ['IN ACCEPT -p tcp -dport 9:8', 'start port is greater than end port!', '9:8'],
    [
      'IN ACCEPT -p icmp -icmp-type 8/0',
      'supplied string is neither a valid icmp type nor code',
      '8/0',
    ],
    [
      'IN ACCEPT -p icmpv6 -icmp-type reject-route',
      'supplied string is not a valid icmpv6 type',
      'reject-route',
    ],
    ['IN ACCEPT\r-p tcp', 'rule must not contain any newlines!', '\r'],
  ])('%s', (line, error, at) => {
    expect(refusal(line)).toEqual([error, at])
  })

  it('every refusal says how to mend the line', () => {
    const found = read('IN HTTP')
    expect(isRefused(found) && found.help).toBe('a macro needs its verdict: `HTTP(ACCEPT)`')
    const level = read('IN ACCEPT -log INFO')
    expect(isRefused(level) && level.help).toBe('write `info` in lower case')
  })
})

describe('what proxmox-firewall takes', () => {
  it.each([
    '|IN ACCEPT',
    '| in accept',
    'IN ACCEPT # comment',
    'IN ACCEPT -p tcp # two # signs',
    'FORWARD REJECT',
    'IN nosuchmacro(drop)',
    'GROUP a-b_c -i net0',
    'GROUP x -iface vmbr0',
    'IN ACCEPT --source 10.0.0.1-10.0.0.9,10.1.0.0/+16',
    'IN ACCEPT -source +dc/any thing'.replace(' thing', '#thing'),
    'IN ACCEPT -dport nonsense',
    'IN ACCEPT -p TCP -dport nonsense',
    'IN ACCEPT -p=tcp',
    'IN ACCEPT -p tcp -dport ssh:80,https,0',
    'IN ACCEPT -p icmp -icmp-type ANY',
    "IN ACCEPT -p 58 -icmp-type reject-route'",
    'IN ACCEPT -p tcp -icmp-type nonsense',
    'OUT DROP\u00a0-p tcp\u3000',
  ])('%s', (line) => {
    expect(refusal(line)).toBeNull()
  })

  it('a value may follow its option without a blank', () => {
    const found = read('IN ACCEPT -p=tcp')
    expect(
      'rule' in found && found.rule.body.kind === 'match' && found.rule.body.protocol?.value,
    ).toEqual({ kind: 'word', value: '=tcp' })
  })

  it('service names do not ask for the protocol', () => {
    const found = read('IN ACCEPT -p sctp -dport ssh')
    expect(
      'rule' in found && found.rule.body.kind === 'match' && found.rule.body.protocol?.value,
    ).toEqual({
      kind: 'ports',
      name: 'sctp',
      sport: null,
      dport: [{ lo: 22, hi: 22, range: false }],
    })
  })

  it('aliases lose their case, IPSets keep it', () => {
    const found = read('IN ACCEPT -source WEB -dest +WEB')
    const body = 'rule' in found ? found.rule.body : null
    expect(body?.kind === 'match' && [body.source?.value, body.dest?.value]).toEqual([
      { kind: 'alias', ref: { scope: null, name: 'web' } },
      { kind: 'ipset', ref: { scope: null, name: 'WEB' } },
    ])
  })
})
