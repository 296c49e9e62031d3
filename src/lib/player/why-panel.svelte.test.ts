import axe from 'axe-core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { cleanup, render } from 'vitest-browser-svelte';
import {
  StreamError,
  type LatencyChoice,
  type MediaSession,
  type Preferred,
  type Way,
} from '#lib/media/media-source.ts';
import { TestCardSource } from '#lib/media/test-card/test-card-source.ts';
import '#lib/ui/app.css';
import { speak } from '#lib/ui/words/words.svelte.ts';
import { latencyFor } from './latency-choices.ts';
import { Player, type OpenPicture } from './player.svelte.ts';
import PlayerView from './Player.svelte';
import type { HistoryBook, Kept, Stretch } from './quality-history.ts';
import WhyPanel from './WhyPanel.svelte';

const stops: (() => void)[] = [];
beforeEach(() => page.viewport(420, 1000));
afterEach(() => {
  stops.splice(0).forEach((stop) => stop());
  cleanup();
  localStorage.clear();
  void speak('en');
});

/** A player that plays, and the panel about it. `canChoose`: its way has a choice of latency. */
async function stage({
  canChoose = true,
  preferred,
  offered = [],
  history,
}: { canChoose?: boolean; preferred?: Preferred; offered?: Way[]; history?: HistoryBook } = {}) {
  const card = new TestCardSource({ number: 14, name: 'Gate 3' }, 'whep');
  const chosen: LatencyChoice[] = [];
  const open: OpenPicture = async (signal, _queued, choose): Promise<MediaSession> => {
    if (offered.length > 0) choose(offered);
    const session = await card.open(signal);
    const drawn = session.vitals.bind(session);
    const counters = async () => ({
      ...(await drawn()),
      codec: 'H264',
      bytesReceived: performance.now() * 75,
      packetsReceived: Math.round(performance.now()),
      packetsLost: Math.round(performance.now() / 20),
      roundTripMs: 12,
    });
    return Object.assign(session, {
      vitals: counters,
      preferred,
      ...(canChoose ? { setLatency: (choice: LatencyChoice) => void chosen.push(choice) } : {}),
    });
  };
  const player = new Player({ open, random: () => 0 });
  const box = document.createElement('div');
  box.style.cssText = 'inline-size: 320px; block-size: 180px';
  document.body.append(box);
  await render(PlayerView, { target: box, props: { player } });
  const onclose = vi.fn();
  await render(WhyPanel, {
    player,
    camera: { id: 'c14', number: 14, name: 'Gate 3' },
    stream: 'sub',
    history,
    onclose,
  });
  player.start();
  stops.push(() => {
    player.stop();
    box.remove();
  });
  await expect.poll(() => player.rates.lossRatio, { timeout: 8000 }).toBeGreaterThan(0.04);
  return { player, card, chosen, onclose };
}

