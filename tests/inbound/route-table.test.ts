import { expect, test } from 'vitest'
import { RouteTable } from '../../src/inbound/route-table.ts'

function table(...paths: readonly string[]): RouteTable<string> {
  const routes = new RouteTable<string>()
  for (const path of paths) routes.add(path, path)
  return routes
}

test.each([
  ['/orders', '/orders'],
  ['/orders/', '/*'],
  ['/orders/new', '/*'],
  ['/chat', '/chat/*'],
  ['/chat/', '/chat/*'],
  ['/chat/room/1', '/chat/room/*'],
  ['/chat/room', '/chat/room/*'],
  ['/chat/rooms', '/chat/*'],
  ['/chatter', '/*'],
  ['/chat/room/exact', '/chat/room/exact'],
  ['/', '/*'],
  ['/Orders', '/*'],
])('%s is served by %s', (path, target) => {
  const paths = ['/*', '/chat/*', '/orders', '/chat/room/*', '/chat/room/exact']
  expect(table(...paths).find(path)).toBe(target)
  expect(table(...paths.toReversed()).find(path)).toBe(target)
})

test('what nothing serves is not found', () => {
  expect(table('/orders', '/chat/*').find('/')).toBeUndefined()
  expect(table().find('/')).toBeUndefined()
})

test('all targets are listed', () => {
  expect(table('/a/*', '/b').values().sort()).toEqual(['/a/*', '/b'])
})
