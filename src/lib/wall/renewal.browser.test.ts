import { afterEach, describe, expect, it, vi } from 'vitest';
import { presets } from './layouts.ts';
import { Cover, liftCover } from './cover.ts';
import { leaveKeepsake, takeKeepsake } from './keepsake.ts';
import { leaveCover } from './leave-cover.ts';
import { onNextTouch, Renewal, type RenewalParts } from './renewal.ts';

afterEach(() => {
  sessionStorage.clear();
  document.body.replaceChildren();
});

/** A page whose budget is used up, an hour after somebody touched it last. */
function page(parts: Partial<RenewalParts> = {}) {
  let now = 0;
  const reload = vi.fn();
  const leave = vi.fn(() => true);
  const renewal = new Renewal({
    peers: { living: 450, isExhausted: false },
    isSuccessor: false,
    isBusy: () => false,
    canReturn: async () => true,
    leave,
    reload,
    now: () => now,
    ...parts,
  });
  const end = new AbortController();
  const stop = () => end.abort();
  renewal.follow(end.signal);
  now = 3_600_000;
  return { renewal, reload, leave, stop, touch: () => dispatchEvent(new Event('pointermove')) };
}

describe('a page whose peer connections are nearly used up', () => {
  it('leaves what it knows and begins anew, once', async () => {
    const { renewal, reload, leave, stop } = page();
    await renewal.look();
    await renewal.look();
    expect([leave.mock.calls.length, reload.mock.calls.length]).toEqual([1, 1]);
    expect(renewal.isGoing).toBe(true);
    stop();
  });

  it('stays while somebody works on it', async () => {
    const { renewal, reload, stop, touch } = page();
    touch();
    await renewal.look();
    expect(reload).not.toHaveBeenCalled();
    stop();
  });

  it('stays when there is no server to come back from', async () => {
    const { renewal, reload, leave, stop } = page({ canReturn: async () => false });
    await renewal.look();
    expect([leave.mock.calls.length, reload.mock.calls.length]).toEqual([0, 0]);
    stop();
  });

  it('stays when what somebody did could not be kept', async () => {
    const { renewal, reload, stop } = page({ leave: () => false });
    await renewal.look();
    expect(reload).not.toHaveBeenCalled();
    stop();
  });

  it('stays when somebody comes back while the server is asked', async () => {
    const answer = Promise.withResolvers<boolean>();
    const { renewal, reload, stop, touch } = page({ canReturn: () => answer.promise });
    const looking = renewal.look();
    touch();
    answer.resolve(true);
    await looking;
    expect(reload).not.toHaveBeenCalled();
    stop();
  });

  it('that has just taken the place of another does not begin anew again', async () => {
    const { renewal, reload, stop } = page({
      isSuccessor: true,
      peers: { living: 450, isExhausted: true },
      now: () => 5000,
    });
    await renewal.look();
    expect(reload).not.toHaveBeenCalled();
    stop();
  });
});

describe('what a page leaves to the next', () => {
  const showing = {
    content: { layout: presets['4'], cameraIds: ['a', null, 'b', null] },
    parked: ['c'],
    wallId: 'w',
  };
  const keepsake = {
    userId: 'u',
    at: 1000,
    wall: { history: { past: [showing], present: showing, future: [] }, selected: 2, full: 2 },
    isFullScreen: true,
  };

  it('is taken once, by the same person, soon', () => {
    expect(leaveKeepsake(keepsake)).toBe(true);
    expect(takeKeepsake('u', 2000)).toEqual(keepsake);
    expect(takeKeepsake('u', 2000)).toBeUndefined();
    leaveKeepsake(keepsake);
    expect(takeKeepsake('somebody else', 2000)).toBeUndefined();
    leaveKeepsake(keepsake);
    expect(takeKeepsake('u', 120_000)).toBeUndefined();
  });

  it('is nothing when it cannot be read', () => {
    sessionStorage.setItem('parapet.keepsake', '{"userId":"u","at":1000,"wall":{}}');
    expect(takeKeepsake('u', 1000)).toBeUndefined();
    sessionStorage.setItem('parapet.keepsake', '{');
    expect(takeKeepsake('u', 1000)).toBeUndefined();
  });

  it('includes the pictures of its tiles and where they are', async () => {
    const figure = document.createElement('figure');
    figure.dataset['tile'] = '3';
    figure.style.cssText = 'position:fixed;margin:0;left:10px;top:20px;width:320px;height:180px';
    const video = document.createElement('video');
    video.muted = true;
    video.srcObject = greenStream();
    figure.append(video);
    document.body.append(figure);
    await video.play();
    await new Promise((resolve) => video.requestVideoFrameCallback(resolve));
    leaveCover(document, 'Picture of 14:03:22');
    const [patch] = JSON.parse(sessionStorage.getItem('parapet.cover') ?? '[]') as {
      tile: string;
      source: string;
      box: number[];
      at: number;
    }[];
    expect(patch).toMatchObject({ tile: '3', box: [10, 20, 320, 180], words: 'Picture of 14:03:22' });
    expect(Date.now() - patch!.at).toBeLessThan(5000);
    const still = new Image();
    still.src = patch!.source;
    await still.decode();
    expect([still.naturalWidth, still.naturalHeight]).toEqual([64, 36]);
  });
});

function greenStream(): MediaStream {
  const canvas = Object.assign(document.createElement('canvas'), { width: 64, height: 36 });
  const brush = canvas.getContext('2d');
  const paint = () => {
    if (!brush) return;
    brush.fillStyle = 'green';
    brush.fillRect(0, 0, 64, 36);
    requestAnimationFrame(paint);
  };
  paint();
  return canvas.captureStream();
}

describe('the cover', () => {
  it('is lifted tile by tile and goes with its last one', () => {
    const layer = document.createElement('div');
    layer.dataset['cover'] = '';
    for (const _ of [0, 1]) layer.append(Object.assign(new Image(), { alt: '' }));
    [...layer.children].forEach((still, tile) => ((still as HTMLElement).dataset['for'] = String(tile)));
    document.body.append(layer);
    const cover = new Cover();
    expect(cover.isLaid).toBe(true);
    cover.lift(0);
    cover.lift(0);
    expect(layer.childElementCount).toBe(1);
    cover.lift(1);
    expect([cover.isLaid, layer.isConnected]).toEqual([false, false]);
    cover.close();
  });

  it('is taken away where there is no wall', () => {
    const layer = document.createElement('div');
    layer.dataset['cover'] = '';
    document.body.append(layer);
    liftCover();
    liftCover();
    expect(layer.isConnected).toBe(false);
  });

  it('is nothing on a page that simply began', () => {
    expect(new Cover().isLaid).toBe(false);
  });
});

describe('the next touch', () => {
  it('acts once', () => {
    const act = vi.fn();
    const end = new AbortController();
    onNextTouch(act, end.signal);
    dispatchEvent(new Event('pointerup'));
    dispatchEvent(new Event('keydown'));
    expect(act).toHaveBeenCalledTimes(1);
  });
});