describe('why a tile is as it is', () => {
  it('is told by a score, one factor in words, and the numbers behind it', async () => {
    await stage();
    await expect.element(page.getByText('Packets are lost')).toBeVisible();
    await expect.element(page.getByText('H264')).toBeVisible();
    await expect.element(page.getByText('12 ms', { exact: true }).first()).toBeVisible();
    await expect.element(page.getByText(/^640×360 → \d+×\d+ px$/)).toBeVisible();
    // What cannot be known says so, and is not left out.
    expect(page.getByText('not told').elements().length).toBeGreaterThan(2);
    const paths = [...document.querySelectorAll('.spark path')].map((one) => one.getAttribute('d') ?? '');
    expect(paths).toHaveLength(5);
    expect(paths[0]).toMatch(/^M/);
  });

  it('is not known while the picture begins anew, whatever it was before', async () => {
    const { player, card } = await stage();
    await expect.element(page.getByText('Packets are lost')).toBeVisible();
    vi.spyOn(card, 'open').mockReturnValue(new Promise(() => {}));
    player.suspend();
    player.resume();
    await expect.element(page.getByText('Measuring')).toBeVisible();
    expect(document.querySelector('.panel .score')?.textContent).toBe('–');
    expect(page.getByText(/Packets are lost|Nothing limits it|No fresh picture/).elements()).toEqual([]);
  });

  it('says each value once, its two minutes beside it', async () => {
    await stage();
    const names = [...document.querySelectorAll('.panel dt')].map((one) => one.textContent.trim());
    expect(new Set(names).size).toBe(names.length);
    expect(names).toEqual(expect.arrayContaining(['State', 'Age of the last picture', 'Pauses over 5 s']));
    const rows = [...document.querySelectorAll('.panel dl > div:has(.spark) > dt')];
    expect(rows.map((one) => one.textContent.trim())).toEqual(['Latency', 'Frame rate', 'Bitrate', 'Loss']);
    expect(document.querySelector('.panel')?.textContent).not.toContain('Mb/s');
  });

  it.each([
    ['en', 'set for its agency', /^No stills to fall back on/],
    ['ar-u-nu-latn', 'محدَّد لجهتها', /^لا صور ثابتة يُلجأ إليها/],
  ])('says in words why the way was ordered, and that there are no stills (%s)', async (code, why, none) => {
    await speak(code);
    await stage({ preferred: { reason: 'group' }, offered: ['whep', 'hls'] });
    await expect.element(page.getByText(why)).toBeVisible();
    await expect.element(page.getByText(none)).toBeVisible();
  });

  it('does not say so where there are', async () => {
    await stage({ preferred: { reason: 'many-viewers', viewers: 7 }, offered: ['whep', 'stills'] });
    await expect.element(page.getByText('7 are watching')).toBeVisible();
    expect(page.getByText(/No stills/).elements()).toEqual([]);
  });

  it('can be copied as a report', async () => {
    await stage();
    const copied = vi.spyOn(navigator.clipboard, 'writeText').mockResolvedValue();
    await page.getByRole('button', { name: 'Copy as report' }).click();
    expect(copied.mock.calls[0]?.[0]).toMatch(
      /^Parapet, camera 14 Gate 3.*\n.*way: whep[^]*limited by: loss/,
    );
  });

  it('is shut by Escape and by its button, and keeps other keys from the wall', async () => {
    const { onclose } = await stage();
    const heard: string[] = [];
    const end = new AbortController();
    addEventListener('keydown', ({ key }) => heard.push(key), { signal: end.signal });
    (page.getByRole('radio', { name: 'Balanced' }).element() as HTMLElement).focus();
    await userEvent.keyboard('{ArrowRight}{Escape}i');
    end.abort();
    expect([heard, onclose.mock.calls.length]).toEqual([['i'], 1]);
    await page.getByRole('button', { name: 'Close' }).click();
    expect(onclose).toHaveBeenCalledTimes(2);
  });

  it.each(['en', 'en-x-rtl'])('has nothing that axe finds wrong (%s)', async (code) => {
    void speak(code);
    const at = Date.now();
    const stretches = [10, 45, 65, 95].map((score, index) => ({
      at: at - 60_000 * index,
      seconds: 10,
      score,
      worst: 0,
      factor: 'loss' as const,
      liveShare: 1,
    }));
    await stage({ history: { read: () => Promise.resolve({ status: 'kept', stretches }) } });
    await expect.element(page.getByRole('slider')).toBeInTheDocument();
    const { violations } = await axe.run(document.querySelector('.panel')!.parentElement!, {
      // The panel stands in a landmark of the wall's.
      rules: { region: { enabled: false } },
    });
    expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
  });
});

describe('how the camera was before', () => {
  const ago = (ms: number, more: Partial<Stretch>): Stretch => ({
    at: Date.now() - ms,
    seconds: 600,
    score: 95,
    worst: 90,
    factor: 'none',
    liveShare: 1,
    ...more,
  });
  const bookOf = (kept: Kept) => {
    const asked: [cameraId: string, since: number][] = [];
    const read: HistoryBook['read'] = (cameraId, since) => {
      asked.push([cameraId, since]);
      return Promise.resolve(kept);
    };
    return { asked, read };
  };
  const kept = (): Kept => ({
    status: 'kept',
    stretches: [
      ago(7_200_000, { score: 30, worst: 10, factor: 'loss', seconds: 3720 }),
      ago(5000, { score: 70, worst: 40, factor: 'latency' }),
    ],
  });

  it('is told of the last hour, of the last day, and of any moment in it by keyboard', async () => {
    const book = bookOf(kept());
    await stage({ history: book });
    expect(book.asked).toEqual([['c14', expect.closeTo(Date.now() - 86_400_000, -5)]]);
    await expect.element(page.getByText('Watched for 10 min, score 70')).toBeVisible();
    await expect.element(page.getByText('The picture is late, 10 min')).toBeVisible();
    expect(page.getByText(/Packets are lost, /).elements()).toEqual([]);
    await page.getByRole('button', { name: '24 hours' }).click();
    await expect.element(page.getByText('Packets are lost, 1 h 2 min')).toBeVisible();
    await expect.element(page.getByText(/^Worst 10 at /)).toBeVisible();
    const slider = page.getByRole('slider', { name: 'Moment of the history' });
    (slider.element() as HTMLElement).focus();
    await expect.element(page.getByText('70, worst 40 · The picture is late')).toBeVisible();
    await userEvent.keyboard('{ArrowLeft}');
    await expect.element(page.getByText('Not watched then')).toBeVisible();
    expect(slider.element().getAttribute('aria-valuetext')).toMatch(/^\d.* to \d.*, Not watched then$/);
  });

  it('is in the report', async () => {
    await stage({ history: bookOf(kept()) });
    await expect.element(page.getByText('Watched for 10 min, score 70')).toBeVisible();
    const copied = vi.spyOn(navigator.clipboard, 'writeText').mockResolvedValue();
    await page.getByRole('button', { name: 'Copy as report' }).click();
    expect(copied.mock.calls[0]?.[0]).toMatch(
      /\nlast hour: watched 600 s, .*limited by latency 600 s\nlast 24 h: .*limited by loss 3720 s, latency 600 s\n/,
    );
  });

  it.each([
    ['en', 'full', 'No history: this browser has no room for it.'],
    ['en', 'other-person', /^No history: somebody signed in or out/],
    ['ar-u-nu-latn', 'refused', /^لا سجل لما سبق: هذا المتصفح لا يحفظ شيئًا/],
  ] as const)('says why there is nothing (%s, %s)', async (code, why, words) => {
    await speak(code);
    await stage({ history: bookOf({ status: 'none', why }) });
    await expect.element(page.getByText(words)).toBeVisible();
  });
});

