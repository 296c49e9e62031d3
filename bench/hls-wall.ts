import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium } from '@playwright/test';
import { chromiumFlags, needChromium } from '../.ci/machine.ts';
import { startParapet, type Parapet } from '../e2e/parapet.ts';
import { installStripReader } from '../e2e/strip-in-page.ts';
import { watchCost } from './process-cost.ts';
import { spread } from './statistics.ts';
import { openWall, saveWall } from './wall.ts';
import { latencies } from './wall-in-page.ts';

/**
 * How the browser reaches the BFF. `waiting` is HTTP/1.1 with playlists that block at the server, as LL-HLS is meant to be
 * used: what the others are compared with.
 */
const lines = {
  waiting: { flags: ['--disable-http2'], isTakenForHttp2: true },
  http1: { flags: ['--disable-http2'], isTakenForHttp2: false },
  http2: { flags: [], isTakenForHttp2: false },
} as const;
type Line = keyof typeof lines;

/** A wall needs this long to be where it plays from, ms. */
const settleMs = 15_000;

function certify(directory: string): Record<string, string> {
  const [certFile, keyFile] = [path.join(directory, 'cert.pem'), path.join(directory, 'key.pem')];
  const made = spawnSync('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
    ...['-subj', '/CN=localhost', '-keyout', keyFile, '-out', certFile],
  ]);
  if (made.status !== 0) throw new Error('openssl is needed, for a certificate to try HTTP/2 with');
  return { PARAPET_TLS_CERT: certFile, PARAPET_TLS_KEY: keyFile };
}

/** Runs in the page before the app does: it is offered HLS and nothing else. */
function offerHlsOnly(isTakenForHttp2: boolean): void {
  const ask = globalThis.fetch;
  globalThis.fetch = async (input, init) => {
    const response = await ask(input, init);
    const url = input instanceof Request ? input.url : String(input);
    if (!response.ok || !url.endsWith('/api/reservations')) return response;
    const text = await response.text();
    const told = JSON.parse(text, (key, value: unknown) =>
      key === 'ways' ? (value as { way: string }[]).filter(({ way }) => way === 'hls') : value,
    ) as unknown;
    return new Response(JSON.stringify(told), { status: response.status, headers: response.headers });
  };
  if (!isTakenForHttp2) return;
  Object.defineProperty(PerformanceResourceTiming.prototype, 'nextHopProtocol', { get: () => 'h2' });
}

async function measure(parapet: Parapet, line: Line, tiles: number, seconds: number): Promise<object> {
  const { flags, isTakenForHttp2 } = lines[line];
  const browser = await chromium.launch({
    executablePath: needChromium(),
    args: [...chromiumFlags, '--ignore-certificate-errors', ...flags],
  });
  try {
    const context = await browser.newContext({
      viewport: { width: 1920, height: 1080 },
      ignoreHTTPSErrors: true,
    });
    const page = await context.newPage();
    const wallId = await saveWall(page, parapet, tiles);
    await page.addInitScript(offerHlsOnly, isTakenForHttp2);
    const from = performance.now();
    // A line that is too narrow may never have all tiles live at once: its latency is measured all the same.
    const allLiveMs = await openWall(page, parapet, wallId, tiles).then(
      () => Math.round(performance.now() - from),
      () => undefined,
    );
    await page.waitForTimeout(settleMs);
    await installStripReader(page);
    const pids = Object.fromEntries(
      (['bff', 'engine'] as const).flatMap((part) => {
        const pid = parapet.pid(part);
        return pid === undefined ? [] : [[part, pid]];
      }),
    );
    const asked = () => page.evaluate(() => performance.getEntriesByType('resource').length);
    await page.evaluate(() => performance.setResourceTimingBufferSize(1_000_000));
    const [cost, before] = [watchCost(pids), await asked()];
    const ages = await page.evaluate(latencies, seconds * 1000);
    const state = await page.evaluate(() =>
      [...document.querySelectorAll<HTMLElement>('figure[data-camera-number]')].map(
        ({ dataset }) => `${dataset['way'] ?? '-'} ${dataset['state'] ?? '-'}`,
      ),
    );
    return {
      protocol: await page.evaluate(
        () => (performance.getEntriesByType('navigation') as PerformanceResourceTiming[])[0]?.nextHopProtocol,
      ),
      allLiveMs,
      latencyMs: spread(ages),
      requestsPerSecond: Math.round(((await asked()) - before) / seconds),
      tiles: Object.fromEntries(
        [...new Set(state)].map((one) => [one, state.filter((other) => other === one).length]),
      ),
      processes: cost(),
    };
  } finally {
    await browser.close();
  }
}

/**
 * A whole wall on LL-HLS through the BFF in Chromium: how old the pictures are over HTTP/1.1 and
 * HTTP/2, beside HTTP/1.1 with requests that wait at the server.
 * Options: `--tiles 16`, `--seconds 20`, `--line http1` for one of them only.
 */
export async function run(options: Record<string, string>): Promise<object> {
  const tiles = Number(options['tiles'] ?? 16);
  const seconds = Number(options['seconds'] ?? 20);
  const chosen = (Object.keys(lines) as Line[]).filter((line) => (options['line'] ?? line) === line);
  const directory = mkdtempSync(path.join(tmpdir(), 'parapet-hls-'));
  const parapet = await startParapet(certify(directory));
  try {
    const measured: Record<string, object> = {};
    for (const line of chosen) measured[line] = await measure(parapet, line, tiles, seconds);
    return { tiles, seconds, ...measured };
  } finally {
    await parapet.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}
