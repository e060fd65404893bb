import { unreachable } from '../source/unreachable.ts'
import { isSpace } from './words.ts'

/** One key of a property string: the subset of JSON schema that guest NICs use. */
export type Property = {
  readonly type: 'string' | 'boolean' | 'integer' | 'number'
  readonly optional: boolean
  readonly minimum?: number
  readonly maximum?: number
  /** A named format: why the value does not have it, null when it does. */
  readonly format?: (value: string) => string | null
  readonly pattern?: RegExp
  readonly values?: readonly string[]
  /** Another key that must be there as well. */
  readonly requires?: string
}

export type PropertySchema = {
  readonly properties: ReadonlyMap<string, Property>
  /** Key of a part without `=`. */
  readonly defaultKey: string | null
  /** `virtio=MAC` stands for `model=virtio,macaddr=MAC`. */
  readonly alias: {
    readonly names: ReadonlySet<string>
    readonly keyTo: string
    readonly valueTo: string
  } | null
}

/** A value with its offsets in the text that was parsed; booleans are `1` or `0`. */
export type PropertyValue = { readonly text: string; readonly start: number; readonly end: number }

export type Properties = {
  readonly values: ReadonlyMap<string, PropertyValue>
  /** What PVE::JSONSchema dies with, word for word and without the last newline; null when it does not. */
  readonly error: string | null
}

/** Reads `key=value,key=value,...` as PVE::JSONSchema `parse_property_string` and `check_object` do. */
export function parsePropertyString(schema: PropertySchema, data: string): Properties {
  const values = new Map<string, PropertyValue>()
  let defaultUsed = false
  for (let start = 0; start <= data.length; ) {
    const comma = data.indexOf(',', start)
    const end = comma === -1 ? data.length : comma
    const part = data.slice(start, end)
    const equals = part.indexOf('=')
    if (isBlank(part)) {
      // Nothing between two commas.
    } else if (equals > 0 && equals < part.length - 1) {
      const value = { text: part.slice(equals + 1), start: start + equals + 1, end }
      const error = assign(schema, values, part.slice(0, equals), value, start)
      if (error !== null) return { values, error }
    } else if (equals !== -1) {
      return { values, error: 'missing key in comma-separated list property' }
    } else {
      const key = schema.defaultKey
      if (key === null) {
        const error = 'value without key, but schema does not define a default key'
        return { values, error }
      }
      // Perl takes a value `0` for none.
      if (defaultUsed || (values.has(key) && values.get(key)?.text !== '0')) {
        return { values, error: `duplicate key in comma-separated list property: ${key}` }
      }
      defaultUsed = true
      const text = schema.properties.get(key)?.type === 'boolean' ? booleanText(part) : part
      values.set(key, { text, start, end })
    }
    start = end + 1
  }
  const errors = checkObject(schema, values)
  return { values, error: errors.length === 0 ? null : ['format error', ...errors].join('\n') }
}

function isBlank(text: string): boolean {
  for (let i = 0; i < text.length; i += 1) if (!isSpace(text.charCodeAt(i))) return false
  return true
}

function assign(
  schema: PropertySchema,
  values: Map<string, PropertyValue>,
  key: string,
  value: PropertyValue,
  start: number,
): string | null {
  if (values.has(key)) return `duplicate key in comma-separated list property: ${key}`
  const alias = schema.alias
  if (alias?.names.has(key)) {
    if (values.has(alias.keyTo)) return `key alias '${alias.keyTo}' is already defined`
    values.set(alias.keyTo, { text: key, start, end: start + key.length })
    if (values.has(alias.valueTo)) return `key '${alias.valueTo}' is already defined (via alias)`
    values.set(alias.valueTo, value)
    return null
  }
  const isBoolean = schema.properties.get(key)?.type === 'boolean'
  values.set(key, isBoolean ? { ...value, text: booleanText(value.text) } : value)
  return null
}

/** `parse_boolean`: what is no boolean stays as it is and fails the type check. */
function booleanText(text: string): string {
  if (/^(?:1|on|yes|true)$/i.test(text)) return '1'
  return /^(?:0|off|no|false)$/i.test(text) ? '0' : text
}

/** Errors in the order of the schema, then of unknown keys (Perl's order is random). */
function checkObject(
  schema: PropertySchema,
  values: ReadonlyMap<string, PropertyValue>,
): readonly string[] {
  const errors: string[] = []
  for (const [key, property] of schema.properties) {
    const value = values.get(key)
    const error = checkProperty(property, value?.text ?? null)
    if (error !== null) errors.push(`${key}: ${error}`)
    if (value !== undefined && property.requires !== undefined && !values.has(property.requires))
      errors.push(`${property.requires}: missing property required by '${key}'`)
  }
  for (const key of values.keys()) {
    if (schema.properties.has(key)) continue
    errors.push(
      `${key}: property is not defined in schema and the schema does not allow additional properties`,
    )
  }
  return errors
}

/** PVE::JSONSchema `check_prop` of one value; null when it is fine. */
function checkProperty(property: Property, value: string | null): string | null {
  if (value === null) return property.optional ? null : 'property is missing and it is not optional'
  const typed = checkType(property.type, value)
  if (!typed) return `type check ('${property.type}') failed - got '${value}'`
  const misfit = property.format?.(value) ?? null
  if (misfit !== null) return `invalid format - ${misfit}`
  if (property.pattern !== undefined && !property.pattern.test(value))
    return 'value does not match the regex pattern'
  if (property.maximum !== undefined && Number(value) > property.maximum)
    return `value must have a maximum value of ${property.maximum}`
  if (property.minimum !== undefined && Number(value) < property.minimum)
    return `value must have a minimum value of ${property.minimum}`
  if (property.values !== undefined && !property.values.includes(value))
    return `value '${value}' does not have a value in the enumeration '${property.values.join(', ')}'`
  return null
}

function checkType(type: Property['type'], value: string): boolean {
  switch (type) {
    case 'boolean':
      return value === '1' || value === '0'
    case 'integer':
      return /^[+-]?\d+$/.test(value)
    case 'number':
      return /^[+-]?(?:\d+\.\d+|\d+\.|\.\d+|\d+)(?:e[+-]?\d+)?$/i.test(value)
    case 'string':
      return true
    default:
      return unreachable(type)
  }
}
