import type { Difference } from '../../audit/backends/difference.ts'
import { DIFFERENCES } from '../../audit/backends/differences.ts'
import { differenceJson } from '../../render/backend-lines.ts'
import { safeJson } from '../../render/escape.ts'
import { lookOf } from '../../render/look.ts'
import { showLines } from '../../render/show.ts'
import { line, piece, type StyledLine } from '../../render/styled.ts'
import { DIAGNOSTIC_CODES } from '../../source/codes.ts'
import { nearest } from '../../source/nearest.ts'
import type { Arguments } from '../arguments.ts'
import { EXIT, type ExitCode } from '../exit.ts'
import type { Io } from '../io.ts'
import { usageError } from '../usage.ts'

const SENTENCES: ReadonlyMap<string, string> = new Map(Object.entries(DIAGNOSTIC_CODES))

/** Every code that can be explained. */
export const CODES: readonly string[] = [
  ...SENTENCES.keys(),
  ...DIFFERENCES.map(({ code }) => code),
]

/** `pvefw explain`: the sentence behind a code, and what belongs to it; without a code all of them. */
export async function explain(given: Arguments, io: Io): Promise<ExitCode> {
  const [code, ...more] = given.words
  if (more.length > 0) return usageError(io, 'one code at a time', 'explain')
  const json = given.flags.has('json')
  const look = lookOf(io.env, io.stdout)
  if (code === undefined) {
    io.stdout.write(json ? `${safeJson(CODES.map(codeJson), 2)}\n` : showLines(listOf(), look))
    return EXIT.answered
  }
  if (!CODES.includes(code)) {
    const near = nearest(code, CODES)
    const advice =
      near.length === 0 ? 'pvefw explain lists all' : `did you mean ${near.join(' or ')}?`
    return usageError(io, `there is no code ${code}; ${advice}`, 'explain')
  }
  io.stdout.write(json ? `${safeJson(codeJson(code), 2)}\n` : showLines(explanation(code), look))
  return EXIT.answered
}

function differenceOf(code: string): Difference | null {
  return DIFFERENCES.find((one) => one.code === code) ?? null
}

function explanation(code: string): readonly StyledLine[] {
  const difference = differenceOf(code)
  if (difference === null)
    return [
      line([piece(code, 'note')]),
      line([`  ${SENTENCES.get(code) ?? ''}`], 2),
      ...belongingTo(code).map((one) => line(['  = difference: ', piece(one, 'note')])),
    ]
  const { sentence, source, section, scenario, told } = difference
  return [
    line([piece(code, 'note')]),
    line([`  ${sentence}`], 2),
    line(['  = source: ', source], 4),
    line(['  = description of the nftables backend, section ', section]),
    ...(scenario === null ? [] : [line(['  = shown by scenarios/', scenario])]),
    ...told.map((one) => line(['  = reported as ', piece(one, 'note')])),
  ]
}

/** Differences that a diagnostic tells of. */
function belongingTo(code: string): readonly string[] {
  return DIFFERENCES.flatMap((one) => (one.told.some((own) => own === code) ? [one.code] : []))
}

function listOf(): readonly StyledLine[] {
  return CODES.map((code) =>
    line(
      [piece(code, 'note'), `  ${SENTENCES.get(code) ?? differenceOf(code)?.sentence ?? ''}`],
      4,
    ),
  )
}

function codeJson(code: string) {
  const difference = differenceOf(code)
  if (difference !== null) return differenceJson(difference)
  return { code, sentence: SENTENCES.get(code) ?? '', differences: belongingTo(code) }
}
