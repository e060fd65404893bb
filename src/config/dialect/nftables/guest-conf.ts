import type { SourceFile } from '../../../source/source-file.ts'
import { spanOf, type Token } from '../../fw-line.ts'
import { eachLine } from './lines.ts'
import type { NftNic } from './model.ts'
import { parseNic } from './nic.ts'
import { parseUnsigned } from './numbers.ts'
import { type Findings, refuse, refused } from './refused.ts'
import { brief, characters, indexIn, trimEnd, trimStart } from './text.ts'

/**
 * The NICs of a guest config, by index (guest/vm.rs `NetworkConfig::parse`). Only what stands before the
 * first section counts. One NIC that cannot be read stops everything, filtered or not.
 */
export function readNics(conf: SourceFile, findings: Findings): readonly NftNic[] {
  const nics = new Map<number, NftNic>()
  eachLine(conf, findings, (line) => {
    if (conf.text.charCodeAt(line.start) === 0x5b) return false
    if (conf.text.startsWith('net', line.start)) readNic(conf, line, nics, findings)
    return true
  })
  return [...nics.values()].sort((a, b) => a.index - b.index)
}

/** Index of a NIC by its key: `net` and 0 to 30, with or without leading zeros (`index_from_net_key`). */
export function nicIndex(key: string): number | null {
  const digits = /^net([0-9]+)$/.exec(key)?.[1]
  return digits === undefined ? null : parseUnsigned(digits, 30)
}

function readNic(
  file: SourceFile,
  line: Token,
  nics: Map<number, NftNic>,
  findings: Findings,
): void {
  const { text } = file
  const colon = indexIn(text, 0x3a, line.start, line.end)
  if (colon >= line.end - 1 || colon === line.start) return
  const key = characters(file, { start: line.start, end: trimEnd(text, line.start, colon) })
  const index = nicIndex(key)
  if (index === null) {
    refuse(
      findings,
      refused(
        'nftables/nic-key',
        spanOf(file, { start: line.start, end: colon }),
        `Encountered invalid net key in cfg: ${key}`,
        `\`${brief(key)}\` is no NIC to proxmox-firewall, which reads every line that begins with \`net\``,
        /^net\d+$/.test(key) ? 'use net0 to net30' : 'remove the line',
      ),
    )
    return
  }
  const value = { start: trimStart(text, colon + 1, line.end), end: line.end }
  const written = characters(file, value)
  const nic = parseNic(written)
  if (nic === null) {
    refuse(
      findings,
      refused(
        'nftables/nic-invalid',
        spanOf(file, line),
        `not a valid network device property string: ${written}`,
        `\`${key}\` cannot be read as a NIC`,
        nicHelp(written),
      ),
    )
    return
  }
  const earlier = nics.get(index)
  nics.set(index, { index, ...nic, span: spanOf(file, line) })
  if (earlier !== undefined)
    refuse(
      findings,
      refused(
        'nftables/nic-duplicate',
        spanOf(file, line),
        `Duplicated config key detected: ${key}`,
        `\`${key}\` stands twice`,
        'remove one of the two lines',
        [{ span: earlier.span, message: 'the first one' }],
      ),
    )
}

const OTHER_MODEL =
  /(?:^|,)(?:model=)?(e1000-82540em|e1000-82544gc|e1000-82545em|e1000e|i82551|i82557b|i82559er|igb|ne2k_isa|ne2k_pci|pcnet)(?:=|,|$)/

function nicHelp(value: string): string {
  const model = OTHER_MODEL.exec(value)?.[1]
  if (model !== undefined)
    return `the model \`${model}\` is unknown to proxmox-firewall: use virtio, e1000, rtl8139 or vmxnet3`
  return 'a VM needs `model=MAC` (virtio, e1000, rtl8139, vmxnet3), a container `type=veth` and `hwaddr=MAC`; `ip` and `ip6` must be addresses, dhcp, auto (IPv6) or manual; `firewall` is 0 or 1'
}
