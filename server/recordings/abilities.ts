import type { RecordingAbilities, VmsRecordings } from '#server/vms/recordings.ts';

/** An edition is changed on another day than it is asked about. */
const freshMs = 60_000;

/** What a VMS lets people do with its recordings, asked for at most once a minute; the last answer while it is silent. */
export interface Abilities {
  /** Throws what the VMS throws when it has never answered. */
  of(vmsId: string, recordings: VmsRecordings): Promise<RecordingAbilities>;
}

export function createAbilities(patienceMs: number): Abilities {
  const known = new Map<
    string,
    { readonly readAt: number; readonly abilities: Promise<RecordingAbilities> }
  >();
  const last = new Map<string, RecordingAbilities>();
  return {
    async of(vmsId, recordings) {
      let answer = known.get(vmsId);
      if (answer === undefined || performance.now() - answer.readAt > freshMs) {
        const abilities = recordings.abilities(AbortSignal.timeout(patienceMs));
        answer = { readAt: performance.now(), abilities };
        known.set(vmsId, answer);
      }
      try {
        const abilities = await answer.abilities;
        last.set(vmsId, abilities);
        return abilities;
      } catch (cause) {
        if (known.get(vmsId) === answer) known.delete(vmsId);
        const before = last.get(vmsId);
        if (before === undefined) throw cause;
        return before;
      }
    },
  };
}
