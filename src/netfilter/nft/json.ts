import type { Json } from './command.ts'

export type JsonObject = { readonly [key: string]: Json }

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !isList(value)
}

export function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value)
}

/** The string under a key, null when there is none. */
export function stringAt(object: JsonObject, key: string): string | null {
  const value = object[key]
  return typeof value === 'string' ? value : null
}

/** The only key of an object and its value: how libnftables-json writes statements and expressions. */
export function onlyEntry(value: Json): readonly [string, Json] | null {
  if (!isObject(value)) return null
  const keys = Object.keys(value)
  const [key] = keys
  return key === undefined || keys.length !== 1 ? null : [key, value[key] ?? null]
}

/** What a table has under a key of its own: a dump may say `constructor`. */
export function ownOf<T>(table: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined
}
