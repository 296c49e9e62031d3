import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { siteCameras } from '#mocks/site/cameras.ts';
import { sequences } from '#mocks/site/recordings.ts';
import { plainPictures } from '#mocks/xprotect/testing/plain-pictures.ts';
import { plainStills, recordedSite } from '../testing/recorded-site.ts';

const hour = 3_600_000;
const never = new AbortController().signal;
const [first, second, third] = siteCameras.slice(0, 3).map(({ id }) => id) as [string, string, string];
const then = Date.now() - 5 * hour;
const bookmark = {
  cameraId: first,
  start: then - 5000,
  end: then + 20_000,
  at: then,
  title: 'White van <stops> & "waits"',
  description: 'شاحنة بيضاء',
};

it('finds out what the installation can do, by trying', async () => {
  const { recordings, xprotect } = await recordedSite();
  const all = { nativeFrames: true, stills: true, motion: true, bookmarks: 'write', evidenceLocks: 'write' };
  expect(await recordings.abilities(never)).toEqual(all);
  const asked = new Map(xprotect.calls);
  expect(await Promise.all([recordings.abilities(never), recordings.abilities(never)])).toEqual([all, all]);
  expect(xprotect.calls).toEqual(asked);
});

it.each([
  [
    'Expert has no evidence lock',
    { edition: 'expert' as const },
    { evidenceLocks: 'not-in-edition', bookmarks: 'write' },
  ],
  [
    'an older gateway has neither locks nor bookmarks',
    { bookmarks: false },
    { evidenceLocks: 'none', bookmarks: 'none' },
  ],
  ['a recorder may not transcode', { stills: false }, { stills: false, nativeFrames: true }],
  ['motion is known to the task too', { getSequences: true }, { motion: true }],
])('knows that %s', async (_what, features, abilities) => {
  const { recordings } = await recordedSite({ features });
  expect(await recordings.abilities(never)).toMatchObject(abilities);
});

it('does not take a recorder that is off for one that cannot do anything', async () => {
  const { recordings, xprotect } = await recordedSite({ cameras: siteCameras.slice(45, 55) });
  xprotect.faults.setRecorder(1, 'offline');
  xprotect.faults.setRecorder(2, 'offline');
  await expect(recordings.abilities(never)).rejects.toMatchObject({ code: 'unavailable' });
  xprotect.faults.setRecorder(1, 'online');
  await expect
    .poll(() => recordings.abilities(never).catch(() => undefined))
    .toMatchObject({ nativeFrames: true });
});

it('makes, changes, lists and deletes bookmarks', async () => {
  const { recordings } = await recordedSite();
  const within = { start: then - hour, end: then + hour };
  const made = await recordings.saveBookmark(bookmark, never);
  expect(made).toEqual({ ...bookmark, id: made.id });
  const other = await recordings.saveBookmark({ ...bookmark, cameraId: second, start: then - 9000 }, never);
  await recordings.saveBookmark({ ...bookmark, cameraId: third }, never);
  expect(await recordings.listBookmarks([first, second], within, never)).toEqual([other, made]);
  expect(await recordings.listBookmarks([], within, never)).toEqual([]);
  expect(
    await recordings.listBookmarks([first], { start: then + hour, end: then + 2 * hour }, never),
  ).toEqual([]);
  const changed = await recordings.saveBookmark({ ...made, title: 'Red van' }, never);
  expect(changed).toEqual({ ...made, title: 'Red van' });
  expect(await recordings.listBookmarks([first], within, never)).toEqual([changed]);
  await recordings.deleteBookmark(made.id, never);
  await recordings.deleteBookmark(made.id, never);
  expect(await recordings.listBookmarks([first], within, never)).toEqual([]);
  await expect(recordings.deleteBookmark('../sites', never)).rejects.toMatchObject({ name: 'VmsError' });
});

