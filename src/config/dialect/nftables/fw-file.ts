import type { SourceFile, Span } from '../../../source/source-file.ts'
import { spanOf, type Token } from '../../fw-line.ts'
import { checkPlace } from './check-place.ts'
import { checkRule } from './check-rule.ts'
import { type EntryState, readAlias, readOption, readSetEntry } from './entries.ts'
import { eachLine } from './lines.ts'
import type { NftFile, NftGroup, NftIpSet, NftRule, NftSetEntry } from './model.ts'
import { checkOption, type FileScope, OPTIONS } from './options.ts'
import { type Findings, isRefused, refuse, refused } from './refused.ts'
import { parseRule } from './rule.ts'
import { parseHeader, type SectionStart } from './section.ts'
import type { Terms } from './terms.ts'
import { characters, debugText } from './text.ts'

/** What reading a file needs besides its text. */
export type Reading = {
  readonly findings: Findings
  readonly terms: Terms
}

/** The section being read; `skip` after a header that says nothing about what follows. */
type Section =
  | { readonly kind: 'none' | 'skip' | 'options' | 'aliases' | 'rules' }
  | {
      readonly kind: 'ipset'
      readonly name: string
      readonly span: Span
      readonly entries: NftSetEntry[]
    }
  | {
      readonly kind: 'group'
      readonly name: string
      readonly span: Span
      readonly rules: NftRule[]
    }

type State = Reading &
  EntryState & {
    readonly scope: FileScope
    readonly ipsets: Map<string, NftIpSet>
    readonly groups: Map<string, NftGroup>
    readonly rules: NftRule[]
  }

/**
 * Reads a .fw file (firewall/common.rs `Config::parse` and what its callers add). The real program stops at
 * the first thing it cannot read; here reading goes on, so that all of them are named. Refusals come in the
 * order the real program would meet them.
 */
export function readFwFile(file: SourceFile, scope: FileScope, reading: Reading): NftFile {
  const state: State = {
    ...reading,
    file,
    scope,
    options: new Map(),
    aliases: new Map(),
    ipsets: new Map(),
    groups: new Map(),
    rules: [],
  }
  let section: Section = { kind: 'none' }
  eachLine(file, reading.findings, (line) => {
    section = readLine(state, section, line)
    return true
  })
  closeSection(state, section)
  checkOptions(state)
  checkDeclarations(state)
  const { options, aliases, ipsets, groups, rules } = state
  return { scope, source: file, options, aliases, ipsets, groups, rules }
}

function readLine(state: State, section: Section, line: Token): Section {
  const start = parseHeader(state.file, line, state.scope)
  if (start !== null) return openSection(state, section, start)
  readEntry(state, section, line)
  return section
}

function openSection(state: State, section: Section, start: SectionStart): Section {
  if (start.refusal !== null) refuse(state.findings, start.refusal)
  // A header that cannot be read ends nothing: the real program has given up before.
  closeSection(state, section)
  const { kind, name, span } = start
  switch (kind) {
    case 'ipset':
      return { kind, name, span, entries: [] }
    case 'group':
      return { kind, name, span, rules: [] }
    default:
      return { kind }
  }
}

/** A set or group is stored when the next section starts: only then its name is found to be taken. */
function closeSection(state: State, section: Section): void {
  if (section.kind !== 'ipset' && section.kind !== 'group') return
  const { kind, name, span } = section
  if (name === '') return
  const earlier = kind === 'ipset' ? state.ipsets.get(name) : state.groups.get(name)
  if (earlier !== undefined) {
    const what = kind === 'ipset' ? 'IPSet' : 'security group'
    const related = earlier.span === null ? [] : [{ span: earlier.span, message: 'the first one' }]
    refuse(
      state.findings,
      refused(
        'nftables/duplicate-section',
        span,
        `duplicate ${kind}: ${debugText(name)}`,
        `there are two sections of the ${what} \`${name}\``,
        'put all its lines into one section',
        related,
      ),
    )
  }
  if (section.kind === 'ipset') state.ipsets.set(name, { name, span, entries: section.entries })
  else state.groups.set(name, { name, span, rules: section.rules })
}

function readEntry(state: State, section: Section, token: Token): void {
  switch (section.kind) {
    case 'none':
      refuseStray(state, token)
      return
    case 'skip':
      return
    case 'options':
      readOption(state, token)
      return
    case 'aliases':
      readAlias(state, token)
      return
    case 'ipset':
      readSetEntry(state, section.entries, token)
      return
    default:
      readRule(state, section, token)
  }
}

function refuseStray({ file, findings }: State, token: Token): void {
  const bom = file.text.startsWith('\u00ef\u00bb\u00bf', token.start)
  refuse(
    findings,
    refused(
      'nftables/line-outside-section',
      spanOf(file, token),
      `config line with no section: ${debugText(characters(file, token))}`,
      bom ? 'the file starts with a byte order mark' : 'the line stands before the first section',
      bom
        ? 'save the file without byte order mark'
        : 'put it below a header such as `[RULES]`, or remove it',
    ),
  )
}

function readRule(
  state: State,
  section: Extract<Section, { readonly kind: 'group' }> | { readonly kind: Section['kind'] },
  token: Token,
): void {
  const read = parseRule(state.file, token, state.terms)
  if (isRefused(read)) {
    refuse(state.findings, read)
    return
  }
  const group = 'rules' in section
  if (!group) {
    const problem = checkPlace(read.rule, state.scope)
    if (problem !== null) {
      refuse(state.findings, problem)
      return
    }
  }
  checkRule(read, group ? 'group' : state.scope, state.findings.diagnostics)
  if (group) section.rules.push(read.rule)
  else state.rules.push(read.rule)
}

/** Values are judged when the whole file has been read; unknown keys never are. */
function checkOptions({ scope, options, findings }: State): void {
  const known = OPTIONS[scope]
  for (const [key, option] of options) {
    const kind = known.get(key)
    const start = option.span.end - Buffer.byteLength(option.value)
    const at =
      option.value === '' ? option : { value: option.value, span: { ...option.span, start } }
    const problem = kind === undefined ? null : checkOption(kind, key, at)
    if (problem !== null) refuse(findings, problem)
  }
}

/** Only cluster.fw declares groups; host.fw declares no aliases either. vnet files may, to no effect. */
function checkDeclarations({ scope, groups, aliases, findings }: State): void {
  if (scope !== 'host' && scope !== 'guest') return
  const declared = (what: string, span: Span | null): void =>
    refuse(
      findings,
      refused(
        'nftables/not-declared-here',
        span,
        `${scope} firewall config cannot declare ${what}`,
        `a ${scope} file cannot define ${what === 'groups' ? 'security groups' : what}`,
        'move the section to cluster.fw',
      ),
    )
  const group = [...groups.values()][0]
  if (group !== undefined) declared('groups', group.span)
  const alias = scope === 'host' ? [...aliases.values()][0] : undefined
  if (alias !== undefined) declared('aliases', alias.span)
}
