import { spawn } from 'node:child_process';
import process from 'node:process';
import { siteCameras } from '#mocks/site/cameras.ts';
import { wantFirewall } from '../.ci/machine.ts';
import { installStripReader } from '../e2e/strip-in-page.ts';
import { type Fault, faults } from './faults/faults.ts';
import { canMakeNamespaces, makeNamespaces, namespaceNetwork } from './faults/namespaces.ts';
import { type FaultNetwork, proxyNetwork } from './faults/network.ts';
import { suffer, type Verdict } from './faults/run.ts';
import { makeWall, openBrowser, openSite, type Site } from './faults/site.ts';
import { startWatch } from './faults/watch.ts';

/** Set in the process that runs within the site's namespace. */
const insideVariable = 'PARAPET_TEST_INSIDE_NAMESPACE';
/** Long enough for the ladder's dwell and for whatever follows the first pictures. */
const settleMs = 6000;

/** All faults of one site, each on a page of its own. */
async function sufferAll(site: Site, chosen: readonly Fault[], network: FaultNetwork) {
  const browser = await openBrowser(network, [site.url]);
  const verdicts: Verdict[] = [];
  try {
    for (const fault of chosen) {
      const context = await browser.newContext({ viewport: { width: 1280, height: 720 } });
      const page = await context.newPage();
      const patience = AbortSignal.timeout(240_000);
      try {
        const { id, numbers } = await makeWall(page, site);
        await page.goto(`${site.url}/?wall=${id}`);
        await page
          .locator('figure[data-camera-number][data-state="live"]')
          .nth(site.cameraCount - 1)
          .waitFor({ timeout: 60_000 });
        await installStripReader(page);
        await startWatch(page);
        await page.waitForTimeout(settleMs);
        verdicts.push(await suffer(page, fault, { ...site.ground, numbers }, patience));
        console.error(`  ${fault.name}: done`);
      } catch (cause) {
        console.error(`  ${fault.name}: could not be measured: ${String(cause)}`);
        verdicts.push({
          fault: fault.name,
          words: [`could not be measured: ${cause instanceof Error ? cause.message : String(cause)}`],
          ways: [],
          withoutPictureMs: Number.NaN,
          blackFrames: 0,
          blackAtS: [],
          frames: 0,
          oldestWhileLiveMs: 0,
          lies: 0,
          history: [],
        });
      } finally {
        network.mend();
        for (const { number } of siteCameras.slice(0, site.cameraCount))
          site.ground.cameras?.faults.clear(number);
        if (site.kind !== 'cameras') await site.parapet.control('reset');
        await context.close();
      }
    }
  } finally {
    await browser.close();
  }
  return verdicts;
}

/** The promises that the wall makes; each verdict is held against them. */
const limits = { noticedMs: 2000, backMs: 5000, backUpMs: 15_000, withoutPictureMs: 5000 };

function missesOf(fault: Fault, verdict: Verdict): string[] {
  const over = (name: 'noticedMs' | 'backMs' | 'backUpMs'): string[] => {
    const ms = verdict[name];
    return ms !== undefined && ms <= limits[name] ? [] : [`${name} ${ms ?? 'never'}`];
  };
  const isToBeNoticed = fault.should === 'lose' || fault.should === 'say';
  const patience = { lose: Infinity, say: Infinity, keep: limits.withoutPictureMs, nothing: 0 }[fault.should];
  return [
    ...(isToBeNoticed ? over('noticedMs') : []),
    ...over('backMs'),
    ...over('backUpMs'),
    ...(verdict.blackFrames > 0 ? [`${verdict.blackFrames} black frames`] : []),
    ...(verdict.lies > 0 ? [`said live over an old picture ${verdict.lies} times`] : []),
    // Not a number, where it could not be measured: no promise is kept by that.
    ...(verdict.withoutPictureMs <= patience ? [] : [`${verdict.withoutPictureMs} ms without a picture`]),
  ].map((miss) => `${fault.name}: ${miss}`);
}

/**
 * What goes wrong at a real site, one after the other, with the whole of Parapet and a real browser: how soon the wall
 * says so, in which words, how soon the picture is back, and whether anything was black or untrue meanwhile.
 * In network namespaces where the machine allows it, through a proxy of our own everywhere else.
 * Options: `--tiles 4`, `--only "part of a name"`, `--network proxy`.
 */
export async function run(options: Record<string, string>): Promise<object> {
  const isInside = process.env[insideVariable] === '1';
  wantFirewall();
  if (!isInside && options['network'] !== 'proxy' && canMakeNamespaces()) return runInside(options);
  const network = isInside ? namespaceNetwork() : proxyNetwork();
  const tiles = Number(options['tiles'] ?? 4);
  const wanted = faults.filter(({ name }) => name.includes(options['only'] ?? ''));
  const results: Verdict[] = [];
  const misses: string[] = [];
  const skipped: Record<string, string> = {};
  try {
    for (const kind of ['xprotect', 'cameras', 'livekit'] as const) {
      const chosen = wanted.filter(({ site }) => site === kind);
      if (chosen.length === 0) continue;
      const site = await openSite(kind, network, tiles);
      try {
        const possible = chosen.filter((fault) => {
          const reason =
            'skipped' in site ? site.skipped : fault.unavailable?.({ ...site.ground, numbers: [] });
          if (reason !== undefined) skipped[fault.name] = reason;
          return reason === undefined;
        });
        if ('skipped' in site) continue;
        for (const [i, verdict] of (await sufferAll(site, possible, network)).entries()) {
          const fault = possible[i];
          results.push(verdict);
          if (fault !== undefined) misses.push(...missesOf(fault, verdict));
        }
      } finally {
        if (!('skipped' in site)) await site.close();
      }
    }
    return { network: network.kind, tiles, limits, results, skipped, misses };
  } finally {
    network.close();
  }
}

/** The same bench in a process of its own within the site's namespace. */
async function runInside(options: Record<string, string>): Promise<object> {
  const namespaces = makeNamespaces();
  try {
    const words = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
    const child = spawn(
      'ip',
      ['netns', 'exec', namespaces.site, process.execPath, 'bench/main.ts', 'faults', ...words],
      { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, [insideVariable]: '1' } },
    );
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    // It ends with 1 where a limit was missed, too: then there is a result.
    if (text === '') throw new Error(`The bench within the namespace ended with ${String(code)}`);
    const {
      bench: _bench,
      at: _at,
      machine: _machine,
      ...result
    } = JSON.parse(text) as Record<string, unknown>;
    return result;
  } finally {
    namespaces.remove();
  }
}
