/**
 * Longest part after `PVEFW-`: kernel set names have 31 characters, `PVEFW-` takes six and `_swap` five
 * (`$max_iptables_ipset_name_length`).
 */
const maxLength = 20

/** Name of the kernel set of an IPSet: `compute_ipset_chain_name`. Sets of the cluster and of SDN have VMID 0. */
export function setName(vmid: number, name: string, family: 4 | 6): string {
  const id = `${vmid}-${name}-v${family}`
  return id.length > maxLength ? `PVEFW-${fnv31a(id).toString(16).toUpperCase()}` : `PVEFW-${id}`
}

/** FNV-1a with 32 bits, the top bit cut off: `PVE::Tools::fnv31a`. */
function fnv31a(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at += 1)
    hash = Math.imul(hash ^ (text.charCodeAt(at) & 0xff), 0x01000193)
  return hash & 0x7fffffff
}
