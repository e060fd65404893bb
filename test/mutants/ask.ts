import { newTally } from '../kernel/case.ts'
import { conversationsAgree } from '../kernel/conversations.ts'
import { localLab } from '../kernel/labs.ts'
import { OPEN_NODE } from '../kernel/open-node.ts'
import { kernelAgrees } from '../kernel/properties.ts'
import { openFiles } from '../support/arbitraries/node-text.ts'

/** Asks the kernel with the evaluator of this tree; run by `run.ts` in a tree with one mutant. Prints `found PACKETS` or `nothing PACKETS`. */
const lab = await localLab()
if (process.argv[2] === 'conversations') {
  const firewall = openFiles(OPEN_NODE, 'iptables')
  await lab.load(firewall)
  const tally = { packets: 0 }
  const found = await conversationsAgree(
    lab,
    firewall,
    { seed: 7, conversations: 300, kernel: 'any' },
    tally,
  )
  console.log(`${found === null ? 'nothing' : 'found'} ${tally.packets}`)
} else {
  const tally = newTally()
  const found = await kernelAgrees(
    lab,
    'iptables',
    { seed: 7, configurations: 120, packets: 60 },
    tally,
  )
  console.log(`${found === null ? 'nothing' : 'found'} ${tally.packets}`)
}
await lab.close()
