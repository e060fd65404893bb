import type { ChainTrace, HopTrace, RuleHit } from '../eval/trace.ts'
import type { VerdictOrigin } from '../eval/verdict-origin.ts'
import { showAddr } from '../ip/address.ts'
import { showMac } from '../ip/mac.ts'
import type { Origin, Via } from '../netfilter/origin.ts'
import { type Known, type Packet, protocolOf } from '../netfilter/packet.ts'
import type { Rule } from '../netfilter/ruleset.ts'
import type { Diagnostic } from '../source/diagnostic.ts'
import {
  decodeBytes,
  lineNote,
  lineNumber,
  position,
  quote,
  type Span,
} from '../source/source-file.ts'
import type { Answer } from './answer.ts'
import { quotedSpan, showFlags } from './words.ts'

/** Any JSON value. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [name: string]: Json }

/** An object of the JSON contract: names in a fixed order. */
export type JsonObject = { readonly [name: string]: Json }

/** Texts of a configuration are cut here: a line may be of any length. */
const longest = 2000

/** The answer as JSON, contract version 1: fields may be added, none of these is ever changed. */
export function answerJson(answer: Answer): JsonObject {
  const { trace, headline } = answer
  return {
    version: 1,
    backend: answer.backend,
    node: answer.node,
    verdict: trace.outcome,
    decidedBy: decidedByJson(answer.origin, answer.kernel, trace.outcome),
    reply:
      trace.reply === null
        ? null
        : {
            with: trace.reply.with,
            reachesSender: trace.reply.reachesSender,
            why: trace.reply.why,
          },
    assumptions: assumptionsJson(answer),
    remarks: answer.remarks,
    filled: answer.filled.map(({ field, value, why }) => ({ field, value, why })),
    overruled: answer.overruled.map(({ chain, rule, index, would, first }) => ({
      ...placeJson(rule.origin.span),
      text: originText(rule.origin) ?? ruleText(rule),
      chain: chain.name,
      rule: index + 1,
      would,
      first: placeJson(first.origin.span),
    })),
    packet: {
      // the first line of the text leaves out an outside of which only the address was said
      from: headline.from ?? 'outside',
      to: headline.to ?? 'outside',
      state: trace.hops.at(-1)?.state ?? null,
      ...packetJson(trace.packet),
    },
    hops: trace.hops.map(hopJson),
    diagnostics: answer.diagnostics.map(diagnosticJson),
  }
}

/** `decidedBy` of the contract, with the fields that were added to it. */
export function decidedByJson(
  origin: VerdictOrigin,
  kernel: string | null,
  outcome: string,
): JsonObject {
  const { kind, span, chain, via, option, rule, staleMark } = origin
  return {
    kind,
    ...placeJson(span),
    text: textOf(origin, outcome),
    chain: chain?.name ?? null,
    kernel,
    option,
    via: via.map(viaJson),
    rule: rule === null ? null : ruleText(rule),
    why: rule?.origin.kind === 'generated' ? rule.origin.why : null,
    staleMark,
  }
}

export function assumptionsJson({ trace }: Pick<Answer, 'trace'>): readonly JsonObject[] {
  return trace.assumptions.map(({ kind, text, rule }) => ({
    kind,
    text,
    ...placeJson(rule?.origin.span ?? null),
    rule: rule === null ? null : ruleText(rule),
  }))
}

export function diagnosticJson(one: Diagnostic): JsonObject {
  return {
    code: one.code,
    severity: one.severity,
    message: one.message,
    ...spotJson(one.span),
    help: one.help,
    related: one.related.map(({ span, message }) => ({ ...spotJson(span), message })),
  }
}

