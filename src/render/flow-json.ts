import { showAddr } from '../ip/address.ts'
import {
  type ConntrackEntry,
  type ConntrackExpectation,
  protocolState,
  type Tuple,
} from '../netfilter/conntrack.ts'
import { unreachable } from '../source/unreachable.ts'
import { secondsLeft, showEntry, showExpectation } from './conntrack-line.ts'
import type { FlowAnswer, ShownEvent, ShownFate, TableChange } from './flow-view.ts'
import { answerJson, diagnosticJson, type Json, type JsonObject } from './json.ts'

/** A conversation as JSON, contract version 1: fields may be added, none of these is ever changed. */
export function flowJson(flow: FlowAnswer): JsonObject {
  return {
    version: 1,
    backend: flow.backend,
    node: flow.node,
    ...conversationJson(flow),
    anew: flow.anew === null ? null : conversationJson(flow.anew),
    diagnostics: flow.diagnostics.map(diagnosticJson),
  }
}

function conversationJson(flow: FlowAnswer): JsonObject {
  const { verdict, failure, filled, remarks, events, tables, now, headline } = flow
  return {
    verdict,
    failure: failure === null ? null : { number: failure.number, why: failure.text },
    conversation: {
      proto: headline.proto,
      from: headline.from ?? 'outside',
      src: headline.src,
      to: headline.to ?? 'outside',
      dst: headline.dst,
    },
    filled: filled.map(({ field, value, why }) => ({ field, value, why })),
    remarks,
    events: events.map(eventJson),
    conntrack: tables.map(({ node, entries, expectations }) => ({
      node,
      at: now,
      entries: entries.map((entry) => entryJson(entry, now)),
      expectations: expectations.map((one) => expectationJson(one, now)),
    })),
  }
}

function eventJson(event: ShownEvent): JsonObject {
  switch (event.kind) {
    case 'wait':
      return {
        kind: 'wait',
        at: event.at,
        ms: event.ms,
        conntrack: event.changes.map((change) => changeJson(change, event.at)),
      }
    case 'configuration':
      return { kind: 'configuration', at: event.at, name: event.name }
    case 'packet':
      return {
        kind: 'packet',
        number: event.number,
        at: event.at,
        direction: event.direction,
        connection: event.connection,
        name: event.name,
        line: event.line,
        ...fateJson(event.fate, event.at),
      }
    default:
      return unreachable(event)
  }
}

/** Of the answer to one packet, what the one to the conversation does not say already. */
function fateJson(fate: ShownFate, at: number): JsonObject {
  switch (fate.kind) {
    case 'unseen':
      return { fate: 'unseen', verdict: null, why: null, answer: null, conntrack: [] }
    case 'not-sent':
      return { fate: 'not-sent', verdict: null, why: fate.why, answer: null, conntrack: [] }
    case 'walked': {
      const { decidedBy, reply, assumptions, overruled, packet, hops } = answerJson(fate.answer)
      return {
        fate: fate.failure === null ? 'arrived' : 'lost',
        verdict: fate.answer.trace.outcome,
        why: fate.failure,
        answer: definite({ decidedBy, reply, assumptions, overruled, packet, hops }),
        conntrack: fate.changes.map((change) => changeJson(change, at)),
      }
    }
    default:
      return unreachable(fate)
  }
}

function definite(fields: Readonly<Record<string, Json | undefined>>): JsonObject {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
}

function changeJson(change: TableChange, now: number): JsonObject {
  const { node, kind } = change
  switch (change.kind) {
    case 'new':
      return { node, change: kind, entry: entryJson(change.entry, now) }
    case 'changed':
      return {
        node,
        change: kind,
        before: entryJson(change.before, now),
        entry: entryJson(change.entry, now),
      }
    case 'gone':
      return { node, change: kind, why: change.why, entry: entryJson(change.entry, now) }
    case 'expects':
      return { node, change: kind, expectation: expectationJson(change.expectation, now) }
    case 'expects-no-more':
      return {
        node,
        change: kind,
        why: change.why,
        expectation: expectationJson(change.expectation, now),
      }
    default:
      return unreachable(change)
  }
}

/** `text` is the line of `conntrack -L`. */
function entryJson(entry: ConntrackEntry, now: number): JsonObject {
  return {
    id: entry.id,
    text: showEntry(entry, now),
    zone: entry.zone,
    proto: entry.original.proto,
    state: protocolState(entry),
    seconds: secondsLeft(entry, now),
    original: tupleJson(entry.original),
    reply: tupleJson(entry.reply),
    seenReply: entry.seenReply,
    assured: entry.assured,
    mark: entry.mark,
    helper: entry.helper,
    master: entry.master,
  }
}

function tupleJson({ version, src, dst, sport, dport }: Tuple): JsonObject {
  return {
    src: showAddr({ version, bits: src }),
    dst: showAddr({ version, bits: dst }),
    sport,
    dport,
  }
}

function expectationJson(expectation: ConntrackExpectation, now: number): JsonObject {
  return {
    text: showExpectation(expectation, now),
    master: expectation.master,
    seconds: secondsLeft(expectation, now),
  }
}
