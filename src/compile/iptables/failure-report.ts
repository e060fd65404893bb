import { quoted } from '../../config/dialect/iptables/complaints.ts'
import { type Diagnostic, diagnostic } from '../../source/diagnostic.ts'
import type { Span } from '../../source/source-file.ts'
import { unreachable } from '../../source/unreachable.ts'
import type { Died } from './died.ts'
import type { Failure } from './failures.ts'
import { NOT_AN_ADDRESS } from './ip-text.ts'
import { said } from './said.ts'

/** Diagnostics of one code; the others are only counted, as the readers do with a file of junk. */
const mostPerCode = 100

/**
 * Diagnostics for what was given up while compiling, in the order it first happened. What both families, or
 * several NICs, have in common becomes one, with all the lines pve-firewall prints about it.
 */
export function reportFailures(failures: readonly Failure[]): readonly Diagnostic[] {
  const stories = new Map<string, Failure[]>()
  const names: Names = new Map()
  for (const failure of failures) {
    const key = storyOf(failure, names)
    const story = stories.get(key)
    if (story === undefined) stories.set(key, [failure])
    else story.push(failure)
  }
  return limited([...stories.values()].map(tell))
}

/** Numbers for objects, so that they can be part of a key. */
type Names = Map<object, number>

function nameOf(names: Names, thing: object): number {
  const known = names.get(thing)
  if (known !== undefined) return known
  names.set(thing, names.size)
  return names.size - 1
}

/** Failures with the same key are one story. */
function storyOf(failure: Failure, names: Names): string {
  switch (failure.kind) {
    case 'rule-lost':
      return `${failure.kind} ${nameOf(names, failure.rule)} ${failure.died.message}`
    case 'group-lost':
      return `${failure.kind} ${nameOf(names, failure.rule)}`
    case 'group-truncated':
      return `${failure.kind} ${failure.group} ${failure.direction} ${failure.died.message}`
    case 'unknown-group':
      return `${failure.kind} ${failure.group}`
    case 'guest-aborted':
      return `${failure.kind} ${failure.vmid} ${failure.nic} ${failure.direction}`
    case 'bad-nic':
      return `${failure.kind} ${failure.vmid} ${failure.nic.id}`
    case 'layer2-aborted':
      return `${failure.kind} ${failure.vmid}`
    case 'entry-lost':
      return `${failure.kind} ${nameOf(names, failure.entry)}`
    default:
      return unreachable(failure)
  }
}

function tell(story: readonly Failure[]): Diagnostic {
  const first = story[0] as Failure
  const upstream = story.flatMap(printedBy)
  switch (first.kind) {
    case 'rule-lost': {
      const nics = story.flatMap((one) => (one.kind === 'rule-lost' ? (one.nic ?? []) : []))
      const places = nics.length === 0 ? 'the host' : `${listed(nics)} of guest ${first.vmid}`
      const message = `this rule is missing on ${places} for ${families(story)}: ${reason(first.died)}`
      const help = 'correct the rule: the lines around it are in force, this one is not'
      return diagnostic('error', 'compile/rule-lost', first.rule.span, message, { help, upstream })
    }
    case 'group-lost': {
      const name = quoted(first.rule.action.value)
      const message = `security group ${name} is not asked by the host for ${families(story)}, ${ways(story)}: ${reason(first.died)}`
      return diagnostic('error', 'compile/group-lost', first.rule.span, message, {
        help: 'correct the rule in the group that cannot be compiled',
        related: relatedTo(first.died.span, first.rule.span, 'the cause'),
        upstream,
      })
    }
    case 'group-truncated': {
      const rest = first.direction === 'IN' ? ', and its OUT rules do not exist' : ''
      const message = `the ${first.direction} rules of security group ${quoted(first.group)} end before this one for ${families(story)}${rest}: ${reason(first.died)}`
      return diagnostic('error', 'compile/group-truncated', first.died.span, message, {
        help: 'correct the rule: guests that use the group are left unfiltered',
      })
    }
    case 'unknown-group': {
      const message = `there is no security group ${quoted(first.group)}: the rule does nothing`
      const help = 'define it in cluster.fw; names are stored in lower case, so write it so'
      return diagnostic('warning', 'compile/unknown-group', first.span, message, { help, upstream })
    }
    case 'guest-aborted':
      return guestAborted(first, families(story), upstream)
    case 'bad-nic':
      return badNic(first, upstream)
    case 'layer2-aborted': {
      const nics = listed([first.nic, ...first.later])
      const message = `guest ${first.vmid} has no layer-2 filter on ${nics}: ${reason(first.died)}`
      return diagnostic('error', 'compile/no-layer2-filter', first.died.span, message, {
        help: 'write addresses instead of aliases in ipfilter sets',
        upstream,
      })
    }
    case 'entry-lost': {
      const message = `this entry is missing in IPSet ${quoted(first.set)}: ${said(first.message)}`
      const help = 'a scope that does not apply here is accepted while reading: leave it out'
      return diagnostic('error', 'compile/entry-lost', first.entry.span, message, {
        help,
        upstream,
      })
    }
    default:
      return unreachable(first)
  }
}

