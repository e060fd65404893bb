import { verdictOrigin } from '../eval/verdict-origin.ts'
import { kernelNameOf } from '../firewall/answer.ts'
import { ask } from '../firewall/ask.ts'
import type { NodeFirewall } from '../firewall/node-firewall.ts'
import { parsePacketJson } from '../packet/packet-json.ts'
import { isProblem, type Problem } from '../packet/problem.ts'
import { safeJson } from '../render/escape.ts'
import { assumptionsJson, decidedByJson } from '../render/json.ts'
import { EXIT, type ExitCode } from './exit.ts'
import type { Io } from './io.ts'
import { isReadError, longestLine, packetLines } from './packet-lines.ts'
import { usageError } from './usage.ts'

/** Answers are handed on in pieces of this many characters: one write a line would take most of the time. */
const pieceLength = 65_536

/**
 * Answers one packet a line, in order, as they come in; a line that makes no sense is answered by its error. With
 * `expect` the exit code says whether every line was answered so.
 */
export async function answerBatch(
  firewall: NodeFirewall,
  file: string,
  expect: string | null,
  io: Io,
): Promise<ExitCode> {
  let text = ''
  let asExpected = true
  try {
    for await (const line of packetLines(file, io)) {
      const { json, verdict } = answerLine(firewall, line)
      if (expect !== null && verdict !== expect) asExpected = false
      text += `${json}\n`
      if (text.length < pieceLength) continue
      if (!io.stdout.write(text)) return EXIT.answered
      text = ''
      await io.stdout.drained()
    }
  } catch (error) {
    if (!isReadError(error)) throw error
    io.stdout.write(text)
    return usageError(io, `cannot read ${file}: ${error.message}`, 'trace')
  }
  io.stdout.write(text)
  return asExpected ? EXIT.answered : EXIT.unexpected
}

/** The answer to one line of a batch. */
export function answerLine(
  firewall: NodeFirewall,
  line: string,
): { readonly json: string; readonly verdict: string | null } {
  if (line.length > longestLine)
    return {
      verdict: null,
      json: safeJson({ id: null, error: 'the line is too long for a packet' }),
    }
  const { id, query } = parsePacketJson(line, firewall.tables)
  if (isProblem(query)) return { verdict: null, json: errorLine(id, query) }
  const asked = ask(firewall, query)
  if (asked.kind === 'refused') return { verdict: null, json: errorLine(id, asked.problems[0]) }
  const { trace } = asked
  const decidedBy = decidedByJson(verdictOrigin(trace), kernelNameOf(asked), trace.outcome)
  const assumptions = assumptionsJson({ trace })
  const verdict = trace.outcome
  return { verdict, json: safeJson({ id, verdict, decidedBy, assumptions }) }
}

/** What a line that cannot be asked is answered by. */
export function errorLine(id: string | number | null, problem: Problem | undefined): string {
  const error = problem?.message ?? 'not understood'
  return safeJson({ id, error, code: problem?.code ?? null, help: problem?.help ?? null })
}
