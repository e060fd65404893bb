import { find, readLines, skip, splitHeader, textOf } from '../../fw-line.ts'
import { didYouMean } from '../../nearest.ts'
import { BLANK, isName, lower, SPACE } from './perl.ts'
import type { OpenFile } from './reading.ts'

/** Help for a reference to a set that is not defined; `file` null: in a security group, which sees the cluster's only. */
export function unknownSetHelp(
  file: OpenFile | null,
  cluster: OpenFile | null,
  name: string,
): string {
  const late = definedLater(file ?? cluster, `+${lower(name)}`)
  if (late !== null) return late
  if (lower(name) === 'management')
    return '`management` can be used in rules only if cluster.fw defines `[IPSET management]` above them'
  const visible = [file, cluster]
  if (visible.some((one) => one?.ipsets?.has(lower(name)) === true))
    return `names of sets are stored in lower case: write \`+${lower(name)}\``
  if (visible.some((one) => one?.aliases?.has(lower(name)) === true))
    return `\`${name}\` is an alias, write it without \`+\``
  const known = visible.flatMap((one) => [...(one?.ipsets?.keys() ?? [])])
  const sdn = [...((file ?? cluster)?.reading.sdnSets.keys() ?? [])]
  return didYouMean(name, [...known, ...sdn], defineSet(name))
}

function defineSet(name: string): string {
  const stored = lower(name)
  const define = `define it above this line with \`[IPSET ${stored}]\``
  return stored === name
    ? define
    : `${define} and write \`+${stored}\`, as names of sets are stored in lower case`
}

/** Help for a reference to an alias that is not defined. */
export function unknownAliasHelp(
  file: OpenFile | null,
  cluster: OpenFile | null,
  name: string,
): string {
  const late = definedLater(file ?? cluster, lower(name))
  if (late !== null) return late
  if (lower(name) === 'local_network')
    return '`local_network` can be used here only if cluster.fw defines it in [ALIASES] above'
  const visible = [file, cluster]
  if (visible.some((one) => one?.ipsets?.has(lower(name)) === true))
    return `\`${name}\` is a set: write \`+${lower(name)}\``
  const known = visible.flatMap((one) =>
    [...(one?.aliases?.values() ?? [])].map(({ name }) => name),
  )
  return didYouMean(name, known, 'define it above this line in [ALIASES], or write an address')
}

function definedLater(file: OpenFile | null, key: string): string | null {
  if (file === null) return null
  file.definitions ??= definitionsIn(file)
  const line = file.definitions.get(key)
  const defined = key.startsWith('+') ? file.ipsets?.has(key.slice(1)) : file.aliases?.has(key)
  if (line === undefined || defined === true) return null
  return `it is defined only in line ${line}: move the definition above its use`
}

/** The line of each alias and set of a file, wherever it stands. */
function definitionsIn({ source }: OpenFile): ReadonlyMap<string, number> {
  const lines = new Map<string, number>()
  let inAliases = false
  for (const line of readLines(source, BLANK)) {
    const header = splitHeader(line, SPACE)
    if (header !== null) {
      const keyword = lower(textOf(source, header.keyword))
      inAliases = keyword === 'aliases'
      if (keyword === 'ipset' && header.name !== null)
        lines.set(`+${lower(textOf(source, header.name))}`, line.number)
    } else if (inAliases) {
      const end = find(source.text, line.start, line.end, SPACE)
      const name = source.text.slice(line.start, end)
      if (isName(name) && skip(source.text, end, line.end, SPACE) < line.end)
        lines.set(lower(name), line.number)
    }
  }
  return lines
}
