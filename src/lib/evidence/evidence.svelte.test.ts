import axe from 'axe-core';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { cleanup, render } from 'vitest-browser-svelte';
import type { Right, Role } from '#contract/account.ts';
import type { Camera } from '#contract/camera.ts';
import type { RecordingAbility } from '#contract/recording.ts';
import type { Pictures } from '#mocks/camera/compose.ts';
import { siteCameras } from '#mocks/site/cameras.ts';
import { pagePictures } from '#mocks/site/page-pictures.ts';
import { Investigation } from '#lib/recordings/investigation.svelte.ts';
import { PretendRecorder } from '#lib/recordings/testing/pretend-recorder.ts';
import { zoneOf } from '#lib/recordings/zone.ts';
import { notices } from '#lib/ui/notices.svelte.ts';
import { speak, t } from '#lib/ui/words/recordings-words.svelte.ts';
import '#lib/ui/app.css';
import { Evidence } from './evidence.svelte.ts';
import EvidenceOnSite from './testing/EvidenceOnSite.svelte';
import { PretendEvidence } from './testing/pretend-evidence.ts';

const now = Date.UTC(2026, 10, 20, 13);
const noon = Date.UTC(2026, 10, 20, 12);
const ofJunction = siteCameras.filter(({ scene }) => scene === 'junction').slice(0, 3);

let pictures: Pictures;
let recorder: PretendRecorder;
let investigation: Investigation;
let kept: PretendEvidence;
let evidence: Evidence;
let cameras: readonly Camera[];

beforeAll(async () => {
  pictures = await pagePictures(['junction']);
});
beforeEach(async () => {
  await page.viewport(1440, 900);
  recorder = new PretendRecorder(pictures, now);
  recorder.recorded = [{ start: noon - 1_800_000, end: noon + 600_000 }];
});
afterEach(() => {
  cleanup();
  evidence.close();
  investigation.close();
  void speak('en');
  document.documentElement.dir = 'ltr';
  for (const { id } of notices.current) notices.close(id);
});

interface Setting {
  readonly ability?: Partial<RecordingAbility>;
  readonly rights?: Right[];
  readonly role?: Role;
  readonly loop?: { start: number; end: number };
}

async function open({ ability, rights, role = 'investigator', loop }: Setting = {}) {
  cameras = ofJunction.map(({ id, number, name, nameAr, hasPtz, groupId }) => ({
    id,
    number,
    name,
    nameAr,
    groupIds: [groupId],
    streams: [],
    state: 'up',
    hasPtz,
    rights: rights ?? ['live', 'playback', 'export'],
  }));
  const cameraIds = cameras.map(({ id }) => id);
  const { read } = recorder.answers();
  investigation = new Investigation({
    place: { cameraIds, at: noon, speed: 1, isPlaying: false, loop },
    now: () => now,
    spans: { read },
    source: recorder.source,
  });
  investigation.zone = zoneOf('UTC');
  kept = new PretendEvidence(now, cameraIds, ability);
  evidence = new Evidence({
    investigation,
    cameraOf: (id) => cameras.find((camera) => camera.id === id),
    role: () => role,
    api: kept,
  });
  await render(EvidenceOnSite, { investigation, evidence, cameras });
  await expect.poll(() => evidence.abilities).toBeDefined();
}

const dialog = () => page.getByRole('dialog');

