import type { Located, SourceFile } from '../../../source/source-file.ts'
import { spanOf, type Token } from '../../fw-line.ts'
import { isRefused, type Refused, refused } from './refused.ts'
import { characters, debugText, nameEnd, trimStart, wordEnd } from './text.ts'

/** The options a rule line can have, by the field they set (`RuleOptions`). */
export type RuleFields = {
  readonly proto: Located<string> | null
  readonly dport: Located<string> | null
  readonly sport: Located<string> | null
  readonly dest: Located<string> | null
  readonly source: Located<string> | null
  readonly iface: Located<string> | null
  readonly log: Located<string> | null
  readonly icmpType: Located<string> | null
}

type Field = keyof RuleFields

const FIELDS: ReadonlyMap<string, Field> = new Map([
  ['p', 'proto'],
  ['proto', 'proto'],
  ['dport', 'dport'],
  ['sport', 'sport'],
  ['dest', 'dest'],
  ['source', 'source'],
  ['i', 'iface'],
  ['iface', 'iface'],
  ['log', 'log'],
  ['icmp-type', 'icmpType'],
])

const NO_FIELDS: RuleFields = {
  proto: null,
  dport: null,
  sport: null,
  dest: null,
  source: null,
  iface: null,
  log: null,
  icmpType: null,
}

type Option = { readonly name: string; readonly token: Token; readonly value: Located<string> }

/**
 * Reads `-name value -name value ...` from `at` on (`RuleOptions::from_str`). Two dashes are as good as one,
 * and a value may start with anything but a blank: `-p=tcp` has the value `=tcp`.
 */
export function parseRuleOptions(file: SourceFile, at: number, end: number): RuleFields | Refused {
  const { text } = file
  const options = new Map<string, Option>()
  for (let start = trimStart(text, at, end); start < end; ) {
    const option = parseOption(file, start, end)
    if (isRefused(option)) return option
    const earlier = options.get(option.name)
    if (earlier !== undefined) return duplicate(file, option, earlier)
    options.set(option.name, option)
    start = trimStart(text, option.value.span.end, end)
  }
  return options.size === 0 ? NO_FIELDS : fieldsOf(file, options)
}

function parseOption(file: SourceFile, start: number, end: number): Option | Refused {
  const { text } = file
  if (text.charCodeAt(start) !== 0x2d) return notAnOption(file, start, end)
  const nameStart = start + (text.startsWith('--', start) && start + 1 < end ? 2 : 1)
  const token = { start: nameStart, end: nameEnd(text, nameStart, end) }
  if (token.end === token.start)
    return refused(
      'nftables/rule-syntax',
      spanOf(file, { start, end: Math.max(start + 1, wordEnd(text, start, end)) }),
      "expected a parameter name after '-'",
      `\`${characters(file, { start, end: wordEnd(text, start, end) })}\` is no option`,
      'write an option such as `-p tcp`, or remove it',
    )
  const name = text.slice(token.start, token.end)
  const valueStart = trimStart(text, token.end, end)
  const value = { start: valueStart, end: wordEnd(text, valueStart, end) }
  if (value.end === value.start)
    return refused(
      'nftables/rule-syntax',
      spanOf(file, { start, end: token.end }),
      `expected a value for ${debugText(name)}`,
      `\`-${name}\` has no value`,
      `write a value behind \`-${name}\`, or remove it`,
    )
  const located = { value: characters(file, value), span: spanOf(file, value) }
  return { name, token: { start, end: token.end }, value: located }
}

function notAnOption(file: SourceFile, start: number, end: number): Refused {
  const hash = file.text.charCodeAt(start) === 0x23
  const token = { start, end: Math.max(start + 1, wordEnd(file.text, start, end)) }
  return refused(
    'nftables/rule-syntax',
    spanOf(file, token),
    "expected an option starting with '-'",
    hash
      ? 'a `#` with nothing behind it is no comment'
      : `\`${characters(file, token)}\` is no option`,
    hash
      ? 'remove the `#`, or write the comment behind it'
      : 'options are written `-name value`, with no blank in the value and no bare words',
  )
}

function duplicate(file: SourceFile, option: Option, earlier: Option): Refused {
  return refused(
    'nftables/rule-option-duplicate',
    spanOf(file, option.token),
    `duplicate option in rule: ${option.name}`,
    `\`-${option.name}\` stands twice in one rule`,
    'remove one of the two, or write two rules',
    [{ span: spanOf(file, earlier.token), message: 'the first one' }],
  )
}

/** INVARIANT: names are different, so only two spellings of one field can meet here. */
function fieldsOf(file: SourceFile, options: ReadonlyMap<string, Option>): RuleFields | Refused {
  const fields: { -readonly [key in Field]: RuleFields[key] } = { ...NO_FIELDS }
  for (const { name, token, value } of options.values()) {
    const field = FIELDS.get(name)
    if (field === undefined) return unknownOption(file, name, token)
    if (fields[field] !== null)
      return refused(
        'nftables/rule-option-duplicate',
        spanOf(file, token),
        `duplicate field \`${field}\``,
        `\`-${name}\` says again what another option of this rule has said`,
        'remove one of the two',
      )
    fields[field] = value
  }
  return fields
}

function unknownOption(file: SourceFile, name: string, token: Token): Refused {
  const known = [...FIELDS.keys()].map((key) => `\`${key}\``).join(', ')
  return refused(
    'nftables/rule-option-unknown',
    spanOf(file, token),
    `unknown field \`${name}\`, expected one of ${known}`,
    `\`-${name}\` is no option of a rule`,
    FIELDS.has(name.toLowerCase())
      ? `write \`-${name.toLowerCase()}\``
      : 'a rule has -p, -source, -dest, -sport, -dport, -icmp-type, -i and -log',
  )
}
