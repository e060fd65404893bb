import { helpGroups } from '../step/key-table.ts'
import { EXIT_MEANINGS } from './exit.ts'
import { COMMANDS, type Command, type Option } from './options.ts'
import { VERSION } from './version.ts'

/** The man page pvefw(1) as roff (man(7) macros), made from the table of options. */
export function manPage(): string {
  return `${[
    `.TH PVEFW 1 "" "pvefw ${VERSION}" "User Commands"`,
    '.SH NAME',
    'pvefw \\- packet-path simulator and rule debugger for the Proxmox VE firewall',
    '.SH SYNOPSIS',
    ...COMMANDS.flatMap(synopsis),
    '.SH DESCRIPTION',
    paragraph(
      'Answers what the firewall of a Proxmox VE node does with a packet, and which line of which file decides, ' +
        'from the files alone: nothing is sent, changed or asked of a kernel.',
    ),
    '.SH COMMANDS',
    ...COMMANDS.flatMap(commandSection),
    '.SH OUTPUT',
    ...OUTPUT.flatMap((text) => [paragraph(text), '.PP']),
    '.SH KEYS OF PVEFW STEP',
    ...helpGroups().flatMap(({ title, rows }) => [
      `.SS ${escapeRoff(title)}`,
      ...rows.flatMap(({ keys, help }) => ['.TP', `.B ${escapeRoff(keys)}`, paragraph(help)]),
    ]),
    '.SH EXIT STATUS',
    ...EXIT_MEANINGS.flatMap(({ code, meaning }) => ['.TP', `.B ${code}`, paragraph(meaning)]),
    '.SH ENVIRONMENT',
    ...ENVIRONMENT.flatMap(([name, what]) => ['.TP', `.B ${escapeRoff(name)}`, paragraph(what)]),
    '.SH FILES',
    ...FILES.flatMap(([name, what]) => ['.TP', `.I ${escapeRoff(name)}`, paragraph(what)]),
    '.SH EXAMPLES',
    ...COMMANDS.flatMap(({ examples }) =>
      examples.flatMap(({ line, what }) => ['.TP', `.B ${escapeRoff(line)}`, paragraph(what)]),
    ),
    '.SH SEE ALSO',
    '.BR pve-firewall (8),',
    '.BR iptables (8),',
    '.BR ipset (8)',
  ].join('\n')}\n`
}

const OUTPUT = [
  'The first line is the verdict and the packet. The line that starts with "by" is the line of the configuration that ' +
    'decided, as it stands in the file, and the security group or macro it was reached through. Below stand the ' +
    'reason, lines that would have decided otherwise had they come first, what was filled in because the question ' +
    'left it open, what was taken for granted, and the path: one line for each hook of the kernel that had rules ' +
    'for the packet.',
  'The answer goes to standard output; what is wrong with the configuration goes to standard error: errors, and ' +
    'warnings in files that concern this packet. With -v all of them are shown.',
  'With --json the answer is one object: version (1), backend, node, verdict, decidedBy (kind, file, line, text, ' +
    'chain, kernel), assumptions, packet, hops, diagnostics. Fields may be added; these are never changed.',
]

const ENVIRONMENT: readonly (readonly [string, string])[] = [
  ['NO_COLOR', 'If set, colours are off.'],
  ['FORCE_COLOR', 'If set, colours are on even in a pipe; 0 switches them off.'],
  [
    'CLICOLOR, CLICOLOR_FORCE, TERM',
    'CLICOLOR=0 and TERM=dumb switch colours off, CLICOLOR_FORCE=1 on.',
  ],
  [
    'LC_ALL, LC_CTYPE, LANG',
    'Arrows and letters beyond ASCII are shown only if the locale is UTF-8.',
  ],
  ['PVEFW_DEBUG', 'If set, a bug report shows where it happened.'],
]

const FILES: readonly (readonly [string, string])[] = [
  [
    'etc/pve/firewall/cluster.fw',
    'datacenter options, aliases, IP sets, security groups, rules for all hosts',
  ],
  ['etc/pve/nodes/NODE/host.fw', 'options and rules of a host'],
  ['etc/pve/firewall/VMID.fw', 'options, aliases, IP sets and rules of a guest'],
  ['etc/pve/nodes/NODE/qemu-server/VMID.conf, .../lxc/VMID.conf', 'the NICs of guests'],
  [
    'etc/network/interfaces, etc/hosts, etc/pve/corosync.conf',
    'the addresses of the node and its peers',
  ],
]

function synopsis(command: Command): readonly string[] {
  const options = command.options.length > 0 ? ' [\\fIoptions\\fR]' : ''
  const words = command.positional === '' ? '' : ` \\fI${escapeRoff(command.positional)}\\fR`
  return [`.B pvefw ${command.name}\\fR${options}${words}`, '.br']
}

function commandSection(command: Command): readonly string[] {
  return [
    `.SS ${command.name}`,
    ...command.description.flatMap((text) => [paragraph(text), '.PP']),
    ...command.options.flatMap(optionEntry),
  ]
}

function optionEntry(option: Option): readonly string[] {
  const names = [...option.alias.filter((name) => name.length === 1), option.name]
  const long = option.alias.filter((name) => name.length > 1)
  const value = option.value === '' ? '' : ` \\fI${escapeRoff(option.value)}\\fR`
  const shown = [...names, ...long].map((name) => `\\fB${dashes(name)}\\fR${value}`).join(', ')
  const choices = option.choices.length > 0 ? ` (${option.choices.join(', ')})` : ''
  const more = option.more === '' ? [] : [paragraph(option.more)]
  return ['.TP', shown, paragraph(`${capitalised(option.help)}${choices}.`), ...more]
}

function dashes(name: string): string {
  return escapeRoff(name.length === 1 ? `-${name}` : `--${name}`)
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

function paragraph(text: string): string {
  const escaped = escapeRoff(text)
  return /^[.']/.test(escaped) ? `\\&${escaped}` : escaped
}

/** groff_char(7): a plain `-` is a hyphen and `'` a curly quote; options and code need the real ones. */
function escapeRoff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll('"', '\\(dq')
}
