import { openFiles } from '../support/arbitraries/node-text.ts'
import { newTally, showDiffers } from './case.ts'
import { conversationsAgree } from './conversations.ts'
import { localLab, localMissing, vmLab, vmMissing } from './labs.ts'
import { OPEN_NODE } from './open-node.ts'
import { kernelAgrees } from './properties.ts'

/**
 * `npm run soak -- --minutes N [--only iptables|nftables|conversations]`: goes on asking kernels with fresh seeds. Prints
 * what was compared, and every disagreement in its smallest form; the exit code is 1 if there is any.
 */
const option = (name: string): string | undefined => {
  const at = process.argv.indexOf(`--${name}`)
  return at === -1 ? undefined : process.argv[at + 1]
}
const end = Date.now() + Number(option('minutes') ?? 10) * 60_000
const only = option('only')
let seed = Date.now() % 1_000_000_000
const found: string[] = []
const totals = { iptables: newTally(), nftables: newTally(), conversations: { packets: 0 } }

function disagree(what: string, text: string): void {
  found.push(text)
  console.log(`\nDISAGREEMENT (${what}, seed ${seed})\n${text}\n`)
}

async function rulesets(backend: 'iptables' | 'nftables'): Promise<void> {
  const lab = await (backend === 'iptables' || vmMissing !== null ? localLab() : vmLab())
  while (Date.now() < end) {
    seed += 1
    const amount = { seed, configurations: 10, packets: 100 }
    const one = await kernelAgrees(lab, backend, amount, totals[backend])
    if (one !== null) disagree(backend, showDiffers(one))
  }
  await lab.close()
}

async function talks(): Promise<void> {
  const lab = await localLab()
  const firewall = openFiles(OPEN_NODE, 'iptables')
  await lab.load(firewall)
  while (Date.now() < end) {
    seed += 1
    const text = await conversationsAgree(
      lab,
      firewall,
      { seed, conversations: 50, kernel: 'any' },
      totals.conversations,
    )
    if (text !== null) disagree('conversations', text)
  }
  await lab.close()
}

console.log(`seeds from ${seed}`)
if (localMissing !== null) console.log(`this machine's kernel is left out: ${localMissing}`)
if (vmMissing !== null)
  console.log(`Debian's kernel is left out, stand-ins take its place: ${vmMissing}`)
await Promise.all([
  ...(localMissing === null && (only ?? 'iptables') === 'iptables' ? [rulesets('iptables')] : []),
  ...((vmMissing === null || localMissing === null) && (only ?? 'nftables') === 'nftables'
    ? [rulesets('nftables')]
    : []),
  ...(localMissing === null && (only ?? 'conversations') === 'conversations' ? [talks()] : []),
])
for (const backend of ['iptables', 'nftables'] as const) {
  const { configurations, refused, packets, byLine } = totals[backend]
  console.log(
    `${backend}: ${packets} packets over ${configurations} configurations (${refused} refused by both), ${byLine} decided by a line of a file`,
  )
}
console.log(`conversations: ${totals.conversations.packets} packets`)
console.log(`${found.length} disagreements`)
process.exitCode = found.length === 0 ? 0 : 1
