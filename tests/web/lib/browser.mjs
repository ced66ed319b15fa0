// Debian's Chromium, driven as a person would, and everything it complains of.
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

import { PATIENCE_MS, until } from './wait.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

// One browser with one user's folder: what its tabs share, they share.
export class Browser {
  static async start({ width = 1440, height = 900, colorScheme = 'light', locale = 'vi-VN', args = [] } = {}) {
    const folder = await mkdtemp(join(tmpdir(), 'thon-chromium-'));
    const context = await chromium.launchPersistentContext(folder, {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      headless: true, viewport: { width, height }, colorScheme, locale, timezoneId: 'Europe/Berlin',
      acceptDownloads: true,
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking',
        '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage', ...args],
    });
    context.setDefaultTimeout(PATIENCE_MS);
    return new Browser(folder, context);
  }

  constructor(folder, context) {
    this.folder = folder;
    this.context = context;
    this.complaints = []; // What no page may have: errors, violations of the policy.
    this.allowed = []; // Expressions of what a test provokes.
    for (const page of context.pages()) this.#listen(page);
    context.on('page', (page) => this.#listen(page));
  }

  #listen(page) {
    const complain = (text) => {
      if (!this.allowed.some((expression) => expression.test(text))) this.complaints.push(`${page.url()}: ${text}`);
    };
    page.on('pageerror', (error) => complain(`thrown: ${error.stack ?? error}`));
    page.on('console', (message) => {
      if (message.type() === 'error' || /Content Security Policy|Refused to/i.test(message.text())) {
        complain(`console: ${message.text()} (${message.location().url})`);
      }
    });
    page.on('crash', () => complain('crashed'));
  }

  // A new tab at an address.
  async tab(url) {
    const page = await this.context.newPage();
    await page.goto(url);
    return page;
  }

  async close() {
    await this.context.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

export const by = (page, name) => page.locator(`[data-test="${name}"]`);

// The digits of what an element shows, as a number: "2.698.500.000 đồng".
export function numberOf(text) {
  const digits = text.replace(/[^\d]/g, '');
  if (digits === '') throw new Error(`no number in "${text}"`);
  return BigInt(digits);
}

// Until the page says that it is in one of these states.
export async function untilState(page, ...states) {
  await until(`the page says ${states.join(' or ')}`, async () =>
    states.includes(await by(page, 'trust-state').getAttribute('data-state', { timeout: 2000 })));
}

// What axe finds that is serious or critical: a line each.
export async function seriousFaults(page) {
  await page.evaluate(AXE); // Not as a script element: the page's policy forbids those.
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  return violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, impact, help, nodes }) => `${impact} ${id}: ${help}: ${nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(' | ')}`);
}

// Logs the browser in as a person does: opens the link and presses the button.
export async function logIn(browser, server, { officer, base = server.url } = {}) {
  const link = new URL(await server.loginLink(officer));
  const page = await browser.tab(new URL(link.pathname, base).href);
  await page.locator('form button, form input[type=submit]').first().click();
  await page.waitForURL(`${base}/**`);
  return page;
}
