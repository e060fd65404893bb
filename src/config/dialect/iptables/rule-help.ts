import { didYouMean } from '../../nearest.ts'

/** Help for a line with U+00A0 between its words. */
export const NO_BREAK_SPACE = 'replace the no-break spaces by ordinary blanks'

const OPTIONS: readonly string[] = [
  ...['-i', '-p', '-proto', '-dport', '-sport', '-source', '-dest', '-log', '-icmp-type'],
]

/** What iptables calls options that have another name here. */
const OTHER_NAMES: ReadonlyMap<string, string> = new Map([
  ['-s', '-source'],
  ['--src', '-source'],
  ['-src', '-source'],
  ['-d', '-dest'],
  ['--dst', '-dest'],
  ['-dst', '-dest'],
  ['--destination', '-dest'],
  ['-destination', '-dest'],
  ['-o', '-i'],
  ['--i', '-i'],
  ['-iface', '-i'],
  ['--iface', '-i'],
  ['--p', '-p'],
  ['--protocol', '-p'],
  ['-protocol', '-p'],
  ['--destination-port', '-dport'],
  ['--source-port', '-sport'],
  ['--dports', '-dport'],
  ['--sports', '-sport'],
  ['--icmpv6-type', '-icmp-type'],
])

/** Help for what is left of a rule line when no option can be read any more. */
export function restHelp(rest: string, type: string): string {
  const [word = ''] = /^[^\t\n\v\f\r ]+/.exec(rest) ?? []
  if (type === 'group')
    return 'a GROUP line takes nothing but `-i`: put the conditions into the group'
  if (word.startsWith('!') || rest.startsWith('-p !') || rest.startsWith('-source !'))
    return 'rules have no negation: put a DROP rule before'
  if (!word.startsWith('-')) return positional(word)
  const single = OPTIONS.find((name) => word === name || word === `-${name}`)
  if (single !== undefined) return badValue(rest, word)
  const other = OTHER_NAMES.get(word)
  if (other !== undefined) return `the option is called \`${other}\` here`
  return didYouMean(word, OPTIONS, `the options of a rule are ${OPTIONS.join(', ')}`)
}

function positional(word: string): string {
  if (/^(?:-|tap.*|net\d+|vmbr\d+|\d+\.\d+\.\d+\.\d+.*|\+.*)$/.test(word))
    return 'values need their option: `-i net0`, `-source 10.0.0.1`, `-dest +set`, `-p tcp`, `-dport 80`'
  return 'behind direction and action stand only options such as `-p tcp -dport 80`'
}

/** The option is known; its value, or the blank before it, is not right. */
function badValue(rest: string, word: string): string {
  const behind = rest.slice(word.length)
  if (/^[\t\n\v\f\r ]*$/.test(behind)) return `\`${word}\` needs a value`
  if (!/^ [^\t\n\v\f\r ]/.test(behind))
    return `exactly one blank stands between \`${word}\` and its value`
  if (word.endsWith('-log'))
    return 'the level is one of emerg, alert, crit, err, warning, notice, info, debug and nolog, in lower case'
  return `write \`-${word.replace(/^-+/, '')}\``
}

/** Help for a line without direction and action. */
export function unreadableHelp(words: string): string {
  if (/^[\t ]/.test(words)) return 'no blank may follow the `|` that disables a rule'
  if (words.includes('\xc2\xa0')) return NO_BREAK_SPACE
  return 'a rule is `IN ACCEPT -p tcp -dport 22`, `IN SSH(ACCEPT)` or `GROUP name`'
}
