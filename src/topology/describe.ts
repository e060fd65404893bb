import type { FirmPlace } from './place.ts'
import type { RouteEnd } from './route.ts'
import { showSegment } from './segment.ts'

/** An end of a packet for people: `vm105 (web) net0, tap105i0 on vmbr0`, `outside, behind eno1 of vmbr0`, `host pve1`. */
export function describeEnd(place: FirmPlace, { attachment, wiring }: RouteEnd): string {
  switch (place.kind) {
    case 'host':
      return `host ${place.node}`
    case 'port':
      return `${place.port} on ${place.bridge}`
    case 'guest': {
      const { guest, nic } = place
      const name = guest.name === null ? '' : ` (${guest.name})`
      const node = guest.node === wiring.node ? '' : ` on ${guest.node}`
      const guestPart = `${guest.type === 'qemu' ? 'vm' : 'ct'}${guest.vmid}${name}${node} ${nic.id}`
      if (attachment.kind !== 'port') return guestPart
      const port = attachment.firewall?.guestPort ?? attachment.port
      return `${guestPart}, ${port} on ${showSegment(attachment.segment)}`
    }
    default:
      if (attachment.kind === 'device') return `outside, behind ${attachment.device}`
      if (attachment.kind === 'port')
        return `outside, behind ${attachment.port} of ${showSegment(attachment.segment)}`
      return 'outside'
  }
}
