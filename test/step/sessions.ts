import { join } from 'node:path'
import { type OpenOptions, openFirewall } from '../../src/firewall/node-firewall.ts'
import { parseArrow } from '../../src/packet/parse-arrow.ts'
import { isProblem } from '../../src/packet/problem.ts'
import { type Look, plainLook } from '../../src/render/look.ts'
import { openerOf, openingOf, type Start } from '../../src/step/open.ts'
import type { Subject } from '../../src/step/record.ts'
import { reduce } from '../../src/step/reduce.ts'
import { firstState, type Size, type StepState } from '../../src/step/state.ts'
import { repository } from '../support/run-cli.ts'

export type Opening = {
  /** Relative to the repository. */
  readonly root: string
  readonly packet: string
  readonly node?: string
  readonly backend?: 'iptables' | 'nftables'
  readonly size?: Size
  readonly look?: Look
  readonly plain?: boolean
}

export const terminalLook: Look = { ...plainLook, glyphs: true }

/** A session at its first moment; null where the packet cannot be asked about. Configurations are opened once. */
export function opened(opening: Opening, subject: Subject | null = null): StepState | null {
  const { root, packet, node = null, backend = 'auto' } = opening
  const options: OpenOptions = {
    ...{ root: join(repository, root), node, backend, guest: null },
    ...{ hostIp: null, localNetwork: null },
  }
  const key = `${root} ${node} ${backend}`
  const firewall = known.get(key) ?? openFirewall(options).firewall
  if (firewall === null) throw new Error(`nothing to open at ${root}`)
  known.set(key, firewall)
  const query = parseArrow(packet, firewall.tables)
  if (isProblem(query)) throw new Error(query.message)
  const start: Start = {
    ...{ firewall, options, edits: [] },
    resolve: (other) => join(repository, other),
  }
  const session = {
    open: openerOf(start),
    options: ['--root', root],
    look: opening.look ?? terminalLook,
    plain: opening.plain ?? false,
  }
  const state = firstState(
    session,
    { firewall, subject: subject ?? { kind: 'packet', query }, opening: openingOf(start) },
    opening.size ?? { columns: 120, rows: 40 },
  )
  return 'problems' in state ? null : state
}

const known = new Map<string, NonNullable<ReturnType<typeof openFirewall>['firewall']>>()

/** A session that must be there. */
export function session(opening: Opening, subject: Subject | null = null): StepState {
  const state = opened(opening, subject)
  if (state === null) throw new Error(`cannot be asked: ${opening.packet}`)
  return state
}

/** The state after keys, each by its name, and pasted text written `paste:TEXT`. */
export function pressed(state: StepState, ...keys: readonly string[]): StepState {
  return keys.reduce(
    (now, key) =>
      key.startsWith('paste:')
        ? reduce(now, { kind: 'paste', text: key.slice(6) })
        : reduce(now, { kind: 'key', key }),
    state,
  )
}