describe('a bookmark', () => {
  it('is made at the playhead by keyboard, stands in the list and on the timeline', async () => {
    await open();
    await userEvent.keyboard('b');
    await expect.element(dialog()).toHaveAccessibleName('Bookmark this moment');
    await userEvent.keyboard('Man with a red bag{Enter}');
    await expect.poll(() => [...kept.kept.values()]).toHaveLength(1);
    expect(kept.kept.get('mark-1')).toMatchObject({
      cameraId: cameras[0]!.id,
      at: noon,
      start: noon - 3_000,
      end: noon + 30_000,
      title: 'Man with a red bag',
    });
    await expect.element(dialog()).not.toBeInTheDocument();
    const name = new RegExp(`Man with a red bag.*camera ${String(cameras[0]!.number).padStart(3, '0')}`);
    await expect.element(page.getByRole('button', { name })).toBeVisible();
    expect(evidence.kept.marks).toEqual([{ kind: 'bookmark', cameraIds: [cameras[0]!.id], at: noon }]);
  });

  it('asks for a title, and says what is wrong with a moment', async () => {
    await open();
    await userEvent.keyboard('b{Enter}');
    await expect.element(page.getByText('Give it a title')).toBeVisible();
    await page.getByLabelText('Moment').fill('25:99');
    await expect.element(page.getByText(/^Not a time that is understood/)).toBeVisible();
    await userEvent.keyboard('{Enter}');
    expect(kept.kept.size).toBe(0);
  });

  it('goes to its moment, is changed, and comes back after it was deleted by mistake', async () => {
    await open();
    await kept.saveBookmark({
      cameraId: cameras[1]!.id,
      start: noon - 63_000,
      end: noon - 30_000,
      at: noon - 60_000,
      title: 'Before',
      description: '',
    });
    evidence.isOpen = true;
    evidence.kept.refresh();
    await page.getByRole('button', { name: /^.Before., camera/ }).click();
    expect(investigation.group.time).toBe(noon - 60_000);
    expect(investigation.selected).toBe(cameras[1]!.id);

    await page.getByRole('button', { name: /Change the bookmark/ }).click();
    await page.getByLabelText('Title').fill('After');
    await userEvent.keyboard('{Enter}');
    await expect.poll(() => kept.kept.get('mark-1')?.title).toBe('After');
    expect(kept.kept.get('mark-1')?.start).toBe(noon - 63_000);

    await page.getByRole('button', { name: /Delete the bookmark/ }).click();
    await expect.poll(() => kept.kept.size).toBe(0);
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect.poll(() => [...kept.kept.values()].map(({ title }) => title)).toEqual(['After']);
  });

  it('that is given to another camera stands there, and no longer where it was', async () => {
    await open();
    await userEvent.keyboard('b');
    await userEvent.keyboard('A bag{Enter}');
    await expect.element(dialog()).not.toBeInTheDocument();
    await page.getByRole('button', { name: /Change the bookmark/ }).click();
    await page.getByLabelText('Camera', { exact: true }).selectOptions(cameras[1]!.id);
    await userEvent.keyboard('{Enter}');
    await expect.element(dialog()).not.toBeInTheDocument();
    expect([...kept.kept.values()].map(({ cameraId }) => cameraId)).toEqual([cameras[1]!.id]);
    expect(evidence.kept.marks).toEqual([{ kind: 'bookmark', cameraIds: [cameras[1]!.id], at: noon }]);
  });

  it('that cannot be saved keeps what was typed and says why', async () => {
    await open();
    await expect.poll(() => evidence.kept.isKnown).toBe(true);
    kept.refusal = 'vms-unavailable';
    await userEvent.keyboard('bA title{Enter}');
    await expect
      .element(dialog().getByRole('alert'))
      .toHaveTextContent('Not done. The recorder does not answer.');
    await expect.element(page.getByLabelText('Title')).toHaveValue('A title');
    kept.refusal = undefined;
    await userEvent.keyboard('{Enter}');
    await expect.poll(() => kept.kept.size).toBe(1);
  });
});

describe('an evidence lock', () => {
  it('holds A to B of all cameras, until it is lifted', async () => {
    await open({ loop: { start: noon - 5_000, end: noon + 5_000 } });
    await userEvent.keyboard('h');
    await expect.element(page.getByLabelText('From')).toHaveValue('2026-11-20 11:59:55');
    await userEvent.keyboard('Case 12{Enter}');
    await expect.poll(() => kept.locked.size).toBe(1);
    expect(kept.locked.get('lock-1')).toMatchObject({
      cameraIds: cameras.map(({ id }) => id),
      start: noon - 5_000,
      end: noon + 5_000,
      title: 'Case 12',
    });
    await page.getByRole('button', { name: /Change the evidence lock/ }).click();
    await page.getByRole('button', { name: 'Lift the lock' }).click();
    await expect.poll(() => kept.locked.size).toBe(0);
    await expect.element(page.getByText(/^No evidence locks here/)).toBeVisible();
  });

  it('ends with the day that is chosen, by the clocks of the timeline', async () => {
    await open();
    await userEvent.keyboard('h');
    await page.getByLabelText('Title').fill('Case 13');
    await page.getByLabelText(/^Until/).fill('2026-12-01');
    await page.getByLabelText('Title').click();
    await userEvent.keyboard('{Enter}');
    await expect.poll(() => kept.locked.get('lock-1')?.expiresAt).toBe(Date.UTC(2026, 11, 2));
  });

  it('is greyed with the reason where the edition has none, and its key says so', async () => {
    await open({ ability: { evidenceLocks: 'not-in-edition' } });
    const button = page.getByRole('button', { name: 'Lock as evidence' });
    await expect.element(button).toHaveAttribute('aria-disabled', 'true');
    await expect
      .element(button)
      .toHaveAttribute('title', `Lock as evidence (H): ${t('evidence.why.not-in-edition')}`);
    await userEvent.keyboard('h');
    await expect.element(page.getByText(t('evidence.why.not-in-edition'))).toBeVisible();
    await expect.element(dialog()).not.toBeInTheDocument();
  });
});

