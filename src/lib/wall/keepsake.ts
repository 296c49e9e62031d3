import { z } from 'zod';
import { WallContent } from '#contract/wall.ts';

/** What the wall shows at one moment of its history. Opening another wall is a step like any other, and can be undone. */
export const Showing = z.object({
  content: WallContent,
  /** Cameras for which the layout has no room. */
  parked: z.array(z.string()).readonly(),
  /** The saved wall this is, or began as. */
  wallId: z.string().optional(),
});
export type Showing = Readonly<z.infer<typeof Showing>>;

/** What somebody was doing on a wall, to go on with in the next page. */
export const WallKept = z.object({
  history: z.object({ past: z.array(Showing), present: Showing, future: z.array(Showing) }),
  selected: z.int().min(0),
  full: z.int().min(0).optional(),
  /** Whether the panel that says why a tile is as it is was open. */
  isWhyOpen: z.boolean().optional(),
});
export type WallKept = z.infer<typeof WallKept>;

/** What a page leaves to the one that takes its place. */
const Keepsake = z.object({
  userId: z.string(),
  /** Epoch ms. */
  at: z.number(),
  wall: WallKept,
  /** Whether the wall filled the screen. No page may do that by itself: the next touch does it again. */
  isFullScreen: z.boolean(),
});
export type Keepsake = z.infer<typeof Keepsake>;

const storedAs = 'parapet.keepsake';
/** An older one is from a page that never came back. */
const freshMs = 60_000;

/** Leaves something to the next page in this tab. False when there is no room for it. */
export function leaveKeepsake(keepsake: Keepsake): boolean {
  try {
    sessionStorage.setItem(storedAs, JSON.stringify(keepsake));
    return true;
  } catch {
    return false;
  }
}

/** Takes what the page before has left for this person, once. */
export function takeKeepsake(userId: string, now: number = Date.now()): Keepsake | undefined {
  try {
    const stored = sessionStorage.getItem(storedAs);
    sessionStorage.removeItem(storedAs);
    const read = Keepsake.safeParse(JSON.parse(stored ?? 'null'));
    return read.success && read.data.userId === userId && now - read.data.at < freshMs
      ? read.data
      : undefined;
  } catch {
    return undefined;
  }
}
