import { createContext } from 'svelte';
import { SvelteMap } from 'svelte/reactivity';
import { lastPictures } from '#lib/player/last-pictures.ts';
import { latencyFor } from '#lib/player/latency-choices.ts';
import { Player } from '#lib/player/player.svelte.ts';
import type { StreamName } from '#contract/camera.ts';
import type { Supply } from './supply.ts';

/** One stream of one camera on its way to a tile. */
export interface Feed {
  readonly key: string;
  readonly stream: StreamName;
  readonly player: Player;
}

/** What a tile should show now. */
export interface TileWish {
  /** The tile's key (content.ts), which moves with its camera. */
  readonly key: string;
  readonly cameraId: string;
  readonly stream: StreamName;
  readonly urgency: number;
}

/** The pictures of one tile: the one in front and, while the stream is being changed, the one that will follow. */
export class TilePictures {
  readonly cameraId: string;
  urgency = 0;
  front: Feed;
  next = $state.raw<Feed | undefined>();

  constructor(cameraId: string, front: Feed) {
    this.cameraId = cameraId;
    this.front = $state.raw(front);
  }

  /** The new stream has shown a picture: it takes over, the other ends. No black frame in between. */
  promote(): void {
    if (!this.next) return;
    this.front.player.stop();
    this.front = this.next;
    this.next = undefined;
  }
}

/**
 * The players of a wall, one for each tile that has a camera, kept in step with what the wall shows. A tile that
 * changes its place keeps its player; one that changes its stream gets the new one ready before the old one goes.
 */
export class Pictures {
  readonly #supply: Supply;
  readonly #tiles = new SvelteMap<string, TilePictures>();

  constructor(supply: Supply) {
    this.#supply = supply;
  }

  /** The pictures of a tile; undefined for tiles without a camera. */
  of(tileKey: string): TilePictures | undefined {
    return this.#tiles.get(tileKey);
  }

  /** Makes the wall show exactly this. */
  show(wishes: readonly TileWish[]): void {
    for (const [key, tile] of this.#tiles) {
      if (wishes.some((wish) => wish.key === key)) continue;
      this.#tiles.delete(key);
      tile.front.player.stop();
      tile.next?.player.stop();
    }
    const started: Feed[] = [];
    for (const wish of wishes) {
      const tile = this.#tiles.get(wish.key);
      if (tile) {
        tile.urgency = wish.urgency;
        const feed = this.#restream(tile, wish);
        if (feed) started.push(feed);
        continue;
      }
      const feed = this.#feed(wish);
      const added = new TilePictures(wish.cameraId, feed);
      added.urgency = wish.urgency;
      this.#tiles.set(wish.key, added);
      started.push(feed);
    }
    this.#want();
    for (const { player } of started) player.start();
    this.#supply.reconsider();
  }

  /** The tile's new stream has shown a picture. */
  promote(tileKey: string): void {
    this.#tiles.get(tileKey)?.promote();
    this.#want();
  }

  /** Something got better for one camera, or for all: whoever waits for a picture tries soon. */
  hurry(cameraId?: string): void {
    for (const tile of this.#tiles.values()) {
      if (cameraId !== undefined && tile.cameraId !== cameraId) continue;
      for (const feed of feedsOf(tile)) {
        // After a refusal only `start` asks again; otherwise it does nothing.
        feed.player.start();
        feed.player.hurry();
      }
    }
  }

  /** Stops everything. */
  close(): void {
    this.show([]);
    this.#supply.close();
  }

  #restream(tile: TilePictures, wish: TileWish): Feed | undefined {
    if (tile.next?.stream === wish.stream) return undefined;
    tile.next?.player.stop();
    tile.next = undefined;
    if (tile.front.stream === wish.stream) return undefined;
    tile.next = this.#feed(wish);
    return tile.next;
  }

  #feed({ key: tileKey, cameraId, stream }: TileWish): Feed {
    const key = `${tileKey} ${stream}`;
    const urgency = () => this.#tiles.get(tileKey)?.urgency ?? 0;
    return {
      key,
      stream,
      player: new Player({
        open: (signal, queued, choose) => this.#supply.open(key, urgency, signal, queued, choose),
        stills: lastPictures.of(cameraId),
        // The stream before it is seen until this one has a picture.
        isSuccessor: this.#tiles.has(tileKey),
        latency: latencyFor(cameraId),
      }),
    };
  }

  #want(): void {
    this.#supply.want(
      [...this.#tiles.values()].flatMap((tile) =>
        feedsOf(tile).map(({ key, stream }) => ({ key, cameraId: tile.cameraId, stream })),
      ),
    );
  }
}

function feedsOf(tile: TilePictures): Feed[] {
  return tile.next ? [tile.front, tile.next] : [tile.front];
}

/** The pictures of the wall a component is drawn on. */
export const [getPictures, setPictures] = createContext<Pictures>();
