import { describe, expect, it } from 'vitest'
import { loadTree } from '../../src/config/load.ts'
import { editedConfiguration } from '../../src/edit/configuration.ts'
import { parseEdits } from '../../src/edit/parse-edit.ts'
import { isWrong } from '../../src/edit/problem.ts'
import { makeTree, SMALL_NODE } from '../support/tree.ts'

const ASKED = { node: null, guest: null, hostIp: null, localNetwork: null }
const NOW = 1_750_000_000

const CLUSTER = `# ours
[OPTIONS]

enable: 1

[ALIASES]

office 10.1.0.0/16 # all of it

[IPSET management] # admins

10.1.0.7 # desk

[RULES]

GROUP web
IN SSH(ACCEPT) -source +management # admins

[group web] # what the web needs

# the shop
IN ACCEPT -p tcp -dport 443
|IN ACCEPT -p tcp -dport 80
`

/** What calls make of the files of a node: those that change, or the problem and the notes. */
function outcome(calls: string): Record<string, string> {
  const root = makeTree({ ...SMALL_NODE, 'etc/pve/firewall/cluster.fw': CLUSTER })
  const { tree } = loadTree({ root, ...ASKED })
  if (tree === null) throw new Error('no tree')
  const edits = parseEdits({ option: 'apply', value: calls }, tree, NOW)
  if (isWrong(edits)) return { problem: `${edits.problem}; ${edits.help}` }
  const made = editedConfiguration(tree, edits, () => null)
  if (isWrong(made)) return { problem: `${made.problem}; ${made.help}` }
  const files = [...made.files].map(([path, { text }]) => [path.replace('etc/pve/', ''), text])
  const notes = made.notes.map(({ code }) => code)
  return { ...Object.fromEntries(files), ...(notes.length > 0 ? { notes: notes.join() } : {}) }
}

const FW = 'firewall/cluster.fw'
const cluster = (from: string, to: string): Record<string, string> => {
  expect(CLUSTER).toContain(from)
  return { [FW]: CLUSTER.replace(from, () => to) }
}

