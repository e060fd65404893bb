import type { ChainText } from '../tables.ts'

/** Lines that are looked at for addresses. */
const mostLooked = 5000

/** The family of a table whose header is missing: by its words, else by the name of the file. */
export function familyOf(
  chains: ReadonlyMap<string, ChainText>,
  path: string,
): 'ip' | 'ip6' | 'bridge' | null {
  let looked = 0
  let isBridge = false
  for (const { lines } of chains.values())
    for (const { text } of lines) {
      looked += 1
      if (looked > mostLooked) break
      if (/(?:^| )--(?:logical-in|logical-out|arp-|ip-src|ip6-src)/.test(text)) return 'bridge'
      if (/(?:^| )-p (?:IPv4|IPv6|ARP|0x[0-9a-fA-F]+|LENGTH)(?: |$)/.test(text)) isBridge = true
      if (/(?:^| )-[sd] (?:! )?[0-9a-f]*:[0-9a-f:.]*(?:\/|,| |$)/i.test(text))
        return isMac(text) ? 'bridge' : 'ip6'
      if (/icmp6|ipv6-icmp|icmpv6|-v6 (?:src|dst)/.test(text)) return 'ip6'
      if (
        /(?:^| )-[sd] \d+\.\d+\.\d+\.\d+|-p icmp(?: |$)|reject-with icmp-|-v4 (?:src|dst)/.test(
          text,
        )
      )
        return 'ip'
    }
  if (isBridge) return 'bridge'
  const name = path.slice(path.lastIndexOf('/') + 1)
  if (/ebtables/.test(name)) return 'bridge'
  if (/(?:^|[^a-z0-9])(?:ip6|v6)/i.test(name)) return 'ip6'
  return /(?:^|[^a-z0-9])(?:ip|v4)/i.test(name) ? 'ip' : null
}

function isMac(text: string): boolean {
  return /(?:^| )-[sd] (?:! )?[0-9a-f]{1,2}(?::[0-9a-f]{1,2}){5}(?: |$|\/)/i.test(text)
}
