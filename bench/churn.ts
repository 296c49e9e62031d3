import process from 'node:process';
import { type CDPSession, chromium, type Page } from '@playwright/test';
import { chromiumFlags, needChromium } from '../.ci/machine.ts';
import { startParapet } from '../e2e/parapet.ts';
import { missesOf } from './limits.ts';
import { openWall, saveWall } from './wall.ts';

/** How much more the page may hold at the end of a shift. */
const mostGrowthPercent = 5;

/** What a page keeps after everything that could be collected was. */
interface Kept {
  /** What its scripts hold: objects, arrays, texts, closures. */
  readonly heapMB: number;
  /** Compiled code: the app's, which comes once, and that of each question Playwright asks of the page, which adds up. */
  readonly codeMB: number;
  /** What the browser holds for it. */
  readonly nativeMB: number;
  readonly nodes: number;
  readonly listeners: number;
}

/** The form of a heap snapshot, as far as it is read here. */
interface Snapshot {
  readonly snapshot: { readonly meta: { readonly node_fields: string[]; readonly node_types: [string[]] } };
  readonly nodes: number[];
}

/** Megabytes in a heap by what they are for. */
async function weighHeap(session: CDPSession): Promise<Pick<Kept, 'heapMB' | 'codeMB' | 'nativeMB'>> {
  let text = '';
  const take = ({ chunk }: { chunk: string }): void => {
    text += chunk;
  };
  session.on('HeapProfiler.addHeapSnapshotChunk', take);
  await session.send('HeapProfiler.takeHeapSnapshot', { reportProgress: false });
  session.off('HeapProfiler.addHeapSnapshotChunk', take);
  const { snapshot, nodes } = JSON.parse(text) as Snapshot;
  const { node_fields: fields, node_types: types } = snapshot.meta;
  const [type, size] = [fields.indexOf('type'), fields.indexOf('self_size')];
  const bytes = { heapMB: 0, codeMB: 0, nativeMB: 0 };
  for (let at = 0; at < nodes.length; at += fields.length) {
    const name = types[0][nodes[at + type] ?? 0] ?? '';
    const kind = name === 'code' ? 'codeMB' : name === 'native' ? 'nativeMB' : 'heapMB';
    bytes[kind] += nodes[at + size] ?? 0;
  }
  const megabytes = (count: number): number => Number((count / 2 ** 20).toFixed(3));
  return {
    heapMB: megabytes(bytes.heapMB),
    codeMB: megabytes(bytes.codeMB),
    nativeMB: megabytes(bytes.nativeMB),
  };
}

async function collect(session: CDPSession): Promise<Kept> {
  // Twice: what is freed by the first may be all that held others.
  for (let round = 0; round < 2; round += 1) {
    await session.send('HeapProfiler.collectGarbage');
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  const { metrics } = await session.send('Performance.getMetrics');
  const metric = (name: string): number => metrics.find((one) => one.name === name)?.value ?? NaN;
  return { ...(await weighHeap(session)), nodes: metric('Nodes'), listeners: metric('JSEventListeners') };
}

async function chooseWall(page: Page, name: string): Promise<void> {
  await page.locator('header [aria-haspopup="menu"]').first().click();
  await page.getByRole('menuitemradio', { name, exact: true }).click();
  // Keys are the wall's when a tile has the focus, and the menu's button's when that has.
  await page.locator('figure[data-tile="0"]').click();
}

/** What an operator does in the `turn`-th minute of a shift; the page is as it was after twelve of them. */
async function act(page: Page, turn: number, numbers: readonly number[]): Promise<void> {
  const keys = page.keyboard;
  switch (turn % 12) {
    case 0:
      return chooseWall(page, 'bench 9');
    case 1:
    case 2:
    case 3:
      // Another camera on the selected tile.
      await keys.type(String(numbers[turn % numbers.length]));
      return keys.press('Enter');
    case 4:
    case 7:
      // A look at one tile in its main stream, and back.
      return keys.press('f');
    case 5:
      return keys.press('ArrowRight');
    case 6:
      return chooseWall(page, 'bench 4');
    case 8:
      return keys.press('f');
    case 9:
      return keys.press('Control+ArrowRight');
    case 10:
      return keys.press('Delete');
    default:
      return keys.press('Control+z');
  }
}

/**
 * A shift on a wall, run fast: walls switched, cameras called up, tiles swapped, single tiles in full screen, the engine
 * restarted every two hours. How much more the page keeps afterwards than after its first half hour, and second hour.
 * Options: `--minutes 480` (simulated, one thing done in each), `--pace 400` (ms from one to the next).
 */
export async function run(options: Record<string, string>): Promise<object> {
  const minutes = Number(options['minutes'] ?? 480);
  const paceMs = Number(options['pace'] ?? 400);
  const parapet = await startParapet();
  const browser = await chromium.launch({ executablePath: needChromium(), args: chromiumFlags });
  try {
    const context = await browser.newContext({ viewport: { width: 1280, height: 720 } });
    const page = await context.newPage();
    // Chromium's limit is a matter of its own (src/lib/wall/renewal.ts): here one page lasts for the whole shift.
    await page.addInitScript(() => localStorage.setItem('parapet.peer-budget', '100000'));
    const wallId = await saveWall(page, parapet, 9);
    await saveWall(page, parapet, 4);
    const directory = (await (await page.request.get(`${parapet.url}/api/directory`)).json()) as {
      cameras: { number: number }[];
    };
    const numbers = directory.cameras.slice(0, 60).map(({ number }) => number);
    await openWall(page, parapet, wallId, 9);
    const session = await context.newCDPSession(page);
    await session.send('Performance.enable');
    const turns = Math.ceil(minutes / 12) * 12;
    const readings: (Kept & { afterMinutes: number })[] = [];
    for (let turn = 0; turn < turns; turn += 1) {
      await act(page, turn, numbers);
      if (turn % 120 === 119) {
        const engine = parapet.pid('engine');
        if (engine !== undefined) process.kill(engine, 'SIGKILL');
      }
      await page.waitForTimeout(paceMs);
      const afterMinutes = turn + 1;
      if (afterMinutes === 36 || afterMinutes % 120 === 0 || afterMinutes === turns)
        readings.push({ afterMinutes, ...(await restingAt(page, session)) });
    }
    const grown = (from: Kept | undefined): number =>
      Number((100 * ((readings.at(-1)?.heapMB ?? NaN) / (from?.heapMB ?? NaN) - 1)).toFixed(2));
    const heapGrowthPercent = {
      fromFirstHalfHour: grown(readings[0]),
      // By then what is bounded is full: a hundred steps to undo, the last pictures of sixty-four cameras.
      fromSecondHour: grown(readings[1]),
    };
    return {
      minutes: turns,
      readings,
      heapGrowthPercent,
      misses: missesOf({
        'heap from the first half hour on, %': [heapGrowthPercent.fromFirstHalfHour, mostGrowthPercent],
      }),
    };
  } finally {
    await browser.close();
    await parapet.stop();
  }
}

/** The same wall each time, at rest. */
async function restingAt(page: Page, session: CDPSession): Promise<Kept> {
  await chooseWall(page, 'bench 9');
  await page.waitForFunction(
    () => document.querySelectorAll('figure[data-state="live"]').length === 9,
    undefined,
    { timeout: 60_000 },
  );
  return collect(session);
}