describe('a quota that is used up', () => {
  const shortage = {
    agency: 'Metro',
    used: 30,
    limit: 30,
    shares: [
      { name: 'operator', streams: 18 },
      { name: 'kiosk-2', streams: 12 },
    ],
  };
  it.each([
    ['en', /Metro.* uses 30 of 30 streams/, /operator.* 18 · .*kiosk-2.* 12/],
    ['ar-u-nu-arab', /Metro.* ٣٠ من ٣٠/, /operator.* ١٨ · .*kiosk-2.* ١٢/],
  ])('is said on the tile and in the panel, with who holds it (%s)', async (code, uses, who) => {
    await speak(code);
    let isFull = true;
    const card = new TestCardSource({ number: 14, name: 'Gate 3' }, 'whep');
    const open = async (signal: AbortSignal): Promise<MediaSession> => {
      if (isFull) throw new StreamError('quota-exceeded', 'full', { shortage, retryAfterMs: 200 });
      return card.open(signal);
    };
    const player = new Player({ open, random: () => 0 });
    const box = document.createElement('div');
    box.style.cssText = 'inline-size: 640px; block-size: 360px';
    document.body.append(box);
    await render(PlayerView, { target: box, props: { player } });
    await render(WhyPanel, {
      player,
      camera: { id: 'c14', number: 14, name: 'Gate 3' },
      stream: 'sub',
      onclose: vi.fn(),
    });
    player.start();
    stops.push(() => {
      player.stop();
      box.remove();
    });
    for (const words of [uses, who]) {
      await expect.element(page.getByText(words).nth(1)).toBeInTheDocument();
      expect(box.textContent).toMatch(words);
    }
    isFull = false;
    player.hurry();
    await expect.poll(() => player.state.status, { timeout: 8000 }).toBe('live');
    expect([box.textContent.includes('kiosk-2'), player.shortage]).toEqual([false, undefined]);
  });
});

describe('the choice of latency', () => {
  it('reaches the session, and is remembered for the camera', async () => {
    const { player, chosen } = await stage();
    await page.getByRole('radio', { name: 'Smooth' }).click();
    expect([chosen, player.latency, latencyFor('c14')]).toEqual([['smooth'], 'smooth', 'smooth']);
    await page.getByRole('radio', { name: 'Balanced' }).click();
    expect([chosen.at(-1), latencyFor('c14'), localStorage.getItem('parapet.latency')]).toEqual([
      'balanced',
      'balanced',
      '[]',
    ]);
  });

  it('is made for the next session too', async () => {
    const { player, chosen } = await stage();
    player.setLatency('lowest');
    player.stop();
    player.start();
    await expect.poll(() => chosen, { timeout: 4000 }).toEqual(['lowest', 'lowest']);
  });

  it('says so where the way has none', async () => {
    await stage({ canChoose: false });
    await expect.element(page.getByText('This way of watching has no choice of latency.')).toBeVisible();
    expect(page.getByRole('radio', { name: 'Smooth' }).element()).toBeDisabled();
  });
});
