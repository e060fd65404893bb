import { type JsonObject, placeJson } from './json.ts'
import type { Check } from './junit.ts'
import type { LockoutEntry, LockoutView } from './lockout-view.ts'
import type { Finding } from './sarif.ts'
import { quotedSpan, quoteLine } from './words.ts'

/** The whole audit, version 1: needs in the order they were found. */
export function lockoutJson(view: LockoutView): JsonObject {
  return {
    node: view.node,
    backend: view.backend,
    needs: view.entries.map((entry) => entryJson(entry)),
    notLookedAt: view.blind.map(({ what, why, span }) => ({
      what,
      why,
      place: span === null ? null : placeJson(span),
    })),
    assumptions: view.assumptions,
    remarks: view.remarks,
  }
}

function entryJson(entry: LockoutEntry): JsonObject {
  const { id, status, service, between, family, why, span, doubt, withinRates, asAnswers, loss } =
    entry
  return {
    ...{ id, status, service, between, family: `IPv${family}`, why },
    place: span === null ? null : placeJson(span),
    ...{ doubt, withinRates, asAnswers },
    loss:
      loss === null
        ? null
        : {
            phase: loss.phase,
            packet: loss.packet,
            verdict: loss.answer.trace.outcome,
            by: decidedBy(loss.answer.origin.span),
            regions: loss.regions,
            more: loss.more,
            add: loss.advice,
          },
  }
}

function decidedBy(span: LockoutEntry['span']): JsonObject | null {
  if (span === null) return null
  const line = quotedSpan({ kind: 'policy', span })
  return { ...placeJson(span), text: line === null ? '' : quoteLine(line) }
}

/** What is lost or not proved, for SARIF. */
export function lockoutFindings({ entries }: LockoutView): readonly Finding[] {
  return entries.flatMap((entry): readonly Finding[] => {
    if (entry.status === 'proved' || entry.status === 'partly') return []
    return [
      {
        code: `lockout/${entry.id}`,
        level: entry.status === 'lost' ? 'error' : 'warning',
        message: sentence(entry),
        span: entry.loss?.answer.origin.span ?? entry.span,
      },
    ]
  })
}

/** A check for each need, for JUnit. */
export function lockoutChecks({ entries, node }: LockoutView): readonly Check[] {
  return entries.map(
    (entry): Check => ({
      suite: `lockout ${node}`,
      name: `${entry.service} ${entry.between} IPv${entry.family}`,
      failure:
        entry.status === 'lost'
          ? { kind: 'failed', message: sentence(entry) }
          : entry.status === 'unproved'
            ? { kind: 'skipped', message: sentence(entry) }
            : null,
    }),
  )
}

function sentence({ service, between, loss, doubt, status }: LockoutEntry): string {
  if (loss === null) return `${service} ${between}: not proved: ${doubt ?? ''}`
  const already = status === 'lost-before' ? 'was lost already' : 'is lost'
  const add =
    loss.advice === null
      ? ''
      : `\nAdd \`${loss.advice.line}\` as the first rule of ${loss.advice.file}.`
  return `${service} ${between} ${already}: ${loss.packet}${add}`
}
