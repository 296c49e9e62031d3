import { untrack } from 'svelte';
import { SvelteMap } from 'svelte/reactivity';
import { lastPictures } from '#lib/player/last-pictures.ts';
import { latencyFor } from '#lib/player/latency-choices.ts';
import { Player } from '#lib/player/player.svelte.ts';
import type { StreamName } from '#contract/camera.ts';
import type { ChooseWay } from '#lib/media/media-source.ts';
import type { Ease } from './decoder-budget.ts';
import type * as Reliefs from './relief.ts';
import { dwellMs } from './stream-choice.ts';
import type { Supply } from './supply.ts';
import { keepsReservation, type Unseen } from './suspension.ts';
import { TilePictures, type Feed } from './tile-pictures.svelte.ts';

/** What a tile should show now. */
export interface TileWish {
  /** The tile's key (content.ts), which moves with its camera. */
  readonly key: string;
  readonly cameraId: string;
  readonly stream: StreamName;
  readonly urgency: number;
  /** Whether the camera has a sub stream to fall back on. */
  readonly hasSub?: boolean;
  /** What the VMS says of the stream. */
  readonly framesPerSecond?: number | undefined;
  /** Somebody looks at it closely: a change of stream does not wait. */
  readonly isAtOnce?: boolean;
  /** Why it is to be suspended; absent while it can be seen. */
  readonly asleep?: Unseen | undefined;
  /** How it gives way to others on this computer; `stream` is what is left of it. */
  readonly ease?: Ease | undefined;
}

/** While a relieved tile gets its main stream ready it is looked at this often, ms. */
const lookEveryMs = 1_000;

/**
 * The players of a wall, one for each tile that has a camera, kept in step with what the wall shows. A tile that
 * changes its place keeps its player; one that changes its stream gets the new one ready before the old one goes.
 */
export class Pictures {
  readonly #supply: Supply;
  readonly #tiles = new SvelteMap<string, TilePictures>();
  #wishes: readonly TileWish[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #reliefs: typeof Reliefs | undefined;
  /** When it runs out, monotonic ms. */
  #dueAt = Infinity;

