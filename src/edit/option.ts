import { findOption, OPTIONS } from '../config/dialect/iptables/options.ts'
import { lower } from '../config/dialect/iptables/perl.ts'
import { didYouMean } from '../config/nearest.ts'
import { insertion, removal, replacement, type Splice } from './edited-text.ts'
import { complaintsAbout, type OpenedFw } from './opened.ts'
import { type EditProblem, wrong } from './problem.ts'
import { endOf, newSection } from './sections.ts'

/** Sets an option, in the line that counts for it; without one, behind the last option of the file. */
export function setOption(
  { text, sections }: OpenedFw,
  key: string,
  value: string,
  by: string,
): readonly Splice[] {
  const own = linesOfOption({ text, sections }, key)
  const last = own.at(-1)
  if (last !== undefined)
    return [replacement(text, last, (line) => withValue(line, value), `changed by ${by}`)]
  const section = sections.findLast(({ kind }) => kind === 'options')
  const line = `${key}: ${value}`
  const note = `added by ${by}`
  return section === undefined
    ? [newSection(text, sections, 'options', '[OPTIONS]', [line], note)]
    : [insertion(text, endOf(text, section), [line], note)]
}

/** Takes every line of an option out: its default counts then. */
export function deleteOption(opened: OpenedFw, key: string): readonly Splice[] | EditProblem {
  const { scope, label } = opened.file
  if (findOption(scope, key) === null) {
    const known = OPTIONS.filter((option) => option.scope === scope).map((option) => option.key)
    return wrong(
      `\`${key}\` is not an option of ${label}`,
      didYouMean(key, known, `it has ${known.join(', ')}`),
    )
  }
  return linesOfOption(opened, key).map((line) => removal(opened.text, line))
}

/** Why pve-firewall does not take the option as it was set; null if it does. */
export function optionRefused(after: OpenedFw, key: string): EditProblem | null {
  const line = linesOfOption(after, key).at(-1)
  const complaint = complaintsAbout(after, line ?? -1).find(
    ({ code }) => code === 'config/unknown-option' || code === 'config/bad-option-value',
  )
  if (complaint === undefined) return null
  return wrong(complaint.message, complaint.help ?? 'see the documentation of the firewall')
}

/** Lines of the option in any [OPTIONS], whether or not they can be read. */
function linesOfOption(
  { text, sections }: Pick<OpenedFw, 'text' | 'sections'>,
  key: string,
): readonly number[] {
  return sections
    .filter(({ kind }) => kind === 'options')
    .flatMap(({ lines }) => lines)
    .filter(
      (line) =>
        lower(/^[\t \xa0]*([^:]*)/.exec(text.lines[line]?.text ?? '')?.[1] ?? '').trimEnd() === key,
    )
}

/** The line with another value; its white space stays. */
function withValue(line: string, value: string): string {
  const [, before = '', space = '', after = ''] =
    /^([\t \xa0]*[^:]*?)[\t ]*:([\t ]*)[^\t\r ]*?(?:[\t ]+[^\r]*)?(\r?)$/.exec(line) ?? []
  return `${before}:${space === '' ? ' ' : space}${value}${after}`
}
