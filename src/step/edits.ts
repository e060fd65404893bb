import type { EditRequest } from '../edit/parse-edit.ts'
import { RULE_EDITS, type RulePlace, rulePlaceAt } from '../edit/rule-place.ts'
import { decodeBytes, lineNumber, type SourceFile } from '../source/source-file.ts'
import { lookedAt, shownFile, shownPlace } from './rows.ts'
import { ruleAt } from './situation.ts'
import { momentOf, type StepState } from './state.ts'
import { noted, refusedFor, reopened } from './what-if.ts'

/** Edits made, upon those before; the verdict follows. */
export function withEdits(state: StepState, more: readonly EditRequest[], done: string): StepState {
  const { opening } = state.setting
  return reopened(state, { edits: [...opening.edits, ...more] }, done)
}

/** The last edit taken back. A line that was replaced is one edit, whatever it was made of. */
export function undone(state: StepState): StepState {
  const { edits } = state.setting.opening
  if (edits.length === 0) return refusedFor(state, 'no rule or option was edited here')
  const count = isReplacement(edits) ? 2 : 1
  return reopened(state, { edits: edits.slice(0, -count) }, 'the last edit is taken back')
}

/** A rule taken out, and one put where it stood. */
function isReplacement(edits: readonly EditRequest[]): boolean {
  const [before, last] = edits.slice(-2)
  const [, out] = /^pvesh delete \S+\/(\d+)$/.exec(before?.value ?? '') ?? []
  const [, put] = /^[^:\s]+:(\d+):/.exec(last?.value ?? '') ?? []
  return last?.option === 'add' && out !== undefined && out === put
}

/** The line that is looked at: of the source pane, else the one that made the rule. */
function lookedAtLine(
  state: StepState,
): { readonly file: SourceFile; readonly line: number } | null {
  if (state.pane === 'source') {
    const shown = shownFile(state)
    return shown === null ? null : { file: shown.file, line: lookedAt(state, 'source') + 1 }
  }
  const place = shownPlace(state)
  const rule =
    place === null
      ? ruleAt(momentOf(state))
      : (place.chain.chain.rules[lookedAt(state, 'rules')] ?? null)
  const span = rule?.origin.kind === 'rule' ? rule.origin.span : shownSpan(state)
  return span === null ? null : { file: span.file, line: lineNumber(span.file, span.start) }
}

/** At the verdict the line that decided. */
function shownSpan(state: StepState) {
  const moment = momentOf(state)
  return moment.kind === 'verdict' ? moment.walk.answer.origin.span : null
}

/** Where the line that is looked at stands among rules; a sentence where it is none that can be edited. */
export function editablePlace(state: StepState): RulePlace | string {
  const found = lookedAtLine(state)
  if (found === null) return 'no line of a file is looked at: edit in the source pane'
  const place = rulePlaceAt(state.setting.firewall.tree, found.file, found.line)
  return place ?? `${found.file.path} holds no rules`
}

/** The rule that is looked at switched, moved or removed. */
export function editedRule(state: StepState, how: 'toggle' | 'remove' | 'up' | 'down'): StepState {
  const place = editablePlace(state)
  if (typeof place === 'string') return refusedFor(state, place)
  const { rule, position, count } = place
  if (rule === null) return refusedFor(state, 'this line is no rule')
  const where = `rule ${position} of ${place.name}`
  switch (how) {
    case 'toggle':
      return withEdits(
        state,
        RULE_EDITS.toggle(place),
        `${where} is ${rule.enabled ? 'off' : 'on'}`,
      )
    case 'remove':
      return withEdits(state, RULE_EDITS.remove(place), `${where} is removed`)
    default: {
      const by = how === 'down' ? 1 : -1
      if (position + by < 0 || position + by >= count)
        return refusedFor(state, `it is the ${by === 1 ? 'last' : 'first'} of ${place.name}`)
      return followed(withEdits(state, RULE_EDITS.move(place, by), `${where} is moved`), state, by)
    }
  }
}

/** In the source pane the row stays with the rule that was moved, where the next line is its neighbour. */
function followed(after: StepState, before: StepState, by: 1 | -1): StepState {
  if (before.pane !== 'source' || after.setting === before.setting) return after
  const row = lookedAt(before, 'source') + by
  return {
    ...after,
    file: shownFile(before)?.file.path ?? null,
    rows: { ...after.rows, source: row },
  }
}

/** The text of the rule that is looked at, to be typed over; null where there is none. */
export function ruleTextAt(state: StepState): string | null {
  const place = editablePlace(state)
  if (typeof place === 'string' || place.rule === null) return null
  return decodeBytes(place.rule.text)
}

/** Another line in place of the rule that is looked at. */
export function replacedRule(state: StepState, line: string): StepState {
  const place = editablePlace(state)
  if (typeof place === 'string') return refusedFor(state, place)
  if (place.rule === null) return refusedFor(state, 'this line is no rule')
  if (line.trim() === '') return refusedFor(state, 'a rule is a line: X removes one')
  return withEdits(
    state,
    RULE_EDITS.replace(place, line.trim()),
    `rule ${place.position} of ${place.name} is another`,
  )
}

/** A rule behind the one that is looked at. */
export function addedRule(state: StepState, line: string): StepState {
  const place = editablePlace(state)
  if (typeof place === 'string') return refusedFor(state, place)
  if (line.trim() === '') return noted(state, 'nothing is added')
  return withEdits(state, RULE_EDITS.add(place, line.trim()), `a rule is added to ${place.name}`)
}

/** Files that differ from those on disk, by path below the root: of every node of the cluster. */
export function editedFiles({ setting }: StepState): readonly SourceFile[] {
  const { firewall } = setting
  const trees = firewall.tree.nodes.flatMap((node) => firewall.onNode(node)?.tree ?? [])
  const files = [firewall.tree, ...trees].flatMap(
    ({ clusterFw, hostFw, guestFw, vnetFw, guests }) => [
      ...[clusterFw, hostFw].flatMap((file) => (file === null ? [] : [file])),
      ...guestFw.values(),
      ...vnetFw.values(),
      ...guests.map(({ conf }) => conf),
    ],
  )
  const edited = files.filter(({ lineOrigins }) => lineOrigins !== undefined)
  return [...new Map(edited.map((file) => [file.path, file])).values()]
}

/** Asks for the edited files to be written below a directory. */
export function toWrite(state: StepState, directory: string): StepState {
  if (directory.trim() === '') return noted(state, 'nothing is written')
  const files = editedFiles(state)
  if (files.length === 0) return refusedFor(state, 'no file differs from what is on disk')
  return {
    ...state,
    writing: {
      directory: directory.trim(),
      files: Object.fromEntries(files.map(({ path, text }) => [path, text])),
    },
  }
}
