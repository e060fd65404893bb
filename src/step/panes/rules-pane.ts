import { explainMisses, type Passed } from '../../eval/explain.ts'
import type { ChainTrace, RuleHit } from '../../eval/trace.ts'
import type { Origin } from '../../netfilter/origin.ts'
import type { Statement } from '../../netfilter/ruleset.ts'
import { widthOf } from '../../render/columns.ts'
import { showMiss } from '../../render/misses.ts'
import { describeRule } from '../../render/path-lines.ts'
import { line, type Piece, piece, type StyledLine } from '../../render/styled.ts'
import { renderAnswer } from '../../render/trace-lines.ts'
import { chainPurpose, hopDevices, ruleText } from '../../render/words.ts'
import { sameStop, stopHere } from '../breakpoint.ts'
import { fitted, topOf, wrapped } from '../fit.ts'
import { isDoubtful, type Moment, type Place, stackOf } from '../moment.ts'
import { currentRow, lookedAt, shownPlace } from '../rows.ts'
import { momentOf, type StepState } from '../state.ts'
import type { PaneView, Room } from './pane.ts'

/** Rows below the rules that tell about the one that is looked at. */
const detailRows = 4

/** The rules of the chain the packet is in, or what there is between chains. Only rows that are seen are made. */
export function rulesPane(state: StepState, room: Room): PaneView {
  const moment = momentOf(state)
  const place = shownPlace(state)
  if (place === null) return betweenChains(state, moment, room)
  const { rules } = place.chain.chain
  const stack = breadcrumbs(place, room.width)
  const details = room.height > 12 ? detailRows : room.height > 8 ? 2 : 0
  const height = Math.max(1, room.height - 1 - (details > 0 ? details + 1 : 0))
  const row = lookedAt(state, 'rules')
  const top = topOf(row, rules.length + 1, height)
  const lines: StyledLine[] = [stack]
  for (let at = top; at < Math.min(top + height, rules.length + 1); at += 1)
    lines.push(
      at === rules.length ? endRow(state, place, at) : ruleRow(state, place, at, room.width),
    )
  while (lines.length < height + 1) lines.push(line([]))
  if (details > 0)
    lines.push(
      line([piece('─'.repeat(room.width), 'faint')]),
      ...wrapped(describe(state, place, row), room.width, state.session.look).slice(0, details),
    )
  const { table, chain } = place.chain
  const purpose = chainPurpose(chain.name)
  const title = `${chain.name}  table ${table.family} ${table.name}${purpose === null ? '' : `  ${purpose}`}`
  return { name: 'rules', title, lines }
}

/** `forward fwbr105i0: fwln105i0 → tap105i0 / FORWARD / PVEFW-FORWARD / tap105i0-IN`; what does not fit is left out at its start. */
function breadcrumbs(place: Place, width: number): StyledLine {
  const { hook } = place.hop.hop
  const names = stackOf(place).map(({ chain }) => chain.chain.name)
  const last = names.pop() ?? ''
  const parts = [`${hook} ${hopDevices(place.hop.hop)}`, ...names]
  const isTooWide = (): boolean => widthOf([...parts, last].join(' / ')) > width
  let cut = false
  while (parts.length > 0 && isTooWide()) {
    parts.shift()
    cut = true
    if (parts.length > 0) parts[0] = '…'
  }
  if (cut && parts.length === 0) parts.push('…')
  return line([piece(parts.map((part) => `${part} / `).join(''), 'faint'), piece(last, 'strong')])
}

/** A policy that no line sets: which option it is. */
function defaultPolicy(origin: Origin): readonly Piece[] {
  return origin.kind === 'policy' && origin.span === null
    ? [piece(`  ${origin.option} (default)`, 'faint')]
    : []
}

/** Columns of a rule's own text that are shown whatever stands behind it. */
const leastText = 24

function widthIn(pieces: readonly Piece[]): number {
  return pieces.reduce((sum, { text }) => sum + widthOf(text), 0)
}

