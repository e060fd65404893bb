import type { Means } from '../../netfilter/origin.ts'
import { sortDiagnostics } from '../../render/diagnostic-lines.ts'
import { escapeText } from '../../render/escape.ts'
import { ruleText } from '../../render/words.ts'
import { type Diagnostic, diagnostic } from '../../source/diagnostic.ts'
import type { NodeFirewall } from '../node-firewall.ts'
import { type Blocker, type Idle, idleLines } from './effects.ts'
import { unusedNames } from './names.ts'
import { switchedOff } from './switches.ts'

/** Blockers that are named. */
const mostNamed = 3

/**
 * Every line that has no effect, or another one than it says: what reading and compiling complained about, rules that
 * decide about no packet, switches that are off, names nobody uses. Each once, by file and place.
 */
export function lint(firewall: NodeFirewall): readonly Diagnostic[] {
  const firewalls = firewall.tree.nodes
    .map((node) => firewall.onNode(node))
    .filter((each) => each !== null)
  const found = [
    ...firewalls
      .flatMap((each) => [...each.diagnostics, ...each.choice.diagnostics])
      .filter(({ code }) => code !== 'config/missing-file'),
    ...firewalls.flatMap(switchedOff),
    ...unusedNames(firewall),
    ...idleLines(firewalls).map(idleDiagnostic),
  ]
  const byPlace = new Map<string, Diagnostic>()
  for (const one of found) {
    const key = `${one.code} ${one.span?.file.path} ${one.span?.start} ${one.message}`
    if (!byPlace.has(key)) byPlace.set(key, one)
  }
  return sortDiagnostics([...byPlace.values()])
}

function idleDiagnostic({ span, kind, by, means }: Idle): Diagnostic {
  switch (kind) {
    case 'never':
      return diagnostic('warning', 'lint/never-matches', span, 'no packet can match this rule', {
        help: 'its terms exclude one another, or what it asks for never comes this way',
      })
    case 'away':
      return diagnostic('warning', 'lint/never-reached', span, 'no packet comes to this rule', {
        help: 'nothing uses it: no guest, host or group it is for has its firewall on',
      })
    default: {
      const isSame = by.length > 0 && by.every((each) => each.means === means)
      const related = by.slice(0, mostNamed).flatMap((each) => {
        const at = each.rule.origin.span
        return at === null ? [] : [{ span: at, message: relation(each) }]
      })
      const who = takers(by)
      return isSame
        ? diagnostic(
            'note',
            'lint/redundant',
            span,
            `this rule never decides: ${who}, as it would`,
            {
              related,
              help: 'it can be deleted: nothing changes',
            },
          )
        : diagnostic(
            'warning',
            'lint/shadowed',
            span,
            `this rule never decides: ${who}${contrary(by, means)}`,
            { related, help: 'move it up, or delete it' },
          )
    }
  }
}

/** Who takes the packets of a rule, as a sentence. */
function takers(by: readonly Blocker[]): string {
  const [first, second] = by
  if (first === undefined) return 'its packets are decided about before they come to its chain'
  if (second !== undefined) return `${by.length} rules before it take all its packets`
  const { origin } = first.rule
  if (origin.kind === 'rule') return 'a rule before it takes all its packets'
  const why = origin.kind === 'generated' ? `, ${escapeText(origin.why)},` : ''
  return `a built-in rule (${ruleText(first.rule)})${why} takes all its packets`
}

function relation({ means }: Blocker): string {
  return means === null ? 'this comes first' : `this comes first, and would ${verb(means)}`
}

function verb(means: Exclude<Means, null>): string {
  return means === 'accept' ? 'ACCEPT' : means === 'drop' ? 'DROP' : 'REJECT'
}

function contrary(by: readonly Blocker[], means: Means): string {
  const other = by.find((each) => each.means !== null && each.means !== means)
  if (other?.means == null || means === null) return ''
  const who = by.every((each) => each.means === other.means) ? 'they' : 'some of them'
  return `; ${who} get ${verb(other.means)}, not ${verb(means)}`
}