describe('an export', () => {
  it('is estimated, begun, followed by news, and its files are there to fetch', async () => {
    await open({ loop: { start: noon - 60_000, end: noon } });
    await userEvent.keyboard('x');
    await expect.element(page.getByText('About 45 MB; 5 GB are free for you')).toBeVisible();
    await expect.element(page.getByText('It begins at once.')).toBeVisible();
    await userEvent.keyboard('Case 12');
    await page.getByLabelText('Why it leaves the house').fill('Police, file 4711');
    await userEvent.keyboard('{Enter}');
    await expect.poll(() => kept.queue.size).toBe(1);
    const [begun] = [...kept.queue.values()];
    expect(begun).toMatchObject({ reason: 'Police, file 4711', start: noon - 60_000, end: noon });
    await expect.element(page.getByText('Waiting, 1st in the queue')).toBeVisible();

    const progress = { doneMs: 90_000, totalMs: 180_000, bytes: 22_000_000 };
    evidence.hear(kept.move(begun!.id, { state: { status: 'running', since: now }, progress }).news);
    await expect.element(page.getByText('50%, 22 MB written')).toBeVisible();
    await expect.element(page.getByRole('progressbar')).toHaveAttribute('value', '0.5');

    const sha256 = 'a'.repeat(64);
    const files = [{ name: 'manifest.json', kind: 'manifest' as const, bytes: 2_100, sha256 }];
    const state = { status: 'done' as const, at: now, expiresAt: now + 7 * 86_400_000 };
    evidence.hear(kept.move(begun!.id, { state, files }).news);
    await expect.element(page.getByText('Done; kept until Fri, 27 Nov 2026, 13:00:00 UTC')).toBeVisible();
    const link = page.getByRole('link', { name: /manifest.json/ });
    await expect.element(link).toHaveAttribute('href', `/api/exports/${begun!.id}/files/manifest.json`);
  });

  it('is paused, resumed and cancelled', async () => {
    await open();
    const request = {
      title: 'Case',
      reason: 'x',
      cameraIds: [cameras[0]!.id],
      start: noon,
      end: noon + 1000,
    };
    const { id } = await kept.begin({ ...request, stream: 'main', hasWatermark: false });
    await evidence.exports.refresh();
    evidence.isOpen = true;
    evidence.list = 'exports';
    for (const [name, status] of [
      [/Pause the export/, 'paused'],
      [/Resume the export/, 'queued'],
      [/Cancel the export/, 'cancelled'],
    ] as const) {
      await page.getByRole('button', { name }).click();
      await expect.poll(() => kept.queue.get(id)?.state.status).toBe(status);
    }
    await expect.element(page.getByText('Cancelled', { exact: true })).toBeVisible();
  });

  it('says when nothing is recorded, when it is too large, and how many wait before it', async () => {
    await open();
    kept.recordedMs = 0;
    await userEvent.keyboard('x');
    await expect.element(page.getByText('Nothing is recorded in this range')).toBeVisible();
    kept.recordedMs = undefined;
    kept.freeBytes = 1000;
    kept.waiting = 3;
    await page.getByLabelText('To', { exact: true }).fill('12:05');
    await expect.element(page.getByText(/more than you may still store/)).toBeVisible();
    await expect.element(page.getByText('3 exports wait before it.')).toBeVisible();
    await page.getByLabelText('Title').fill('T');
    await page.getByLabelText('Why it leaves the house').fill('R');
    await userEvent.keyboard('{Enter}');
    expect(kept.queue.size).toBe(0);
  });

  it('says which film the recording system makes, and no size that nobody knows', async () => {
    await open();
    kept.madeByVms = true;
    await userEvent.keyboard('x');
    await expect.element(page.getByText(/The recording system makes this film/).first()).toBeVisible();
    await expect.element(page.getByText(/^[\d.,]+\s?\S+ are free for you$/)).toBeVisible();
    await expect.element(page.getByText('Films that the recording system makes get no copy.')).toBeVisible();
  });

  it('leaves out a camera that no film can be made of, and says why', async () => {
    await open();
    kept.unable = cameras[1]!.id;
    await userEvent.keyboard('x');
    const box = page.getByRole('checkbox', { name: /No film can be made of its video format/ });
    await expect.element(box).toBeDisabled();
    await expect.element(box).not.toBeChecked();
    await page.getByLabelText('Title').fill('T');
    await page.getByLabelText('Why it leaves the house').fill('R');
    await userEvent.keyboard('{Enter}');
    await expect.poll(() => kept.queue.size).toBe(1);
    expect([...kept.queue.values()][0]?.cameraIds).toEqual([cameras[0]!.id, cameras[2]!.id]);
  });

  it('that is done is deleted by somebody who was asked, and says whose it is and who signed it', async () => {
    await open({ role: 'administrator' });
    const request = {
      title: 'Case',
      reason: 'x',
      cameraIds: [cameras[0]!.id],
      start: noon,
      end: noon + 1000,
    };
    const { id } = await kept.begin({ ...request, stream: 'main', hasWatermark: true });
    await evidence.exports.refresh();
    evidence.isOpen = true;
    evidence.list = 'exports';
    await expect.element(page.getByText(/^by .?Investigator/)).toBeVisible();
    evidence.hear(kept.move(id, { state: { status: 'queued', place: 1, notBefore: now + 60_000 } }).news);
    await evidence.exports.refresh();
    await expect.element(page.getByText(/^Begins at .*settled in the recorder$/)).toBeVisible();
    const progress = { doneMs: 1000, totalMs: 1000, bytes: 2_000_000 };
    evidence.hear(kept.move(id, { state: { status: 'running', since: now }, progress }).news);
    await expect.element(page.getByText('Putting your name into the picture, 2 MB written')).toBeVisible();
    const state = { status: 'done' as const, at: now, expiresAt: now + 86_400_000 };
    evidence.hear(kept.move(id, { state, signedBy: 'ab'.repeat(32) }).news);
    await expect.element(page.getByText('ab'.repeat(32))).toBeVisible();

    await page.getByRole('button', { name: /Delete the export/ }).click();
    await expect.element(dialog()).toBeVisible();
    await userEvent.keyboard('{Escape}');
    expect(kept.queue.get(id)?.state.status).toBe('done');
    await page.getByRole('button', { name: /Delete the export/ }).click();
    await dialog().getByRole('button', { name: 'Delete the export' }).click();
    await expect.poll(() => kept.queue.get(id)?.state.status).toBe('cancelled');
    await expect.element(dialog()).not.toBeInTheDocument();
  });

  it('whose files another server keeps has none to fetch here', async () => {
    await open();
    const request = {
      title: 'Case',
      reason: 'x',
      cameraIds: [cameras[0]!.id],
      start: noon,
      end: noon + 1000,
    };
    const { id } = await kept.begin({ ...request, stream: 'main', hasWatermark: false });
    const files = [{ name: 'manifest.json', kind: 'manifest' as const, bytes: 1, sha256: 'a'.repeat(64) }];
    kept.move(id, { state: { status: 'done', at: now, expiresAt: now + 1 }, files, isElsewhere: true });
    await evidence.exports.refresh();
    evidence.isOpen = true;
    evidence.list = 'exports';
    await expect.element(page.getByText(/^Another server of this site keeps these files/)).toBeVisible();
    await expect.element(page.getByRole('link', { name: /manifest.json/ })).not.toBeInTheDocument();
  });

  it('needs the right to export', async () => {
    await open({ rights: ['live', 'playback'] });
    await userEvent.keyboard('x');
    await expect.element(page.getByText(/You do not have the right to/)).toBeVisible();
    const bookmark = page.getByRole('button', { name: 'Bookmark this moment' });
    await expect.element(bookmark).not.toHaveAttribute('aria-disabled');
  });
});

