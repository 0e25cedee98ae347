import { type Browser, chromium } from 'playwright-core'
import { findProgram } from './programs.ts'

/** The browser on this machine; undefined where there is none. */
export const browserProgram = findProgram('chromium', 'chromium-browser', 'google-chrome')

/** Starts the browser without a window, and without anything it does on its own account. */
export function startBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: browserProgram!,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}
