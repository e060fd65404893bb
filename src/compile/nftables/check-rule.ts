import type { Protocols } from '../../config/tree.ts'
import type { Json } from '../../netfilter/nft/command.ts'
import { checkConflict, resolveProtocol } from './check-protocol.ts'
import {
  at,
  type Complaint,
  checkInterface,
  complaint,
  NO_SUCH,
  OUT_OF_RANGE,
  textAt,
} from './complaint.ts'
import { isAtLeast } from './nft-version.ts'

/** What a rule is judged by. */
export type RuleFacts = {
  readonly protocols: Protocols
  readonly version: string
  /** Whether a set exists in the rule's table by now. */
  readonly hasSet: (name: string) => boolean
}

/** The first thing about the statements of a rule that nft or the kernel refuses; jumps apart. */
export function checkStatements(expr: readonly Json[], facts: RuleFacts): Complaint | null {
  let protocol: number | null = null
  for (const statement of expr) {
    const match = at(statement, 'match')
    if (match !== undefined) {
      const found = checkMatch(match, protocol, facts)
      if (typeof found === 'object' && found !== null) return found
      protocol = found
      continue
    }
    const found = checkOther(statement, facts)
    if (found !== null) return found
  }
  return null
}

/** The protocol that is certain behind the match, or the complaint. */
function checkMatch(
  match: Json,
  protocol: number | null,
  facts: RuleFacts,
): number | null | Complaint {
  const right = at(match, 'right') ?? null
  const key = textAt(match, 'left', 'meta', 'key')
  if ((key === 'iifname' || key === 'oifname') && typeof right === 'string')
    return checkInterface(right) ?? protocol
  if (key === 'l4proto' && (typeof right === 'string' || typeof right === 'number'))
    return resolveProtocol(right, facts.protocols)
  const header = textAt(match, 'left', 'payload', 'protocol')
  if ((header === 'icmp' || header === 'icmpv6') && protocol !== null)
    return checkConflict(protocol, header) ?? protocol
  if (typeof right === 'string' && right.startsWith('@') && !facts.hasSet(right.slice(1)))
    return missingSet(right.slice(1))
  return protocol
}

function missingSet(name: string): Complaint {
  return complaint(
    'nftables/nft-missing-set',
    NO_SUCH,
    `the rule uses the nft set \`${name}\`, which is never created`,
    name.includes('/ipfilter-')
      ? 'set `firewall=1` on the NIC, or use another IPSet in the rule'
      : 'rename the IPSet `management` of the guest, or use `+dc/management`',
  )
}

function checkOther(statement: Json, { version }: RuleFacts): Complaint | null {
  const limit = at(statement, 'limit')
  if (limit !== undefined) return checkLimit(limit)
  const prefix = textAt(statement, 'log', 'prefix')
  if (prefix !== null) return checkPrefix(prefix)
  const stored = at(statement, 'set', 'stmt')
  if (stored === undefined || Array.isArray(stored) || !isAtLeast(version, '1.1.2')) return null
  return complaint(
    'nftables/nft-synflood',
    'Unexpected object type in stmt',
    'proxmox-firewall writes the limit of `protection_synflood` in a form nft does not take',
    'remove `protection_synflood`',
  )
}

/** 128 bytes with the final zero (NF_LOG_PREFIXLEN); nft itself does not survive much longer ones. */
function checkPrefix(prefix: string): Complaint | null {
  const length = Buffer.byteLength(prefix)
  if (length <= 127) return null
  return complaint(
    'nftables/nft-log-prefix',
    OUT_OF_RANGE,
    `the prefix of its log line has ${length} bytes, 127 are allowed`,
    'give the security group a shorter name, or do not log in it',
  )
}

const TWO_64 = 2n ** 64n

/** Rates are unsigned in the kernel: 0 is refused, small negative ones overflow (nft_limit.c `nft_limit_init`). */
function checkLimit(limit: Json): Complaint | null {
  const rate = at(limit, 'rate')
  const burst = at(limit, 'burst')
  if (typeof rate !== 'number' || rate > 0) return null
  const unsigned = BigInt.asUintN(64, BigInt(rate))
  const tokens = typeof burst === 'number' ? BigInt.asUintN(32, BigInt(burst)) : 0n
  const message =
    rate === 0
      ? 'Could not process rule: Invalid argument'
      : 'Could not process rule: Value too large for defined data type'
  if (rate !== 0 && unsigned + (tokens === 0n ? 5n : tokens) < TWO_64) return null
  return complaint(
    'nftables/nft-log-rate',
    message,
    `the log limit has a rate of ${rate}`,
    'write a positive rate in `log_ratelimit`, or `enable=0` to log without limit',
  )
}
