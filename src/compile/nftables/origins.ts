import type { Means, Origin } from '../../netfilter/origin.ts'
import type { Span } from '../../source/source-file.ts'

export type Generated = Extract<Origin, { readonly kind: 'generated' }>

/**
 * Why a command stands there that no rule line made: `by` is the function of proxmox-firewall that emits it,
 * `why` one sentence for people, `span` the option (or NIC, or header) that asked for it; null for defaults.
 */
export function generated(
  by: string,
  why: string,
  means: Means = null,
  span: Span | null = null,
): Generated {
  return { kind: 'generated', by, why, span, means }
}

/** The same origin with the option that asked for it; shared where there is none. */
export function because(origin: Generated, span: Span | null): Generated {
  return span === null ? origin : { ...origin, span }
}
