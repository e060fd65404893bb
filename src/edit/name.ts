import { isName, lower } from '../config/dialect/iptables/perl.ts'
import { insertion, removal, replacement, type Splice } from './edited-text.ts'
import { lineOf, type OpenedFw } from './opened.ts'
import { type EditProblem, wrong } from './problem.ts'
import { endOf, type FwSection, newSection } from './sections.ts'

/** Security groups and sets, which are sections with a name. */
export type NamedKind = 'group' | 'ipset'

/** What pve-firewall calls them, and the longest name of each. */
export const NAMED = {
  group: { keyword: 'group', words: 'security group', longest: 18 },
  ipset: { keyword: 'IPSET', words: 'IPSet', longest: 64 },
} as const

/** A new group or set without anything in it; `comment` is not kept where it is empty. */
export function createSection(
  opened: OpenedFw,
  kind: NamedKind,
  name: string,
  comment: string | null,
  by: string,
): readonly Splice[] | EditProblem {
  const { words, longest } = NAMED[kind]
  if (!isName(name) || name.length > longest)
    return wrong(
      `\`${name}\` cannot be the name of a ${words}`,
      `a name has 2 to ${longest} of the letters, digits, \`-\` and \`_\`, and starts with a letter`,
    )
  if (sectionsNamed(opened, kind, name).length > 0)
    return wrong(`there is a ${words} \`${lower(name)}\` already`, 'choose another name')
  const header = headerLine(kind, name, comment)
  return [newSection(opened.text, opened.sections, kind, header, [], `added by ${by}`)]
}

/** Takes a group or set out; what it holds too where `force` is set. Comments in it stay. */
export function deleteSection(
  opened: OpenedFw,
  kind: NamedKind,
  name: string,
  force: boolean,
): readonly Splice[] | EditProblem {
  const own = sectionsNamed(opened, kind, name)
  const held = heldBy(opened, kind, name)
  if (own.length === 0 || held === null) return noSuch(opened, kind, name)
  if (held > 0 && !force)
    return wrong(
      `${NAMED[kind].words} \`${name}\` is not empty`,
      kind === 'group' ? 'delete its rules first' : 'delete its entries first, or give --force 1',
    )
  return own.flatMap((section) =>
    linesWith(opened, section).map((line) => removal(opened.text, line)),
  )
}

/** Another name for a group or set, another comment, or both; a comment of null is kept. What uses it is not touched. */
export function renameSection(
  opened: OpenedFw,
  kind: NamedKind,
  from: string,
  name: string,
  comment: string | null,
  by: string,
): readonly Splice[] | EditProblem {
  const { words, longest } = NAMED[kind]
  const own = sectionsNamed(opened, kind, from)
  if (own.length === 0) return noSuch(opened, kind, from)
  if (!isName(name) || name.length > longest)
    return wrong(
      `\`${name}\` cannot be the name of a ${words}`,
      `a name has 2 to ${longest} letters and digits`,
    )
  if (lower(name) !== lower(from) && sectionsNamed(opened, kind, name).length > 0)
    return wrong(`there is a ${words} \`${name}\` already`, 'choose another name')
  return own.map(({ header }) =>
    replacement(
      opened.text,
      header,
      (line) => headerLine(kind, name, comment ?? /\]\s*#\s*(.*?)\s*$/.exec(line)?.[1] ?? null),
      `changed by ${by}`,
    ),
  )
}

/** Puts another group in place of one in every GROUP rule of the file. */
export function renameGroupUses(
  { text, file }: OpenedFw,
  from: string,
  to: string,
  by: string,
): readonly Splice[] {
  return file.rules
    .filter(({ type, action }) => type === 'group' && action.value === from)
    .map((rule) => {
      const line = lineOf(rule)
      const start = file.source.lineStarts[line] ?? 0
      const [at, end] = [rule.action.span.start - start, rule.action.span.end - start]
      const put = (old: string): string => old.slice(0, at) + to + old.slice(end)
      return replacement(text, line, put, `changed by ${by}`)
    })
}

