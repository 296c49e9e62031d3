import net from 'node:net';
import { expect, test } from '@playwright/test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Parapet, spawnParapet, startParapet } from './parapet.ts';

/** Ended after each test, however it went. */
const running: Parapet[] = [];
const start = async (...how: Parameters<typeof startParapet>): Promise<Parapet> => {
  const parapet = await startParapet(...how);
  running.push(parapet);
  return parapet;
};
test.afterEach(async () => {
  for (const parapet of running.splice(0)) await parapet.stop();
});

const ended = (child: ReturnType<typeof spawnParapet>['process']): Promise<number | null> =>
  new Promise((resolve) => child.once('exit', (code) => resolve(code)));

test('starts within a minute, names its accounts, and Ctrl-C ends everything within three seconds', async () => {
  const parapet = await start();
  expect(parapet.startMs).toBeLessThan(60_000);
  for (const account of ['administrator', 'operator', 'investigator', 'kiosk'])
    await expect.poll(() => parapet.output()).toContain(account);
  expect(parapet.pid('engine')).toBeDefined();
  expect(await parapet.stop()).toBeLessThan(3000);
});

test('a second start on the same data directory is refused', async () => {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'parapet-e2e-'));
  const first = await start({ PARAPET_DATA_DIR: dataDir });
  const second = spawnParapet({ PARAPET_DATA_DIR: dataDir });
  expect(await ended(second.process)).toBe(1);
  expect(second.output()).toContain(`already running on ${dataDir}`);
  expect((await fetch(`${first.url}/healthz`)).status).toBe(200);
  await first.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

test('a taken port is named', async () => {
  const squatter = net.createServer();
  await new Promise<void>((resolve) => squatter.listen(0, '127.0.0.1', resolve));
  const { port } = squatter.address() as net.AddressInfo;
  const dataDir = mkdtempSync(path.join(tmpdir(), 'parapet-e2e-'));
  const refused = spawnParapet({ PORT: String(port), PARAPET_DATA_DIR: dataDir });
  expect(await ended(refused.process)).toBe(1);
  expect(refused.output()).toContain(`Port ${port}`);
  squatter.close();
  rmSync(dataDir, { recursive: true, force: true });
});

test('wrong configuration is refused with every fault named', async () => {
  const refused = spawnParapet({ PORT: 'eighty', PARAPET_MEDIA_PORT: '70000' });
  expect(await ended(refused.process)).toBe(1);
  expect(refused.output()).toContain('PORT');
  expect(refused.output()).toContain('PARAPET_MEDIA_PORT');
});
