import type { PlayerStatus } from '#lib/player/state.ts';
import { notices } from '#lib/ui/notices.svelte.ts';
import { isolate, nameOf, t } from '#lib/ui/words/words.svelte.ts';
import type { WallRoom } from './wall-room.svelte.ts';

/** Changes are collected this long, so that an engine that restarts is one sentence and not sixteen. */
const collectMs = 1_500;
/** More than this many at once are counted instead of named. */
const mostNamed = 3;

type Condition = 'well' | 'lost' | 'other';

function conditionOf(status: PlayerStatus): Condition {
  if (status === 'live') return 'well';
  return status === 'offline' || status === 'refused' || status === 'reconnecting' ? 'lost' : 'other';
}

/** Tells people who cannot see the wall which pictures are lost and which are back. */
export class Watch {
  readonly #room: WallRoom;
  // Plain: what was known before must not call `look` again.
  // eslint-disable-next-line svelte/prefer-svelte-reactivity
  readonly #known = new Map<string, Condition>();
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- the same
  readonly #changed = new Map<string, 'well' | 'lost'>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(room: WallRoom) {
    this.#room = room;
  }

  /** Compares the wall with how it was. Reads what it depends on, so that an effect calls it again at the right time. */
  look(): void {
    const { desk, pictures } = this.#room;
    desk.keys.forEach((key, index) => {
      const camera = desk.cameraAt(index);
      const name = camera && nameOf(camera);
      const status = pictures.of(key)?.front.player.state.status;
      if (name === undefined || status === undefined) return;
      const now = conditionOf(status);
      const before = this.#known.get(key);
      if (now === 'other') return;
      this.#known.set(key, now);
      // The first pictures of a wall are what everybody expects; only what changes is news.
      if (before === undefined ? now === 'well' : before === now) return;
      this.#changed.set(name, now);
      this.#timer ??= setTimeout(() => this.#tell(), collectMs);
    });
  }

  /** Ends its timer. Safe to call twice. */
  close(): void {
    clearTimeout(this.#timer);
  }

  #tell(): void {
    this.#timer = undefined;
    const lost = [...this.#changed].filter(([, now]) => now === 'lost').map(([name]) => name);
    const back = [...this.#changed].filter(([, now]) => now === 'well').map(([name]) => name);
    this.#changed.clear();
    const sentences = [
      ...(lost.length > mostNamed
        ? [t('wall.many-lost', { count: lost.length })]
        : lost.map((name) => t('wall.lost', { name: isolate(name) }))),
      ...(back.length > mostNamed
        ? [t('wall.many-back', { count: back.length })]
        : back.map((name) => t('wall.back', { name: isolate(name) }))),
    ];
    notices.say(sentences.join(' '));
  }
}
