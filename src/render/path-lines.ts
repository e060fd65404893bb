import type { ChainTrace, HopTrace, RuleHit } from '../eval/trace.ts'
import type { Rule } from '../netfilter/ruleset.ts'
import type { Answer } from './answer.ts'
import { widthOf } from './columns.ts'
import { showPlace } from './file-names.ts'
import { foldMisses, type Passed, showMiss } from './misses.ts'
import { line, type Piece, piece, type StyledLine } from './styled.ts'
import { chainPurpose, hopDevices, hopVerdict, quotedSpan, quoteLine, ruleText } from './words.ts'

/** 0: one line a hop; 1: every chain entered, with the rules that matched; 2: and those passed over; 3: without summing up. */
export type Detail = 0 | 1 | 2 | 3

/** The hops in the order of the kernel, by node. Hops where no rule matched and none could are left out unless detail is asked for. */
export function renderPath(answer: Answer, detail: Detail): readonly StyledLine[] {
  const { hops, packet } = answer.trace
  const isIp = packet.l3.kind === 'ip' || packet.l3.kind === 'ip6'
  const shown = hops.filter(
    (hop) => (detail > 0 ? hop.chains.length > 0 : false) || isTelling(hop, isIp),
  )
  const rows = shown.map((hop) => {
    const isLast = hop === hops.at(-1)
    const verdict = hopVerdict(hop, isLast, answer.trace.outcome, answer.origin, answer.names)
    return { hop, devices: hopDevices(hop.hop), verdict }
  })
  const hookWidth = Math.max(0, ...rows.map((row) => row.hop.hop.hook.length))
  const deviceWidth = Math.min(40, Math.max(0, ...rows.map((row) => widthOf(row.devices))))
  const lines: StyledLine[] = []
  let node: string | null = null
  for (const { hop, devices, verdict } of rows) {
    if (hop.node !== node) lines.push(line([piece('path on ', 'faint'), piece(hop.node, 'place')]))
    node = hop.node
    const by = verdict.by === '' ? '' : `  ${verdict.by}`
    lines.push(
      line(
        [
          `  ${hop.hop.hook.padEnd(hookWidth)}  `,
          devices + ' '.repeat(Math.max(0, deviceWidth - widthOf(devices))),
          '  ',
          piece(verdict.word.padEnd(6), verdict.outcome ?? 'faint'),
          by,
        ],
        hookWidth + 6,
      ),
    )
    if (detail > 0)
      for (const chain of hop.chains) lines.push(...renderBase(answer, hop, chain, detail))
  }
  return lines
}

/** A hop where IP tables or a rule of any other decide; raw tables and those of the bridge are mostly passed. */
function isTelling({ hop, chains }: HopTrace, isIp: boolean): boolean {
  const filters = hop.hook === 'input' || hop.hook === 'output' || hop.hook === 'forward'
  return (
    (filters && (!isIp || hop.families.some((family) => family !== 'bridge'))) ||
    chains.some(({ hits }) => hits.some((hit) => hit.verdict.kind !== 'jump'))
  )
}

/** A base chain: its rules, and those of the chains it goes into, each with its name as the kernel traces it. */
function renderBase(
  answer: Answer,
  hop: HopTrace,
  base: ChainTrace,
  detail: Detail,
): readonly StyledLine[] {
  const { table, chain, end } = base
  const policy = chain.base?.policy ?? 'accept'
  const rules = renderChain(answer, hop, base, detail, 6)
  const tail =
    end !== 'policy' ? [] : [piece('  policy ', 'faint'), piece(policy.toUpperCase(), policy)]
  const title = [`    ${chain.name}`, piece(`  table ${table.family} ${table.name}`, 'faint')]
  if (rules.length === 0) return [line([...title, piece('  nothing matches', 'faint'), ...tail], 6)]
  const last = tail.length === 0 ? [] : [line([`      end of ${chain.name}:`, ...tail], 8)]
  return [line(title, 6), ...rules, ...last]
}

