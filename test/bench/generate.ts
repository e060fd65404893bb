import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Numbers in [0, 1) from a seed (mulberry32): the same node tree for the same seed, on every machine. */
export function random(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

export type Shape = {
  readonly guests: number
  /** Rule lines in each guest's file, all different. */
  readonly rulesPerGuest: number
  /** IPSets in cluster.fw, 3 to 40 entries each. */
  readonly sets: number
}

const FIRST_VMID = 1000

/** VMID of the nth guest (zero-based). */
export function vmidOf(index: number): number {
  return FIRST_VMID + index
}

/** Address the nth guest uses; its rules name it. */
export function addressOf(index: number): string {
  return `10.${10 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}`
}

/** Writes a node tree of this shape below `directory`: one node, every guest a VM with a filtered NIC on vmbr0. */
export function writeTree(directory: string, shape: Shape): void {
  const next = random(shape.guests)
  const put = (path: string, lines: readonly string[]) => {
    const file = join(directory, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, `${lines.join('\n')}\n`)
  }
  put('etc/hostname', ['pve1'])
  put('etc/hosts', ['127.0.0.1 localhost', '10.0.0.1 pve1.example pve1'])
  put('etc/network/interfaces', [
    'auto lo',
    'iface lo inet loopback',
    'iface eno1 inet manual',
    'auto vmbr0',
    'iface vmbr0 inet static',
    '\taddress 10.0.0.1/8',
    '\tbridge-ports eno1',
  ])
  put('etc/pve/nodes/pve1/host.fw', ['[OPTIONS]', 'enable: 1', 'log_level_in: info'])
  put('etc/pve/firewall/cluster.fw', clusterFile(shape, next))
  for (let index = 0; index < shape.guests; index += 1) {
    const vmid = vmidOf(index)
    put(`etc/pve/firewall/${vmid}.fw`, guestFile(shape, index, next))
    const mac = `BC:24:11:${[index >> 16, index >> 8, index].map((byte) => hex(byte & 255)).join(':')}`
    put(`etc/pve/nodes/pve1/qemu-server/${vmid}.conf`, [
      `name: guest-${vmid}`,
      'memory: 2048',
      `net0: virtio=${mac},bridge=vmbr0,firewall=1`,
    ])
  }
}

function clusterFile(shape: Shape, next: () => number): readonly string[] {
  const lines = [
    '[OPTIONS]',
    'enable: 1',
    'policy_in: DROP',
    '',
    '[ALIASES]',
    'office 192.168.0.0/16',
    '',
  ]
  for (let set = 0; set < shape.sets; set += 1) {
    lines.push(`[IPSET set${set}]`, '')
    const entries = 3 + Math.floor(next() * 38)
    for (let entry = 0; entry < entries; entry += 1) lines.push(`172.16.${set}.${entry * 4}/30`)
    lines.push(`fd00:${hex(set)}::/64`, '')
  }
  for (let group = 0; group < 10; group += 1) {
    lines.push(`[group service${group}]`, '')
    for (let rule = 0; rule < 8; rule += 1) {
      lines.push(
        `IN ACCEPT -source +set${Math.floor(next() * shape.sets)} -p tcp -dport ${1000 + group * 10 + rule}`,
      )
    }
    lines.push('')
  }
  lines.push('[RULES]', '', 'IN SSH(ACCEPT) -source office', 'GROUP service0')
  return lines
}

function guestFile(shape: Shape, index: number, next: () => number): readonly string[] {
  const lines = [
    '[OPTIONS]',
    'enable: 1',
    'policy_out: DROP',
    '',
    '[RULES]',
    '',
    `GROUP service${index % 10}`,
  ]
  for (let rule = 1; rule < shape.rulesPerGuest; rule += 1)
    lines.push(guestRule(shape, index, rule, next))
  return lines
}

function guestRule(shape: Shape, index: number, rule: number, next: () => number): string {
  const port = 1 + Math.floor(next() * 60_000)
  const set = Math.floor(next() * shape.sets)
  switch (rule % 5) {
    case 0:
      return `OUT ACCEPT -dest ${addressOf(Math.floor(next() * shape.guests))} -p tcp -dport ${port}`
    case 1:
      return `IN ACCEPT -source +set${set} -dest ${addressOf(index)} -p tcp -dport ${port}`
    case 2:
      return `IN DROP -source 203.0.${rule}.0/24 -p udp -dport ${port}:${port + 50}`
    case 3:
      return `IN HTTPS(ACCEPT) -source 10.${rule}.${index & 255}.0/24 -log info`
    default:
      return `OUT ACCEPT -dest fd00:${hex(set)}::${hex(rule)} -p tcp -dport ${port},${port + 1}`
  }
}

function hex(value: number): string {
  return value.toString(16).padStart(2, '0')
}
