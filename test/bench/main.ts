import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type CompileCost, measureCompile, measureNftables, withTree } from './compile.ts'
import { inChild, processTimes } from './measure.ts'
import {
  classes,
  lockout,
  lookedUp,
  nasty,
  type ProofCosts,
  proofsOn,
  regionsOfEdits,
  shadows,
} from './proofs.ts'
import { firstFrame, type KeyTimes, keyTimes } from './step.ts'
import { flatChain, guestToGuest, type TraceRates } from './traces.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

const [what, ...args] = process.argv.slice(2)
switch (what) {
  case 'compile':
    print(measureCompile(args[0] ?? ''))
    break
  case 'nftables':
    print(measureNftables(args[0] ?? ''))
    break
  case 'guests':
    print(
      guestToGuest(
        args[0] ?? '',
        Number(args[1]),
        args[2] === 'nftables' ? 'nftables' : 'iptables',
      ),
    )
    break
  case 'step':
    print(await keyTimes(args[0] ?? ''))
    break
  case 'flat':
    print(flatChain(Number(args[0])))
    break
  case 'proofs':
    print(proofs(args))
    break
  default:
    await page()
}

function print(result: CompileCost | TraceRates | KeyTimes | ProofCosts): void {
  process.stdout.write(JSON.stringify(result))
}

/** The whole page. Compare within one run: the machine is another one next time. */
async function page(): Promise<void> {
  say('pvefw bench: ratios hold, absolute times are those of this machine')
  loadAndCompile()
  loadAndCompileNftables()
  traces()
  allPackets()
  startUp()
  await stepping()
}

function proofs([part, count]: readonly string[]): ProofCosts {
  switch (part) {
    case 'classes':
      return classes(count === '6' ? 6 : 4)
    case 'shadows':
      return shadows(Number(count))
    case 'nasty':
      return nasty(Number(count))
    case 'looked-up':
      return lookedUp(Number(count))
    case 'lockout':
      return lockout()
    case 'edits':
      return regionsOfEdits()
    default:
      return proofsOn(Number(count))
  }
}

/** Each in a process of its own, cold. */
function allPackets(): void {
  say('\nall packets at once, cold processes')
  const cost = (...which: readonly string[]): ProofCosts => inChild(['proofs', ...which])
  const number = (costs: ProofCosts, key: string): number => Number(costs[key])
  const v4 = number(cost('classes', '4'), 'ms')
  aim('classes with a blocklist of 50,000 in 120 ms', v4, 120, 'ms')
  aim('IPv6 at most 1.4 times IPv4', number(cost('classes', '6'), 'ms') / v4, 1.4, 'x')
  for (const [rules, most] of [
    [1000, 150],
    [10_000, 3000],
  ] as const) {
    const shadowed = cost('shadows', String(rules))
    const name = `which of ${rules} flat rules decide in ${most} ms (${shadowed['end']})`
    aim(name, number(shadowed, 'ms'), most, 'ms')
  }
  const worst = cost('nasty', '1600')
  aim(
    `1,600 rules of random ranges in 4 fields in 8 s (${worst['end']})`,
    number(worst, 'ms'),
    8000,
    'ms',
  )
  const found = cost('looked-up', '1000000')
  aim(
    'packets of a million that are looked up otherwise than evaluated',
    number(found, 'mismatches'),
    0,
    '',
  )
  const audit = cost('lockout')
  aim(
    `lockout audit of 1,000 guests and 32 nodes, ${audit['needs']} needs, in 400 ms`,
    number(audit, 'ms'),
    400,
    'ms',
  )
  aim('regions of a change in 10 places in 50 ms', number(cost('edits'), 'ms'), 50, 'ms')
  const node = cost('node', '1000')
  aim('lint of 1,000 guests in 1 s', number(node, 'lint'), 1000, 'ms')
  aim('within 1.2 GB', number(node, 'memory'), 1200, 'MB')
  aim('diff after an edit of a group of 1,000 guests in 100 ms', number(node, 'diff'), 100, 'ms')
  say(`          matrix of ${node['cells']} cells: ${number(node, 'matrix').toFixed(0)} ms`)
}

function loadAndCompile(): void {
  say(
    '\nload and compile, cold process, v4 + v6 + raw + ebtables + sets; 20 rules a guest, 50 sets',
  )
  say('  guests    total     load     read  compile     text   memory    rules   to 1,000')
  const costs = [100, 1000, 10_000].map((guests) =>
    withTree(guests, (directory) =>
      leastOf(3, () => inChild<IptablesCost>(['compile', directory])),
    ),
  )
  rows(costs)
  const [, aimed, large] = costs
  if (aimed === undefined || large === undefined) return
  aim('1,000 guests in 0.5 s', aimed.total, 500, 'ms')
  say(
    `          and reading it as the kernel's tools do, to trace through: ${aimed.holding.toFixed(0)} ms more`,
  )
  aim('1,000 guests in 200 MB', aimed.memory, 200, 'MB')
  aim('10,000 guests at most 12 times 1,000', large.total / aimed.total, 12, 'x')
}