function ruleRow(state: StepState, place: Place, index: number, width: number): StyledLine {
  const rule = place.chain.chain.rules[index]
  if (rule === undefined) return line([])
  const { names } = state.recorded
  const current = currentRow(state, place)
  const reached = index < place.reached && index <= current
  const hit = reached ? (place.chain.hits.find((one) => one.index === index) ?? null) : null
  const doubtful = reached && isDoubtful({ kind: 'rule', place, index, hit })
  const glyph = !reached ? ' ' : hit !== null ? '✔' : doubtful ? '?' : '·'
  const marker = markerOf(state, place, index, current)
  const digits = Math.max(3, String(place.chain.chain.rules.length).length)
  const number = `${String(index + 1).padStart(digits + 1)} `
  const text = [...describeRule(rule, { names }, false), ...defaultPolicy(rule.origin)]
  const dim = reached && hit === null && !doubtful && index !== current
  const body: readonly (Piece | string)[] = dim
    ? text.map((part) => piece(typeof part === 'string' ? part : part.text, 'faint'))
    : text
  const isLookedAt = state.pane === 'rules' && state.rows.rules === index
  const result = reached ? tail(place, index, hit, doubtful) : []
  const before = [
    ...marker,
    piece(glyph, hit !== null ? 'accept' : doubtful ? 'unknown' : 'faint'),
    isLookedAt ? piece(number, 'cursor') : piece(number, 'faint'),
  ]
  // what became of the rule is worth more than the end of a long line
  const { look } = state.session
  const used = widthIn(before) + widthIn(result)
  const own = line(body)
  const room = Math.max(leastText, width - used)
  return line([
    ...before,
    ...(widthIn(own.pieces) <= room ? own.pieces : fitted(own, room, look).pieces),
    ...result,
  ])
}

function markerOf(
  state: StepState,
  place: Place,
  index: number,
  current: number,
): readonly Piece[] {
  const isEnd = index === place.chain.chain.rules.length
  const stop = stopHere(isEnd ? { kind: 'end', place } : { kind: 'rule', place, index, hit: null })
  const found =
    stop === null ? null : (state.breakpoints.find((one) => sameStop(one.stop, stop)) ?? null)
  const dot = found === null ? ' ' : found.enabled ? '●' : '○'
  const isHere = index === current
  return [piece(dot, 'drop'), isHere ? piece(state.up > 0 ? '▷' : '▶', 'strong') : piece(' ')]
}

/** The row that is looked at, as it stands in the configuration, and what became of it. */
export function describeRow(state: StepState, place: Place): readonly StyledLine[] {
  const row = lookedAt(state, 'rules')
  const rule = place.chain.chain.rules[row]
  if (rule === undefined) return [endRow(state, place, row)]
  return [line(describeRule(rule, state.recorded, false)), ...describe(state, place, row)]
}

/** What the rule did, or the term that failed. */
function tail(
  place: Place,
  index: number,
  hit: RuleHit | null,
  doubtful: boolean,
): readonly Piece[] {
  if (doubtful) return [piece('  cannot be decided', 'unknown')]
  if (hit !== null) {
    const { verdict } = hit
    switch (verdict.kind) {
      case 'accept':
      case 'drop':
      case 'reject':
        return [piece(`  ${verdict.kind.toUpperCase()}`, verdict.kind)]
      case 'jump':
      case 'goto':
        return [piece(`  → ${verdict.chain}`, 'place')]
      case 'return':
        return [piece('  return', 'place')]
      default:
        return []
    }
  }
  const passed = missesOf(place).get(index)
  return passed === undefined ? [] : [piece(`  no: ${shortMiss(passed)}`, 'note')]
}

/** `but` and what the packet has: the term itself stands in the row already. */
function shortMiss(passed: Passed): string {
  const whole = showMiss(passed)
  const at = whole.indexOf(', but ')
  return at === -1 ? whole : whole.slice(at + 6)
}

const memo = new WeakMap<ChainTrace, ReadonlyMap<number, Passed>>()

/** Rules of a chain that were passed over, by index: tested again when the chain is first looked at. */
export function missesOf(place: Place): ReadonlyMap<number, Passed> {
  const known = memo.get(place.chain)
  if (known !== undefined) return known
  const { asked } = place.walk
  const stage = asked.stages.find(({ trace }) => trace.hops.includes(place.hop))
  const passed =
    stage === undefined ? [] : explainMisses(stage.question, stage.trace, place.hop, place.chain)
  const made = new Map(passed.map((one) => [one.index, one]))
  memo.set(place.chain, made)
  return made
}