/** The line as written; for what no line says, what one would have to say. */
function textOf(origin: VerdictOrigin, outcome: string): string | null {
  const { kind, span, option, rule } = origin
  // a line of a dump may be the whole dump
  if (rule?.origin.kind === 'imported') return ruleText(rule)
  const line = kind === 'generated' || kind === 'none' ? null : quotedSpan({ kind, span })
  if (line !== null) return clipped(line)
  switch (kind) {
    case 'policy':
      return option === null
        ? `policy ${outcome.toUpperCase()}`
        : `${option}: ${outcome.toUpperCase()}`
    case 'none':
      return null
    default:
      return rule === null ? null : ruleText(rule)
  }
}

function ruleText(rule: Rule): string {
  return decodeBytes(rule.text.trim())
}

function originText(origin: Origin): string | null {
  const isNone = origin.kind === 'generated' || origin.kind === 'imported'
  const line = isNone ? null : quotedSpan(origin)
  return line === null ? null : clipped(line)
}

function clipped(span: Span): string {
  return quote({ ...span, end: Math.min(span.end, span.start + longest) }).trim()
}

export function placeJson(span: Span | null): {
  readonly file: string | null
  readonly line: number | null
  readonly note?: string
} {
  if (span === null) return { file: null, line: null }
  const note = lineNote(span)
  return {
    file: span.file.path,
    line: lineNumber(span.file, span.start),
    ...(note === null ? {} : { note }),
  }
}

function spotJson(span: Span | null): JsonObject {
  if (span === null) return { file: null, line: null, column: null }
  return { file: span.file.path, ...position(span) }
}

function viaJson({ what, name, span }: Via): JsonObject {
  return { what, name, ...placeJson(span) }
}

function packetJson({ ether, l3, l4 }: Packet): JsonObject {
  const version = l3.kind === 'ip6' ? 6 : 4
  const address = (bits: Known<bigint>): string =>
    bits === 'unknown' ? bits : showAddr({ version, bits })
  const mac = (bits: Known<number>): string => (bits === 'unknown' ? bits : showMac(bits))
  return {
    family: l3.kind,
    src: l3.kind === 'other' ? null : address(l3.kind === 'arp' ? l3.senderIp : l3.src),
    dst: l3.kind === 'other' ? null : address(l3.kind === 'arp' ? l3.targetIp : l3.dst),
    proto: l4.kind === 'none' ? null : l4.kind === 'other' ? String(l4.proto) : l4.kind,
    protocolNumber: protocolOf({ ether, l3, l4 }),
    sport: 'sport' in l4 ? l4.sport : null,
    dport: 'dport' in l4 ? l4.dport : null,
    flags: l4.kind === 'tcp' ? (l4.flags === 'unknown' ? l4.flags : showFlags(l4.flags)) : null,
    icmpType: 'type' in l4 ? l4.type : null,
    icmpCode: 'code' in l4 ? l4.code : null,
    ether: { src: mac(ether.src), dst: mac(ether.dst), type: ether.type, vlan: ether.vlan },
  }
}

function hopJson({ hop, node, state, chains, mark, ctMark }: HopTrace): JsonObject {
  return {
    node,
    hook: hop.hook,
    in: hop.iif,
    out: hop.oif,
    physin: hop.physin,
    physout: hop.physout,
    bridgeIn: hop.bridgeIn,
    bridgeOut: hop.bridgeOut,
    state,
    mark,
    ctMark,
    chains: chains.map(chainJson),
  }
}

function chainJson({ table, chain, hits, end }: ChainTrace): JsonObject {
  return {
    family: table.family,
    table: table.name,
    chain: chain.name,
    rules: hits.map(hitJson),
    end,
  }
}

function hitJson({ rule, index, verdict, into }: RuleHit): JsonObject {
  const { origin } = rule
  return {
    rule: index + 1,
    text: ruleText(rule),
    verdict: verdict.kind,
    kind: origin.kind,
    ...placeJson(origin.span),
    source: originText(origin),
    why: origin.kind === 'generated' ? origin.why : null,
    means: origin.means,
    into: into === null ? null : chainJson(into),
  }
}
