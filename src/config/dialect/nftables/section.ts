import type { SourceFile, Span } from '../../../source/source-file.ts'
import { spanOf, type Token } from '../../fw-line.ts'
import type { FileScope } from './options.ts'
import { isRefused, type Refused, refused } from './refused.ts'
import { brief, characters, debugText, isBlank, nameEnd, trimStart } from './text.ts'

/** A line that starts a section, also when the real program cannot read it (`refusal`). */
export type SectionStart = {
  readonly kind: 'options' | 'aliases' | 'rules' | 'ipset' | 'group' | 'skip'
  /** Of an IPSet or group. */
  readonly name: string
  readonly span: Span
  readonly refusal: Refused | null
}

/**
 * Reads a section header; null for a line that is none. `[OPTIONS]`, `[ALIASES]` and `[RULES]` are the whole
 * line in any case; `[IPSET name]` only in upper, `[group name]` only in lower case, a comment may follow.
 * After a header in the wrong spelling reading goes on as if it were spelt right.
 */
export function parseHeader(file: SourceFile, line: Token, scope: FileScope): SectionStart | null {
  const { text } = file
  if (text.charCodeAt(line.start) !== 0x5b) return null
  const span = spanOf(file, line)
  const plain = plainSection(text.slice(line.start, Math.min(line.end, line.start + 12)))
  if (plain !== null) return { kind: plain, name: '', span, refusal: null }
  if (text.startsWith('[IPSET', line.start)) return ipsetSection(file, line, scope)
  if (text.startsWith('[group', line.start)) return namedSection(file, line, 'group')
  return misspelt(file, line)
}

/** INVARIANT: longer lines were cut to a length no plain header has. */
function plainSection(text: string): 'options' | 'aliases' | 'rules' | null {
  switch (text.toUpperCase()) {
    case '[OPTIONS]':
      return 'options'
    case '[ALIASES]':
      return 'aliases'
    case '[RULES]':
      return 'rules'
    default:
      return null
  }
}

function ipsetSection(file: SourceFile, line: Token, scope: FileScope): SectionStart {
  const section = namedSection(file, line, 'ipset')
  if (section.refusal !== null || scope === 'cluster' || scope === 'guest') return section
  return {
    ...section,
    refusal: refused(
      'nftables/not-declared-here',
      section.span,
      'IPSET in config, but no scope set in parser config',
      `a ${scope} file cannot define IPSets`,
      'move the section to cluster.fw',
    ),
  }
}

function namedSection(file: SourceFile, line: Token, kind: 'ipset' | 'group'): SectionStart {
  const span = spanOf(file, line)
  const name = parseNamedTail(file, line, kind)
  return isRefused(name)
    ? { kind, name: '', span, refusal: name }
    : { kind, name: name.name, span, refusal: null }
}

/** ` name]` and an optional comment (parse.rs `parse_named_section_tail`). */
function parseNamedTail(
  file: SourceFile,
  line: Token,
  kind: 'ipset' | 'group',
): { readonly name: string } | Refused {
  const { text } = file
  const keyword = kind === 'ipset' ? '[IPSET' : '[group'
  const bad = (at: Token, error: string, cause: string): Refused => {
    const help = `write \`${keyword} name]\`, optionally with \` # comment\``
    return refused('nftables/section-header', spanOf(file, at), error, cause, help)
  }
  const after = line.start + keyword.length
  if (after >= line.end || !isBlank(text.charCodeAt(after)))
    return bad(line, `incomplete ${kind} section`, `no name follows \`${keyword}\``)
  const start = trimStart(text, after, line.end)
  const name = { start, end: nameEnd(text, start, line.end) }
  if (name.start === name.end)
    return bad(
      line,
      `expected a name for the ${kind} at ${debugText(characters(file, { start, end: line.end }))}`,
      'a name starts with a letter',
    )
  if (text.charCodeAt(name.end) !== 0x5d || name.end >= line.end)
    return bad(
      { start: name.start, end: line.end },
      `expected closing ']' in ${kind} section header`,
      'the name does not end at the bracket (it has letters, digits, `-` and `_` only)',
    )
  const rest = { start: trimStart(text, name.end + 1, line.end), end: line.end }
  if (rest.start < rest.end && text.charCodeAt(rest.start) !== 0x23)
    return bad(
      rest,
      `trailing characters after ${kind} section: ${debugText(characters(file, rest))}`,
      'something other than a comment follows the header',
    )
  return { name: text.slice(name.start, name.end) }
}

const SPELLINGS: readonly {
  readonly pattern: RegExp
  readonly kind: SectionStart['kind']
  readonly right: string
}[] = [
  { pattern: /^\[options\]/i, kind: 'options', right: '`[OPTIONS]` alone on the line' },
  { pattern: /^\[aliases\]/i, kind: 'aliases', right: '`[ALIASES]` alone on the line' },
  { pattern: /^\[rules\]/i, kind: 'rules', right: '`[RULES]` alone on the line' },
  { pattern: /^\[ipset[ \t]/i, kind: 'ipset', right: '`[IPSET name]`, the keyword in upper case' },
  { pattern: /^\[group[ \t]/i, kind: 'group', right: '`[group name]`, the keyword in lower case' },
]

function misspelt(file: SourceFile, line: Token): SectionStart {
  const span = spanOf(file, line)
  const text = characters(file, line)
  const spelling = SPELLINGS.find(({ pattern }) => pattern.test(text))
  const refusal = refused(
    'nftables/section-invalid',
    span,
    `invalid section ${debugText(text)}`,
    `\`${brief(text)}\` is no section header to proxmox-firewall`,
    spelling === undefined
      ? 'write one of `[OPTIONS]`, `[ALIASES]`, `[RULES]`, `[IPSET name]`, `[group name]`'
      : `write ${spelling.right}`,
  )
  const name = /^\[\w+[ \t]+([A-Za-z][\w-]*)\]/.exec(text)?.[1] ?? ''
  return { kind: spelling?.kind ?? 'skip', name, span, refusal }
}