it('says that lists cannot be read, and reads them when asked again', async () => {
  await open();
  await expect.poll(() => evidence.kept.isKnown).toBe(true);
  kept.refusal = 'vms-unavailable';
  evidence.isOpen = true;
  evidence.kept.refresh();
  await expect.element(page.getByText('These cannot be read. The recorder does not answer.')).toBeVisible();
  kept.refusal = undefined;
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect.element(page.getByText(/^No bookmarks here/)).toBeVisible();
});

it('asks for what is around, not for every move of the view', async () => {
  await open();
  await expect.poll(() => evidence.kept.isKnown).toBe(true);
  const before = kept.asked;
  investigation.view.pan(40);
  investigation.view.pan(-20);
  await expect.poll(() => investigation.view.window.start).toBeLessThan(noon);
  expect(kept.asked).toBe(before);
  investigation.view.show(noon - 86_400_000, 3_600_000);
  await expect.poll(() => kept.asked).toBe(before + 2);
});

it('lists moved by arrows, dialogs and all have nothing that assistive technology stumbles over', async () => {
  await open();
  await userEvent.keyboard('m');
  await expect.element(page.getByRole('tab', { name: 'Bookmarks' })).toHaveFocus();
  await userEvent.keyboard('{ArrowRight}');
  await expect.element(page.getByRole('tab', { name: 'Locks' })).toHaveFocus();
  await userEvent.keyboard('{ArrowRight}');
  await expect.element(page.getByRole('tab', { name: 'Exports' })).toHaveFocus();
  for (const key of ['', 'b', 'h', 'x', '?']) {
    (document.activeElement as HTMLElement).blur();
    if (key !== '') await userEvent.keyboard(key);
    if (key !== '') await expect.element(dialog()).toBeVisible();
    const { violations } = await axe.run(document.body);
    expect(violations.map(({ id, nodes }) => `${key} ${id}: ${nodes[0]?.html}`)).toEqual([]);
    await userEvent.keyboard('{Escape}');
    await expect.element(dialog()).not.toBeInTheDocument();
  }
}, 30_000);

