import type { FwFile, FwRule, IptablesConfig } from '../../config/dialect/iptables/model.ts'
import { readIptables } from '../../config/dialect/iptables/read.ts'
import { type Diagnostic, diagnostic } from '../../source/diagnostic.ts'
import type { NodeFirewall } from '../node-firewall.ts'

/** Names with a meaning of their own: they are used though no rule names them. */
const SPECIAL = /^(?:management|blacklist|ipfilter-net\d+)$/

/** Groups, sets and aliases that nobody uses, and groups without rules. */
export function unusedNames({ tree }: NodeFirewall): readonly Diagnostic[] {
  const config = readIptables(tree)
  const files = filesOf(config)
  const used = usedNames(files)
  const found: Diagnostic[] = []
  const { cluster } = config
  for (const { name, span, rules } of cluster?.groups.values() ?? []) {
    if (!used.groups.has(name.toLowerCase()))
      found.push(
        diagnostic(
          'warning',
          'lint/unused-group',
          span,
          `no rule uses the security group \`${name}\``,
          {
            help: `use it with a rule \`GROUP ${name}\`, or delete it`,
          },
        ),
      )
    else if (rules.length === 0)
      found.push(
        diagnostic(
          'warning',
          'lint/empty-group',
          span,
          `the security group \`${name}\` has no rules`,
          {
            help: 'rules that use it do nothing; give it rules',
          },
        ),
      )
  }
  for (const file of files) {
    for (const { name, span } of file.ipsets.values())
      if (!SPECIAL.test(name) && !used.sets.has(name.toLowerCase()))
        found.push(
          diagnostic('note', 'lint/unused-set', span, `no rule uses the set \`${name}\``, {
            help: `name it as \`+${name}\` in a rule, or delete it`,
          }),
        )
    for (const { name, span } of file.aliases.values())
      if (name.toLowerCase() !== 'local_network' && !used.aliases.has(name.toLowerCase()))
        found.push(
          diagnostic('note', 'lint/unused-alias', span, `nothing uses the alias \`${name}\``, {
            help: 'name it in a rule or a set, or delete it',
          }),
        )
  }
  return found
}

function filesOf(config: IptablesConfig): readonly FwFile[] {
  const { cluster, host, guests } = config
  return [cluster, host, ...guests.values()].filter((file) => file !== null)
}

type Used = {
  readonly groups: ReadonlySet<string>
  readonly sets: ReadonlySet<string>
  readonly aliases: ReadonlySet<string>
}

/** By name alone, whatever its scope: a name that is used somewhere is not called unused. */
function usedNames(files: readonly FwFile[]): Used {
  const used = { groups: new Set<string>(), sets: new Set<string>(), aliases: new Set<string>() }
  const mention = (text: string | undefined): void => {
    for (const word of (text ?? '').split(',')) {
      const bare = word.trim().toLowerCase()
      const [, plus, name] = /^(\+?)(?:dc\/|guest\/|sdn\/)?(.+)$/.exec(bare) ?? []
      if (name !== undefined) (plus === '+' ? used.sets : used.aliases).add(name)
    }
  }
  const rule = ({ type, action, source, dest }: FwRule): void => {
    if (type === 'group') used.groups.add(action.value.toLowerCase())
    mention(source?.value)
    mention(dest?.value)
  }
  for (const file of files) {
    for (const each of file.rules) rule(each)
    for (const { rules } of file.groups.values()) for (const each of rules) rule(each)
    for (const { entries } of file.ipsets.values()) for (const { cidr } of entries) mention(cidr)
  }
  return used
}
