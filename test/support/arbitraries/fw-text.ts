import fc from 'fast-check'

/** Lines that say nothing: comments, empty lines, what no reader understands. */
const noise = fc.constantFrom(
  '',
  '',
  '  ',
  '# a comment',
  '\t# another',
  'what is this',
  '#[RULES]',
)

const options = fc.constantFrom(
  'enable: 1',
  'enable: 0',
  'Policy_In:   ACCEPT',
  '  policy_out: DROP  ',
  'log_level_in: info',
  'enable 1',
  'policy_in: ALLOW',
)

const rules = fc.constantFrom(
  'IN ACCEPT -p tcp -dport 22',
  '|IN DROP -source 10.0.0.0/8 # not now',
  'in  SSH(ACCEPT)\t-i net0',
  'OUT REJECT -p udp -dport 53 -log info',
  '  IN DROP -source nobody',
  'IN ACCEPT -dport 80',
  'IN',
  'OUT ACCEPT # caf\xc3\xa9',
)

const aliases = fc.constantFrom('office 10.1.0.0/16', 'Desk 10.1.0.7 # mine', 'bad alias here')
const entries = fc.constantFrom('10.1.0.0/16', '!10.1.0.7', '10.1.0.7/32 # desk', 'x y')

const bodies = { options, rules, aliases, ipset: entries, group: rules } as const

function section(kind: keyof typeof bodies): fc.Arbitrary<readonly string[]> {
  const header = {
    options: fc.constantFrom('[OPTIONS]', '[options]', ' [OPTIONS] '),
    rules: fc.constantFrom('[RULES]', '[rules]'),
    aliases: fc.constant('[ALIASES]'),
    ipset: fc.constantFrom('[IPSET blue]', '[ipset Red] # names'),
    group: fc.constantFrom('[group web]', '[GROUP db] # databases'),
  }[kind]
  const body = fc.array(fc.oneof({ weight: 3, arbitrary: bodies[kind] }, noise), { maxLength: 6 })
  return fc.tuple(header, body).map(([head, lines]) => [head, ...lines])
}

/** A text of a cluster.fw as people leave it: sections in any order and twice, comments, bad lines, any end of the last line. */
export const clusterText: fc.Arbitrary<string> = fc
  .tuple(
    fc.array(noise, { maxLength: 2 }),
    fc.array(
      fc.constantFrom('options', 'rules', 'rules', 'aliases', 'ipset', 'group').chain(section),
      { maxLength: 6 },
    ),
    fc.boolean(),
  )
  .map(([before, sections, ends]) => {
    const lines = [...before, ...sections.flat()]
    return lines.length === 0 ? '' : lines.join('\n') + (ends ? '\n' : '')
  })
