import { type KernelLab, openLab } from '../../src/kernel/kernel-lab.ts'
import type { Ebtables } from '../../src/kernel/load.ts'
import { localTransport } from '../../src/kernel/transport.ts'
import { toolsMissing } from './name-space.ts'
import { bootVm, vmImage } from './vm.ts'

const EXTRA = [{ bridge: 'vmbr0', port: 'tap999i0' }] as const

/** Why this machine's kernel cannot be asked; null where it can. */
export const localMissing: string | null = toolsMissing(
  'iptables-legacy-save >/dev/null',
  'ip6tables-legacy-save >/dev/null',
  'ipset list >/dev/null',
  'nft list ruleset >/dev/null',
  'ebtables-nft -L >/dev/null',
)

/** A lab in the kernel of this machine, in name spaces of its own; something stands in for nftables' tables of bridges. */
export function localLab(): Promise<KernelLab> {
  return openLab(localTransport(), EXTRA, 'ebtables-nft', true)
}

/** The image of the full tier, or why there is none. */
export const image: ReturnType<typeof vmImage> = vmImage()

/** Why no virtual machine can be asked; null where one can. */
export const vmMissing: string | null = 'missing' in image ? image.missing : null

/** A lab in Debian's kernel under qemu. */
export function vmLab(ebtables: Ebtables = 'ebtables-legacy'): Promise<KernelLab> {
  if ('missing' in image) throw new Error(image.missing)
  return openLab(bootVm(image.directory), EXTRA, ebtables)
}
