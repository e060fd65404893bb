import type { Json } from '../netfilter/nft/command.ts'
import { keyText } from '../netfilter/nft/expression-text.ts'
import {
  isList,
  isObject,
  type JsonObject,
  onlyEntry,
  ownOf,
  stringAt,
} from '../netfilter/nft/json.ts'
import { setDatatypes } from '../netfilter/nft/listed.ts'
import type { NftSet } from '../netfilter/nft/objects.ts'
import { durationText, statementText } from '../netfilter/nft/text.ts'

/** How many elements of a type stand on one line: `calculate_delim`, src/expression.c of nftables. */
const PER_LINE: Readonly<Record<string, number>> = {
  ipv4_addr: 2,
  ct_state: 2,
  inet_service: 5,
  inet_proto: 5,
  mark: 5,
}

/** The line `elements = { ... }` of a listed set or map. */
export function elementsText(set: NftSet): string {
  const type = set.body['type']
  const perLine = typeof type === 'string' ? (ownOf(PER_LINE, type) ?? 1) : 1
  const datatypes = setDatatypes(set.body)
  const texts = set.elements.map(({ json }) => elementText(datatypes, json))
  const lines: string[] = []
  for (let at = 0; at < texts.length; at += perLine)
    lines.push(texts.slice(at, at + perLine).join(', '))
  return `elements = { ${lines.join(',\n\t\t\t     ')} }`
}

function elementText(datatypes: ReturnType<typeof setDatatypes>, element: Json): string {
  if (!isList(element)) return `${keyText(datatypes, element)}${detailsText(element)}`
  const [key = null, data = null] = element
  const shown = onlyEntry(data)
  const value =
    shown === null || ['concat', 'range', 'prefix'].includes(shown[0])
      ? keyText([], data)
      : statementText(data)
  return `${keyText(datatypes, key)}${detailsText(key)} : ${value}`
}

/** What stands behind the key: counter, timeout, comment. */
function detailsText(element: Json): string {
  const entry = onlyEntry(element)
  if (entry === null || entry[0] !== 'elem' || !isObject(entry[1])) return ''
  const body: JsonObject = entry[1]
  const words: string[] = []
  const counter = body['counter']
  if (isObject(counter))
    words.push(`counter packets ${String(counter['packets'])} bytes ${String(counter['bytes'])}`)
  for (const key of ['timeout', 'expires']) {
    const seconds = body[key]
    if (typeof seconds === 'number') words.push(`${key} ${durationText(seconds)}`)
  }
  const comment = stringAt(body, 'comment')
  if (comment !== null) words.push(`comment "${comment}"`)
  return words.map((word) => ` ${word}`).join('')
}
