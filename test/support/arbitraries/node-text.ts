import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type NodeFirewall, openFirewall } from '../../../src/firewall/node-firewall.ts'
import {
  type FileDescription,
  GUESTS,
  type Mess,
  type NodeDescription,
} from './node-description.ts'

/** The files of a node, by path. */
export type Files = Readonly<Record<string, string>>

const FIXED: Files = {
  'etc/pve/sdn/.running-config':
    '{"zones":{"ids":{"inner":{"type":"simple"}}},"vnets":{"ids":{"lab":{"zone":"inner","type":"vnet"}}},"subnets":{"ids":{"inner-10.30.0.0-24":{"vnet":"lab","gateway":"10.30.0.1","type":"subnet"}}}}',
  'etc/hostname': 'pve1\n',
  'etc/hosts': '127.0.0.1 localhost\n10.10.0.1 pve1.lab pve1\n',
  'etc/network/interfaces': [
    'auto lo',
    'iface lo inet loopback',
    '',
    'iface vmbr0 inet static',
    '\taddress 10.10.0.1/24',
    '\tgateway 10.10.0.254',
    '\tbridge-ports eno1',
    '',
    'iface vmbr0 inet6 static',
    '\taddress fd10:10::1/64',
    '',
    'iface vmbr1 inet static',
    '\taddress 192.168.1.1/24',
    '\tbridge-ports eno2',
    '',
  ].join('\n'),
}

/** A description as the files an administrator would have. */
export function filesOf(
  { cluster, host, guests, vnet, mess }: NodeDescription,
  backend: NodeFirewall['backend'],
): Files {
  const files: Record<string, string> = {
    ...FIXED,
    'etc/pve/firewall/cluster.fw': textOf(cluster),
    'etc/pve/nodes/pve1/host.fw': textOf({
      ...host,
      options: { ...host.options, ...(backend === 'nftables' ? { nftables: '1' } : {}) },
    }),
  }
  for (const { vmid, kind, nics } of GUESTS) {
    files[`etc/pve/nodes/pve1/${kind}/${vmid}.conf`] = nics
      .map((nic, index) => {
        const plugged = `bridge=${nic.bridge},firewall=${nic.firewall}${'tag' in nic ? `,tag=${nic.tag}` : ''}`
        const addresses = index === 0 ? ',ip=10.10.0.12/24,ip6=fd10:10::12/64' : ''
        return kind === 'lxc'
          ? `net${index}: name=eth${index},hwaddr=${mac(vmid, index)},${plugged},type=veth${addresses}\n`
          : `net${index}: virtio=${mac(vmid, index)},${plugged}\n`
      })
      .join('')
    const own = guests[vmid]
    if (own != null) files[`etc/pve/firewall/${vmid}.fw`] = textOf(own)
  }
  if (vnet !== null) files['etc/pve/sdn/firewall/lab.fw'] = textOf(vnet)
  return withMess(files, mess)
}

function withMess(files: Files, mess: readonly Mess[]): Files {
  const next: Record<string, string> = { ...files }
  const names = Object.keys(files).filter((name) => name.endsWith('.fw'))
  for (const { file, line, text } of mess) {
    const name = names[file % names.length] ?? ''
    const lines = (next[name] ?? '').split('\n')
    lines.splice(line % lines.length, 0, text)
    next[name] = lines.join('\n')
  }
  return next
}

function mac(vmid: number, index: number): string {
  return `BC:24:11:00:0${index}:${vmid - 100}0`
}

function textOf({ options, aliases, sets, groups, rules }: FileDescription): string {
  const section = (head: string, lines: readonly string[]): string =>
    lines.length === 0 ? '' : `[${head}]\n${lines.join('\n')}\n\n`
  const rule = ({ enabled, head, terms }: FileDescription['rules'][number]): string =>
    [`${enabled ? '' : '|'}${head}`, ...terms.map(([option, value]) => `-${option} ${value}`)].join(
      ' ',
    )
  return [
    section(
      'OPTIONS',
      Object.entries(options).map(([name, value]) => `${name}: ${value}`),
    ),
    section(
      'ALIASES',
      aliases.map(([name, value]) => `${name} ${value}`),
    ),
    ...sets.map(({ name, entries }) => `[IPSET ${name}]\n${entries.join('\n')}\n\n`),
    ...groups.map(({ name, rules: own }) => `[group ${name}]\n${own.map(rule).join('\n')}\n\n`),
    section('RULES', rules.map(rule)),
  ].join('')
}

let version: string | null = null

/** Of the nft that loads the rules here: what it refuses differs from version to version. */
function nftVersion(): string {
  version ??=
    /v(\d+(?:\.\d+)+)/.exec(
      spawnSync('nft', ['--version'], { encoding: 'utf8' }).stdout ?? '',
    )?.[1] ?? '1.0.6'
  return version
}

/** Opens files as a node's firewall, by way of a directory that is gone afterwards. */
export function openFiles(files: Files, backend: NodeFirewall['backend']): NodeFirewall {
  const root = mkdtempSync(join(tmpdir(), 'pvefw-node-'))
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true })
      writeFileSync(join(root, path), text)
    }
    const options = {
      ...{ root, node: null, guest: null, hostIp: null, localNetwork: null, backend },
      nftVersion: nftVersion(),
    }
    const { firewall, diagnostics } = openFirewall(options)
    if (firewall === null) throw new Error(diagnostics.map(({ message }) => message).join('; '))
    return firewall
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}
