/** An endpoint as written, taken apart: `[2001:db8::1]:443/tcp` -> base `2001:db8::1`, port `443`, proto `tcp`. */
export type EndpointText = {
  readonly base: string
  /** Number or service name, unchecked. */
  readonly port: string | null
  /** Protocol name, checked to be one. */
  readonly proto: string | null
}

/**
 * Takes an endpoint's text apart. `/x` at the end is a protocol only if `isProtocol` says so (`105/net1`,
 * `dc/web`, `vmbr0/tap9i0` are names); a bare IPv6 address has no port; `outside:vmbr1` keeps its device, but
 * `outside:80` is a port. Null when brackets are open or a part is empty.
 */
export function splitEndpointText(
  text: string,
  isProtocol: (name: string) => boolean,
): EndpointText | null {
  const slash = text.lastIndexOf('/')
  const tail = slash === -1 ? '' : text.slice(slash + 1)
  const proto = slash > 0 && /^[a-z][a-z0-9-]*$/i.test(tail) && isProtocol(tail) ? tail : null
  const rest = proto === null ? text : text.slice(0, slash)
  const parts = rest.startsWith('[') ? splitBrackets(rest) : splitPort(rest)
  return parts === null || parts.base === '' || parts.port === '' ? null : { ...parts, proto }
}

type Parts = { readonly base: string; readonly port: string | null }

function splitBrackets(text: string): Parts | null {
  const close = text.indexOf(']')
  if (close === -1) return null
  const base = text.slice(1, close)
  const rest = text.slice(close + 1)
  if (rest === '') return { base, port: null }
  return rest.startsWith(':') ? { base, port: rest.slice(1) } : null
}

function splitPort(text: string): Parts {
  const colon = text.lastIndexOf(':')
  if (colon === -1) return { base: text, port: null }
  const head = text.slice(0, colon)
  const port = text.slice(colon + 1)
  const numeric = /^\d*$/.test(port)
  if (head === 'outside') return numeric ? { base: head, port } : { base: text, port: null }
  if (head.includes(':') && !(head.startsWith('outside:') && numeric))
    return { base: text, port: null }
  return { base: head, port }
}