function endRow(state: StepState, place: Place, index: number): StyledLine {
  const { chain } = place.chain
  const current = currentRow(state, place)
  const marker = markerOf(state, place, index, current)
  const policy = chain.base?.policy ?? (chain.userPolicy === 'return' ? null : chain.userPolicy)
  const what =
    policy === null
      ? [piece('end: back to the caller', 'faint')]
      : [
          piece('end: policy ', 'faint'),
          piece(policy.toUpperCase(), index <= current ? policy : 'faint'),
        ]
  return line([...marker, piece('      '), ...what])
}

/** The rule that is looked at, in words: compiled, what made it, what each of its terms said. */
function describe(state: StepState, place: Place, row: number): readonly StyledLine[] {
  const rule = place.chain.chain.rules[row]
  if (rule === undefined) return [line([piece(`the end of ${place.chain.chain.name}`, 'faint')])]
  const { origin } = rule
  const lines = [line([piece(`${place.chain.chain.name}:${row + 1} `, 'place'), ruleText(rule)], 2)]
  const reached = row < place.reached && row <= currentRow(state, place)
  const passed = reached ? missesOf(place).get(row) : undefined
  const hit = place.chain.hits.find(({ index }) => index === row)
  if (passed !== undefined && isDoubtful({ kind: 'rule', place, index: row, hit: null }))
    lines.push(line([piece('cannot be decided: ', 'unknown'), doubtText(place)], 2))
  else if (passed !== undefined)
    lines.push(line([piece('does not match: ', 'note'), showMiss(passed)], 2))
  else if (!reached) lines.push(line([piece('not reached', 'faint')]))
  else if (hit !== undefined)
    lines.push(line([piece('matches', 'accept'), ...matched(rule.body)], 2))
  if (origin.kind === 'generated') lines.push(line([piece(origin.why, 'faint')], 2))
  return lines
}

function matched(body: readonly Statement[]): readonly string[] {
  const terms = body.filter(({ kind }) => kind === 'match').length
  return [
    terms === 0 ? ': it has no terms' : terms === 1 ? ': its term does' : `: all ${terms} terms do`,
  ]
}

function doubtText({ walk }: Place): string {
  return walk.trace.assumptions.at(-1)?.text ?? 'something is not known'
}

/** At a packet the hooks of its way, at a hop its chains, at the verdict the answer as `pvefw trace` gives it. */
function betweenChains(state: StepState, moment: Moment, room: Room): PaneView {
  const { look } = state.session
  const view = (title: string, lines: readonly StyledLine[]): PaneView => ({
    name: 'rules',
    title,
    lines: wrapped(lines, room.width, look).slice(state.rows.rules ?? 0),
  })
  switch (moment.kind) {
    case 'packet': {
      const { walk, note, name, number } = moment.run
      if (walk === null) return view(`packet ${number}`, [line([`${name}: ${note}`])])
      const hops = walk.trace.path.legs.flatMap(({ node, hops: own }) => [
        line([piece('on ', 'faint'), piece(node, 'place')]),
        ...own.map((hop) => line([`  ${hop.hook.padEnd(12)}`, hopDevices(hop)], 14)),
      ])
      return view('the way of the packet', hops)
    }
    case 'hop': {
      const { hop, chains } = moment.hop
      const rows = chains.map(({ table, chain }) =>
        line(
          [
            `  ${chain.name}`,
            piece(
              `  table ${table.family} ${table.name}, priority ${chain.base?.priority ?? 0}, policy ${chain.base?.policy ?? 'accept'}`,
              'faint',
            ),
          ],
          4,
        ),
      )
      return view(`hook ${hop.hook}`, [
        line([piece('hook ', 'faint'), piece(hop.hook, 'strong'), `  ${hopDevices(hop)}`]),
        line([piece('the chains that run here, in the order of the kernel:', 'faint')]),
        ...rows,
      ])
    }
    default:
      return view(
        'the verdict',
        moment.kind === 'verdict' ? renderAnswer(moment.walk.answer, 0, look) : [],
      )
  }
}
