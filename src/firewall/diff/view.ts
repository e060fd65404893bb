import { verdictOrigin } from '../../eval/verdict-origin.ts'
import type { DiffEntry, DiffSide, DiffView } from '../../render/diff-view.ts'
import { packetWords } from '../../render/packet-words.ts'
import { regionWords } from '../../render/region-words.ts'
import { namesOf } from '../answer.ts'
import { isRefused, type NodeFirewall } from '../node-firewall.ts'
import { regionNames } from '../region-names.ts'
import type { Change, NodeDiff, Side } from './diff.ts'

/** What a comparison of one node shows. */
export function diffView(
  found: NodeDiff,
  before: NodeFirewall,
  after: NodeFirewall,
  sides: readonly [string, string],
): DiffView {
  const wayText = ({ from, to }: Change['ways'][number]): string => `${from.text} → ${to.text}`
  return {
    node: found.node,
    sides,
    entries: found.changes.map((change) => entryOf(change, wayText)),
    odd: found.odd.map((each) => ({
      way: wayText(each),
      packet: packetWords(each.witness.packet, each.witness.state),
    })),
    alike: found.alike,
    untold: [...new Set(found.untold.map(wayText))],
    compared: found.compared,
    allPairs: found.allPairs,
    onlyBefore: found.onlyBefore,
    onlyAfter: found.onlyAfter,
    remarks: [...remarksOn(before, sides[0]), ...remarksOn(after, sides[1])],
  }
}

function entryOf(change: Change, wayText: (way: Change['ways'][number]) => string): DiffEntry {
  const { before, after, ways, piece, witness, was, now, family } = change
  return {
    ...{ before, after },
    ways: ways.map(wayText),
    region: regionWords(family, piece, regionNames(now.firewall, family)),
    packet: packetWords(witness.packet, family === 'arp' ? null : witness.state),
    was: sideOf(was),
    now: sideOf(now),
  }
}

function sideOf({ firewall, trace }: Side): DiffSide {
  return { origin: verdictOrigin(trace), names: namesOf([firewall]), trace }
}

function remarksOn(firewall: NodeFirewall, side: string): readonly string[] {
  const { node } = firewall.tree
  if (isRefused(firewall))
    return [
      `${side}: the configuration of ${node} is refused; this is what an empty kernel would hold then`,
    ]
  if (firewall.compiled.state === 'disabled')
    return [`${side}: the firewall of ${node} is off, so everything gets through`]
  return []
}
