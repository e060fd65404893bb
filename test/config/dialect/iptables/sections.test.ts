import { describe, expect, it } from 'vitest'
import { clusterFile, complaints, helpFor, printedFor, readFw } from '../../../support/fw-text.ts'

/** Rules of a text, as `type action`. */
function rules(text: string, name = 'cluster.fw'): readonly string[] {
  const { cluster, host, guests } = readFw({ [name]: text })
  const file = name === 'cluster.fw' ? cluster : name === 'host.fw' ? host : guests.get(100)
  return (file?.rules ?? []).map(({ type, action }) => `${type} ${action.value}`)
}

const OUTSIDE = 'skip line - no section'

describe('section headers', () => {
  it.each([
    ['are known in any case', '[rUlEs]\nIN DROP\n', ['in DROP']],
    [
      'continue when repeated',
      '[RULES]\nIN DROP\n[OPTIONS]\n[RULES]\nOUT DROP',
      ['in DROP', 'out DROP'],
    ],
    ['may be indented', ' \t[RULES] \nIN DROP', ['in DROP']],
  ] as const)('%s', (_, text, expected) => {
    expect(rules(text)).toEqual(expected)
    expect(complaints(text)).toEqual([])
  })

  it('take no comment: the lines below stay in the section above', () => {
    const text = '[RULES]\nIN DROP\n[OPTIONS] # switches\nOUT DROP'
    expect(rules(text)).toEqual(['in DROP', 'out DROP'])
    expect(complaints(text)).toEqual(['3:1 config/not-a-section [OPTIONS] # switches'])
    expect(helpFor(text)).toEqual(['nothing may follow `[OPTIONS]`, not even a comment'])
    expect(printedFor(text)).toEqual(['cluster.fw (line 3): unable to parse rule: [OPTIONS]'])
  })

  it('with a typing mistake leave the section above active', () => {
    const text = '[RULES]\n[OPTION]\nIN DROP'
    expect(rules(text)).toEqual(['in DROP'])
    expect(helpFor(text)).toEqual(['did you mean `[OPTIONS]`?'])
  })

  it('of two words make a rule with errors, which is no rule here', () => {
    const text = '[RULES]\n[FOO bar]\nIN DROP'
    expect(rules(text)).toEqual(['in DROP'])
    expect(printedFor(text)).toEqual([
      'cluster.fw (line 2) - errors in rule parameters: [FOO bar]',
      "  type: invalid rule type '[foo' for rule_env 'cluster'",
    ])
  })

  it.each([
    ['host.fw', '[RULES]\n[ALIASES]', 'host.fw has no such section: put it into cluster.fw'],
    ['host.fw', '[RULES]\n[IPSET web]', 'host.fw has no such section: put it into cluster.fw'],
    ['100.fw', '[RULES]\n[group web]', '100.fw has no such section: put it into cluster.fw'],
    ['cluster.fw', '[RULES]\n[group]', 'write `[group name]` with a name of one word'],
    ['cluster.fw', '[RULES]\n[IPSET a b]', 'write `[IPSET name]` with a name of one word'],
    [
      'cluster.fw',
      '[RULES]\n[FOO]',
      'sections are [OPTIONS], [RULES], [ALIASES], [IPSET name] and [group name]',
    ],
  ] as const)('%s: %j is none', (name, text, help) => {
    expect(helpFor(text, name)).toEqual([help])
  })

  it('with a bad name leave the lines below without section', () => {
    const text = '[RULES]\n[IPSET x]\n10.0.0.1\n[group nineteen-characters]\nIN DROP'
    expect(complaints(text)).toEqual([
      '2:8 config/bad-section-name x',
      '3:1 config/line-outside-section 10.0.0.1',
      '4:8 config/bad-section-name nineteen-characters',
      '5:1 config/line-outside-section IN DROP',
    ])
    expect(printedFor(text)).toEqual([
      "cluster.fw (line 2): invalid ipset name 'x'",
      `cluster.fw (line 3): ${OUTSIDE}`,
      'cluster.fw (line 4): security group name too long',
      `cluster.fw (line 5): ${OUTSIDE}`,
    ])
  })

  it('store names in lower case', () => {
    const file = clusterFile('[IPSET Web]\n10.0.0.1\n[group OPS] # staff\nIN DROP')
    expect([...file.ipsets.keys(), ...file.groups.keys()]).toEqual(['web', 'ops'])
    expect(file.groups.get('ops')?.rules).toHaveLength(1)
  })

  it('of a set or group that come again discard what was there', () => {
    const text = '[IPSET web]\n10.0.0.1\n[IPSET WEB]\n10.0.0.2\n[group aa]\nIN DROP\n[group aa]'
    const file = clusterFile(text)
    expect(file.ipsets.get('web')?.entries.map(({ cidr }) => cidr)).toEqual(['10.0.0.2'])
    expect(file.groups.get('aa')?.rules).toEqual([])
    expect(complaints(text)).toEqual([
      '3:1 config/section-repeated [IPSET WEB]',
      '7:1 config/section-repeated [group aa]',
    ])
    expect(printedFor(text)).toEqual([])
  })
})

