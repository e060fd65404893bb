import { expect, it } from 'vitest'
import type { Change, Edit, EditTarget } from '../../../src/edit/edit.ts'
import { behind, inSafeOrder } from '../../../src/firewall/plan/order.ts'

const cluster: EditTarget = { kind: 'cluster' }
const edit = (change: Change, target: EditTarget = cluster): Edit => ({
  ...{ target, change, by: '--x', asked: '--x' },
})
const rules = { kind: 'rules' } as const
const insert = (position: number, target?: EditTarget): Edit =>
  edit({ kind: 'insert-rule', list: rules, position, line: 'IN DROP' }, target)

it('rules come before policies, and the switch of the cluster comes last', () => {
  const enable = edit({ kind: 'option', key: 'enable', value: '1' })
  const guest = edit({ kind: 'option', key: 'enable', value: '1' }, { kind: 'guest', vmid: 100 })
  const policy = edit({ kind: 'option', key: 'policy_in', value: 'DROP' })
  const alias = edit({ kind: 'remove-alias', name: 'office' })
  const asked = [enable, policy, insert(1), guest, alias]
  expect(inSafeOrder(asked)).toEqual([insert(1), alias, policy, guest, enable])
})

it('positions count from behind the rules that stand first in the same list', () => {
  const group = { kind: 'group', name: 'web' } as const
  const move = edit({ kind: 'move-rule', list: rules, position: 1, before: 3 })
  const inGroup = edit({ kind: 'remove-rule', list: group, position: 0 })
  const onHost = insert(0, { kind: 'host', node: 'a' })
  expect(behind([insert(2), move, inGroup, onHost], [insert(0), insert(0)])).toEqual([
    insert(4),
    edit({ kind: 'move-rule', list: rules, position: 3, before: 5 }),
    inGroup,
    onHost,
  ])
})