it('moves a bookmark to another camera, whole or not at all', async () => {
  const { recordings } = await recordedSite();
  const within = { start: then - hour, end: then + hour };
  const made = await recordings.saveBookmark(bookmark, never);
  const wish = { ...made, cameraId: second, title: 'Of the other camera' };
  const moved = await recordings.saveBookmark(wish, never);
  expect(moved).toEqual({ ...wish, id: moved.id });
  expect(await recordings.listBookmarks([first, second], within, never)).toEqual([moved]);
  // The gateway has no such camera.
  await expect(recordings.saveBookmark({ ...moved, cameraId: randomUUID() }, never)).rejects.toMatchObject({
    name: 'VmsError',
  });
  expect(await recordings.listBookmarks([first, second], within, never)).toEqual([moved]);
});

it('lists more bookmarks and locks than a call gives', async () => {
  const { recordings } = await recordedSite({ adapter: { recordings: { marksPerCall: 10 } } });
  const within = { start: then - hour, end: then + 2 * hour };
  const [made, locked] = [[] as object[], [] as object[]];
  for (let i = 0; i < 64; i++) {
    const [start, end, title] = [then + i * 30_000, then + i * 30_000 + 60_000, String(i)];
    made.push(await recordings.saveBookmark({ ...bookmark, start, end, title }, never));
    const lock = { cameraIds: [first], start, end, title, description: '', expiresAt: undefined };
    locked.push(await recordings.saveEvidenceLock(lock, never));
  }
  expect(await recordings.listBookmarks([first], within, never)).toEqual(made);
  expect(await recordings.listEvidenceLocks(within, never)).toEqual(locked);
});

it('locks evidence of several cameras, for a while or for ever', async () => {
  const { recordings } = await recordedSite();
  const lock = {
    cameraIds: [first, second],
    start: then,
    end: then + hour,
    title: 'Case 7',
    description: '',
  };
  const kept = await recordings.saveEvidenceLock({ ...lock, expiresAt: undefined }, never);
  expect(kept).toEqual({ ...lock, expiresAt: undefined, id: kept.id });
  const expiresAt = Date.now() + 400 * 24 * hour;
  const limited = await recordings.saveEvidenceLock({ ...lock, start: then + 1, expiresAt }, never);
  expect(limited).toMatchObject({ expiresAt });
  expect(await recordings.listEvidenceLocks({ start: then, end: then + 2 }, never)).toEqual([kept, limited]);
  expect(await recordings.listEvidenceLocks({ start: then + 2 * hour, end: then + 3 * hour }, never)).toEqual(
    [],
  );
});

it.each([true, false])(
  'changes and lifts a lock where the gateway changes them: %s',
  async (changesLocks) => {
    const { recordings } = await recordedSite({ features: { changesLocks } });
    const lock = { start: then, end: then + hour, title: 'Case 7', description: 'of two' };
    const expiresAt = Date.now() + 40 * 24 * hour;
    const made = await recordings.saveEvidenceLock({ ...lock, cameraIds: [first], expiresAt }, never);
    const wish = { ...lock, id: made.id, cameraIds: [second, third], title: 'Case 8', expiresAt: undefined };
    const changed = await recordings.saveEvidenceLock(wish, never);
    expect(changed).toEqual({ ...wish, id: changed.id });
    expect(changed.id === made.id).toBe(changesLocks);
    expect(await recordings.listEvidenceLocks({ start: then, end: then + 1 }, never)).toEqual([changed]);
    expect(await recordings.readEvidenceLock?.(changed.id, never)).toEqual(changed);
    await recordings.deleteEvidenceLock?.(changed.id, never);
    await recordings.deleteEvidenceLock?.(changed.id, never);
    expect(await recordings.readEvidenceLock?.(changed.id, never)).toBeUndefined();
    expect(await recordings.listEvidenceLocks({ start: then, end: then + 1 }, never)).toEqual([]);
  },
);