/** Says that there is no such group or set, and which there are. */
export function noSuch({ file }: OpenedFw, kind: NamedKind, name: string): EditProblem {
  const known = [...((kind === 'group' ? file.groups : file.ipsets)?.keys() ?? [])]
  const { words } = NAMED[kind]
  return wrong(
    `there is no ${words} \`${name}\` in ${file.label}`,
    known.includes(lower(name))
      ? `names are kept in lower case: \`${lower(name)}\``
      : known.length === 0
        ? 'it has none'
        : `it has ${known.slice(0, 5).join(', ')}${known.length > 5 ? ' ...' : ''}`,
  )
}

/** Puts an entry into a set: behind the last one. `line` is the entry as the file has it. */
export function addEntry(
  opened: OpenedFw,
  name: string,
  line: string,
  by: string,
): readonly Splice[] | EditProblem {
  const section = sectionsNamed(opened, 'ipset', name).at(-1)
  if (section === undefined || !opened.file.ipsets?.has(name)) return noSuch(opened, 'ipset', name)
  return [insertion(opened.text, endOf(opened.text, section), [line], `added by ${by}`)]
}

/** Lines (from 0) of the entries of a set with an address as it is kept: without `/32`; null: there is no such set. */
export function linesOfEntry(
  opened: OpenedFw,
  name: string,
  cidr: string,
): readonly number[] | null {
  const set = opened.file.ipsets?.get(name)
  if (set === undefined) return null
  return set.entries
    .filter((entry) => entry.cidr === cidr)
    .map(({ span }) => opened.file.source.lineStarts.findLastIndex((start) => start <= span.start))
}

/** Lines (from 0) that define an alias, in any case of its letters. */
export function linesOfAlias({ text, sections }: OpenedFw, name: string): readonly number[] {
  return sections
    .filter(({ kind }) => kind === 'aliases')
    .flatMap(({ lines }) => lines)
    .filter((line) => {
      const [, own = ''] =
        /^[\t \xa0]*([^\t\n\v\f\r ]+)[\t\n\v\f\r ]/.exec(text.lines[line]?.text ?? '') ?? []
      return lower(own) === lower(name)
    })
}

/** Defines an alias: in the line that counts for it, else behind the last one. */
export function putAlias(
  opened: OpenedFw,
  replaced: readonly number[],
  line: string,
  by: string,
): readonly Splice[] {
  const { text, sections } = opened
  const last = replaced.at(-1)
  if (last !== undefined)
    return [
      ...replaced.slice(0, -1).map((earlier) => removal(text, earlier)),
      replacement(text, last, () => line, `changed by ${by}`),
    ]
  const section = sections.findLast(({ kind }) => kind === 'aliases')
  return section === undefined
    ? [newSection(text, sections, 'aliases', '[ALIASES]', [line], `added by ${by}`)]
    : [insertion(text, endOf(text, section), [line], `added by ${by}`)]
}

/** A line with its comment as pve-firewall writes it. */
export function withComment(line: string, comment: string | null): string {
  return comment === null || /^[\t\n\v\f\r ]*$/.test(comment) || comment === '0'
    ? line
    : `${line} # ${comment}`
}

function headerLine(kind: NamedKind, name: string, comment: string | null): string {
  return withComment(`[${NAMED[kind].keyword} ${name}]`, comment)
}

function sectionsNamed(
  { sections }: OpenedFw,
  kind: NamedKind,
  name: string,
): readonly FwSection[] {
  return sections.filter((one) => one.kind === kind && one.name === lower(name))
}

/** How many rules or entries it has; null: it does not exist under this very name. */
function heldBy({ file }: OpenedFw, kind: NamedKind, name: string): number | null {
  return kind === 'group'
    ? (file.groups?.get(name)?.rules.length ?? null)
    : (file.ipsets?.get(name)?.entries.length ?? null)
}

/** The lines of a section that go with it: header, what it holds, and the empty lines right below its header. */
function linesWith({ text }: OpenedFw, { header, lines }: FwSection): readonly number[] {
  const empty: number[] = []
  for (let at = header + 1; /^[\t ]*\n?$/.test(text.lines[at]?.text ?? '#'); at += 1) empty.push(at)
  return [...new Set([header, ...empty, ...lines])].toSorted((a, b) => a - b)
}
