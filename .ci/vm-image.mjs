// Builds what the full tier of the kernel tests boots: Debian's stock 6.12 cloud kernel and an initramfs with its
// modules, the tools that load rules, and Perl for the agent (src/kernel). Nothing is installed: the kernel's package
// is unpacked. Prints the directory, or why there is none. Made once for each kernel, recipe and set of tools.
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const env = {
  ...process.env,
  LC_ALL: 'C',
  PATH: `${process.env.PATH}:/usr/local/sbin:/usr/sbin:/sbin`,
}
const run = (command, args, options = {}) =>
  execFileSync(command, args, {
    env,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...options,
  })

/** Modules of everything a Proxmox ruleset can ask for; what each needs besides is found by modprobe. */
const MODULES = `
virtio_pci virtio_console veth bridge br_netfilter nf_defrag_ipv4 nf_defrag_ipv6 nf_conntrack nfnetlink nf_conntrack_netlink
nf_conntrack_bridge nf_tables nft_ct nft_limit nft_log nft_reject nft_reject_inet nft_reject_bridge nft_meta_bridge nft_fib
nft_fib_ipv4 nft_fib_ipv6 nft_fib_inet nft_compat nft_queue nft_numgen nft_hash nft_quota nf_log_syslog nfnetlink_log
nfnetlink_queue ip_set ip_set_hash_net ip_set_list_set ip_set_hash_ip xt_set xt_physdev xt_conntrack xt_mac xt_mark
xt_connmark xt_limit xt_multiport xt_NFLOG xt_LOG xt_addrtype xt_tcpudp xt_comment xt_pkttype xt_hashlimit xt_iprange
xt_TRACE xt_CT xt_NFQUEUE xt_sctp xt_dccp ipt_REJECT ip6t_REJECT ip_tables iptable_filter iptable_raw ip6_tables
ip6table_filter ip6table_raw ts_kmp ebtables ebtable_filter ebt_arp ebt_ip ebt_ip6 ebt_mark_m nf_conntrack_ftp nf_conntrack_tftp
nf_conntrack_amanda nf_conntrack_irc nf_conntrack_netbios_ns nf_conntrack_pptp nf_conntrack_sane nf_conntrack_sip
nf_conntrack_snmp dummy tun
`
  .trim()
  .split(/\s+/)

const TOOLS = [
  ...['/bin/dash', '/usr/bin/perl', 'nft', 'ip', 'bridge', 'ipset', 'nsenter', 'busybox'],
  ...['xtables-legacy-multi', 'xtables-nft-multi', 'ebtables-legacy', 'ebtables-legacy-restore'],
]

/** Names of one program: it looks at how it is called. */
const LINKS = {
  'xtables-legacy-multi': [
    ...['iptables-legacy', 'iptables-legacy-restore', 'iptables-legacy-save'],
    ...['ip6tables-legacy', 'ip6tables-legacy-restore', 'ip6tables-legacy-save'],
  ],
  'xtables-nft-multi': ['ebtables-nft', 'ebtables-nft-restore', 'ebtables-nft-save'],
}

/** What the init is: modules, file systems, the agent, the end. */
const INIT = `#!/bin/sh
export PATH=/bin:/sbin:/usr/bin:/usr/sbin
busybox mount -t proc proc /proc
busybox mount -t sysfs sys /sys
busybox mount -t devtmpfs dev /dev
busybox mount -t tmpfs run /run
busybox ln -s /proc/self/fd /dev/fd; busybox ln -s fd/0 /dev/stdin; busybox ln -s fd/1 /dev/stdout
for m in $(busybox cat /modules/order); do busybox insmod /modules/$m || echo "module $m is refused"; done
i=0; while [ ! -e /dev/vport0p1 ] && [ $i -lt 100 ]; do busybox sleep 0.05; i=$((i+1)); done
perl /loader.pl <> /dev/vport0p1
busybox poweroff -f
`

/** Reads the agent's program, its length first, and becomes it. */
const LOADER = `
open(STDOUT, '>&', \\*STDIN) or die $!;
sub take { my ($n) = @_; my $got = ''; while (length $got < $n) { sysread(STDIN, $got, $n - length $got, length $got) or exit } $got }
my $program = take(unpack('N', take(4)));
exec 'perl', '-e', $program;
`

/** The package of the kernel, by the name of the one that follows it. */
function kernelPackage() {
  const arch = run('dpkg', ['--print-architecture']).trim()
  if (arch !== 'amd64') throw new Error(`there is a recipe for amd64, and this is ${arch}`)
  const text = run('apt-cache', ['depends', 'linux-image-6.12-cloud-amd64'])
  const found = /Depends: (linux-image-6\.12\S+)/.exec(text)
  if (found === null) throw new Error('Debian here has no package linux-image-6.12-cloud-amd64')
  return found[1]
}

function whichTool(name) {
  const found = spawnSync('sh', ['-c', `command -v ${name}`], { env, encoding: 'utf8' })
  if (found.status !== 0) throw new Error(`there is no ${name}`)
  return found.stdout.trim()
}

