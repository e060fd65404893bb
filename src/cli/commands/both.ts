import { namesOf } from '../../firewall/answer.ts'
import { askAll, differ, verdictOf } from '../../firewall/backend-answers.ts'
import type { NodeFirewall } from '../../firewall/node-firewall.ts'
import type { Query } from '../../packet/query.ts'
import { type Compared, comparisonLine } from '../../render/comparison.ts'
import { safeJson } from '../../render/escape.ts'
import { answerJson, type JsonObject } from '../../render/json.ts'
import { lookOf } from '../../render/look.ts'
import { renderMinimal } from '../../render/minimal.ts'
import type { Detail } from '../../render/path-lines.ts'
import { showLines } from '../../render/show.ts'
import { line, piece } from '../../render/styled.ts'
import { renderAnswer } from '../../render/trace-lines.ts'
import type { Arguments } from '../arguments.ts'
import { EXIT, type ExitCode } from '../exit.ts'
import type { Io } from '../io.ts'
import { reportNftRefusal, reportProblems, reportRefusal } from '../report.ts'

/** `pvefw trace --backend both`: the answers of the two backends to one packet, and whether they differ. */
export function answerBoth(
  firewalls: readonly NodeFirewall[],
  query: Query,
  given: Arguments,
  io: Io,
): ExitCode {
  const asked = askAll(firewalls, query, given.flags.has('anyway'))
  if (asked.kind === 'problems') {
    reportProblems(io, asked.problems)
    return EXIT.usage
  }
  const { answers } = asked
  for (const { kind, refusedOn } of answers) {
    if (refusedOn === null) continue
    const report = kind === 'refused' ? reportRefusal : reportNftRefusal
    report(io, refusedOn, namesOf([refusedOn]))
  }
  print(answers, given, io)
  return exitCodeOf(answers, given.text.get('expect') ?? null)
}

function print(answers: readonly Compared[], given: Arguments, io: Io): void {
  if (given.flags.has('json')) {
    io.stdout.write(`${safeJson(bothJson(answers), 2)}\n`)
    return
  }
  if (given.flags.has('minimal')) {
    for (const one of answers)
      io.stdout.write(
        `${one.backend} ${one.kind === 'refused' ? 'REFUSED - -\n' : renderMinimal(one.answer)}`,
      )
    return
  }
  const look = lookOf(io.env, io.stdout)
  const detail = Math.min(given.verbose, 3) as Detail
  const lines = [
    comparisonLine(answers),
    ...answers.flatMap((one) => [
      line(['']),
      line([piece(one.backend, 'strong')]),
      ...(one.kind === 'refused'
        ? [line(['  no answer: the backend refuses this configuration'])]
        : renderAnswer(one.answer, detail, look)),
    ]),
  ]
  io.stdout.write(showLines(lines, look))
}

function bothJson(answers: readonly Compared[]): JsonObject {
  const shown = (one: Compared): JsonObject =>
    one.kind === 'refused'
      ? { error: 'configuration refused by the backend' }
      : answerJson(one.answer)
  return {
    version: 1,
    backend: 'both',
    differ: differ(answers),
    answers: Object.fromEntries(answers.map((one) => [one.backend, shown(one)])),
  }
}

/** A refusal says most, then a doubt, then an answer that was not expected. */
function exitCodeOf(answers: readonly Compared[], expect: string | null): ExitCode {
  const verdicts = answers.map(verdictOf)
  if (verdicts.includes('refused')) return EXIT.refused
  if (verdicts.includes('unknown')) return EXIT.unknown
  const met = expect === null || verdicts.every((verdict) => verdict === expect)
  return met ? EXIT.answered : EXIT.unexpected
}