/** The consequence depends on how far the guest had got. */
function guestAborted(
  { vmid, nic, direction, later, rule, died }: Extract<Failure, { readonly kind: 'guest-aborted' }>,
  where: string,
  upstream: readonly string[],
): Diagnostic {
  const after = later.length === 0 ? '' : `, ${listed(later)} in both directions`
  const message =
    direction === 'IN'
      ? `guest ${vmid} is left unfiltered in both directions for ${where} on ${listed([nic, ...later])}: ${reason(died)}`
      : `guest ${vmid} is left unfiltered for ${where}: ${nic} in what it sends${after}: ${reason(died)}`
  const span = died.span ?? rule?.span ?? null
  return diagnostic('error', 'compile/guest-unfiltered', span, message, {
    help: 'correct the line: pve-firewall gives up the guest at this point and lets its packets pass',
    related: relatedTo(rule?.span ?? null, span, 'used here'),
    upstream,
  })
}

function badNic(
  failure: Extract<Failure, { readonly kind: 'bad-nic' }>,
  upstream: readonly string[],
): Diagnostic {
  const { vmid, type, nic, later } = failure
  const reason = said((nic.error ?? '').replace(/^format error\n/, '').replaceAll('\n', '; '))
  if (type === 'qemu') {
    const message = `${quoted(nic.id)} of VM ${vmid} gets no rules: ${reason}`
    const help = 'correct the line in the configuration of the VM'
    return diagnostic('error', 'compile/nic-skipped', nic.span, message, { help, upstream })
  }
  const rest =
    later.length === 0 ? '' : `, nor ${later.length === 1 ? 'does' : 'do'} ${listed(later)}`
  const message = `${quoted(nic.id)} of container ${vmid} gets no rules${rest}, and the container no sets: ${reason}`
  const help = 'correct the line: pve-firewall gives up the whole container at this point'
  return diagnostic('error', 'compile/container-skipped', nic.span, message, { help, upstream })
}

/** What pve-firewall prints when it happens. */
function printedBy(failure: Failure): readonly string[] {
  switch (failure.kind) {
    case 'unknown-group':
      return [`no such security group '${failure.group}'`]
    case 'bad-nic':
      return [failure.nic.error ?? '']
    case 'entry-lost':
      return [failure.message]
    case 'group-truncated':
      return []
    case 'layer2-aborted':
      return failure.undefinedEntry ? [...UNDEFINED_ENTRY, NOT_AN_ADDRESS] : [failure.died.message]
    case 'rule-lost':
    case 'group-lost':
    case 'guest-aborted':
      return [failure.died.message]
    default:
      return unreachable(failure)
  }
}

/** An entry that could not be taken from its line is undefined in Perl, which complains about that first. */
const UNDEFINED_ENTRY = [3398, 3401].map(
  (line) =>
    `Use of uninitialized value $cidr in pattern match (m//) at PVE/Firewall.pm line ${line}.`,
)

/** Why it died, for people. */
function reason({ message, cause }: Died): string {
  return said(cause ?? message)
}

function families(story: readonly Failure[]): string {
  const found = new Set(story.flatMap((failure) => ('family' in failure ? [failure.family] : [])))
  return found.size === 2 ? 'IPv4 and IPv6' : found.has(4) ? 'IPv4' : 'IPv6'
}

function ways(story: readonly Failure[]): string {
  const found = new Set(
    story.flatMap((failure) => ('direction' in failure ? [failure.direction] : [])),
  )
  return found.size === 2 ? 'in and out' : found.has('IN') ? 'in' : 'out'
}

/** `net0, net1 and net2`, each once. */
function listed(words: readonly string[]): string {
  const once = [...new Set(words)]
  return once.length < 2 ? once.join('') : `${once.slice(0, -1).join(', ')} and ${once.at(-1)}`
}

function relatedTo(span: Span | null, not: Span | null, message: string): Diagnostic['related'] {
  return span === null || span === not ? [] : [{ span, message }]
}

function limited(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const counts = new Map<string, number>()
  const kept = diagnostics.filter(({ code }) => {
    const count = (counts.get(code) ?? 0) + 1
    counts.set(code, count)
    return count <= mostPerCode
  })
  const more = [...counts].flatMap(([code, count]) => {
    if (count <= mostPerCode) return []
    const span = kept.findLast((one) => one.code === code)?.span ?? null
    const message = `${count - mostPerCode} more like this (${code})`
    return [diagnostic('note', 'config/more-like-this', span, message)]
  })
  return [...kept, ...more]
}