it('fits a phone and mirrors', async () => {
  await page.viewport(390, 844);
  document.documentElement.dir = 'rtl';
  void speak('en-x-rtl');
  await open();
  await userEvent.keyboard('m');
  await expect.element(page.getByRole('tab', { name: 'Bookmarks' })).toBeVisible();
  expect(document.documentElement.scrollWidth).toBeLessThanOrEqual(390);
  (document.activeElement as HTMLElement).blur();
  await userEvent.keyboard('x');
  await expect.element(dialog()).toBeVisible();
  expect(document.querySelector('dialog')!.getBoundingClientRect().width).toBeLessThanOrEqual(390);
  expect(document.documentElement.scrollWidth).toBeLessThanOrEqual(390);
});

it.each(['en', 'ar-u-nu-latn'])(
  'can be begun and left on a small phone without looking for the buttons (%s)',
  async (code) => {
    await speak(code);
    document.documentElement.dir = code === 'en' ? 'ltr' : 'rtl';
    await page.viewport(390, 664);
    await open();
    await userEvent.keyboard('x');
    await expect.element(dialog()).toBeVisible();
    await expect.element(page.getByText(t('evidence.export-begin'))).toBeInTheDocument();
    const box = dialog().element();
    /** Whether a touch there reaches it. */
    const isReachable = (element: Element): boolean => {
      const { left, top, width, height } = element.getBoundingClientRect();
      const hit = document.elementFromPoint(left + width / 2, top + height / 2);
      return hit !== null && (element === hit || element.contains(hit));
    };
    const body = box.querySelector('.body')!;
    const buttons = [...box.querySelectorAll('button')];
    expect(buttons).toHaveLength(3);
    for (const end of [0, body.scrollHeight]) {
      body.scrollTop = end;
      expect(buttons.map((button) => [button.textContent.trim(), isReachable(button)])).toEqual(
        buttons.map((button) => [button.textContent.trim(), true]),
      );
    }
    // What is above the buttons can all be reached, and nothing is wider than the screen.
    const status = box.querySelector('.estimate')!;
    await expect
      .poll(() => {
        body.scrollTop = body.scrollHeight;
        return isReachable(status);
      })
      .toBe(true);
    expect([box.scrollWidth <= box.clientWidth, document.documentElement.scrollWidth]).toEqual([true, 390]);
    document.documentElement.dir = 'ltr';
  },
);