function renderChain(
  answer: Answer,
  hop: HopTrace,
  chain: ChainTrace,
  detail: Detail,
  indent: number,
): readonly StyledLine[] {
  const lines: StyledLine[] = []
  const passed = detail < 2 ? [] : foldMisses(answer.misses(hop, chain), detail === 3)
  let next = 0
  const passOver = (before: number): void => {
    for (let one = passed[next]; one !== undefined && one.from < before; one = passed[++next])
      lines.push(renderPassed(answer, chain, one, indent))
  }
  for (const hit of chain.hits) {
    passOver(hit.index)
    lines.push(renderHit(answer, chain, hit, detail, indent))
    if (hit.into !== null) lines.push(...renderChain(answer, hop, hit.into, detail, indent + 2))
  }
  passOver(Number.POSITIVE_INFINITY)
  return lines
}

function renderHit(
  answer: Answer,
  chain: ChainTrace,
  hit: RuleHit,
  detail: Detail,
  indent: number,
): StyledLine {
  const { rule, index, into } = hit
  const text = describeRule(rule, answer, detail > 1)
  const does = effectOf(hit)
  const said = text.map((part) => (typeof part === 'string' ? part : part.text)).join('')
  const tail = does === null || said.includes(does.toUpperCase()) ? [] : effectPieces(does)
  const told = detail > 1 && rule.origin.kind === 'generated'
  const purpose = into === null || told ? null : chainPurpose(into.chain.name)
  const empty = into !== null && into.hits.length === 0 ? 'nothing matches there' : null
  const why = [purpose, empty].filter((part) => part !== null).join('; ')
  const more = why === '' ? [] : [piece(`  (${why})`, 'faint')]
  return line([' '.repeat(indent), ruleName(chain, index), ...text, ...tail, ...more], indent + 4)
}

function effectPieces(does: 'accept' | 'drop' | 'reject'): readonly (Piece | string)[] {
  return ['  ', piece(does.toUpperCase(), does)]
}

/** What a rule does to the packet for whoever wrote it; null for jumps and marks. */
function effectOf({ rule, verdict }: RuleHit): 'accept' | 'drop' | 'reject' | null {
  if (rule.origin.means !== null) return rule.origin.means
  const { kind } = verdict
  return kind === 'accept' || kind === 'drop' || kind === 'reject' ? kind : null
}

function renderPassed(
  answer: Answer,
  chain: ChainTrace,
  passed: Passed,
  indent: number,
): StyledLine {
  const blanks = ' '.repeat(indent)
  if (passed.kind === 'run') {
    const numbers = `${chain.chain.name}:${passed.from + 1}-${passed.to + 1}`
    const text = `${blanks}${numbers}  ${passed.count} rules passed over, as ${passed.why}`
    return line([piece(text, 'faint')], indent + 4)
  }
  const { rule, index } = passed.miss
  const text = describeRule(rule, answer, false).map((part) =>
    typeof part === 'string' ? piece(part, 'faint') : piece(part.text, 'faint'),
  )
  const why = piece(`  no: ${showMiss(passed.miss)}`, 'note')
  return line([blanks, piece(ruleName(chain, index), 'faint'), ...text, why], indent + 4)
}

/** `tap105i0-IN:7  `: as the kernel names the rule when it traces. */
function ruleName({ chain }: ChainTrace, index: number): string {
  return `${chain.name}:${index + 1}  `
}

/** The line of the configuration if there is one, else the compiled rule; both if `full`. */
export function describeRule(
  rule: Rule,
  { names }: Pick<Answer, 'names'>,
  full: boolean,
): readonly (Piece | string)[] {
  const { origin } = rule
  const text = ruleText(rule)
  const line = origin.kind === 'rule' || origin.kind === 'policy' ? quotedSpan(origin) : null
  if (line !== null) {
    const place = piece(showPlace(line, names), 'place')
    return [place, '  ', quoteLine(line), ...(full ? [piece(`  [${text}]`, 'faint')] : [])]
  }
  const why = origin.kind === 'generated' && full ? [piece(`  (${origin.why})`, 'faint')] : []
  return [text, ...why]
}
