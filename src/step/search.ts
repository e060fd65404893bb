import { decodeBytes, lineSpan, quote, type SourceFile } from '../source/source-file.ts'
import { filesOf, lastLine } from './record.ts'
import { lookedAt, shownFile, shownPlace } from './rows.ts'
import type { StepState } from './state.ts'
import { noted, refusedFor } from './what-if.ts'

/** A place where a text was found: a rule of the chain that is looked at, or a line of a file. */
type Found =
  | { readonly kind: 'rule'; readonly index: number }
  | { readonly kind: 'line'; readonly path: string; readonly line: number }

/** Begins a search: rules of the chain first, then the lines of all files, from where one looks. */
export function searched(state: StepState, text: string): StepState {
  const wanted = text.trim()
  if (wanted === '' && state.search === '') return refusedFor(state, 'find what?')
  return nextFound({ ...state, search: wanted === '' ? state.search : wanted }, 1)
}

/** The next place or the one before, round and round. */
export function nextFound(state: StepState, by: 1 | -1): StepState {
  const { search } = state
  if (search === '') return refusedFor(state, 'nothing has been searched for yet: /')
  const found = allFound(state, search.toLowerCase())
  if (found.length === 0) return refusedFor(state, `${search} is nowhere in rules and files`)
  const here = position(state, found)
  const next =
    by === 1
      ? (found.findIndex((_, i) => i > here) + found.length) % found.length
      : (Math.ceil(here) - 1 + found.length) % found.length
  const index = by === 1 && here >= found.length - 1 ? 0 : next
  const one = found[index]
  if (one === undefined) return state
  return noted(shown(state, one), `${index + 1} of ${found.length}: ${search}`)
}

function shown(state: StepState, one: Found): StepState {
  if (one.kind === 'rule')
    return { ...state, pane: 'rules', rows: { ...state.rows, rules: one.index } }
  return {
    ...state,
    pane: 'source',
    file: one.path,
    rows: { ...state.rows, source: one.line - 1 },
  }
}

/** Number of the place that is looked at among those found; halves lie between two. */
function position(state: StepState, found: readonly Found[]): number {
  if (state.pane === 'rules' && state.rows.rules !== null) {
    const row = state.rows.rules
    const before = found.findLastIndex((one) => one.kind === 'rule' && one.index <= row)
    const one = found[before]
    return one?.kind === 'rule' && one.index === row ? before : before + 0.5
  }
  const file = state.pane === 'source' && state.rows.source !== null ? shownFile(state) : null
  if (file === null) return -0.5
  const line = lookedAt(state, 'source') + 1
  const at = found.findIndex(
    (one) => one.kind === 'line' && one.path === file.file.path && one.line === line,
  )
  return at === -1 ? -0.5 : at
}

function allFound(state: StepState, text: string): readonly Found[] {
  const place = shownPlace(state)
  const rules = (place?.chain.chain.rules ?? []).flatMap((rule, index): readonly Found[] => {
    const { span } = rule.origin
    const said =
      span === null || rule.origin.kind !== 'rule' ? rule.text : `${rule.text} ${quote(span)}`
    return decodeBytes(said).toLowerCase().includes(text) ? [{ kind: 'rule', index }] : []
  })
  const files = filesOf(state.recorded, state.setting)
  return [...rules, ...files.flatMap((file) => linesWith(file, text))]
}

function linesWith(file: SourceFile, text: string): readonly Found[] {
  if (!decodeBytes(file.text).toLowerCase().includes(text)) return []
  return Array.from({ length: lastLine(file) }, (_, i) => i + 1)
    .filter((line) => quote(lineSpan(file, line)).toLowerCase().includes(text))
    .map((line) => ({ kind: 'line', path: file.path, line }))
}
