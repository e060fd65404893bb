import { logLineQuery } from '../packet/log-line.ts'
import { parseArrow } from '../packet/parse-arrow.ts'
import { isProblem } from '../packet/problem.ts'
import type { StepState } from './state.ts'
import { newQuestion, refused, refusedFor } from './what-if.ts'

/** A pasted packet is asked about: a line of pve-firewall.log, or a packet as pvefw trace takes it. */
export function pastedPacket(state: StepState, text: string): StepState {
  const { tables } = state.setting.firewall
  const line =
    text
      .split(/[\r\n]+/)
      .find((one) => one.trim() !== '')
      ?.trim() ?? ''
  if (line === '') return refusedFor(state, 'what was pasted is empty')
  const logged = logLineQuery(line)
  if (logged !== null) return newQuestion(state, logged, 'the packet of the log line')
  if (!/->|→/.test(line))
    return refusedFor(state, 'what was pasted is no line of a firewall log, and no packet A -> B')
  const query = parseArrow(line, tables)
  return isProblem(query) ? refused(state, [query]) : newQuestion(state, query, line)
}
