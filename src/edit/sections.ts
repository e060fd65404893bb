import type { FwScope } from '../config/dialect/iptables/model.ts'
import { BLANK, lower, SPACE } from '../config/dialect/iptables/perl.ts'
import { readLines, skip, splitHeader, textOf } from '../config/fw-line.ts'
import type { SourceFile } from '../source/source-file.ts'
import { type EditedText, insertion, type Splice } from './edited-text.ts'

export type SectionKind = 'options' | 'aliases' | 'ipset' | 'rules' | 'group'

/** A section as pve-firewall sees it; lines count from 0. */
export type FwSection = {
  readonly kind: SectionKind
  /** Of a group or set, in lower case; else empty. */
  readonly name: string
  readonly header: number
  /** The lines of it that are neither empty nor comments. */
  readonly lines: readonly number[]
}

/** The order in which pve-firewall writes sections (`save_clusterfw_conf`): a name stands before what uses it. */
const ORDER: readonly SectionKind[] = ['options', 'aliases', 'ipset', 'rules', 'group']

const SECTIONS: { readonly [scope in FwScope]: readonly SectionKind[] } = {
  cluster: ORDER,
  guest: ['options', 'aliases', 'ipset', 'rules'],
  host: ['options', 'rules'],
  vnet: ['options', 'rules'],
}

/** The sections of a file (`generic_fw_config_parser`). A name that pve-firewall refuses is kept here: nothing is put there. */
export function sectionsOf(file: SourceFile, scope: FwScope): readonly FwSection[] {
  const sections: (FwSection & { readonly lines: number[] })[] = []
  for (const line of readLines(file, BLANK)) {
    const found = headerOf(line, scope)
    if (found !== null) sections.push({ ...found, header: line.number - 1, lines: [] })
    else if (skip(file.text, line.start, line.end, SPACE) < line.end)
      sections.at(-1)?.lines.push(line.number - 1)
  }
  return sections
}

function headerOf(
  line: Parameters<typeof splitHeader>[0],
  scope: FwScope,
): { readonly kind: SectionKind; readonly name: string } | null {
  const header = splitHeader(line, SPACE)
  if (header === null) return null
  const keyword = lower(textOf(line.file, header.keyword))
  const kind = SECTIONS[scope].find((known) => known === keyword)
  const isNamed = kind === 'group' || kind === 'ipset'
  if (kind === undefined || isNamed !== (header.name !== null)) return null
  if (header.name === null) return header.keyword.end + 1 < line.end ? null : { kind, name: '' }
  return { kind, name: lower(textOf(line.file, header.name)) }
}

/** The line that a first line of a section goes before: right below its header, or below the empty lines there. */
export function startOf({ lines }: EditedText, { header }: FwSection): number {
  let at = header + 1
  while (isEmpty(lines[at]?.text)) at += 1
  const next = lines[at]?.text
  return next === undefined || /^[\t ]*\[/.test(next) ? header + 1 : at
}

/** The line behind the last one of a section that says something. */
export function endOf(text: EditedText, section: FwSection): number {
  const last = section.lines.at(-1)
  return last === undefined ? startOf(text, section) : last + 1
}

/** A new section, where pve-firewall would write it. */
export function newSection(
  text: EditedText,
  sections: readonly FwSection[],
  kind: SectionKind,
  header: string,
  lines: readonly string[],
  note: string,
): Splice {
  const next = sections.find((one) => ORDER.indexOf(one.kind) > ORDER.indexOf(kind))
  const body = [header, '', ...lines]
  if (next !== undefined) {
    const own = lines.length === 0 ? body : [...body, '']
    return insertion(text, aboveComments(text, next.header), own, note)
  }
  const last = text.lines.at(-1)?.text
  const gap = last === undefined || isEmpty(last) ? [] : ['']
  return insertion(text, text.lines.length, [...gap, ...body], note)
}

/** Above the comment that stands right over a header, unless that is what the file begins with. */
function aboveComments({ lines }: EditedText, header: number): number {
  let at = header
  while (at > 0 && /^[\t ]*#/.test(lines[at - 1]?.text ?? '')) at -= 1
  return at === 0 ? header : at
}

function isEmpty(text: string | undefined): boolean {
  return text !== undefined && /^[\t\n\v\f\r ]*$/.test(text)
}
