import { type Property, type PropertySchema, parsePropertyString } from '../../property-string.ts'

/** `log_ratelimit` of cluster.fw (`$cluster_option_properties`). `enable` must be given, alone or as a key. */
const LOG_RATELIMIT: PropertySchema = {
  properties: new Map<string, Property>([
    ['enable', { type: 'boolean', optional: false }],
    [
      'rate',
      { type: 'string', optional: true, pattern: /^[1-9][0-9]*\/(?:second|minute|hour|day)$/ },
    ],
    ['burst', { type: 'integer', optional: true, minimum: 0 }],
  ]),
  defaultKey: 'enable',
  alias: null,
}

/**
 * What pve-firewall dies with at once when it has read cluster.fw (`$set_global_log_ratelimit`); null when the
 * value is fine.
 */
export function logRatelimitError(text: string): string | null {
  return parsePropertyString(LOG_RATELIMIT, text).error
}
