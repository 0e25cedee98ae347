import { expect, test } from 'vitest'
import { loadCollection } from '../../src/sdk/collection.ts'
import { startBackend, startEcho } from '../support/backends.ts'
import { TestFolder } from '../support/certificates.ts'

test('messages of a collection are sent by name, and answers taken one after the other', async () => {
  await using backend = await startEcho()
  using folder = new TestFolder()
  const file = folder.write(
    'orders.yaml',
    `
collection: Orders
environments:
  Local: { url: '${backend.url}', who: Ada }
connections:
  - name: Echo
    url: '{{ url }}'
    messages: [{ name: Hello, content: '{"who": "{{ who }}"}' }, { name: Bye, type: close, code: 4000 }]
`,
  )
  const collection = loadCollection(file).useEnvironment('Local')

  await using echo = await collection.connect('Echo')
  await echo.send('Hello')
  expect(await echo.json()).toEqual({ who: 'Ada' })
  collection.setVariable('who', 'Grace')
  await echo.send('Hello')
  expect(await echo.text()).toBe('{"who": "Grace"}')
  expect(collection.variable('who')).toBe('Grace')
  await echo.send('Bye')
  await expect(echo.next()).rejects.toThrow('the server closed with 4000')
  expect(echo.exchanged.map(({ kind }) => kind)).toEqual([
    'open',
    'text',
    'text',
    'text',
    'text',
    'close',
    'close',
  ])
})

test('what is wrong is said at once, and waiting ends', async () => {
  await using backend = await startBackend()
  using folder = new TestFolder()
  const file = folder.write(
    'orders.yaml',
    `collection: Orders\nconnections: [{ name: A, url: '${backend.url}' }]\n`,
  )

  expect(() => loadCollection(file).useEnvironment('Local')).toThrow('Orders has no environment Local')
  await using a = await loadCollection(file).connect('A')
  await expect(a.next(20)).rejects.toThrow('no message came within 20 ms')
  await expect(a.send('None')).rejects.toThrow('A has no message None')
})