it('reads one bookmark by its id, and none of another system’s', async () => {
  const { recordings } = await recordedSite();
  const made = await recordings.saveBookmark(bookmark, never);
  expect(await recordings.readBookmark?.(made.id, never)).toEqual(made);
  expect(await recordings.readBookmark?.(randomUUID(), never)).toBeUndefined();
  expect(await recordings.readBookmark?.('bookmark-7', never)).toBeUndefined();
});

it('says that the edition has no locks', async () => {
  const { recordings } = await recordedSite({ features: { edition: 'expert' } });
  const lock = {
    cameraIds: [first],
    start: then,
    end: then + 1,
    title: '',
    description: '',
    expiresAt: undefined,
  };
  const refused = { code: 'refused', message: expect.stringContaining('edition') as string };
  await expect(recordings.saveEvidenceLock(lock, never)).rejects.toMatchObject(refused);
  await expect(recordings.listEvidenceLocks({ start: 0, end: then }, never)).rejects.toMatchObject(refused);
});

it('tells a gateway in trouble from one that refuses', async () => {
  const { recordings, xprotect } = await recordedSite();
  xprotect.faults.setSurface('bookmarks', { failWith: 503 });
  xprotect.faults.setSurface('evidence-locks', { failWith: 500 });
  const within = { start: then, end: then + 1 };
  await expect(recordings.listBookmarks([first], within, never)).rejects.toMatchObject({
    code: 'unavailable',
  });
  await expect(recordings.listEvidenceLocks(within, never)).rejects.toMatchObject({ code: 'unavailable' });
  // What nobody answers for now is not offered, and takes nothing else with it.
  expect(await recordings.abilities(never)).toEqual({
    nativeFrames: true,
    stills: true,
    motion: true,
    bookmarks: 'none',
    evidenceLocks: 'none',
  });
  xprotect.faults.reset();
  expect(await recordings.abilities(never)).toMatchObject({ bookmarks: 'write', evidenceLocks: 'write' });
});

it.each([
  ['bookmarks', { bookmarks: 'none' }],
  ['evidence-locks', { evidenceLocks: 'none' }],
  ['recorder-command', { motion: false }],
] as const)('does not let everything wait for %s that hang', async (surface, abilities) => {
  const { recordings, xprotect } = await recordedSite({ adapter: { recordings: { probeMs: 300 } } });
  xprotect.faults.setSurface(surface, { latencyMs: 3_600_000 });
  expect(await recordings.abilities(never)).toEqual({
    nativeFrames: true,
    stills: true,
    motion: true,
    bookmarks: 'write',
    evidenceLocks: 'write',
    ...abilities,
  });
});

it('does not let recorders that answer wait for one that hangs', async () => {
  const { recordings, vms, xprotect } = await recordedSite({ cameras: siteCameras.slice(45, 55) });
  await vms.readDirectory(never);
  xprotect.faults.setRecorder(1, 'hung');
  expect(await recordings.abilities(never)).toMatchObject({ nativeFrames: true, stills: true, motion: true });
  expect(await vms.stills?.isOffered(never)).toBe(true);
});

it('has stills of the picture at or before a moment, as wide as wished', async () => {
  const { recordings } = await recordedSite();
  const timeMs = plainPictures.timeOf(
    siteCameras[0]!,
    'main',
    plainPictures.indexAt(siteCameras[0]!, 'main', then),
  );
  const still = await recordings.still(first, then, 240.7, never);
  expect(still).toMatchObject({ timeMs });
  expect(Buffer.from(still!.jpeg).toString('latin1')).toBe(`\xff\xd81 ${timeMs} 240`);
});

it.each(['plain', 'mislabelled', 'wrapped'] as const)(
  'reads a still however the recorder sends it: %s',
  async (jpegForm) => {
    const { recordings } = await recordedSite({ features: { jpegForm } });
    const still = await recordings.still(first, then, 240, never);
    expect(Buffer.from(still!.jpeg).toString('latin1')).toBe(`\xff\xd81 ${still!.timeMs} 240`);
  },
);

