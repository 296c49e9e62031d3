import type { WayReason } from '#contract/reservation.ts';
import type { Snapshot } from '#server/cameras/directory.ts';
import type { StreamKey } from './paths.ts';
import { agencyOf, sameName } from './quota.ts';

/** Which cameras are watched by LiveKit rather than by another way. */
export type LiveKitPreference =
  | 'always'
  | {
      /** Ids of VMS. */
      readonly sites?: readonly string[] | undefined;
      /** Names of agencies. */
      readonly agencies?: readonly string[] | undefined;
      /** A camera that so many hold, or more. */
      readonly viewersFrom?: number | undefined;
    };

/** How LiveKit is offered: before the other ways, and why, or behind WHEP. */
export interface LiveKitOffer {
  readonly because?: WayReason;
  /** How many hold the camera, where that is why. */
  readonly viewers?: number;
}

/** Says when LiveKit is offered. */
export interface LiveKitChoice {
  /** Whether it has to be known how many hold a camera. */
  readonly countsViewers: boolean;
  /** Undefined: not at all. Pure but for the state of LiveKit. */
  offerFor(key: StreamKey, snapshot: Snapshot, viewers: number): LiveKitOffer | undefined;
}

/** The rule that is configured. While LiveKit is down it is no way at all. */
export function createLiveKitChoice(preference: LiveKitPreference, isDown: () => boolean): LiveKitChoice {
  const rule = preference === 'always' ? {} : preference;
  const sites = new Set(rule.sites);
  const agencies = new Set(rule.agencies?.map(sameName));
  const { viewersFrom } = rule;

  const reasonFor = (
    { cameraId }: StreamKey,
    { cameras, groups }: Snapshot,
    viewers: number,
  ): WayReason | undefined => {
    const camera = cameras.get(cameraId);
    if (preference === 'always') return 'always';
    if (sites.has(camera?.vmsId ?? '')) return 'site';
    if (agencies.has(sameName(agencyOf(camera, groups) ?? ''))) return 'group';
    return viewersFrom !== undefined && viewers >= viewersFrom ? 'many-viewers' : undefined;
  };

  return {
    countsViewers: viewersFrom !== undefined,
    offerFor(key, snapshot, viewers) {
      if (isDown() || !isPublishable(key, snapshot)) return undefined;
      const because = reasonFor(key, snapshot, viewers);
      if (because === undefined) return {};
      return because === 'many-viewers' ? { because, viewers } : { because };
    },
  };
}

/** Whether the stream can be published as it comes. One whose codec nobody has told yet may be. */
export function isPublishable({ cameraId, stream }: StreamKey, { cameras }: Snapshot): boolean {
  const codec = cameras.get(cameraId)?.streams.find(({ name }) => name === stream)?.codec;
  return codec === undefined || codec === 'H264';
}
