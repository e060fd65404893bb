import { flag, optionsOf } from '../compile/iptables/options.ts'
import { flag as nftFlag } from '../config/dialect/nftables/options.ts'
import type { Filter } from './node-firewall.ts'

/** The switches of a configuration as its backend reads them: what is off is not filtered. */
export type Switches = {
  readonly cluster: boolean
  readonly host: boolean
  /** `no-file`: the guest is unknown to the firewall. */
  readonly guest: (vmid: number) => 'no-file' | 'off' | 'on'
}

export function switchesOf(filter: Filter): Switches {
  if (filter.backend === 'iptables') {
    const { cluster, host, guests } = filter.config
    return {
      cluster: flag(optionsOf(cluster), 'enable', false).on,
      host: flag(optionsOf(host), 'enable', true).on,
      guest: (vmid) => {
        const file = guests.get(vmid)
        if (file === undefined) return 'no-file'
        return flag(optionsOf(file), 'enable', false).on ? 'on' : 'off'
      },
    }
  }
  const { cluster, host, guests } = filter.config
  return {
    cluster: nftFlag(cluster, 'enable', false).value,
    host: nftFlag(host, 'enable', true).value,
    guest: (vmid) => {
      const guest = guests.find((one) => one.vmid === vmid)
      if (guest === undefined) return 'no-file'
      return nftFlag(guest.fw, 'enable', false).value ? 'on' : 'off'
    },
  }
}