describe('lines', () => {
  it('before the first header are skipped', () => {
    expect(printedFor('enable: 1\n[OPTIONS]')).toEqual([`cluster.fw (line 1): ${OUTSIDE}`])
  })

  it('of white space that Perl does not strip count as empty', () => {
    expect(complaints('\r\n \f\n\v\n[RULES]')).toEqual(['1:1 config/crlf'])
  })

  it('lose a no-break byte at their end, and with it half a letter', () => {
    const [rule] = clusterFile('[RULES]\nIN DROP # voil\xc3\xa0').rules
    expect(rule?.comment?.value).toBe('voil\xc3')
  })

  it('with Windows ends have no headers', () => {
    const text = '[OPTIONS]\r\nenable: 1\r\n'
    expect(complaints(text)).toEqual([
      '1:10 config/crlf',
      '1:1 config/not-a-section [OPTIONS]',
      '2:1 config/line-outside-section enable: 1',
    ])
    expect(printedFor(text)).toEqual([
      `cluster.fw (line 1): ${OUTSIDE}`,
      `cluster.fw (line 2): ${OUTSIDE}`,
    ])
  })

  it('of options and rules may end in a carriage return', () => {
    const file = clusterFile('[OPTIONS]\nenable: 1\r\n[RULES]\nIN DROP -p tcp\r\n')
    expect(file.options.get('enable')?.value).toBe('1')
    expect(file.rules[0]?.proto?.value).toBe('tcp')
  })

  it('behind a byte order mark are no header', () => {
    expect(helpFor('\xef\xbb\xbf[RULES]')).toEqual(['save the file without a byte order mark'])
  })
})

describe('a file', () => {
  it.each([
    ['that is empty', ''],
    ['of the single byte 0, which Perl takes for false', '0'],
  ])('%s counts as missing', (_, text) => {
    const { cluster, guests } = readFw({ 'cluster.fw': text, '100.fw': text })
    expect(cluster).toBeNull()
    expect(guests.size).toBe(0)
  })

  it('of comments only is there', () => {
    expect(readFw({ '100.fw': '# nothing\n' }).guests.has(100)).toBe(true)
  })

  it('of a guest that is not on this node is not read', () => {
    expect(readFw({ '101.fw': '[RULES]\nnonsense' }).diagnostics).toEqual([])
  })

  it('of a node that looks up an alias comes to know [ALIASES] and [IPSET]', () => {
    const text =
      '[RULES]\nIN DROP -source nosuch\nIN DROP -dest +nosuch\n[ALIASES]\nweb 10.0.0.1\n[IPSET aa]\nweb\n'
    const { host } = readFw({ 'host.fw': text })
    expect([...(host?.aliases.keys() ?? [])]).toEqual(['web'])
    expect(host?.ipsets.get('aa')?.entries).toHaveLength(1)
    expect(complaints(text, 'host.fw')).toEqual([
      '2:17 config/unknown-alias nosuch',
      '3:15 config/unknown-ipset +nosuch',
    ])
  })

  it('lists at most a hundred complaints of a kind, and counts the rest', () => {
    const { diagnostics } = readFw({ 'cluster.fw': 'x\n'.repeat(150) })
    expect(diagnostics).toHaveLength(101)
    expect(diagnostics.at(-1)?.message).toBe(
      '50 more like this (config/line-outside-section) in this file',
    )
  })
})
