import type { Component } from 'svelte';
import type { Camera } from '#contract/camera.ts';
import type { News } from '#contract/news.ts';
import { notices } from '#lib/ui/notices.svelte.ts';
import { t } from '#lib/ui/words/words.svelte.ts';
import type { Rewind, RewindOptions } from './rewind.svelte.ts';

/** What plays and draws the past. */
export interface RewindParts {
  readonly Rewind: typeof Rewind;
  readonly Banner: Component<{ rewind: RewindSwitch }>;
  readonly Layer: Component<{ rewind: RewindSwitch; camera: Camera }>;
}

/** How far back one key goes, ms; pressed again, the next. */
const distancesMs = [10_000, 30_000] as const;

export interface RewindSwitchOptions {
  /** The cameras on the wall now. */
  readonly cameras: () => readonly Camera[];
  readonly now?: () => number;
  readonly rewind?: Omit<RewindOptions, 'now'>;
  /** Fetches what plays and draws the past. */
  readonly load: () => Promise<RewindParts>;
}

/** Live, or some seconds back: one key each way. What plays the past is fetched when it is first wanted. */
export class RewindSwitch {
  readonly #cameras: RewindSwitchOptions['cameras'];
  readonly #clock: () => number;
  readonly #options: Omit<RewindOptions, 'now'>;
  readonly #load: () => Promise<RewindParts>;
  /** How much the server's clock is ahead of this browser's, ms. */
  #aheadMs = 0;
  #turn = 0;

  /** How far the wall is back, ms; undefined: it is live. */
  backMs: number | undefined = $state();
  rewind: Rewind | undefined = $state.raw();
  /** What draws the past; undefined until it has been fetched: live pictures must be covered meanwhile. */
  parts: RewindParts | undefined = $state.raw();

  constructor({ cameras, now = Date.now, rewind = {}, load }: RewindSwitchOptions) {
    this.#cameras = cameras;
    this.#clock = now;
    this.#options = rewind;
    this.#load = load;
  }

  /** The moment whoever looks at the wall may want to look into, epoch ms: what is shown; live, what was just seen. */
  get moment(): number {
    return this.#now() - (this.backMs ?? distancesMs[0]);
  }

  /** 10 s back; 30 s where it is back already. */
  async back(): Promise<void> {
    if (!this.#cameras().some(({ rights }) => rights.includes('playback'))) {
      notices.show(t('rewind.nowhere'), { meaning: 'notice' });
      return;
    }
    const backMs = this.backMs === undefined ? distancesMs[0] : distancesMs[1];
    this.backMs = backMs;
    notices.say(t('rewind.banner', { seconds: backMs / 1000 }));
    if (this.rewind) {
      this.rewind.goBack(backMs);
      return;
    }
    const turn = ++this.#turn;
    try {
      const parts = await this.#load();
      this.parts = parts;
      // Meanwhile somebody went back to live, or further back.
      if (this.#turn !== turn) return;
      const rewind = new parts.Rewind(backMs, { now: () => this.#now(), ...this.#options });
      rewind.show(this.#cameras());
      rewind.run();
      this.rewind = rewind;
    } catch {
      if (this.#turn !== turn) return;
      // The server was updated or is away: the part that plays the past could not be fetched.
      this.live();
      notices.show(t('rewind.failed'), { meaning: 'alarm' });
    }
  }

  /** Live again, at once: live pictures have gone on underneath. */
  live(): void {
    this.#turn++;
    if (this.backMs === undefined) return;
    this.backMs = undefined;
    this.rewind?.close();
    this.rewind = undefined;
    notices.say(t('rewind.live-said'));
  }

  /** The wall shows other cameras now. Called from an effect: it reads them. */
  follow(): void {
    this.rewind?.show(this.#cameras());
  }

  hear(news: News): void {
    if (news.kind !== 'hello') return;
    this.#aheadMs = news.serverTime - this.#clock();
    this.rewind?.hurry();
  }

  /** Safe to call twice. */
  close(): void {
    this.#turn++;
    this.rewind?.close();
    this.rewind = undefined;
  }

  #now(): number {
    return this.#clock() + this.#aheadMs;
  }
}