/** proxmox-firewall itself needs about 1.2 s for 1,000 guests. */
function loadAndCompileNftables(): void {
  say('\nthe same for nftables: commands and predicted refusals; text is JSON')
  const costs = [100, 1000].map((guests) =>
    withTree(guests, (directory) =>
      leastOf(3, () => inChild<NftablesCost>(['nftables', directory])),
    ),
  )
  rows(costs)
  const [, thousand] = costs
  if (thousand === undefined) return
  aim('1,000 guests in 1 s', thousand.total, 1000, 'ms')
  say(
    `          and all rules of 1,000 guests, which traces read as they go: ${thousand.holding.toFixed(0)} ms more`,
  )
}

function rows(costs: readonly CompileCost[]): void {
  const [, thousand] = costs
  for (const [index, cost] of costs.entries()) {
    const times = [cost.total, cost.load, cost.read, cost.compile, cost.render].map((ms) =>
      `${ms.toFixed(0)} ms`.padStart(8),
    )
    const ratio = thousand === undefined ? Number.NaN : cost.total / thousand.total
    const columns = [
      String([100, 1000, 10_000][index]).padStart(8),
      ...times,
      `${cost.memory.toFixed(0)} MB`.padStart(8),
      String(cost.rules).padStart(8),
      `${ratio.toFixed(2)} x`.padStart(10),
    ]
    say(columns.join(' '))
  }
}

type IptablesCost = ReturnType<typeof measureCompile>
type NftablesCost = ReturnType<typeof measureNftables>

function leastOf<Cost extends CompileCost>(runs: number, measure: () => Cost): Cost {
  const costs = Array.from({ length: runs }, measure)
  return costs.reduce((least, cost) => (cost.total < least.total ? cost : least))
}

function traces(): void {
  say('\ntraces a second             recorded   unrecorded')
  const small = withTree(100, (directory) => inChild<TraceRates>(['guests', directory, '100']))
  row('guest to guest, 100 guests', small)
  const large = withTree(1000, (directory) => inChild<TraceRates>(['guests', directory, '1000']))
  row('guest to guest, 1,000 guests', large)
  const nftables = withTree(1000, (directory) =>
    inChild<TraceRates>(['guests', directory, '1000', 'nftables']),
  )
  row('the same on nftables', nftables)
  for (const length of [10, 1000, 10_000])
    row(`flat chain of ${length} rules`, inChild<TraceRates>(['flat', String(length)]))
  atLeast('guest to guest, recorded, 1,000 guests', large.recorded, 50_000, '/s')
  atLeast('as fast on nftables', nftables.recorded / large.recorded, 0.8, 'x')
  atLeast('1,000 guests as fast as 100', large.recorded / small.recorded, 0.8, 'x')
}

function row(name: string, { recorded, unrecorded }: TraceRates): void {
  say(
    `  ${name.padEnd(28)}${Math.round(recorded).toString().padStart(8)}${Math.round(unrecorded).toString().padStart(13)}`,
  )
}

function startUp(): void {
  say('\nstart-up, whole process, median of 15 interleaved')
  const command = join(root, 'dist/pvefw.mjs')
  const example = join(root, 'examples/small-office')
  const [bare = 0, help = 0, trace = 0] = processTimes(15, [
    ['-e', '0'],
    [command, '--help'],
    [command, 'trace', '--root', example, '192.168.1.53 -> 105:80/tcp'],
  ])
  say(
    `  node ${bare.toFixed(0)} ms, pvefw --help ${help.toFixed(0)} ms, pvefw trace ${trace.toFixed(0)} ms`,
  )
  aim('trace on a small root at most node + 80 ms', trace - bare, 80, 'ms')
}

/** From the shell to the first frame, in a terminal of script(1); and from a key to its frame. */
async function stepping(): Promise<void> {
  say('\npvefw step, 120 x 40')
  const example = join(root, 'examples/small-office')
  const words = ['step', '--root', example, '192.168.1.53 -> 105:80/tcp']
  const frame = await firstFrame([join(root, 'dist/pvefw.mjs'), ...words], 9)
  const [bare = 0] = processTimes(9, [['-e', '0']])
  const keys = withTree(1000, (directory) => inChild<KeyTimes>(['step', directory]))
  say(
    `  first frame ${frame.toFixed(0)} ms; ${keys.keys} keys on 1,000 guests, largest chain ${keys.rules} rules: median ${keys.median.toFixed(1)} ms, worst ${keys.worst.toFixed(1)} ms`,
  )
  aim('first frame at most node + 300 ms', frame - bare, 300, 'ms')
  aim('key to frame at most 30 ms at the median', keys.median, 30, 'ms')
}

function aim(name: string, value: number, most: number, unit: string): void {
  verdict(name, value <= most, value, unit)
}

function atLeast(name: string, value: number, least: number, unit: string): void {
  verdict(name, value >= least, value, unit)
}

function verdict(name: string, met: boolean, value: number, unit: string): void {
  const shown = value >= 100 ? Math.round(value).toString() : value.toFixed(2)
  say(`  ${met ? 'met   ' : 'MISSED'}  ${name}: ${shown} ${unit}`)
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
