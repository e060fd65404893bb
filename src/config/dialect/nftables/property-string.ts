/** A key whose name is itself a value: `virtio=MAC` is `model=virtio,macaddr=MAC`. */
type KeyAlias = {
  readonly names: ReadonlySet<string>
  readonly keyTo: string
  readonly valueTo: string
}

/** What a property string may hold. */
export type PropertySchema = {
  readonly known: readonly string[]
  readonly alias: KeyAlias | null
  /** Whether other keys are skipped; else they are an error. */
  readonly additional: boolean
}

/**
 * `key=value,key=value,...` as the crate proxmox-schema reads it (property_string.rs, de/mod.rs): values of
 * the known keys; null for an error. Unlike Perl's reader it takes quoted values and unknown keys, and no
 * empty parts between commas.
 */
export function parseProperties(
  text: string,
  { known, alias, additional }: PropertySchema,
): ReadonlyMap<string, string> | null {
  const values = new Map<string, string>()
  for (let at = 0; at < text.length; ) {
    const part = nextProperty(text, at)
    if (part === null) return null
    at = part.next
    const pairs: readonly (readonly [string, string])[] = alias?.names.has(part.key)
      ? [
          [alias.keyTo, part.key],
          [alias.valueTo, part.value],
        ]
      : [[part.key, part.value]]
    for (const [key, value] of pairs) {
      const isKnown = known.includes(key)
      if (isKnown ? values.has(key) : !additional) return null
      if (isKnown) values.set(key, value)
    }
  }
  return values
}

type Property = { readonly key: string; readonly value: string; readonly next: number }

/** Null without a key (no schema here has a default one) or with a broken quotation. */
function nextProperty(text: string, at: number): Property | null {
  const equals = text.indexOf('=', at)
  const comma = text.indexOf(',', at)
  if (text[at] === '"' || equals === -1 || (comma !== -1 && comma < equals)) return null
  const key = text.slice(at, equals)
  const start = equals + 1
  if (text[start] === '"') {
    const quoted = quotedValue(text, start)
    if (quoted === null) return null
    if (quoted.next < text.length && text[quoted.next] !== ',') return null
    return { key, value: quoted.value, next: quoted.next + 1 }
  }
  const end = text.indexOf(',', start)
  return end === -1
    ? { key, value: text.slice(start), next: text.length }
    : { key, value: text.slice(start, end), next: end + 1 }
}

const ESCAPED: Readonly<Record<string, string>> = { '"': '"', '\\': '\\', n: '\n' }

/** A quoted value (escapes `\"`, `\\`, `\n`) and the offset behind its closing quote. */
function quotedValue(
  text: string,
  start: number,
): { readonly value: string; readonly next: number } | null {
  let value = ''
  for (let at = start + 1; at < text.length; at += 1) {
    const character = text[at] ?? ''
    if (character === '"') return { value, next: at + 1 }
    if (character !== '\\') value += character
    else {
      at += 1
      const escaped = ESCAPED[text[at] ?? '']
      if (escaped === undefined) return null
      value += escaped
    }
  }
  return null
}