function libraries(file) {
  const { stdout } = spawnSync('ldd', [file], { env, encoding: 'utf8' })
  return [...stdout.matchAll(/(\/\S+) \(0x/g)].map(([, path]) => path)
}

/** A key of everything the image is made of. */
function keyOf(kernel, tools) {
  const hash = createHash('sha256').update(kernel)
  hash.update(readFileSync(fileURLToPath(import.meta.url)))
  for (const tool of tools) hash.update(readFileSync(tool))
  return hash.digest('hex').slice(0, 16)
}

function place(root, file, target = file) {
  const to = join(root, target)
  mkdirSync(dirname(to), { recursive: true })
  if (!existsSync(to)) copyFileSync(realpathSync(file), to)
}

function build(kernel, tools, scratch, directory) {
  run('apt-get', ['-q', 'download', kernel], { cwd: scratch })
  const [archive] = readdirSync(scratch).filter((name) => name.endsWith('.deb'))
  const unpacked = join(scratch, 'kernel')
  run('dpkg', ['-x', join(scratch, archive), unpacked])
  const [version] = readdirSync(join(unpacked, 'lib/modules'))
  run('depmod', ['-b', unpacked, version])
  const root = join(scratch, 'root')
  for (const name of ['proc', 'sys', 'dev', 'run', 'tmp', 'modules', 'bin', 'sbin', 'etc'])
    mkdirSync(join(root, name), { recursive: true })
  const missing = packModules(unpacked, version, root)
  for (const tool of tools) {
    place(root, tool, join('usr/sbin', basename(tool)))
    for (const library of libraries(tool)) place(root, library)
  }
  for (const [program, names] of Object.entries(LINKS))
    for (const name of names) symlinkSync(program, join(root, 'usr/sbin', name))
  symlinkSync('../usr/sbin/dash', join(root, 'bin/sh'))
  symlinkSync('../usr/sbin/perl', join(root, 'bin/perl'))
  for (const name of ['ls', 'cat', 'sed', 'echo', 'sleep', 'mount'])
    symlinkSync('../usr/sbin/busybox', join(root, 'bin', name))
  packPlugins(root)
  packPerl(root)
  for (const name of ['services', 'protocols', 'ethertypes'])
    if (existsSync(`/etc/${name}`)) place(root, `/etc/${name}`)
  writeFileSync(join(root, 'init'), INIT)
  chmodSync(join(root, 'init'), 0o755)
  writeFileSync(join(root, 'loader.pl'), LOADER)
  const made = join(scratch, 'made')
  mkdirSync(made)
  spawnSync(
    'sh',
    ['-c', `find . | cpio -o -H newc --quiet | zstd -q -6 > ${join(made, 'initramfs')}`],
    {
      cwd: root,
      env,
    },
  )
  copyFileSync(join(unpacked, 'boot', `vmlinuz-${version}`), join(made, 'vmlinuz'))
  writeFileSync(join(made, 'missing'), missing.join('\n'))
  mkdirSync(dirname(directory), { recursive: true })
  rmSync(directory, { recursive: true, force: true })
  renameSync(made, directory)
}

/** Modules in the order they must be loaded in; those the kernel does not have are given back. */
function packModules(unpacked, version, root) {
  const order = []
  const missing = []
  for (const name of MODULES) {
    const { status, stdout } = spawnSync(
      'modprobe',
      ['-d', unpacked, '-S', version, '--show-depends', name],
      { env, encoding: 'utf8' },
    )
    if (status !== 0) missing.push(name)
    for (const [, path] of stdout.matchAll(/^insmod (\S+)/gm)) {
      const file = basename(path).replace(/\.xz$/, '')
      if (order.includes(file)) continue
      order.push(file)
      if (path.endsWith('.xz')) {
        const bytes = execFileSync('xz', ['-dc', path], { maxBuffer: 1 << 28 })
        writeFileSync(join(root, 'modules', file), bytes)
      } else copyFileSync(path, join(root, 'modules', file))
    }
  }
  writeFileSync(join(root, 'modules/order'), order.join('\n'))
  return missing
}

/** Extensions of iptables and ebtables are libraries that are loaded by name. */
function packPlugins(root) {
  for (const directory of [
    '/usr/lib/x86_64-linux-gnu/xtables',
    '/usr/lib/x86_64-linux-gnu/ebtables',
  ])
    if (existsSync(directory))
      for (const name of readdirSync(directory)) {
        const file = join(directory, name)
        place(root, file)
        if (name.endsWith('.so')) for (const library of libraries(file)) place(root, library)
      }
}

/** What of Perl's library the agent uses. */
function packPerl(root) {
  const list = run('perl', [
    '-e',
    'use strict; use warnings; use Socket; use Fcntl; use POSIX; use Errno; print join("\\n", values %INC), "\\n"; print "$_\\n" for map { @DynaLoader::dl_shared_objects } 1',
  ])
  for (const file of list.split('\n').filter((line) => line.startsWith('/'))) place(root, file)
}

function main() {
  const cache = process.env.PVEFW_CACHE ?? join(process.env.HOME ?? tmpdir(), '.cache', 'pvefw')
  const kernel = kernelPackage()
  const tools = TOOLS.map(whichTool)
  const directory = join(cache, `vm-${keyOf(kernel, tools)}`)
  if (existsSync(join(directory, 'vmlinuz'))) return directory
  mkdirSync(cache, { recursive: true })
  // beside the result: a rename does not cross file systems
  const scratch = mkdtempSync(join(cache, 'making-'))
  try {
    build(kernel, tools, scratch, directory)
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
  return directory
}

try {
  console.log(main())
} catch (error) {
  const said = error.stderr?.toString().trim().split('\n').at(-1)
  console.log(`no image: ${said || error.message.split('\n')[0]}`)
  process.exitCode = 1
}