describe('pvesh', () => {
  it.each([
    [
      'a rule is created before all others',
      'pvesh create /cluster/firewall/rules --type in --action DROP --proto tcp --dport 22 --enable 1',
      cluster('GROUP web\n', 'IN DROP -p tcp -dport 22\nGROUP web\n'),
    ],
    [
      'a rule without --enable is created disabled',
      'pvesh create /cluster/firewall/rules -type out -action REJECT -comment "not = now"',
      {
        ...cluster('GROUP web\n', '|OUT REJECT # not = now\nGROUP web\n'),
        notes: 'edit/rule-disabled',
      },
    ],
    [
      '--pos of a new rule is ignored',
      'pvesh create cluster/firewall/rules --type group --action web --enable 1 --pos 1 --iface vmbr0',
      {
        ...cluster('GROUP web\n', 'GROUP web -i vmbr0\nGROUP web\n'),
        notes: 'edit/position-ignored',
      },
    ],
    [
      'fields are written in the order of pve-firewall',
      'pvesh create /cluster/firewall/rules --dport 1:9 --sport 5 --log info --proto udp --dest 10.0.0.1 ' +
        '--source office --iface eth0 --macro= --action ACCEPT --type in --enable 1 --comment é',
      cluster(
        'GROUP web\n',
        'IN ACCEPT -i eth0 -source office -dest 10.0.0.1 -p udp -dport 1:9 -sport 5 -log info # \xc3\xa9\nGROUP web\n',
      ),
    ],
    [
      'a rule is switched off by one byte',
      'pvesh set /cluster/firewall/rules/1 --enable 0',
      cluster('IN SSH', '|IN SSH'),
    ],
    [
      'other fields keep theirs',
      "pvesh set /cluster/firewall/rules/1 --log info --comment '' --enable 1",
      cluster('+management # admins\n\n[gr', '+management -log info\n\n[gr'),
    ],
    [
      'fields are deleted',
      'pvesh set /cluster/firewall/rules/1 --delete source,comment',
      cluster(' -source +management # admins', ''),
    ],
    [
      'moveto N goes before the rule at N',
      'pvesh set /cluster/firewall/rules/0 --moveto 2 --comment ignored',
      cluster(
        'GROUP web\nIN SSH(ACCEPT) -source +management # admins\n',
        'IN SSH(ACCEPT) -source +management # admins\nGROUP web\n',
      ),
    ],
    [
      'moveto the next position moves nothing',
      'pvesh set /cluster/firewall/rules/0 --moveto 1',
      { notes: 'edit/no-change' },
    ],
    ['a rule is deleted', 'pvesh delete /cluster/firewall/rules/0', cluster('GROUP web\n', '')],
    [
      'rules of a group',
      'pvesh set /cluster/firewall/groups/web/1 --enable 1 && pvesh delete /cluster/firewall/groups/web/0',
      cluster('IN ACCEPT -p tcp -dport 443\n|IN', 'IN'),
    ],
    [
      'a group is created behind the others',
      'pvesh create /cluster/firewall/groups --group db --comment databases',
      { [FW]: `${CLUSTER}\n[group db] # databases\n\n` },
    ],
    [
      'a group that is renamed is renamed where it is used',
      'pvesh create /cluster/firewall/groups --group shop --rename web',
      {
        [FW]: CLUSTER.replace('[group web]', '[group shop]').replace('GROUP web', 'GROUP shop'),
      },
    ],
    [
      'a group may get another comment',
      'pvesh create /cluster/firewall/groups --group web --rename web --comment new',
      cluster('# what the web needs', '# new'),
    ],
    [
      'a set is created before the rules',
      'pvesh create /cluster/firewall/ipset --name blue',
      cluster('[RULES]\n', '[IPSET blue]\n\n[RULES]\n'),
    ],
    [
      'an entry loses its host bits',
      'pvesh create /cluster/firewall/ipset/management --cidr 10.2.3.4/16 --nomatch 1 --comment vpn',
      cluster('# desk\n', '# desk\n!10.2.0.0/16 # vpn\n'),
    ],
    [
      'an entry of one address loses its prefix',
      'pvesh create /cluster/firewall/ipset/management --cidr fd00::1/128 --nomatch',
      cluster('# desk\n', '# desk\n!fd00::1\n'),
    ],
    [
      'an entry is changed: what is not said is gone',
      'pvesh set /cluster/firewall/ipset/management/10.1.0.7 --nomatch yes',
      cluster('10.1.0.7 # desk', '!10.1.0.7'),
    ],
    [
      'a set goes with all that is in it by force',
      'pvesh delete /cluster/firewall/ipset/management --force',
      cluster('[IPSET management] # admins\n\n10.1.0.7 # desk\n', ''),
    ],
    [
      'an alias is created behind the others',
      'pvesh create /cluster/firewall/aliases --name Desk --cidr 10.1.0.7',
      cluster('# all of it\n', '# all of it\nDesk 10.1.0.7\n'),
    ],
    [
      'an alias gets another address, and loses the comment',
      'pvesh set /cluster/firewall/aliases/OFFICE --cidr 10.1.0.0/17 --rename hq',
      cluster('office 10.1.0.0/16 # all of it', 'hq 10.1.0.0/17'),
    ],
    [
      'options are deleted before others are set',
      'pvesh set /cluster/firewall/options --policy_in REJECT --delete enable',
      cluster('\n\nenable: 1\n', '\npolicy_in: REJECT\n\n'),
    ],
    [
      'the cluster may be enabled for a minute',
      'pvesh set /cluster/firewall/options --enable 2',
      cluster('enable: 1', `enable: ${NOW}`),
    ],
    [
      'options of a node are booleans',
      'sudo pvesh set /nodes/localhost/firewall/options --nftables yes --noproxy',
      { 'nodes/pve1/host.fw': '[OPTIONS]\nenable: 1\nnftables: 1\n' },
    ],
    [
      'a guest, by either type',
      'pvesh create /nodes/pve1/lxc/100/firewall/rules --type in --action ACCEPT --macro ssh --iface net0 --enable 1',
      { 'firewall/100.fw': '[OPTIONS]\nenable: 1\n\n[RULES]\n\nIN SSH(ACCEPT) -i net0\n' },
    ],
    [
      'a vnet, whose file is made',
      'pvesh create /cluster/sdn/vnets/blue/firewall/rules --type forward --action DROP --enable 1',
      { 'sdn/firewall/blue.fw': '[RULES]\n\nFORWARD DROP\n' },
    ],
  ])('%s', (_name, calls, expected) => {
    expect(outcome(calls)).toEqual(expected)
  })

  it.each([
    [
      'pvesh set /cluster/firewall/rules/2 --enable 0',
      'there is no position 2 in cluster.fw; positions count from 0: the last one is 1',
    ],
    [
      'pvesh delete /cluster/firewall/groups/web',
      'security group `web` is not empty; delete its rules first',
    ],
    [
      'pvesh delete /cluster/firewall/groups/Web',
      'there is no security group `Web`; names are kept in lower case: `web`',
    ],
    [
      'pvesh create /cluster/firewall/groups --group web',
      'there is a security group `web` already',
    ],
    [
      'pvesh create /cluster/firewall/groups/web --type group --action web --enable 1',
      '`GROUP` rules are not allowed in a security group; security groups do not nest',
    ],
    [
      'pvesh create /cluster/firewall/ipset/management --cidr 10.1.0.7/32',
      '`10.1.0.7` is in IPSet `management` already',
    ],
    [
      'pvesh create /cluster/firewall/ipset/management --cidr 0.0.0.0/0',
      'a set cannot hold `0.0.0.0/0`',
    ],
    [
      'pvesh create /cluster/firewall/ipset/management --cidr nobody',
      'no alias `nobody` is defined so far',
    ],
    [
      'pvesh create /cluster/firewall/aliases --name OFFICE --cidr 10.1.0.7',
      'there is an alias `OFFICE` already',
    ],
    [
      'pvesh set /cluster/firewall/aliases/office --comment x',
      '--cidr is missing; the API needs it',
    ],
    [
      'pvesh set /cluster/firewall/options --policy_in drop',
      '--policy_in cannot be `drop`; the value is ACCEPT, DROP, REJECT',
    ],
    ['pvesh set /cluster/firewall/options --nftables 1', 'this call has no parameter --nftables'],
    [
      'pvesh set /nodes/pve1/firewall/options --nf_conntrack_max 100',
      '--nf_conntrack_max cannot be `100`; the least is 32768',
    ],
    [
      'pvesh create /cluster/firewall/rules --type in --action DROP --source 10.0.0.0/33',
      'Prefix length 33 is longer than IP address (32)',
    ],
    ['pvesh create /cluster/firewall/rules --type in', '--action is missing'],
    [
      'pvesh create /cluster/firewall/refs',
      'the API has no create of `.../firewall/refs`; refs can only be read',
    ],
    ['pvesh create /nodes/pve2/firewall/rules', 'there is no node `pve2`; the nodes are pve1'],
    ['pvesh create /nodes/pve1/qemu/101/firewall/rules', 'there is no guest `101`'],
    [
      'pvesh set /nodes/pve1/qemu/100/config --net0 x',
      '`/nodes/pve1/qemu/100/config` is no path of the firewall API',
    ],
    [
      'pvesh set /cluster/firewall/options --enable 1 --digest abc',
      '--digest cannot be checked here',
    ],
    ['pve-firewall stop', '`pve-firewall` is not pvesh'],
  ])('%s is refused', (calls, problem) => {
    expect(outcome(calls)['problem']).toContain(problem)
  })
})
