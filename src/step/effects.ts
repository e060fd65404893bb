import type { Statement } from '../netfilter/ruleset.ts'
import { changeLines } from '../render/conntrack-changes.ts'
import { showBytes } from '../render/escape.ts'
import type { FileNames } from '../render/file-names.ts'
import { showPlace } from '../render/file-names.ts'
import { line, type Piece, piece, type StyledLine } from '../render/styled.ts'
import type { Moment } from './moment.ts'
import { nflogLine } from './nflog-line.ts'
import { marksAt } from './situation.ts'
import type { Timeline } from './timeline.ts'

/**
 * Everything that was done by a moment: lines of the log as pvefw-logger writes them, marks, verdicts, what conntrack
 * made of it. Linear in the moments before.
 */
export function logOf({ moments }: Timeline, at: number, names: FileNames): readonly StyledLine[] {
  const lines: StyledLine[] = []
  for (let i = 0; i <= at; i += 1) {
    const moment = moments[i]
    if (moment !== undefined) lines.push(...effectsOf(moment, names))
  }
  return lines
}

function effectsOf(moment: Moment, names: FileNames): readonly StyledLine[] {
  switch (moment.kind) {
    case 'packet': {
      const { number, name, note } = moment.run
      if (note !== null)
        return [line([piece(`packet ${number} `, 'strong'), `${name}: ${note}`], 2)]
      return name === null ? [] : [line([piece(`packet ${number} `, 'strong'), name], 2)]
    }
    case 'hop': {
      const { hop, state } = moment.hop
      return hop.tracks ? [line([`${hop.hook}: conntrack says ${state.toUpperCase()}`], 2)] : []
    }
    case 'rule':
      return ruleEffects(moment, names)
    case 'end': {
      const { chain, end } = moment.place.chain
      if (end !== 'policy') return []
      const policy = chain.base?.policy ?? (chain.userPolicy === 'drop' ? 'drop' : 'accept')
      return [line([`${chain.name}: policy `, piece(policy.toUpperCase(), policy)], 2)]
    }
    default: {
      const { outcome } = moment.walk.trace
      return [
        line([piece(outcome.toUpperCase(), outcome)], 2),
        ...changeLines(moment.run.changes, {
          ...{ now: moment.run.at, indent: '', withNode: true, whole: false },
        }),
      ]
    }
  }
}

function ruleEffects(
  moment: Extract<Moment, { kind: 'rule' }>,
  names: FileNames,
): readonly StyledLine[] {
  const { hit, place, index } = moment
  if (hit === null) return []
  const name = `${place.chain.chain.name}:${index + 1}`
  const lines: StyledLine[] = []
  for (const statement of hit.rule.body) {
    if (statement.kind === 'log')
      lines.push(
        line([nflogLine(showBytes(statement.prefix), place.walk.trace.packet, place.hop.hop)], 2),
      )
    const said = sayEffect(statement, moment)
    if (said !== null) lines.push(line([piece(`${name} `, 'faint'), said], 2))
  }
  const { kind } = hit.verdict
  if (kind === 'accept' || kind === 'drop' || kind === 'reject') {
    const span = hit.rule.origin.kind === 'rule' ? hit.rule.origin.span : null
    const where: Piece =
      span === null ? piece(name, 'faint') : piece(showPlace(span, names), 'place')
    lines.push(line([where, ' ', piece(kind.toUpperCase(), kind)], 2))
  }
  return lines
}

function sayEffect(statement: Statement, moment: Moment): string | null {
  switch (statement.kind) {
    case 'set-mark':
    case 'copy-mark': {
      const { mark, ctMark } = marksAt(moment)
      const isCt = statement.kind === 'set-mark' ? statement.which === 'ct' : statement.to === 'ct'
      return isCt ? `connection mark ${hex(ctMark)}` : `mark ${hex(mark)}`
    }
    case 'notrack':
      return 'not tracked'
    case 'ct-zone':
      return statement.text
    case 'ct-helper':
      return `helper ${statement.helper.name}`
    case 'nat':
      return statement.text
    default:
      return null
  }
}

export function hex(mark: number): string {
  return `0x${mark.toString(16)}`
}
