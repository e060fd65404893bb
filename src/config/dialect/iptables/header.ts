import { type Header, type Line, skip, spanOf, splitHeader, textOf } from '../../fw-line.ts'
import { nearest } from '../../nearest.ts'
import { complain, prefixOf, printed, quoted, type Wording } from './complaints.ts'
import { isName, lower, SPACE } from './perl.ts'
import type { OpenFile } from './reading.ts'

/** What the lines below a header are. */
export type Section =
  | { readonly kind: 'options' | 'aliases' | 'rules' }
  | { readonly kind: 'group' | 'ipset'; readonly name: string }
  /** A header with a bad name: what follows belongs to no section. */
  | { readonly kind: 'none' }

const LONGEST_NAME = { group: 18, ipset: 64 } as const

/**
 * Reads a line as a section header of this file; null if it is none, then it belongs to the section above it.
 * A header begins a group or set anew.
 */
export function readHeader(line: Line, file: OpenFile): Section | null {
  const header = splitHeader(line, SPACE)
  if (header === null) return null
  const keyword = lower(textOf(file.source, header.keyword))
  if (header.name === null)
    return header.tail.start === line.end && !hasTail(header, line) ? plain(keyword, file) : null
  if (keyword === 'group' && file.groups !== null) return named('group', line, header, file)
  if (keyword === 'ipset' && file.ipsets !== null) return named('ipset', line, header, file)
  return null
}

/** True when something, if only white space, follows the bracket. */
function hasTail(header: Header, line: Line): boolean {
  return header.keyword.end + 1 < line.end
}

function plain(keyword: string, file: OpenFile): Section | null {
  switch (keyword) {
    case 'options':
    case 'rules':
      return { kind: keyword }
    case 'aliases':
      return file.aliases === null ? null : { kind: keyword }
    default:
      return null
  }
}

function named(kind: 'group' | 'ipset', line: Line, header: Header, file: OpenFile): Section {
  const span = spanOf(file.source, header.name ?? line)
  const written = file.source.text.slice(span.start, span.end)
  const name = lower(written)
  const what = kind === 'group' ? 'security group' : 'ipset'
  const tooLong = name.length > LONGEST_NAME[kind]
  if (tooLong || !isName(name)) {
    const says = tooLong ? `${what} name too long` : `invalid ${what} name '${name}'`
    complain(
      file.complaints,
      'warning',
      'config/bad-section-name',
      span,
      () => ({
        message: `${quoted(written)} cannot be the name of a ${kind === 'group' ? 'group' : 'set'}: the lines below are ignored`,
        help: `a name has 2 to ${LONGEST_NAME[kind]} of the letters, digits, \`-\` and \`_\`, and starts with a letter`,
      }),
      printed(`${prefixOf(line, file)}: ${says}`),
    )
    return { kind: 'none' }
  }
  const earlier = kind === 'group' ? file.groups?.get(name) : file.ipsets?.get(name)
  if (earlier !== undefined)
    complain(
      file.complaints,
      'warning',
      'config/section-repeated',
      spanOf(file.source, line),
      () => ({
        message: `${quoted(name)} begins anew here: what it held before is discarded`,
        help: 'join the two sections',
        related: [{ span: earlier.span, message: 'the lines of this one have no effect' }],
      }),
    )
  const lineSpan = spanOf(file.source, line)
  if (kind === 'group') file.groups?.set(name, { name, span: lineSpan, rules: [] })
  else file.ipsets?.set(name, { name, span: lineSpan, entries: [] })
  return { kind, name }
}

/** Every section of any file, as it is written. */
const SECTIONS: readonly string[] = ['OPTIONS', 'RULES', 'ALIASES', 'IPSET', 'GROUP']

/** Words for a line that starts with `[` and is no header here. */
export function noHeader(line: Line, file: OpenFile, section: Section): Wording {
  const text = textOf(file.source, line)
  const keyword = /^\[([A-Za-z]*)/.exec(text)?.[1] ?? ''
  const above =
    section.kind === 'none' ? 'it is ignored' : `${sectionName(section)} continues below it`
  return {
    message: `${quoted(text.trimEnd())} is not a section header here: ${above}`,
    help: headerHelp(text, keyword, file),
  }
}

function sectionName(section: Section): string {
  switch (section.kind) {
    case 'group':
    case 'ipset':
      return `\`[${section.kind} ${section.name}]\``
    default:
      return `\`[${section.kind.toUpperCase()}]\``
  }
}

function headerHelp(
  text: string,
  keyword: string,
  { label, aliases, ipsets, groups }: OpenFile,
): string {
  const known = keyword.toUpperCase()
  if (text.endsWith('\r')) return 'save the file with Unix line ends'
  if (!SECTIONS.includes(known)) {
    const near = nearest(known, SECTIONS)
    if (near !== null) return `did you mean \`[${near}]\`?`
    return 'sections are [OPTIONS], [RULES], [ALIASES], [IPSET name] and [group name]'
  }
  const missing =
    (known === 'ALIASES' && aliases === null) ||
    (known === 'IPSET' && ipsets === null) ||
    (known === 'GROUP' && groups === null)
  if (missing) return `${label} has no such section: put it into cluster.fw`
  if (known === 'IPSET' || known === 'GROUP')
    return `write \`[${known === 'IPSET' ? 'IPSET' : 'group'} name]\` with a name of one word`
  if (skip(text, keyword.length + 2, text.length, SPACE) < text.length)
    return `nothing may follow \`[${known}]\`, not even a comment`
  return `write \`[${known}]\``
}
