import type { FwRule, IpSetEntry } from '../../config/dialect/iptables/model.ts'
import type { Nic } from '../../config/tree.ts'
import type { Span } from '../../source/source-file.ts'
import type { Died } from './died.ts'

/** A filter pass, the set step or the ebtables step: where a failure happened. */
export type Stage = 'v4' | 'v6' | 'sets' | 'ebtables'

export type Direction = 'IN' | 'OUT'

/**
 * Something pve-firewall gave up on while compiling, as it happened. `failure-report.ts` makes diagnostics of
 * them: the same story told by several passes becomes one.
 */
export type Failure =
  /** One rule of a host or guest is not there. */
  | {
      readonly kind: 'rule-lost'
      readonly rule: FwRule
      /** Null and 0 for a rule of the host. */
      readonly nic: string | null
      readonly vmid: number
      readonly family: 4 | 6
      readonly died: Died
    }
  /** The jump to a group and the test of its answer are not in a host chain. */
  | {
      readonly kind: 'group-lost'
      readonly rule: FwRule
      readonly direction: Direction
      readonly family: 4 | 6
      readonly died: Died
    }
  /** A chain of a group ends at a rule that could not be generated. */
  | {
      readonly kind: 'group-truncated'
      readonly group: string
      readonly direction: Direction
      readonly family: 4 | 6
      readonly died: Died
    }
  | {
      readonly kind: 'unknown-group'
      readonly group: string
      readonly family: 4 | 6
      readonly span: Span
    }
  /** A guest was abandoned in the middle of a chain. */
  | {
      readonly kind: 'guest-aborted'
      readonly vmid: number
      readonly nic: string
      readonly direction: Direction
      /** NICs after this one that would have been filtered. */
      readonly later: readonly string[]
      readonly family: 4 | 6
      /** The GROUP line being compiled; null when the chain itself could not be made. */
      readonly rule: FwRule | null
      readonly died: Died
    }
  /** A NIC line that Proxmox cannot read: skipped (QEMU), or the end of its container (LXC). */
  | {
      readonly kind: 'bad-nic'
      readonly vmid: number
      readonly type: 'qemu' | 'lxc'
      readonly nic: Nic
      readonly stage: Stage
      /** Containers: the NICs that stay without chains. */
      readonly later: readonly string[]
    }
  /** The ebtables rules of a guest end: at an entry of an ipfilter set that is no address. */
  | {
      readonly kind: 'layer2-aborted'
      readonly vmid: number
      readonly nic: string
      readonly later: readonly string[]
      /** The entry could not even be taken from its line. */
      readonly undefinedEntry: boolean
      readonly died: Died
    }
  /** An entry that was accepted while reading and cannot be put out. */
  | {
      readonly kind: 'entry-lost'
      readonly set: string
      readonly entry: IpSetEntry
      readonly message: string
    }
