import { PROTOCOL_NUMBERS } from '../../netfilter/nft/names.ts'
import type { ReadFacts } from '../facts.ts'

/**
 * The names dumps are written with: protocols and ethertypes of Debian's netbase (the node may have others: a rule with
 * an unknown name is then one that cannot be evaluated). Ports are listed as numbers.
 */
export const SAVED_FACTS: ReadFacts = {
  services: new Map(),
  protocols: new Map(Object.entries(PROTOCOL_NUMBERS)),
  ethertypes: new Map([
    ['ipv4', 0x0800],
    ['x25', 0x0805],
    ['arp', 0x0806],
    ['frarp', 0x0808],
    ['rarp', 0x8035],
    ['aarp', 0x80f3],
    ['atalk', 0x809b],
    ['802_1q', 0x8100],
    ['ipx', 0x8137],
    ['ipv6', 0x86dd],
    ['mpls_uc', 0x8847],
    ['mpls_multi', 0x8848],
    ['ppp_disc', 0x8863],
    ['ppp_ses', 0x8864],
  ]),
}