it('has no still where nothing is recorded nearby, and says so where stills are not made at all', async () => {
  const stills = { ...plainStills, has: () => true };
  const { recordings } = await recordedSite({ stills });
  const now = Date.now();
  const spans = sequences(siteCameras[1]!, { start: now - 50 * hour, end: now - 40 * hour }, now);
  const i = spans.findIndex((span, at) => at > 0 && span.start - spans[at - 1]!.end > 20_000);
  const end = spans[i - 1]!.end;
  expect((await recordings.still(second, end + 4000, 100, never))!.timeMs).toBeLessThan(end);
  expect(await recordings.still(second, end + 8000, 100, never)).toBeUndefined();
  // Recorders land on the near side of the gap, which is the wrong one here.
  expect(await recordings.still(second, spans[i]!.start - 2100, 100, never)).toBeUndefined();

  const without = await recordedSite({ features: { stills: false } });
  await expect(without.recordings.still(first, then, 100, never)).rejects.toMatchObject({ name: 'VmsError' });
});

it('has stills while nobody answers for bookmarks and locks', async () => {
  const { recordings, xprotect } = await recordedSite();
  xprotect.faults.setSurface('bookmarks', { failWith: 503 });
  xprotect.faults.setSurface('evidence-locks', { latencyMs: 3_600_000 });
  expect(await recordings.still(first, then, 160, never)).toBeDefined();
  expect(await recordings.newestStill?.(first, 160, never)).toBeDefined();
});

it('has stills of one recorder while another takes ever so long', async () => {
  const { recordings, vms, xprotect } = await recordedSite({
    cameras: siteCameras.slice(40, 60),
    adapter: { recordings: { connectMs: 3_600_000 } },
  });
  await vms.readDirectory(never);
  xprotect.faults.setRecorder(1, 'hung');
  const leaving = new AbortController();
  const stuck = siteCameras
    .slice(40, 50)
    .map(({ id }) => expect(recordings.still(id, then, 160, leaving.signal)).rejects.toThrow('left'));
  expect(await recordings.still(siteCameras[50]!.id, then, 160, never)).toBeDefined();
  leaving.abort(new Error('left'));
  await Promise.all(stuck);
});

it('asks a recorder that refuses stills of a camera again only after a while', async () => {
  const { recordings, xprotect } = await recordedSite();
  // Of this one the recorder has no stills; of its neighbours it has.
  const still = () => recordings.still(second, then, 160, never);
  await expect(still()).rejects.toMatchObject({ code: 'refused' });
  const asked = xprotect.calls.get('connect');
  await expect(still()).rejects.toMatchObject({ code: 'refused' });
  expect(xprotect.calls.get('connect')).toBe(asked);
  expect(await recordings.still(third, then, 160, never)).toBeDefined();
});

it('lets many stills wait for their turn, and those that are not wanted any more go', async () => {
  const { recordings, xprotect } = await recordedSite();
  await recordings.abilities(never);
  xprotect.faults.setSurface('image-server', { latencyMs: 15 });
  const leaving = new AbortController();
  const asked = Array.from({ length: 40 }, (_, i) =>
    recordings.still(first, then - i * 1000, 160, i % 2 === 0 ? never : leaving.signal),
  );
  const left = Promise.allSettled(asked.filter((_, i) => i % 2 === 1));
  const stayed = Promise.all(asked.filter((_, i) => i % 2 === 0));
  leaving.abort(new Error('left'));
  expect((await left).every(({ status }) => status === 'rejected')).toBe(true);
  const times = (await stayed).map((still) => still!.timeMs);
  expect(times.every((timeMs, i) => Math.abs(then - i * 2000 - timeMs) <= 40)).toBe(true);
  expect(recordings.connectionCount).toBeLessThanOrEqual(9);
});
