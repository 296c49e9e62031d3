/** A page of its own that enters LiveKit rooms with the real client, and tells what it sees there. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';
import { type Browser, chromium, type Page } from '@playwright/test';
import { chromiumFlags, findChromium } from '../../.ci/machine.ts';
import { installStripReader } from '../strip-in-page.ts';

/** What a ticket says, as far as it takes to get in. */
export interface Ticket {
  readonly url: string;
  readonly token: string;
  /** Whose video is wanted. */
  readonly publisher: string;
}

/** What the page sees of a room. */
export interface Sight {
  /** Camera number in the last picture; undefined while none is readable. */
  readonly number: number | undefined;
  readonly frames: number;
  /** When the last frame was presented, epoch ms; 0 before the first. */
  readonly lastFrameAt: number;
  readonly state: string;
}

export interface RoomPage {
  /** Enters under a name of ours. Rejects when LiveKit does not let it in. */
  enter(name: string, ticket: Ticket): Promise<void>;
  see(name: string): Promise<Sight>;
  /** Who else is visible to the one who has entered. */
  others(name: string): Promise<string[]>;
  leave(name: string): Promise<void>;
  close(): Promise<void>;
}

/** Opens it in Chromium; `undefined` where there is none. */
export async function openRoomPage(): Promise<RoomPage | undefined> {
  const executablePath = findChromium();
  if (executablePath === undefined) return undefined;
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'text/html').end('<!doctype html><title>rooms</title><body></body>');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const browser: Browser = await chromium.launch({ executablePath, args: chromiumFlags });
  const page: Page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${String(port)}/`);
  const client = path.dirname(createRequire(import.meta.url).resolve('livekit-client'));
  await page.addScriptTag({ path: path.join(client, 'livekit-client.umd.js') });
  await installStripReader(page);
  await page.evaluate(() => {
    interface Publication {
      kind: string;
      setSubscribed(wanted: boolean): void;
    }
    interface Participant {
      identity: string;
      trackPublications: Map<string, Publication>;
    }
    interface Room {
      state: string;
      remoteParticipants: Map<string, Participant>;
      on(event: string, listener: (...args: never[]) => void): Room;
      connect(url: string, token: string, options: object): Promise<void>;
      disconnect(): Promise<void>;
    }
    type Strip = { number: number } | undefined;
    const { LivekitClient, readStrip } = globalThis as unknown as {
      LivekitClient: { Room: new (options: object) => Room };
      readStrip: (picture: ImageData) => Strip;
    };
    const canvas = document.createElement('canvas');
    const context = canvas.getContext('2d', { willReadFrequently: true });
    const seen = new Map<
      string,
      { room: Room; video: HTMLVideoElement; frames: number; lastFrameAt: number }
    >();
    Object.assign(globalThis, {
      async enterRoom(name: string, url: string, token: string, publisher: string) {
        const room = new LivekitClient.Room({});
        const video = document.createElement('video');
        video.muted = true;
        video.autoplay = true;
        document.body.append(video);
        const sight = { room, video, frames: 0, lastFrameAt: 0 };
        seen.set(name, sight);
        const count = (): void => {
          sight.frames += 1;
          sight.lastFrameAt = performance.timeOrigin + performance.now();
          video.requestVideoFrameCallback(count);
        };
        video.requestVideoFrameCallback(count);
        const want = (): void => {
          for (const publication of room.remoteParticipants.get(publisher)?.trackPublications.values() ?? [])
            if (publication.kind === 'video') publication.setSubscribed(true);
        };
        room.on('trackPublished', want);
        room.on('trackSubscribed', (track: { attach(element: HTMLVideoElement): void }) => {
          track.attach(video);
        });
        await room.connect(url, token, { autoSubscribe: false });
        want();
      },
      seeRoom(name: string) {
        const sight = seen.get(name);
        if (sight === undefined || context === null) throw new Error(`Nobody has entered ${name}`);
        const { video, frames, lastFrameAt, room } = sight;
        let strip: Strip;
        if (video.videoWidth > 0) {
          canvas.width = video.videoWidth;
          canvas.height = video.videoHeight;
          context.drawImage(video, 0, 0);
          strip = readStrip(context.getImageData(0, 0, canvas.width, canvas.height));
        }
        return { number: strip?.number, frames, lastFrameAt, state: room.state };
      },
      othersInRoom: (name: string) => [...(seen.get(name)?.room.remoteParticipants.keys() ?? [])],
      leaveRoom: async (name: string) => {
        await seen.get(name)?.room.disconnect();
        seen.get(name)?.video.remove();
        seen.delete(name);
      },
    });
  });
  const call = <T>(name: string, ...words: readonly string[]): Promise<T> =>
    page.evaluate(
      ([what, ...rest]) =>
        (globalThis as unknown as Record<string, (...args: string[]) => unknown>)[what ?? '']?.(...rest) as T,
      [name, ...words],
    );
  return {
    enter: (name, { url, token, publisher }) => call('enterRoom', name, url, token, publisher),
    see: (name) => call('seeRoom', name),
    others: (name) => call('othersInRoom', name),
    leave: (name) => call('leaveRoom', name),
    async close() {
      await browser.close();
      server.close();
    },
  };
}
