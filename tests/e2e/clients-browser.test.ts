// A page in a real browser that calls an API of another origin: the browser asks first (preflight), and keeps from the
// page what the gateway does not allow it to see.

import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { browserProgram, startBrowser } from '../support/browser.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { HttpBackend } from '../support/http-backend.ts'

const name =
  browserProgram === undefined
    ? 'a page in a browser (skipped: there is no chromium, chromium-browser or google-chrome on the PATH)'
    : 'a page in a browser'

const CORS = 'synapse_properties.synapse.rest.CORSConfig.Access-Control-Allow-'

describe.skipIf(browserProgram === undefined)(name, () => {
  let browser: Browser
  let pages: Server

  beforeAll(async () => {
    pages = createServer((_request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/html' }).end('<!DOCTYPE html><title>page</title>')
    })
    await once(pages.listen(0, 'localhost'), 'listening')
    browser = await startBrowser()
  }, 60_000)

  afterAll(async () => {
    await browser?.close()
    pages?.close()
    pages?.closeAllConnections()
  })

  const origin = (): string => `http://localhost:${(pages.address() as AddressInfo).port}`

  async function openPage(): Promise<Page> {
    const page = await browser.newPage()
    await page.goto(origin())
    return page
  }

  /** Posts JSON from a page; gives what the page gets to see, or why it sees nothing. */
  async function post(page: Page, url: string, headers: Record<string, string>): Promise<unknown> {
    return page.evaluate(
      async ([address, extra]) => {
        try {
          const response = await fetch(address, {
            method: 'POST',
            headers: { 'Content-Type': 'application/json', ...extra },
            body: JSON.stringify({ item: 'tea' }),
          })
          return { status: response.status, body: await response.json() }
        } catch (error) {
          return String(error)
        }
      },
      [url, headers] as const,
    )
  }

  async function started(allowed: string, backend: Pick<HttpBackend, 'endpoint'>): Promise<TestGateway> {
    const xml = `<api name="orders" context="/orders"><resource methods="POST" uri-template="/new">
      <inSequence><send>${backend.endpoint}</send></inSequence></resource></api>`
    const settings = { [`${CORS}Origin`]: allowed, [`${CORS}Headers`]: 'Content-Type,X-Shop' }
    return startGateway({ xml, settings })
  }

  test('of an origin that is allowed asks first, posts, and reads the answer', async () => {
    await using backend = await HttpBackend.json({ id: 7 }, 201)
    await using gateway = await started(origin(), backend)
    const page = await openPage()

    const seen = await post(page, `${gateway.url('http')}/new`, { 'X-Shop': 'corner' })

    expect(seen).toEqual({ status: 201, body: { id: 7 } })
    expect(backend.received).toHaveLength(1)
    expect(backend.received[0]).toMatchObject({ method: 'POST', body: '{"item":"tea"}' })
    expect(backend.received[0]?.headers['x-shop']).toBe('corner')
  }, 30_000)

  test('of any origin may where all are allowed', async () => {
    await using backend = await HttpBackend.json({ id: 8 })
    await using gateway = await started('*', backend)
    const page = await openPage()

    expect(await post(page, `${gateway.url('http')}/new`, { 'X-Shop': 'corner' })).toMatchObject({
      status: 200,
    })
  }, 30_000)

  test('of an origin that is not allowed sees nothing, and nothing is posted', async () => {
    await using backend = await HttpBackend.json({ id: 9 })
    await using gateway = await started('https://shop.example.com', backend)
    const page = await openPage()

    expect(await post(page, `${gateway.url('http')}/new`, {})).toContain('Failed to fetch')
    expect(backend.received).toEqual([])
  }, 30_000)

  test('may send no header that is not allowed', async () => {
    await using backend = await HttpBackend.json({ id: 9 })
    await using gateway = await started(origin(), backend)
    const page = await openPage()

    expect(await post(page, `${gateway.url('http')}/new`, { 'X-Other': '1' })).toContain('Failed to fetch')
    expect(backend.received).toEqual([])
  }, 30_000)

  test('sees what went wrong, too', async () => {
    const nowhere = '<endpoint><address uri="http://localhost:1/"/></endpoint>'
    await using gateway = await started(origin(), { endpoint: nowhere })
    const page = await openPage()

    const seen = await post(page, `${gateway.url('http')}/new`, {})

    expect(seen).toMatchObject({ body: { code: 101503 } })
  }, 30_000)
})