  constructor(supply: Supply) {
    this.#supply = supply;
    // After the pictures: a line is not known to be too weak for ten seconds.
    void import('./relief.ts').then((reliefs) => (this.#reliefs = reliefs));
  }

  /** The pictures of a tile; undefined for tiles without a camera. */
  of(tileKey: string): TilePictures | undefined {
    return this.#tiles.get(tileKey);
  }

  /** Whether single pictures can be had of a tile's camera, as far as is known. */
  hasStills(tileKey: string): boolean {
    const feed = this.#tiles.get(tileKey)?.front;
    return feed !== undefined && this.#supply.waysOf(feed.key).includes('stills');
  }

  /**
   * Makes the wall show exactly this. Tiles that are asleep are suspended; when they wake, the gate lets them in a few at
   * a time, those that are looked at first.
   */
  show(wishes: readonly TileWish[]): void {
    this.#wishes = wishes;
    clearTimeout(this.#timer);
    this.#dueAt = Infinity;
    // eslint-disable-next-line svelte/prefer-svelte-reactivity -- lives for this call
    const wanted = new Set(wishes.map(({ key }) => key));
    for (const [key, tile] of this.#tiles) {
      if (wanted.has(key)) continue;
      this.#tiles.delete(key);
      tile.front.player.stop();
      tile.next?.player.stop();
    }
    const started: Feed[] = [];
    for (const wish of wishes) {
      const tile = this.#tiles.get(wish.key);
      if (tile) {
        this.#heed(tile, wish);
        const feed = this.#restream(tile, wish);
        if (feed) started.push(feed);
        continue;
      }
      const feed = this.#feed(wish);
      const added = new TilePictures(wish.cameraId, feed);
      this.#tiles.set(wish.key, added);
      this.#heed(added, wish);
      started.push(feed);
    }
    // Whoever is suspended has let go by now, and whoever wakes finds his reservation asked for.
    this.#want();
    const awake = [...this.#tiles.values()].filter(({ asleep }) => asleep === undefined);
    // In order, because the gate lets in at once who finds it free.
    for (const tile of awake.toSorted((a, b) => a.urgency - b.urgency)) tile.front.player.resume();
    for (const { player } of started) player.start();
    this.#supply.reconsider();
  }

  #heed(tile: TilePictures, { urgency, asleep, ease }: TileWish): void {
    tile.urgency = urgency;
    tile.asleep = asleep;
    tile.ease = ease;
    if (!asleep) return;
    tile.dropNext();
    tile.turning = undefined;
    tile.front.player.suspend();
  }

  /** The tile's new stream goes in front. */
  promote(tileKey: string): void {
    this.#tiles.get(tileKey)?.promote();
    this.#want();
  }

  /**
   * What becomes of a tile's streams, now that something about them has changed. Reads what it depends on, for an effect; to
   * be called once a second while a relieved tile looks for its main stream.
   */
  settle(tileKey: string): void {
    const tile = this.#tiles.get(tileKey);
    if (!tile) return;
    const { turn, next, front } = tile;
    const { tooMuch } = front.player;
    const isReady = next !== undefined && next.stream === 'main' && tile.isRelieved;
    const rates = isReady ? next.player.rates : undefined;
    untrack(() => {
      const reliefs = this.#reliefs;
      if (reliefs && tooMuch !== undefined && front.stream === 'main' && !tile.isRelieved) {
        tile.relief = reliefs.relieved(tile.relief, tooMuch, performance.now());
        this.show(this.#wishes);
      } else if (isReady) this.#look(tile, turn === 'promote', rates?.lossRatio);
      else if (turn === 'promote') this.promote(tileKey);
      else if (turn === 'unfit') {
        tile.unfit = next?.key;
        tile.dropNext();
        this.#want();
      }
    });
  }

  /** The main stream of a relieved tile gets ready: once it has been clean for long enough it goes in front. */
  #look(tile: TilePictures, isShown: boolean, lossRatio: number | undefined): void {
    if (!tile.relief || !this.#reliefs) return;
    const { relief, isGood } = this.#reliefs.looked(tile.relief, { isShown, lossRatio }, performance.now());
    tile.relief = relief;
    if (isGood) tile.promote();
    // Over: waits for the next time, or is what was asked for.
    if (relief.look === undefined) this.show(this.#wishes);
  }

  /** Something got better for all, or one camera sends (anew): whoever waits for a picture tries soon. */
  hurry(cameraId?: string): void {
    for (const tile of this.#tiles.values()) {
      if (cameraId !== undefined && tile.cameraId !== cameraId) continue;
      for (const feed of feedsOf(tile)) {
        if (cameraId !== undefined) feed.player.begun();
        // After a refusal only `start` asks again; otherwise it does nothing.
        feed.player.start();
        feed.player.hurry();
      }
    }
  }

  /** What is in front of somebody, for whoever measures what it is like to watch. */
  get watched(): readonly { readonly cameraId: string; readonly front: Feed }[] {
    return [...this.#tiles.values()];
  }

  /** Stops everything. */
  close(): void {
    this.show([]);
    this.#supply.close();
  }

  #restream(tile: TilePictures, asked: TileWish): Feed | undefined {
    if (tile.asleep) return undefined;
    const wish = this.#relieve(tile, asked);
    const to = feedKeyOf(wish);
    if (tile.next?.key === to) return undefined;
    if (tile.unfit !== to) tile.unfit = undefined;
    if (tile.front.key === to || tile.unfit === to) {
      tile.turning = undefined;
      tile.dropNext();
      return undefined;
    }
    if (wish.isAtOnce !== true && !this.#hasDwelt(tile, to)) return undefined;
    tile.turning = undefined;
    tile.dropNext();
    tile.next = this.#feed(wish);
    return tile.next;
  }

  /** What a tile is given in place of a main stream that its line does not carry. */
  #relieve(tile: TilePictures, wish: TileWish): TileWish {
    if (wish.stream !== 'main' || wish.ease !== undefined) {
      tile.relief = undefined;
      return wish;
    }
    const { relief } = tile;
    const reliefs = this.#reliefs;
    if (!relief || !reliefs || !tile.isRelieved) return wish;
    const now = performance.now();
    if (!reliefs.isLooking(relief, now)) {
      this.#lookIn(relief.tryAt - now);
      return { ...wish, stream: 'sub', isAtOnce: true, framesPerSecond: undefined };
    }
    if (tile.front.stream === 'main') {
      // The sub stream never came: the main one is all there is.
      tile.relief = undefined;
      tile.front.player.tooMuch = undefined;
      return wish;
    }
    if (relief.look === undefined)
      tile.relief = reliefs.looked(relief, { isShown: false, lossRatio: undefined }, now).relief;
    // It may never show a picture: then nothing else would end the look.
    this.#lookIn(lookEveryMs);
    return { ...wish, isAtOnce: true };
  }

  /** Whether a tile has asked for this stream for long enough; looks again when it will have. */
  #hasDwelt(tile: TilePictures, to: string): boolean {
    const now = performance.now();
    if (tile.turning?.to !== to) tile.turning = { to, since: now };
    const restMs = dwellMs - (now - tile.turning.since);
    if (restMs <= 0) return true;
    this.#lookIn(restMs);
    return false;
  }

  /** Looks at all tiles again in so long, ms, or sooner. */
  #lookIn(ms: number): void {
    const at = performance.now() + ms;
    if (at >= this.#dueAt) return;
    clearTimeout(this.#timer);
    this.#dueAt = at;
    this.#timer = setTimeout(() => {
      this.show(this.#wishes);
      for (const [key, tile] of this.#tiles) if (tile.relief?.look) untrack(() => this.settle(key));
    }, ms + 1);
  }

  #feed(wish: TileWish): Feed {
    const { key: tileKey, cameraId, stream } = wish;
    const key = feedKeyOf(wish);
    const isStills = wish.ease === 'stills';
    const only = (choose: ChooseWay): ChooseWay =>
      isStills ? (offered) => choose(offered.filter((way) => way === 'stills')) : choose;
    const urgency = () => this.#tiles.get(tileKey)?.urgency ?? 0;
    return {
      key,
      stream,
      isStills,
      player: new Player({
        open: (signal, queued, choose) => this.#supply.open(key, urgency, signal, queued, only(choose)),
        stills: lastPictures.of(cameraId, urgency),
        // The stream before it is seen until this one has a picture.
        isSuccessor: this.#tiles.has(tileKey),
        latency: latencyFor(cameraId),
        hasLesser: stream === 'main' && wish.hasSub === true && !isStills,
        framesPerSecond: isStills ? undefined : wish.framesPerSecond,
      }),
    };
  }

  #want(): void {
    this.#supply.want(
      [...this.#tiles.values()]
        .filter(({ asleep }) => asleep === undefined || keepsReservation(asleep))
        .flatMap((tile) =>
          feedsOf(tile).map(({ key, stream }) => ({ key, cameraId: tile.cameraId, stream })),
        ),
    );
  }
}

/** The same for wishes that the same feed fulfils. */
function feedKeyOf({ key, stream, ease }: TileWish): string {
  return ease === 'stills' ? `${key} ${stream} stills` : `${key} ${stream}`;
}

function feedsOf(tile: TilePictures): Feed[] {
  return tile.next ? [tile.front, tile.next] : [tile.front];
}
